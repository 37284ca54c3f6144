"""Reminders of polls: due and not yet marked, never twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from members.enums import MailChoice
from members.notifications import refuse
from outbox.models import OutboxEmail
from tests.helpers.failing import fails_first
from tests.workshops.polls.factories import DAY, ask, make_poll, option_ids
from workshops.enums import WorkshopState
from workshops.models import DatePoll, KindRules, PollReply, Workshop
from workshops.polls import emails
from workshops.polls.reminders import send_due_reminders
from workshops.polls.services import extend_deadline, reply_to_poll
from workshops.polls.tasks import send_reminders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def delays(settings: Any) -> None:
    settings.WORKSHOP_REMINDER_SILENT_DAYS = [7, 2]


def due(**values: Any) -> DatePoll:
    """Make a poll whose two-day reminder is due."""
    return make_poll(answer_in=timedelta(days=1, hours=12), **values)


def sent() -> list[tuple[str, str]]:
    return list(OutboxEmail.objects.order_by("id").values_list("to", "kind"))


def test_the_silent_are_reminded_once_of_each_delay() -> None:
    poll = make_poll(answer_in=6 * DAY)
    silent = ask(poll)
    ask(poll, "y")
    assert (send_due_reminders(), send_due_reminders()) == (1, 0)
    DatePoll.objects.update(answer_by=poll.answer_by - 5 * DAY)
    OutboxEmail.objects.update(created_at=timezone.now() - 5 * DAY)
    assert (send_due_reminders(), send_due_reminders()) == (1, 0)
    assert sent() == [
        (silent.email, "workshop-poll-reminder-7d"),
        (silent.email, "workshop-poll-reminder-2d"),
    ]
    mail = OutboxEmail.objects.first()
    assert mail and mail.unsubscribe_url and silent.token in mail.text


def test_delays_are_the_kinds_own() -> None:
    poll = make_poll(answer_in=3 * DAY)
    ask(poll)
    PollReply.objects.update(sent_at=timezone.now() - 5 * DAY)
    DatePoll.objects.update(deadline_set_at=timezone.now() - 5 * DAY)
    KindRules.objects.create(kind=poll.workshop.kind, silent_days=[4], attending_hours=[24])
    send_reminders()
    assert [kind for _to, kind in sent()] == ["workshop-poll-reminder-4d"]


def test_nobody_is_reminded_who_refuses_left_was_withdrawn_or_asked_since() -> None:
    poll = due()
    refuse(ask(poll).person, MailChoice.REMINDER_SILENT)
    ask(poll, person__is_active=False)
    ask(poll, withdrawn_at=timezone.now())
    late = ask(poll)
    PollReply.objects.filter(invitation=late).update(sent_at=timezone.now())
    assert send_due_reminders() == 0


@pytest.mark.parametrize("state", [WorkshopState.DRAFT, WorkshopState.CANCELLED, WorkshopState.SCHEDULED])
def test_only_a_running_poll_reminds(state: str) -> None:
    poll = due()
    ask(poll)
    start = timezone.now() + 20 * DAY
    Workshop.objects.update(state=state, starts_at=start, ends_at=start + DAY)
    assert send_due_reminders() == 0
    Workshop.objects.update(state=WorkshopState.DATE_POLL)
    DatePoll.objects.update(answer_by=timezone.now() - DAY)
    assert send_due_reminders() == 0


def test_an_extended_deadline_reminds_of_what_comes_not_of_what_passed() -> None:
    poll = due()
    ask(poll)
    assert send_due_reminders() == 1
    extend_deadline(workshop=poll.workshop, answer_by=timezone.now() + 6 * DAY, by=None)
    assert send_due_reminders() == 0, "seven days before it had passed when it was set"
    shift = 5 * DAY
    DatePoll.objects.update(answer_by=timezone.now() + DAY, deadline_set_at=timezone.now() - shift)
    assert send_due_reminders() == 1
    assert OutboxEmail.objects.count() == 2


def test_a_reply_drops_the_reminder_that_has_not_left() -> None:
    poll = due()
    row = ask(poll)
    send_due_reminders()
    reply_to_poll(invitation=row, choices={option_ids(poll)[0]: "no"}, by=None, source="mail-link")
    assert OutboxEmail.objects.get().state == "cancelled"


def test_a_poll_that_fails_holds_up_no_other_and_has_its_turn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        ask(due())
    fails_first(monkeypatch, emails, "send_poll_reminder")
    assert (send_due_reminders(), send_due_reminders(), send_due_reminders()) == (1, 1, 0)
