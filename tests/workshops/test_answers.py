"""Answers: who gives them, when they are taken, what they cause."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from core.workflow import history
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from tests.members.factories import UserFactory
from tests.workshops.factories import InvitationFactory, WorkshopFactory
from workshops import emails, services
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import Invitation
from workshops.services import WorkshopError, awaiting_answer, upcoming_invitations

pytestmark = pytest.mark.django_db


def ago(**span: float) -> object:
    return timezone.now() - timedelta(**span)


def ahead(**span: float) -> object:
    return timezone.now() + timedelta(**span)


def whole(mail: OutboxEmail) -> str:
    """Return the calendar part without its lines' folds, in which a text may hide."""
    return mail.calendar_text.replace("\r\n ", "")


def answer(
    row: Invitation, value: str = Answer.YES, source: str = AnswerSource.MAIL_LINK, **more: object
) -> Invitation:
    fields: dict[str, object] = {"by": None} | more
    return services.answer_invitation(invitation=row, answer=value, source=source, **fields)


def test_answer_is_logged_with_its_author_and_confirmed_by_mail() -> None:
    row = InvitationFactory()
    answer(row, source=AnswerSource.PORTAL, by=row.person, comment=" avec plaisir ")
    row.refresh_from_db()
    log = history(row).get()
    mail = OutboxEmail.objects.get()
    assert (row.answer, row.comment, row.answered_by) == (Answer.YES, "avec plaisir", row.person)
    assert row.answered_at
    assert (log.from_state, log.to_state, log.by, log.reason) == ("silent", "yes", row.person, "portal")
    assert mail.kind == emails.ANSWER and mail.to == row.email


def test_answer_by_the_link_names_nobody_it_cannot_know() -> None:
    row = InvitationFactory(guest=True)
    answer(row, Answer.EXCUSED)
    row.refresh_from_db()
    assert row.answered_by is None and row.answer_source == AnswerSource.MAIL_LINK


def test_access_details_are_mailed_to_those_who_come_alone() -> None:
    workshop = WorkshopFactory(scheduled=True)
    comes, excused = InvitationFactory.create_batch(2, workshop=workshop, unsent=True)
    services.send_invitations(workshop=workshop, by=None)
    first = OutboxEmail.objects.all()
    assert not any("Badge au poste" in mail.text + mail.html + whole(mail) for mail in first)
    answer(comes)
    answer(excused, Answer.EXCUSED)
    receipts = {mail.to: mail for mail in OutboxEmail.objects.filter(kind=emails.ANSWER)}
    assert workshop.venue.access in receipts[comes.email].text
    assert workshop.venue.access not in receipts[excused.email].text + receipts[excused.email].html


def test_answer_changed_keeps_the_trail_and_forgets_the_former_colleague() -> None:
    row = InvitationFactory()
    answer(row, Answer.REPRESENTED, represented_by="Camille Roux")
    answer(row, Answer.EXCUSED, represented_by="Camille Roux")
    row.refresh_from_db()
    assert (row.answer, row.represented_by) == (Answer.EXCUSED, "")
    assert [log.to_state for log in history(row)] == ["represented", "excused"]
    assert OutboxEmail.objects.filter(kind=emails.ANSWER).count() == 2


def test_the_same_answer_again_changes_nothing() -> None:
    row = InvitationFactory()
    answer(row)
    answer(row)
    assert history(row).count() == 1 and OutboxEmail.objects.count() == 1


def test_the_same_answer_confirmed_after_a_move_counts() -> None:
    row = InvitationFactory(
        coming=True, workshop__moved_at=timezone.now() - timedelta(minutes=1), workshop__moves=1
    )
    assert row.needs_answer
    assert not answer(row).needs_answer


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"withdrawn_at": ago(minutes=1)}, "withdrawn"),
        ({"workshop__state": WorkshopState.CANCELLED}, "cancelled"),
        ({"workshop__state": WorkshopState.HELD}, "state"),
        ({"unsent": True}, "state"),
        ({"workshop__starts_at": ago(seconds=1)}, "started"),
        ({"workshop__answer_by": ago(seconds=1)}, "deadline"),
    ],
)
def test_answer_refused(fields: dict[str, object], code: str) -> None:
    row = InvitationFactory(**fields)
    with pytest.raises(WorkshopError) as refused:
        answer(row)
    row.refresh_from_db()
    assert refused.value.code == code and str(refused.value)
    assert row.answer == Answer.SILENT and not OutboxEmail.objects.exists()


def test_answer_taken_before_the_deadline() -> None:
    assert answer(InvitationFactory(workshop__answer_by=ahead(minutes=5))).answer == Answer.YES


def test_answer_for_dates_that_have_changed_is_refused() -> None:
    row = InvitationFactory(workshop__moves=1)
    with pytest.raises(WorkshopError) as refused:
        answer(row, seen_moves=0)
    assert refused.value.code == "moved"
    assert answer(row, seen_moves=1).answer == Answer.YES


@pytest.mark.parametrize(
    ("value", "more", "field"),
    [
        ("silent", {}, "answer"),
        ("peut-être", {}, "answer"),
        (Answer.REPRESENTED, {"represented_by": "  "}, "represented_by"),
        (Answer.REPRESENTED, {"represented_by": "x" * 171}, "represented_by"),
        (Answer.YES, {"comment": "x" * 1001}, "comment"),
    ],
)
def test_answer_refused_at_the_field(value: str, more: dict[str, object], field: str) -> None:
    with pytest.raises(WorkshopError) as refused:
        answer(InvitationFactory(), value, **more)
    assert refused.value.field == field


def test_secretariat_records_after_the_deadline_and_names_both() -> None:
    staff = UserFactory(is_staff=True)
    row = InvitationFactory(workshop__answer_by=ago(days=1))
    answer(row, source=AnswerSource.SECRETARIAT, by=staff)
    row.refresh_from_db()
    log = history(row).get()
    assert row.answered_by == staff and log.by == staff and log.object_id == row.pk
    assert log.reason == "secretariat"


def test_nobody_else_records_for_others() -> None:
    row = InvitationFactory(workshop__answer_by=ago(days=1))
    with pytest.raises(PermissionDenied):
        answer(row, source=AnswerSource.SECRETARIAT, by=row.person)


def test_even_the_secretariat_records_nothing_for_a_cancelled_workshop() -> None:
    with pytest.raises(WorkshopError):
        answer(
            InvitationFactory(workshop__state=WorkshopState.CANCELLED),
            source=AnswerSource.SECRETARIAT,
            by=UserFactory(is_staff=True),
        )


def test_answering_drops_a_reminder_that_is_still_queued() -> None:
    row = InvitationFactory(
        sent_at=ago(days=20), workshop__starts_at=ahead(days=5), workshop__invited_at=ago(days=20)
    )
    from workshops.reminders import send_due_reminders

    assert send_due_reminders() == 1
    answer(row)
    assert OutboxEmail.objects.get(kind=emails.silent_reminder_kind(7)).state == EmailState.CANCELLED


# --- the member's space ---


def test_awaiting_answer_lists_what_is_still_open_for_that_person() -> None:
    person = UserFactory()
    later = InvitationFactory(person=person)
    sooner = InvitationFactory(person=person, workshop__starts_at=ahead(days=3))
    moved = InvitationFactory(person=person, coming=True, workshop__moved_at=ago(seconds=1))
    InvitationFactory(person=person, coming=True)
    InvitationFactory(person=person, unsent=True)
    InvitationFactory(person=person, withdrawn_at=timezone.now())
    InvitationFactory(person=person, workshop__answer_by=ago(hours=1))
    InvitationFactory(person=person, workshop__state=WorkshopState.CANCELLED)
    InvitationFactory(person=person, workshop__starts_at=ago(hours=1))
    InvitationFactory()
    found = list(awaiting_answer(person))
    assert found[0] == sooner and set(found) == {later, sooner, moved}
    assert all(row.needs_answer for row in found)


def test_upcoming_lists_what_is_on_whatever_the_answer() -> None:
    person = UserFactory()
    silent = InvitationFactory(person=person, workshop__answer_by=ago(hours=1))
    coming = InvitationFactory(person=person, coming=True, workshop__starts_at=ago(minutes=10))
    InvitationFactory(person=person, workshop__starts_at=ago(days=2))
    InvitationFactory(person=person, workshop__state=WorkshopState.CANCELLED)
    assert list(upcoming_invitations(person)) == [coming, silent]
