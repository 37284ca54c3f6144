"""The host sheet: the day before, to those who come, to nobody twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.workflow import history
from outbox.models import OutboxEmail
from tests.helpers.failing import fails_first
from tests.helpers.locks import at_once
from tests.members.factories import MandateFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from workshops import emails, services
from workshops.enums import Answer, AnswerSource
from workshops.models import Invitation, Workshop
from workshops.reminders import send_due_reminders
from workshops.services import WorkshopError
from workshops.services.hosting import sheet_due_at

SHEET = {
    "access": "Tram 3, arrêt Garosud\nPorte B",
    "parking": "Parking P2",
    "badge": "Pièce d’identité demandée",
    "accessibility": "Ascenseur au fond",
    "contact_name": "Ana Ruiz",
    "contact_phone": "04 67 00 00 00",
}


def tomorrow(**fields: Any) -> Workshop:
    """A workshop whose sheet is due: it starts in two hours."""
    start = timezone.now() + timedelta(hours=2)
    return WorkshopFactory(scheduled=True, starts_at=start, venue=VenueFactory(**SHEET), **fields)


def give(row: Invitation, answer: str, **more: object) -> Invitation:
    fields: dict[str, object] = {"by": None, "source": AnswerSource.MAIL_LINK} | more
    return services.answer_invitation(invitation=row, answer=answer, **fields)


def sheets() -> list[str]:
    return sorted(OutboxEmail.objects.filter(kind=emails.HOST_SHEET).values_list("to", flat=True))


@pytest.mark.parametrize(
    ("starts_at", "due_at"),
    [
        # The clocks go back on the 25th: nine o'clock on the 24th is two hours before UTC, the 25th one hour.
        (datetime(2026, 10, 25, 9, tzinfo=UTC), datetime(2026, 10, 24, 7, tzinfo=UTC)),
        (datetime(2026, 10, 26, 9, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC)),
        # And forward on 29 March.
        (datetime(2026, 3, 29, 9, tzinfo=UTC), datetime(2026, 3, 28, 8, tzinfo=UTC)),
        (datetime(2026, 3, 30, 9, tzinfo=UTC), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        # Half past midnight in Paris is still yesterday in UTC.
        (datetime(2026, 6, 9, 22, 30, tzinfo=UTC), datetime(2026, 6, 9, 7, tzinfo=UTC)),
    ],
)
def test_due_the_day_before_at_nine_in_paris(starts_at: datetime, due_at: datetime) -> None:
    assert sheet_due_at(starts_at) == due_at


@pytest.mark.django_db
def test_the_sheet_goes_to_those_who_come_alone_and_once() -> None:
    workshop = tomorrow(capacity=3)
    comes, named, silent, excused = InvitationFactory.create_batch(4, workshop=workshop)
    waiting, giver = InvitationFactory.create_batch(2, workshop=workshop)
    colleague = MandateFactory(organisation=giver.organisation, alternate=True).person
    give(comes, Answer.YES)
    give(named, Answer.REPRESENTED, represented_by="Jo Roux")
    give(excused, Answer.EXCUSED)
    give(giver, Answer.REPRESENTED, representative=colleague)
    give(waiting, Answer.YES)
    closed = InvitationFactory(workshop=workshop, person__is_active=False)
    assert closed.answer == Answer.SILENT
    Invitation.objects.update(host_sheet_sent_at=None)
    assert services.send_due_sheets() == 3
    assert services.send_due_sheets() == 0
    assert sheets() == sorted([comes.email, named.email, colleague.email])
    mail = OutboxEmail.objects.filter(kind=emails.HOST_SHEET)[0]
    for text in SHEET.values():
        assert text.splitlines()[0] in mail.text and text.splitlines()[-1] in mail.html
    others = OutboxEmail.objects.filter(to__in=[silent.email, excused.email, waiting.email, giver.email])
    for text in SHEET.values():
        words = text.splitlines()[0].partition(",")[0]  # a calendar escapes commas, and folds its lines
        assert not any(
            words in row.text + row.html + row.calendar_text.replace("\r\n ", "") for row in others
        )


@pytest.mark.django_db
def test_nothing_leaves_before_its_hour_after_the_start_or_without_a_sheet() -> None:
    later = tomorrow()
    start = timezone.now() + timedelta(days=3)
    Workshop.objects.filter(pk=later.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
    begun = tomorrow()
    start = timezone.now() - timedelta(minutes=1)
    Workshop.objects.filter(pk=begun.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
    bare = tomorrow()
    bare.venue.access = bare.venue.parking = bare.venue.badge = bare.venue.accessibility = ""
    bare.venue.contact_name = bare.venue.contact_phone = ""
    bare.venue.save()
    for workshop in (later, begun, bare):
        InvitationFactory(workshop=workshop, coming=True)
    assert services.send_due_sheets() == 0


@pytest.mark.django_db
def test_who_confirms_after_it_left_gets_it_with_the_receipt_and_not_again() -> None:
    workshop = tomorrow()
    row = InvitationFactory(workshop=workshop)
    give(row, Answer.YES)
    assert SHEET["parking"] in OutboxEmail.objects.get(to=row.email, kind=emails.ANSWER).text
    assert services.send_due_sheets() == 0


@pytest.mark.django_db
def test_who_confirms_before_it_leaves_gets_it_the_day_before_too() -> None:
    row = InvitationFactory(workshop__venue=VenueFactory(**SHEET))
    give(row, Answer.YES)
    start = timezone.now() + timedelta(hours=3)
    Workshop.objects.filter(pk=row.workshop_id).update(starts_at=start, ends_at=start + timedelta(hours=1))
    assert services.send_due_sheets() == 1


@pytest.mark.django_db
def test_the_sheet_stands_for_the_reminder_of_the_same_day() -> None:
    workshop = tomorrow(invited_at=timezone.now() - timedelta(days=9))
    ago = timezone.now() - timedelta(days=8)
    told, untold, late = InvitationFactory.create_batch(
        3, workshop=workshop, coming=True, sent_at=ago, answered_at=ago
    )
    due_at = timezone.localtime(workshop.starts_at) - timedelta(
        hours=24
    )  # by Paris's clock, as reminders count
    Invitation.objects.filter(pk=told.pk).update(host_sheet_sent_at=due_at)
    Invitation.objects.filter(pk=late.pk).update(promoted_at=timezone.now())
    assert send_due_reminders() == 1
    assert OutboxEmail.objects.get().to == untold.email


@pytest.mark.django_db
def test_new_dates_make_a_new_sheet() -> None:
    workshop = tomorrow()
    InvitationFactory(workshop=workshop, coming=True)
    assert services.send_due_sheets() == 1
    Workshop.objects.filter(pk=workshop.pk).update(moved_at=timezone.now(), moves=1)
    assert (services.send_due_sheets(), services.send_due_sheets()) == (1, 0)


@pytest.mark.django_db
def test_a_changed_sheet_is_seen_and_sent_again_in_one_click(client_for: Any) -> None:
    workshop = tomorrow()
    row = InvitationFactory(workshop=workshop, coming=True)
    InvitationFactory(workshop=workshop)
    services.send_due_sheets()
    assert not services.sheet_changed_since(workshop)
    workshop.venue.parking = "Parking P9"
    workshop.venue.save()
    assert services.sheet_changed_since(workshop)
    client, process = client_for("secretariat"), f"/admin/workshops/workshop/{workshop.pk}/process/"
    assert "La fiche a changé" in client.get(process).content.decode()
    assert client.post(f"{process}host-sheet/").status_code == 302
    assert sheets() == [row.email, row.email]
    assert "Parking P9" in OutboxEmail.objects.filter(kind=emails.HOST_SHEET).latest("id").text
    assert not services.sheet_changed_since(workshop)
    assert history(workshop).filter(field="host_sheet").count() == 1
    assert "La fiche a changé" not in client.get(process).content.decode()


@pytest.mark.django_db
def test_sending_again_is_refused_when_there_is_nothing_to_send() -> None:
    for workshop in (WorkshopFactory(), WorkshopFactory(scheduled=True, venue=VenueFactory(access=""))):
        with pytest.raises(WorkshopError):
            services.resend_sheets(workshop=workshop, by=None)


@pytest.mark.django_db(transaction=True)
def test_three_beats_at_once_mail_each_person_once() -> None:
    workshop = tomorrow()
    rows = InvitationFactory.create_batch(4, workshop=workshop, coming=True)
    outcomes = at_once(*[services.send_due_sheets] * 3)
    assert sorted(outcomes) == [0, 0, 4], outcomes  # type: ignore[type-var]
    assert sheets() == sorted(row.email for row in rows)


@pytest.mark.django_db
def test_a_workshop_whose_sheet_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        InvitationFactory(workshop=tomorrow(), coming=True)
    fails_first(monkeypatch, emails, "send_host_sheet")
    assert [services.send_due_sheets() for _ in range(3)] == [1, 1, 0]
