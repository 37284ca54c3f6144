"""Races, in real transactions of real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core.workflow import history, lock
from outbox.models import OutboxEmail
from tests.helpers.locks import at_once, somebody_waits
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.polls.factories import DAY, ask, make_poll, option_ids
from workshops.enums import WorkshopState
from workshops.models import DatePoll, PollAnswer, PollReply, Workshop
from workshops.polls.reminders import send_due_reminders
from workshops.polls.services import (
    Reply,
    ask_newcomers,
    cancel_poll,
    choose_option,
    open_poll,
    reply_to_poll,
)
from workshops.services import Sent, WorkshopError, schedule_workshop

pytestmark = pytest.mark.django_db(transaction=True)


def say(invitation: Any, option: int, choice: str = "yes") -> Reply:
    return reply_to_poll(invitation=invitation, choices={option: choice}, by=None, source="mail-link")


def errors(outcomes: list[object]) -> list[str]:
    return [outcome.code for outcome in outcomes if isinstance(outcome, WorkshopError)]


def behind_a_lock(workshop: Workshop, act: Any, meanwhile: Any) -> object:
    """Let `act` wait for the workshop while `meanwhile` happens; return what it returned or raised."""

    def run() -> object:
        try:
            return act()
        except WorkshopError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock(workshop)
            waiting = pool.submit(run)
            while not (waiting.done() or somebody_waits()):
                pass
            assert not waiting.done(), "it did not wait"
            meanwhile()
        return waiting.result(timeout=120)


def test_choosing_at_once_schedules_once_and_mails_each_once() -> None:
    poll = make_poll()
    for _number in range(4):
        ask(poll, "yyy")
    outcomes = at_once(
        *[lambda pk=pk: choose_option(workshop=poll.workshop, option=pk, by=None) for pk in option_ids(poll)]
    )
    assert sum(isinstance(outcome, Sent) for outcome in outcomes) == 1, outcomes
    assert errors(outcomes) == ["state", "state"]
    assert history(poll.workshop).filter(to_state=WorkshopState.SCHEDULED).count() == 1
    assert OutboxEmail.objects.count() == 4
    poll.refresh_from_db()
    workshop = Workshop.objects.get(pk=poll.workshop_id)
    assert poll.chosen and workshop.starts_at == poll.chosen.starts_at


def test_two_polls_that_choose_one_room_at_once_get_it_once() -> None:
    venue = VenueFactory()
    polls = [make_poll(days=(20,), venue=venue) for _number in range(3)]
    for poll in polls:
        ask(poll, "y")
    drafted = WorkshopFactory(venue=venue, starts_at=polls[0].options.get().starts_at)
    outcomes = at_once(
        *[
            lambda p=poll: choose_option(workshop=p.workshop, option=p.options.get().pk, by=None)
            for poll in polls
        ],
        lambda: schedule_workshop(workshop=drafted, by=None),
    )
    assert errors(outcomes) == ["venue", "venue", "venue"], outcomes
    assert Workshop.objects.filter(state=WorkshopState.SCHEDULED).count() == 1
    assert Workshop.objects.filter(state=WorkshopState.DATE_POLL, starts_at=None).count() >= 2


def test_a_reply_that_waited_past_the_deadline_is_refused() -> None:
    poll = make_poll()
    row = ask(poll)
    late = lambda: DatePoll.objects.update(answer_by=timezone.now())  # noqa: E731
    outcome = behind_a_lock(poll.workshop, lambda: say(row, option_ids(poll)[0]), late)
    assert isinstance(outcome, WorkshopError) and outcome.code == "deadline"
    assert not PollAnswer.objects.exists() and not history(row).exists()


def test_a_reply_that_waited_for_an_extension_is_taken() -> None:
    poll = make_poll()
    row = ask(poll)
    DatePoll.objects.update(answer_by=timezone.now() - timedelta(seconds=1))
    more = lambda: DatePoll.objects.update(answer_by=timezone.now() + DAY)  # noqa: E731
    outcome = behind_a_lock(poll.workshop, lambda: say(row, option_ids(poll)[0]), more)
    assert isinstance(outcome, Reply)


def test_a_reply_racing_the_choice_is_before_it_or_refused() -> None:
    poll = make_poll()
    row = ask(poll)
    first = option_ids(poll)[0]
    replied, chosen = at_once(
        lambda: say(row, first), lambda: choose_option(workshop=poll.workshop, option=first, by=None)
    )
    assert isinstance(chosen, Sent)
    if isinstance(replied, WorkshopError):
        assert replied.code == "chosen" and not PollAnswer.objects.exists()
    else:
        assert isinstance(replied, Reply) and PollAnswer.objects.count() == 1


def test_a_reply_that_waited_for_the_choice_is_refused() -> None:
    poll = make_poll()
    row = ask(poll)
    first = option_ids(poll)[0]
    outcome = behind_a_lock(
        poll.workshop,
        lambda: say(row, first),
        lambda: choose_option(workshop=poll.workshop, option=first, by=None),
    )
    assert isinstance(outcome, WorkshopError) and outcome.code == "chosen"


def test_replies_of_one_person_at_once_leave_one_whole() -> None:
    poll = make_poll()
    row = ask(poll)
    first, second, third = option_ids(poll)
    outcomes = at_once(lambda: say(row, first), lambda: say(row, second), lambda: say(row, third))
    assert all(isinstance(outcome, Reply) for outcome in outcomes), outcomes
    assert PollAnswer.objects.count() == 1 and PollReply.objects.count() == 1
    assert history(row).count() == 3


def test_choosing_and_cancelling_at_once_do_one_of_them() -> None:
    poll = make_poll()
    ask(poll, "y")
    chosen, cancelled = at_once(
        lambda: choose_option(workshop=poll.workshop, option=option_ids(poll)[0], by=None),
        lambda: cancel_poll(workshop=poll.workshop, reason="Grève", by=None),
    )
    # A choice, then a cancellation, is allowed: the person hears both.
    assert cancelled == 1
    kinds = list(OutboxEmail.objects.exclude(state="cancelled").values_list("kind", flat=True))
    if isinstance(chosen, WorkshopError):
        assert chosen.code == "state" and kinds == ["workshop-poll-cancelled"]
    else:
        assert kinds == ["workshop-cancelled"]


def test_opening_and_asking_at_once_mail_each_once() -> None:
    poll = make_poll(state=WorkshopState.DRAFT)
    InvitationFactory.create_batch(3, workshop=poll.workshop, unsent=True)
    outcomes = at_once(*[lambda: open_poll(workshop=poll.workshop, by=None)] * 3)
    assert outcomes.count(3) == 1 and OutboxEmail.objects.count() == 3
    InvitationFactory.create_batch(2, workshop=poll.workshop, unsent=True)
    outcomes = at_once(*[lambda: ask_newcomers(workshop=poll.workshop, by=None)] * 3)
    assert sorted(outcomes) == [0, 0, 2], outcomes  # type: ignore[type-var]
    assert OutboxEmail.objects.count() == 5


def test_two_beats_at_once_remind_once() -> None:
    poll = make_poll(answer_in=timedelta(days=1, hours=12))
    for _number in range(3):
        ask(poll)
    outcomes = at_once(*[send_due_reminders] * 3)
    assert sorted(outcomes) == [0, 0, 3], outcomes  # type: ignore[type-var]
    assert OutboxEmail.objects.count() == 3
