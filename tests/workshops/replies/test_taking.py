"""A calendar's answer becomes the person's: when it is theirs, the newest, and about the dates of today."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from core.workflow import history
from outbox.inbound import plus_address
from outbox.models import OutboxEmail
from tests.outbox.test_calendar import unfolded
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from tests.workshops.replies.conftest import facts_of, take
from tests.workshops.replies.samples import CLIENTS, apple, exchange, outlook
from workshops import services
from workshops.enums import Answer, AnswerSource
from workshops.models import CalendarReply, Invitation
from workshops.replies.enums import ReplyCause, ReplyState

pytestmark = pytest.mark.django_db

Answering = Callable[..., CalendarReply]


def became(reply: CalendarReply) -> tuple[str, str]:
    return reply.state, reply.cause


def refusals() -> list[str]:
    return list(OutboxEmail.objects.filter(kind="workshop-reply-refused").values_list("to", flat=True))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("partstat", "expected"), [("ACCEPTED", Answer.YES), ("DECLINED", Answer.EXCUSED)])
def test_each_clients_answer_is_the_persons(
    invitation: Invitation, answer: Answering, client: str, partstat: str, expected: str
) -> None:
    reply = answer(invitation, partstat, client=CLIENTS[client], comment="À midi ?")
    invitation.refresh_from_db()
    assert became(reply) == (ReplyState.APPLIED, "")
    assert (invitation.answer, invitation.answer_source) == (expected, AnswerSource.CALENDAR)
    assert invitation.comment == "À midi ?" and invitation.answered_by is None
    (entry,) = history(invitation).filter(field="answer")
    assert (entry.to_state, entry.by, entry.reason) == (expected, None, "calendar")
    assert reply.raw is None and reply.invitation == invitation and reply.person == invitation.person
    assert OutboxEmail.objects.filter(kind="workshop-answer", to="lea@example.com").count() == 1


def test_the_invitation_asks_calendars_to_answer_to_its_own_address() -> None:
    row = InvitationFactory(unsent=True)
    services.send_invitations(workshop=row.workshop, by=None)
    text = OutboxEmail.objects.get(kind="workshop-invitation").calendar_text
    (organizer,) = [line for line in unfolded(text) if line.startswith("ORGANIZER")]
    assert organizer.endswith(f":mailto:reponses+{row.reply_tag}@example.org")
    assert row.token not in text
    services.withdraw_invitation(invitation=row, by=None)
    text = OutboxEmail.objects.get(kind="workshop-withdrawn").calendar_text
    assert organizer in unfolded(text)


def test_without_an_inbound_address_the_secretariat_is_the_organiser(settings) -> None:
    settings.INBOUND_ADDRESS = ""
    row = InvitationFactory(unsent=True)
    services.send_invitations(workshop=row.workshop, by=None)
    text = OutboxEmail.objects.get(kind="workshop-invitation").calendar_text
    assert f"mailto:{settings.SECRETARIAT_EMAIL}" in text.replace("\r\n ", "") and row.reply_tag not in text


def test_an_answer_without_comment_keeps_the_one_given_before(
    invitation: Invitation, answer: Answering
) -> None:
    answer(invitation, "ACCEPTED", comment="Sans gluten")
    answer(invitation, "DECLINED", minutes=5)
    invitation.refresh_from_db()
    assert (invitation.answer, invitation.comment) == (Answer.EXCUSED, "Sans gluten")


# --- which answer counts ---


def test_the_same_message_twice_is_one_row(invitation: Invitation) -> None:
    raw = apple(facts_of(invitation))
    assert take(raw) == take(raw)
    assert CalendarReply.objects.count() == 1


def test_the_same_answer_in_another_message_is_without_effect(
    invitation: Invitation, answer: Answering
) -> None:
    answer(invitation, "ACCEPTED")
    services.answer_invitation(
        invitation=invitation, answer=Answer.EXCUSED, by=None, source=AnswerSource.MAIL_LINK
    )
    assert became(answer(invitation, "ACCEPTED", client=outlook)) == (ReplyState.IGNORED, ReplyCause.REPEATED)
    invitation.refresh_from_db()
    assert invitation.answer == Answer.EXCUSED


def test_an_older_answer_that_arrives_later_is_without_effect(
    invitation: Invitation, answer: Answering
) -> None:
    answer(invitation, "DECLINED", minutes=10)
    assert became(answer(invitation, "ACCEPTED", minutes=9)) == (ReplyState.IGNORED, ReplyCause.REPEATED)
    assert became(answer(invitation, "ACCEPTED", minutes=11)) == (ReplyState.APPLIED, "")
    invitation.refresh_from_db()
    assert invitation.answer == Answer.YES


def test_a_lower_sequence_is_older_whatever_its_stamp(invitation: Invitation, answer: Answering) -> None:
    type(invitation.workshop).objects.update(sequence=4)
    answer(invitation, "DECLINED", sequence=4)
    assert became(answer(invitation, "ACCEPTED", sequence=3, minutes=60)) == (
        ReplyState.IGNORED,
        ReplyCause.REPEATED,
    )


def test_a_calendar_whose_clock_is_ahead_does_not_outrank_later_answers(
    invitation: Invitation, answer: Answering
) -> None:
    answer(invitation, "ACCEPTED", dtstamp=timezone.now() + timedelta(days=4000))
    assert became(answer(invitation, "DECLINED", dtstamp=timezone.now() + timedelta(days=3000))) == (
        ReplyState.APPLIED,
        "",
    )


def test_a_sequence_never_sent_is_quarantined(invitation: Invitation, answer: Answering) -> None:
    assert became(answer(invitation, sequence=1)) == (ReplyState.QUARANTINED, ReplyCause.SEQUENCE)
    invitation.refresh_from_db()
    assert (invitation.answer, invitation.reply_dtstamp) == (Answer.SILENT, None)


def move(invitation: Invitation, *, days: int = 1) -> None:
    workshop = invitation.workshop
    workshop.refresh_from_db()
    services.reschedule_workshop(
        workshop=workshop,
        starts_at=workshop.starts_at + timedelta(days=days),
        ends_at=workshop.ends_at + timedelta(days=days),
        venue=workshop.venue,
        answer_by=None,
        by=None,
    )


def test_an_answer_to_former_dates_asks_again(invitation: Invitation, answer: Answering) -> None:
    move(invitation)
    assert became(answer(invitation, sequence=0)) == (ReplyState.IGNORED, ReplyCause.OLD_DATES)
    invitation.refresh_from_db()
    assert invitation.answer == Answer.SILENT and invitation.needs_answer
    assert refusals() == ["lea@example.com"]
    mail = OutboxEmail.objects.get(kind="workshop-reply-refused")
    assert "dates ont changé" in mail.text and invitation.token in mail.text and not mail.calendar_text
    assert became(answer(invitation, sequence=1, minutes=1)) == (ReplyState.APPLIED, "")


def test_an_answer_from_before_another_room_still_counts(invitation: Invitation, answer: Answering) -> None:
    """The place changed, not the dates: SEQUENCE rose, but nobody was asked again."""
    workshop = invitation.workshop
    other = WorkshopFactory().venue
    services.reschedule_workshop(
        workshop=workshop,
        starts_at=workshop.starts_at,
        ends_at=workshop.ends_at,
        venue=other,
        answer_by=None,
        by=None,
    )
    workshop.refresh_from_db()
    assert workshop.sequence == 1
    assert became(answer(invitation, sequence=0)) == (ReplyState.APPLIED, "")


def test_an_answer_from_before_a_new_invitation_asks_again(invitation: Invitation, answer: Answering) -> None:
    services.withdraw_invitation(invitation=invitation, by=None)
    services.add_guests(workshop=invitation.workshop, text="lea@example.com", by=None)
    services.send_invitations(workshop=invitation.workshop, by=None)
    assert became(answer(invitation, sequence=0)) == (ReplyState.IGNORED, ReplyCause.OLD_DATES)
    assert became(answer(invitation, sequence=2, minutes=1)) == (ReplyState.APPLIED, "")


# --- perhaps, and what the portal refuses ---


def test_perhaps_is_noted_and_answers_nothing(invitation: Invitation, answer: Answering) -> None:
    reply = answer(invitation, "TENTATIVE", comment="Si le train roule")
    invitation.refresh_from_db()
    assert became(reply) == (ReplyState.NOTED, ReplyCause.TENTATIVE)
    assert (reply.comment, invitation.answer, invitation.comment) == ("Si le train roule", Answer.SILENT, "")
    assert refusals() == []
    assert became(answer(invitation, "ACCEPTED", minutes=1)) == (ReplyState.APPLIED, "")


def test_somebody_represented_stays_so_when_their_calendar_declines(
    invitation: Invitation, answer: Answering
) -> None:
    services.answer_invitation(
        invitation=invitation,
        answer=Answer.REPRESENTED,
        by=None,
        source=AnswerSource.PORTAL,
        represented_by="Max Roux",
    )
    assert became(answer(invitation, "DECLINED")) == (ReplyState.APPLIED, "")
    invitation.refresh_from_db()
    assert (invitation.answer, invitation.represented_by) == (Answer.REPRESENTED, "Max Roux")


def test_an_answer_after_the_deadline_is_quarantined_and_its_sender_told(
    invitation: Invitation, answer: Answering
) -> None:
    type(invitation.workshop).objects.update(answer_by=timezone.now() - timedelta(minutes=1))
    reply = answer(invitation)
    assert became(reply) == (ReplyState.QUARANTINED, ReplyCause.REFUSED)
    assert reply.detail and reply.raw
    assert refusals() == ["lea@example.com"]
    # Once a version of the workshop, whatever else comes.
    answer(invitation, "DECLINED", minutes=1)
    assert refusals() == ["lea@example.com"]
    invitation.refresh_from_db()
    assert invitation.answer == Answer.SILENT


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: auto-replied", "Precedence: bulk", "List-Id: <x.example.org>", "Return-Path: <>"],
)
def test_a_machine_is_never_answered(invitation: Invitation, header: str) -> None:
    type(invitation.workshop).objects.update(answer_by=timezone.now() - timedelta(minutes=1))
    reply = take(f"{header}\r\n".encode() + apple(facts_of(invitation)))
    assert became(reply) == (ReplyState.QUARANTINED, ReplyCause.REFUSED) and reply.is_automatic
    assert refusals() == []


def test_a_machines_answer_counts_all_the_same(invitation: Invitation) -> None:
    """Some servers send people's answers without a return path."""
    assert became(take(b"Return-Path: <>\r\n" + exchange(facts_of(invitation)))) == (ReplyState.APPLIED, "")


def test_the_refusal_is_in_the_persons_language() -> None:
    row = InvitationFactory(person__language="en", workshop__answer_by=timezone.now() - timedelta(minutes=1))
    take(apple(facts_of(row)))
    mail = OutboxEmail.objects.get(kind="workshop-reply-refused")
    assert "Your calendar’s answer was not recorded" in mail.subject
    assert (
        "The deadline to answer has passed." in mail.text
        and "The deadline to answer has passed." in mail.html
    )


def test_a_no_to_what_is_cancelled_or_withdrawn_bothers_nobody(
    invitation: Invitation, answer: Answering
) -> None:
    services.withdraw_invitation(invitation=invitation, by=None)
    assert became(answer(invitation, "DECLINED", sequence=1)) == (ReplyState.IGNORED, ReplyCause.MOOT)
    assert became(answer(invitation, "ACCEPTED", sequence=1, minutes=1)) == (
        ReplyState.QUARANTINED,
        ReplyCause.REFUSED,
    )


# --- whose answer it is ---


def strange(invitation: Invitation, **changes) -> CalendarReply:
    reply = take(apple(facts_of(invitation, **changes)))
    invitation.refresh_from_db()
    assert invitation.answer == Answer.SILENT and invitation.reply_dtstamp is None
    assert reply.state == ReplyState.QUARANTINED and reply.raw
    assert refusals() == []
    return reply


def test_an_unknown_meeting_is_quarantined(invitation: Invitation) -> None:
    assert strange(invitation, uid="somebody@else").cause == ReplyCause.UNKNOWN_MEETING


def test_an_answer_without_the_invitations_address_is_quarantined(invitation: Invitation) -> None:
    """A UID is public in the feed, and a sender's address proves nothing."""
    reply = strange(invitation, organizer="reponses@example.org")
    assert reply.cause == ReplyCause.NO_TAG and reply.person == invitation.person


def test_an_answer_to_anothers_address_is_quarantined(invitation: Invitation) -> None:
    colleague = InvitationFactory(workshop=invitation.workshop)
    elsewhere = InvitationFactory(email="lea@example.com", person=invitation.person)
    for other in (colleague, elsewhere):
        reply = strange(invitation, organizer=plus_address(other.reply_tag), minutes=other.pk)
        expected = ReplyCause.OTHER_ATTENDEE if other == colleague else ReplyCause.WRONG_TAG
        assert reply.cause == expected
        other.refresh_from_db()
        assert other.answer == Answer.SILENT


def test_an_answer_of_somebody_else_is_quarantined(invitation: Invitation) -> None:
    reply = strange(invitation, attendee="assistant@example.com")
    assert (reply.cause, reply.invitation) == (ReplyCause.OTHER_ATTENDEE, invitation)


def test_a_person_whose_address_changed_answers_by_both(invitation: Invitation, answer: Answering) -> None:
    invitation.person.email = "lea.muller@example.com"
    invitation.person.save()
    assert became(answer(invitation, attendee="lea@example.com")) == (ReplyState.APPLIED, "")
    assert became(answer(invitation, "DECLINED", attendee="lea.muller@example.com", minutes=1)) == (
        ReplyState.APPLIED,
        "",
    )


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ((b"METHOD:REPLY", b"METHOD:COUNTER"), ReplyCause.METHOD),
        ((b"METHOD:REPLY", b"METHOD:REFRESH"), ReplyCause.METHOD),
        ((b"METHOD:REPLY", b"METHOD:REQUEST"), ReplyCause.METHOD),
        ((b"END:VEVENT", b"RECURRENCE-ID:20270301T080000Z\r\nEND:VEVENT"), ReplyCause.OCCURRENCE),
        ((b"END:VEVENT", b"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT"), ReplyCause.SEVERAL),
        ((b"END:VEVENT", b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@y.fr\r\nEND:VEVENT"), ReplyCause.SEVERAL),
        (
            (b"END:VEVENT", b'ATTENDEE;DELEGATED-FROM="mailto:a@b.fr":mailto:x@y.fr\r\nEND:VEVENT'),
            ReplyCause.DELEGATED,
        ),
        ((b"PARTSTAT=ACCEPTED", b"PARTSTAT=DELEGATED"), ReplyCause.DELEGATED),
        ((b"PARTSTAT=ACCEPTED", b"PARTSTAT=NEEDS-ACTION"), ReplyCause.PARTSTAT),
        ((b"BEGIN:VCALENDAR", b"BEGIN:VCARD"), ReplyCause.BROKEN_CALENDAR),
    ],
)
def test_a_strange_object_is_quarantined(
    invitation: Invitation, change: tuple[bytes, bytes], cause: ReplyCause
) -> None:
    raw = outlook(replace(facts_of(invitation))).replace(b"=3D", b"=").replace(b"quoted-printable", b"8bit")
    raw = raw.replace(b"=\r\n", b"")
    assert change[0] in raw
    mime = [part.replace(b"METHOD:", b"method=") for part in change]
    reply = take(raw.replace(*change).replace(*mime))
    assert became(reply) == (ReplyState.QUARANTINED, cause)
    invitation.refresh_from_db()
    assert invitation.answer == Answer.SILENT


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"From: a@b.fr\r\nSubject: Accepted: x\r\nContent-Type: text/html\r\n\r\n<p>Yes</p>", "no-calendar"),
        (b"From: mailer-daemon@b.fr\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b--", "report"),
        (b"", "unreadable"),
    ],
)
def test_a_mail_that_is_no_answer_is_quarantined(raw: bytes, cause: str) -> None:
    reply = take(raw)
    assert became(reply) == (ReplyState.QUARANTINED, cause)
