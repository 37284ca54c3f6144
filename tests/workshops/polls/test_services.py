"""What happens to a poll: proposed, opened, answered, extended, ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.workflow import history
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from tests.members.factories import MandateFactory, UserFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.polls.factories import DAY, ask, make_poll, option_ids
from workshops.enums import Answer, WorkshopState
from workshops.models import DatePoll, Invitation, PollAnswer, PollOption, PollReply, Workshop
from workshops.polls.ranking import results
from workshops.polls.services import (
    MAX_OPTIONS,
    Proposal,
    ask_newcomers,
    cancel_poll,
    choose_option,
    extend_deadline,
    open_poll,
    reply_to_poll,
    save_poll,
    withdraw_asked,
)
from workshops.services import WorkshopError, add_guests, add_invitees

pytestmark = pytest.mark.django_db


def now() -> Any:
    return timezone.now().replace(microsecond=0)


def slots(*days: float, venue: Any = None, hours: int = 2) -> list[Proposal]:
    start = now()
    return [
        Proposal(start + day * DAY, start + day * DAY + timedelta(hours=hours), venue and venue.pk)
        for day in days
    ]


def refused(call: Any, **values: Any) -> WorkshopError:
    with pytest.raises(WorkshopError) as caught:
        call(**values)
    return caught.value


def kinds() -> list[str]:
    return list(OutboxEmail.objects.order_by("id").values_list("kind", flat=True))


def say(invitation: Any, choices: dict[int, str], **values: Any) -> Any:
    values = {"by": None, "source": "mail-link"} | values
    return reply_to_poll(invitation=invitation, choices=choices, **values)


# --- proposing --------------------------------------------------------------------------------------------------------


def test_a_draft_is_saved_changed_and_tells_nobody() -> None:
    workshop = WorkshopFactory()
    first, second = slots(20, 21)
    assert save_poll(workshop=workshop, proposals=[first, second], answer_by=now() + 5 * DAY, by=None) == 0
    kept = PollOption.objects.get(starts_at=second.starts_at)
    third = slots(25)[0]
    save_poll(workshop=workshop, proposals=[second, third, third], answer_by=now() + 6 * DAY, by=None)
    poll = DatePoll.objects.get()
    assert [row.starts_at for row in poll.options.all()] == [second.starts_at, third.starts_at]
    assert poll.options.filter(pk=kept.pk).exists(), "what stays is the same row"
    assert (poll.revision, poll.extensions, kinds()) == (0, 0, [])


@pytest.mark.parametrize(
    ("proposals", "answer_in", "code"),
    [
        ([], 5, "empty"),
        (slots(-1, 20), 5, "past"),
        (slots(20, hours=-1), 5, "order"),
        (slots(20), -1, "past"),
        (slots(20, 10), 11, "deadline"),
        (slots(*[20 + number / 10 for number in range(MAX_OPTIONS + 1)]), 5, "many"),
    ],
)
def test_saving_refuses_what_cannot_be(proposals: list[Proposal], answer_in: int, code: str) -> None:
    workshop = WorkshopFactory()
    error = refused(
        save_poll, workshop=workshop, proposals=proposals, answer_by=now() + answer_in * DAY, by=None
    )
    assert error.code == code and not DatePoll.objects.exists()


def test_fifty_options_are_taken() -> None:
    many = slots(*[20 + number / 10 for number in range(MAX_OPTIONS)])
    save_poll(workshop=WorkshopFactory(), proposals=many, answer_by=now() + DAY, by=None)
    assert PollOption.objects.count() == MAX_OPTIONS


@pytest.mark.parametrize("state", ["scheduled", "held", "cancelled"])
def test_no_poll_for_a_workshop_that_is_past_its_draft(state: str) -> None:
    workshop = WorkshopFactory(state=state)
    error = refused(save_poll, workshop=workshop, proposals=slots(20), answer_by=now() + DAY, by=None)
    assert error.code == "state"


def test_the_database_refuses_a_bad_option_and_a_second_one() -> None:
    poll = make_poll(days=(20,))
    option = poll.options.get()
    for starts_at, ends_at in (
        (option.ends_at, option.starts_at),
        (option.starts_at, option.ends_at),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PollOption.objects.create(poll=poll, starts_at=starts_at, ends_at=ends_at, venue=option.venue)
    nowhere = {"poll": poll, "starts_at": option.starts_at, "ends_at": option.ends_at}
    PollOption.objects.create(**nowhere)
    with pytest.raises(IntegrityError), transaction.atomic():
        PollOption.objects.create(**nowhere)


# --- opening and asking -----------------------------------------------------------------------------------------------


def prepared(**fields: Any) -> Workshop:
    workshop: Workshop = WorkshopFactory(**fields)
    save_poll(
        workshop=workshop, proposals=slots(20, 21, venue=VenueFactory()), answer_by=now() + 9 * DAY, by=None
    )
    return workshop


def test_opening_asks_everybody_in_their_language_and_empties_the_dates() -> None:
    workshop = prepared()
    english = InvitationFactory(workshop=workshop, unsent=True, person__language="en")
    guest = InvitationFactory(workshop=workshop, unsent=True, guest=True)
    secretary = UserFactory(is_staff=True)
    assert open_poll(workshop=workshop, by=secretary) == 2
    workshop.refresh_from_db()
    assert (workshop.state, workshop.starts_at, workshop.ends_at) == (WorkshopState.DATE_POLL, None, None)
    mails = {row.to: row for row in OutboxEmail.objects.all()}
    assert mails[english.email].subject.startswith("Which date suits you?")
    assert mails[guest.email].subject.startswith("Quelle date vous convient")
    for row in (english, guest):
        assert row.token in mails[row.email].text and not mails[row.email].calendar_text
        row.refresh_from_db()
        assert row.sent_at is None, "the invitation itself has not left"
        assert row.poll_reply.sent_at and row.poll_reply.answered_at is None
    assert history(workshop).get(field="state").by == secretary


def test_opening_is_refused_without_dates_people_or_time() -> None:
    assert refused(open_poll, workshop=WorkshopFactory(), by=None).code == "empty"
    alone = prepared()
    assert refused(open_poll, workshop=alone, by=None).code == "nobody"
    alone.refresh_from_db()
    assert alone.state == WorkshopState.DRAFT
    InvitationFactory(workshop=alone, unsent=True)
    DatePoll.objects.filter(workshop=alone).update(answer_by=now() - DAY)
    assert refused(open_poll, workshop=alone, by=None).code == "past"
    assert not kinds()


def test_those_added_later_are_asked_once() -> None:
    poll = make_poll()
    ask(poll, "y")
    add_guests(workshop=poll.workshop, text="Ana <ana@example.org>", by=None)
    assert ask_newcomers(workshop=poll.workshop, by=None) == 1
    assert ask_newcomers(workshop=poll.workshop, by=None) == 0
    assert kinds() == ["workshop-poll"]
    DatePoll.objects.update(answer_by=now() - DAY)
    assert refused(ask_newcomers, workshop=poll.workshop, by=None).code == "deadline"


def test_somebody_taken_off_the_list_is_told_and_put_back_is_asked_anew() -> None:
    workshop = prepared()
    row = InvitationFactory(workshop=workshop, unsent=True)
    open_poll(workshop=workshop, by=None)
    say(row, {option_ids(workshop.poll)[0]: "yes"})
    withdraw_asked(invitation=row, by=None)
    row.refresh_from_db()
    mine = OutboxEmail.objects.filter(to=row.email).order_by("id")
    found = mine.values_list("kind", "state", "sequence")
    assert list(found.all()) == [("workshop-poll", "cancelled", 0), ("workshop-poll-withdrawn", "queued", 0)]
    assert refused(say, invitation=row, choices={option_ids(workshop.poll)[0]: "yes"}).code == "withdrawn"
    mandate = MandateFactory(person=row.person, organisation=row.organisation)
    add_invitees(workshop=workshop, mandates=[mandate], by=None)
    assert ask_newcomers(workshop=workshop, by=None) == 1
    assert list(found.all())[2:] == [("workshop-poll", "queued", 1)]
    reply = PollReply.objects.get(invitation=row)
    assert reply.answered_at is None and not reply.answers.exists()
    withdraw_asked(invitation=row, by=None)
    assert refused(withdraw_asked, invitation=row, by=None).code == "withdrawn"


def test_whoever_was_not_asked_yet_leaves_the_list_without_a_trace() -> None:
    poll = make_poll()
    withdraw_asked(invitation=InvitationFactory(workshop=poll.workshop, unsent=True), by=None)
    assert not Invitation.objects.exists() and not kinds()


def test_closed_accounts_are_neither_asked_nor_counted_nor_told() -> None:
    workshop = prepared()
    closed = InvitationFactory(workshop=workshop, unsent=True, person__is_active=False)
    InvitationFactory(workshop=workshop, unsent=True, guest=True)
    assert open_poll(workshop=workshop, by=None) == 1
    late = ask(workshop.poll, "y")
    late.person.is_active = False
    late.person.save()
    found = results(DatePoll.objects.get(), now=now())
    assert not {closed, late} & {line.invitation for line in found.lines} and found.ranking[0].yes == 0
    save_poll(workshop=workshop, proposals=slots(25), answer_by=now() + 5 * DAY, by=None)
    cancel_poll(workshop=workshop, reason="Grève", by=None)
    assert not OutboxEmail.objects.filter(to__in=[closed.email, late.email]).exists()


# --- replying ---------------------------------------------------------------------------------------------------------


def test_a_reply_is_taken_changed_and_the_same_twice_is_one() -> None:
    poll = make_poll()
    row = ask(poll)
    first, second, third = option_ids(poll)
    taken = say(row, {first: "yes", second: "maybe"}, comment=" Plutôt le matin ")
    assert taken.unsaid == 1
    reply = PollReply.objects.get()
    assert (reply.source, reply.comment, reply.recorded_by) == ("mail-link", "Plutôt le matin", None)
    say(row, {first: "yes", second: "maybe"}, comment="Plutôt le matin")
    assert history(row).count() == 1
    say(row, {third: "no"})
    assert list(PollAnswer.objects.values_list("option_id", "choice")) == [(third, "no")]
    assert [entry.from_state for entry in history(row)] == ["silent", "answered"]
    row.refresh_from_db()
    assert row.answer == Answer.SILENT, "the invitation is not answered by it"
    assert not kinds()


@pytest.mark.parametrize(
    ("choices", "values", "code"),
    [
        ({}, {}, "empty"),
        ({0: "yes"}, {}, "option"),
        ("other", {}, "option"),
        ("first", {"choice": "perhaps"}, "choice"),
        ("first", {"comment": "x" * 1001}, "length"),
        ("first", {"seen_revision": 4}, "revised"),
    ],
)
def test_a_bad_reply_is_refused_and_writes_nothing(choices: Any, values: dict[str, Any], code: str) -> None:
    poll = make_poll()
    row = ask(poll)
    said = values.pop("choice", "yes") if isinstance(choices, str) else None
    if choices == "first":
        choices = {option_ids(poll)[0]: said}
    elif choices == "other":
        choices = {option_ids(poll)[0]: "yes", option_ids(make_poll())[0]: "yes"}
    assert refused(say, invitation=row, choices=choices, **values).code == code
    assert not PollAnswer.objects.exists() and not history(row).exists()
    assert PollReply.objects.get(invitation=row).answered_at is None


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (WorkshopState.DRAFT, "state"),
        (WorkshopState.CANCELLED, "cancelled"),
        (WorkshopState.SCHEDULED, "chosen"),
        (WorkshopState.HELD, "chosen"),
    ],
)
def test_a_late_reply_says_what_became_of_the_poll(state: str, code: str) -> None:
    poll = make_poll()
    row = ask(poll)
    start = now() + 20 * DAY
    Workshop.objects.filter(pk=poll.workshop_id).update(
        state=state, starts_at=start, ends_at=start + timedelta(hours=1)
    )
    assert refused(say, invitation=row, choices={option_ids(poll)[0]: "yes"}).code == code
    assert not PollAnswer.objects.exists()


def test_the_deadline_is_judged_by_the_database_and_the_secretariat_may_still_record() -> None:
    poll = make_poll()
    row, secretary = ask(poll), UserFactory(is_staff=True)
    choice = {option_ids(poll)[0]: "yes"}
    DatePoll.objects.update(answer_by=now() - timedelta(seconds=1))
    assert refused(say, invitation=row, choices=choice).code == "deadline"
    with pytest.raises(PermissionDenied):
        say(row, choice, by=row.person, source="secretariat")
    say(row, choice, by=secretary, source="secretariat")
    reply = PollReply.objects.get()
    assert (reply.source, reply.recorded_by) == ("secretariat", secretary)
    entry = history(row).get()
    assert (entry.by, entry.object_id, entry.reason) == (secretary, row.pk, "secretariat"), "both are named"


def test_whoever_was_not_asked_yet_replies_by_phone_alone() -> None:
    poll = make_poll()
    row = InvitationFactory(workshop=poll.workshop, unsent=True)
    choice = {option_ids(poll)[0]: "yes"}
    assert refused(say, invitation=row, choices=choice).code == "state"
    say(row, choice, by=UserFactory(is_staff=True), source="secretariat")
    assert ask_newcomers(workshop=poll.workshop, by=None) == 0


# --- changing an open poll --------------------------------------------------------------------------------------------


def test_changing_an_open_poll_keeps_what_stays_and_tells_everybody_once() -> None:
    poll = make_poll()
    answered, silent = ask(poll, "ymn"), ask(poll)
    kept = list(poll.options.all())[1:]
    wanted = [Proposal(row.starts_at, row.ends_at, row.venue_id) for row in kept] + slots(30)
    assert save_poll(workshop=poll.workshop, proposals=wanted, answer_by=poll.answer_by, by=None) == 2
    assert sorted(OutboxEmail.objects.values_list("to", flat=True)) == sorted([answered.email, silent.email])
    assert set(kinds()) == {"workshop-poll-update"}
    assert set(PollAnswer.objects.values_list("choice", flat=True)) == {"maybe", "no"}
    assert PollReply.objects.unanswered().count() == 2, "whoever had replied completes it"
    assert save_poll(workshop=poll.workshop, proposals=wanted, answer_by=poll.answer_by, by=None) == 0
    poll.refresh_from_db()
    error = refused(say, invitation=answered, choices={kept[0].pk: "yes"}, seen_revision=0)
    assert error.code == "revised" and poll.revision == 1
    say(answered, {kept[0].pk: "maybe", kept[1].pk: "no"}, seen_revision=1)
    assert PollReply.objects.unanswered().count() == 1


def test_changing_a_poll_drops_its_first_mails_that_have_not_left() -> None:
    workshop = prepared()
    InvitationFactory(workshop=workshop, unsent=True)
    open_poll(workshop=workshop, by=None)
    save_poll(workshop=workshop, proposals=slots(30), answer_by=now() + 9 * DAY, by=None)
    states = dict(OutboxEmail.objects.values_list("kind", "state"))
    assert states == {"workshop-poll": EmailState.CANCELLED, "workshop-poll-update": EmailState.QUEUED}


def test_the_deadline_is_extended_even_once_it_has_passed_and_never_shortened() -> None:
    poll = make_poll()
    DatePoll.objects.update(answer_by=now() - DAY)
    row = ask(poll)
    extend_deadline(workshop=poll.workshop, answer_by=now() + 2 * DAY, by=None)
    say(row, {option_ids(poll)[0]: "yes"})
    assert refused(extend_deadline, workshop=poll.workshop, answer_by=now() + DAY, by=None).code == "order"
    late = refused(extend_deadline, workshop=poll.workshop, answer_by=now() + 21 * DAY, by=None)
    assert (late.code, late.field) == ("deadline", "answer_by")
    poll.refresh_from_db()
    assert poll.extensions == 1 and history(poll.workshop).get(field="poll_deadline")


# --- ending -----------------------------------------------------------------------------------------------------------


def test_choosing_schedules_invites_all_and_answers_for_nobody() -> None:
    poll = make_poll()
    rows = [ask(poll, "yyn"), ask(poll, "nnn"), ask(poll)]
    newcomer = InvitationFactory(workshop=poll.workshop, unsent=True)
    gone = ask(poll, "y", withdrawn_at=now())
    chosen = list(poll.options.all())[1]
    sent = choose_option(workshop=poll.workshop, option=chosen.pk, by=None)
    assert sent.count == 4
    workshop = Workshop.objects.get(pk=poll.workshop_id)
    assert (workshop.state, workshop.venue) == (WorkshopState.SCHEDULED, chosen.venue)
    assert (workshop.starts_at, workshop.ends_at) == (chosen.starts_at, chosen.ends_at)
    assert set(workshop.invitations.values_list("answer", flat=True)) == {Answer.SILENT}
    mails = OutboxEmail.objects.filter(kind="workshop-invitation")
    assert set(mails.values_list("to", flat=True)) == {row.email for row in [*rows, newcomer]}
    assert gone.email not in set(mails.values_list("to", flat=True))
    assert all("METHOD:REQUEST" in mail.calendar_text for mail in mails)
    poll.refresh_from_db()
    assert poll.chosen == chosen
    again = refused(choose_option, workshop=poll.workshop, option=chosen.pk, by=None)
    assert again.code == "state" and "choisie" in str(again)
    assert mails.count() == 4


def test_choosing_drops_the_polls_messages_not_sent_yet() -> None:
    workshop = prepared()
    InvitationFactory(workshop=workshop, unsent=True)
    open_poll(workshop=workshop, by=None)
    option = workshop.poll.options.first()
    choose_option(workshop=workshop, option=option.pk, by=None)
    states = dict(OutboxEmail.objects.values_list("kind", "state"))
    assert states == {"workshop-poll": EmailState.CANCELLED, "workshop-invitation": EmailState.QUEUED}


def test_choosing_is_refused_for_a_taken_room_a_past_date_or_another_polls_option() -> None:
    venue = VenueFactory()
    poll = make_poll(venue=venue)
    row = ask(poll, "yyy")
    taken = poll.options.first()
    other = WorkshopFactory(scheduled=True, venue=venue, starts_at=taken.starts_at, ends_at=taken.ends_at)
    error = refused(choose_option, workshop=poll.workshop, option=taken.pk, by=None)
    assert (error.code, other.title_fr in str(error)) == ("venue", True)
    foreign = option_ids(make_poll())[0]
    assert refused(choose_option, workshop=poll.workshop, option=foreign, by=None).code == "option"
    PollOption.objects.filter(pk=taken.pk).update(starts_at=now() - DAY)
    assert refused(choose_option, workshop=poll.workshop, option=taken.pk, by=None).code == "past"
    poll.refresh_from_db()
    row.refresh_from_db()
    poll.workshop.refresh_from_db()
    assert (poll.workshop.state, poll.workshop.starts_at, poll.chosen) == ("date-poll", None, None)
    assert row.sent_at is None and not kinds()


def test_a_deadline_of_the_invitation_after_the_chosen_date_is_emptied() -> None:
    poll = make_poll()
    ask(poll)
    Workshop.objects.filter(pk=poll.workshop_id).update(answer_by=now() + 25 * DAY)
    choose_option(workshop=poll.workshop, option=option_ids(poll)[0], by=None)
    assert Workshop.objects.get(pk=poll.workshop_id).answer_by is None


def test_cancelling_tells_those_who_were_asked_and_nobody_else() -> None:
    poll = make_poll()
    rows = [ask(poll, "y"), ask(poll)]
    InvitationFactory(workshop=poll.workshop, unsent=True)
    ask(poll, "y", withdrawn_at=now())
    assert refused(cancel_poll, workshop=poll.workshop, reason=" ", by=None).code == "reason"
    assert cancel_poll(workshop=poll.workshop, reason="Aucune date", by=None) == 2
    mails = OutboxEmail.objects.all()
    assert {mail.to for mail in mails} == {row.email for row in rows}
    assert all("Aucune date" in mail.text and not mail.calendar_text for mail in mails)
    assert refused(say, invitation=rows[1], choices={option_ids(poll)[0]: "yes"}).code == "cancelled"
    assert refused(choose_option, workshop=poll.workshop, option=option_ids(poll)[0], by=None).code == "state"


def test_cancelling_a_scheduled_workshop_is_as_before() -> None:
    row = InvitationFactory()
    assert cancel_poll(workshop=row.workshop, reason="Grève", by=None) == 1
    assert kinds() == ["workshop-cancelled"]
