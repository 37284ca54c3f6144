"""What the messages say and carry, in the person's language, and what they never carry."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.templatetags import text as text_filters
from outbox.models import OutboxEmail
from tests.workshops.factories import AgendaItemFactory, InvitationFactory, VenueFactory, WorkshopFactory
from workshops import emails, services
from workshops.enums import Answer, AnswerSource
from workshops.models import Invitation, Workshop

pytestmark = pytest.mark.django_db


def unfolded(mail: OutboxEmail) -> str:
    """Return the calendar part with its lines whole and its commas bare, to look for what must not be there."""
    return mail.calendar_text.replace("\r\n ", "").replace("\\,", ",")


def entry(mail: OutboxEmail) -> icalendar.Event:
    """Return the mail's one calendar event, as another program reads it."""
    calendar = icalendar.Calendar.from_ical(mail.calendar_text)
    assert calendar["METHOD"] == mail.calendar_method
    (event,) = calendar.walk("VEVENT")
    return event


def cause(kind: str, row: Invitation) -> OutboxEmail:
    """Make a message of a kind to the invited person and return it."""
    workshop, now = row.workshop, timezone.now()
    makers: dict[str, Callable[[], object]] = {
        emails.INVITATION: lambda: emails.send_invitation(row, now=now),
        emails.UPDATE: lambda: emails.send_update(row, now=now, dates_changed=True, old=workshop),
        emails.CANCELLED: lambda: emails.send_cancellation(row, now=now),
        emails.WITHDRAWN: lambda: emails.send_withdrawal(row, now=now),
        emails.ANSWER: lambda: emails.send_answer_receipt(row, now=now),
        emails.REMINDER_SILENT: lambda: emails.send_silent_reminder(row, days=7),
        emails.REMINDER_ATTENDING: lambda: emails.send_attending_reminder(row, hours=24),
    }
    with transaction.atomic():
        makers[kind]()
    return OutboxEmail.objects.get()


KINDS = [
    emails.INVITATION,
    emails.UPDATE,
    emails.CANCELLED,
    emails.WITHDRAWN,
    emails.ANSWER,
    emails.REMINDER_SILENT,
    emails.REMINDER_ATTENDING,
]
WITH_LINK = set(KINDS) - {emails.CANCELLED, emails.WITHDRAWN}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_message_is_in_the_person_s_language_with_text_and_html(kind: str, language: str) -> None:
    row = InvitationFactory(person__language=language, workshop__cancelled_reason="Grève")
    AgendaItemFactory(workshop=row.workshop)
    mail = cause(kind, row)
    title = row.workshop.title_fr if language == "fr" else row.workshop.title_en
    hello = "Bonjour" if language == "fr" else "Hello"
    assert mail.language == language and title in mail.subject
    for part in (mail.text, mail.html):
        assert title in part and hello in part and row.name in part
    assert f'lang="{language}"' in mail.html
    prefix = "" if language == "fr" else "/en"
    link = f"{settings.SITE_URL}{prefix}/invitations/{row.token}/"
    assert (link in mail.text and link in mail.html) == (kind in WITH_LINK)
    assert mail.reply_to == settings.SECRETARIAT_EMAIL
    assert mail.thread == f"workshop:{row.workshop.pk}"


def test_a_session_convenes_the_others_invite() -> None:
    assert cause(emails.INVITATION, InvitationFactory(workshop__session=True)).subject.startswith(
        "Convocation"
    )


def test_an_invitation_says_invitation() -> None:
    assert cause(emails.INVITATION, InvitationFactory()).subject.startswith("Invitation")


@pytest.mark.parametrize("kind", [emails.INVITATION, emails.REMINDER_SILENT, emails.UPDATE])
def test_access_details_never_go_to_the_silent(kind: str) -> None:
    row = InvitationFactory()
    mail = cause(kind, row)
    assert row.workshop.venue.access not in mail.text + mail.html + unfolded(mail)


@pytest.mark.parametrize("kind", [emails.ANSWER, emails.UPDATE, emails.REMINDER_ATTENDING])
def test_access_details_go_to_those_who_come_but_never_into_the_calendar(kind: str) -> None:
    row = InvitationFactory(coming=True)
    mail = cause(kind, row)
    assert row.workshop.venue.access in mail.text and row.workshop.venue.access in mail.html
    assert row.workshop.venue.access not in unfolded(mail)


def test_the_calendar_entry_names_the_place_the_agenda_and_no_secret() -> None:
    row = InvitationFactory()
    AgendaItemFactory(workshop=row.workshop, title_fr="Tour de l’atelier ; échanges, suites")
    mail = cause(emails.INVITATION, row)
    event = entry(mail)
    assert event["UID"] == row.workshop.uid and event["SEQUENCE"] == 0 and event["STATUS"] == "CONFIRMED"
    assert event["DTSTART"].dt == row.workshop.starts_at and event["DTEND"].dt == row.workshop.ends_at
    assert event["ATTENDEE"] == f"mailto:{row.email}"
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert row.workshop.venue.address in event["LOCATION"]
    assert "Tour de l’atelier\u202f; échanges, suites" in event["DESCRIPTION"]
    assert row.token not in unfolded(mail)
    assert all(len(line.encode()) <= 75 for line in mail.calendar_text.split("\r\n"))


def test_an_entry_of_a_workshop_that_is_not_public_gives_no_address() -> None:
    assert "URL" not in entry(cause(emails.INVITATION, InvitationFactory(workshop__is_public=False)))


def test_a_workshop_over_the_october_hour_change_keeps_its_instants() -> None:
    start = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)  # 02:30 in Paris, which that night has twice
    row = InvitationFactory(workshop__starts_at=start, workshop__ends_at=start + timedelta(hours=2))
    event = entry(cause(emails.INVITATION, row))
    assert event["DTSTART"].dt == start and event["DTEND"].dt == start + timedelta(hours=2)


def test_control_characters_and_markup_in_a_title_do_no_harm() -> None:
    nasty = "Atelier\x0b <b>gras</b>\u2028BEGIN:VEVENT & Cie"
    row = InvitationFactory(workshop__title_fr=nasty, name="Ana\rBcc: x@example.org")
    mail = cause(emails.INVITATION, row)
    assert "<b>gras</b>" not in mail.html and "&lt;b&gt;gras&lt;/b&gt;" in mail.html
    assert "<b>gras</b>" in mail.text and "&amp;" not in mail.text
    assert "\n" not in mail.subject
    assert len(icalendar.Calendar.from_ical(mail.calendar_text).walk("VEVENT")) == 1
    assert "\r\nBcc:" not in mail.calendar_text


def test_template_syntax_in_a_title_is_only_text() -> None:
    row = InvitationFactory(workshop__title_fr="{{ invitation.token }} {% now 'Y' %}")
    mail = cause(emails.INVITATION, row)
    assert "{{ invitation.token }}" in mail.text


# --- the whole sequence, as a calendar lives it ---


def apply(calendar: dict[str, icalendar.Event], mail: OutboxEmail) -> None:
    """Do with a mail what a calendar does (RFC 5546): the higher (SEQUENCE, DTSTAMP) wins."""
    if not mail.calendar_text:
        return
    event = entry(mail)
    known = calendar.get(str(event["UID"]))
    rank = (event["SEQUENCE"], event["DTSTAMP"].dt)
    assert known is None or rank > (known["SEQUENCE"], known["DTSTAMP"].dt)
    calendar[str(event["UID"])] = event


def test_a_calendar_follows_invitation_moves_withdrawal_return_and_cancellation() -> None:
    workshop = WorkshopFactory(scheduled=True)
    ana, bo = InvitationFactory.create_batch(2, workshop=workshop, unsent=True)
    services.send_invitations(workshop=workshop, by=None)
    for shift in (1, 2):
        _move(workshop, hours=shift)
    _move(workshop, venue=VenueFactory(name="Halle"))
    services.withdraw_invitation(invitation=ana, by=None)
    services.add_guests(workshop=workshop, text=ana.email, by=None)
    services.send_invitations(workshop=workshop, by=None)
    _move(workshop, hours=3)
    services.answer_invitation(invitation=bo, answer=Answer.YES, by=None, source=AnswerSource.MAIL_LINK)
    services.cancel_workshop(workshop=workshop, reason="Grève", by=None)
    for row in (ana, bo):
        calendar: dict[str, icalendar.Event] = {}
        for mail in OutboxEmail.objects.filter(to=row.email).order_by("id"):
            apply(calendar, mail)
        assert list(calendar) == [workshop.uid]
        assert calendar[workshop.uid]["STATUS"] == "CANCELLED"


def _move(workshop: Workshop, *, hours: float = 0, **changes: object) -> None:
    workshop.refresh_from_db()
    shift = timedelta(hours=hours)
    fields: dict[str, object] = {"venue": workshop.venue} | changes
    services.reschedule_workshop(
        workshop=workshop,
        starts_at=workshop.starts_at + shift,
        ends_at=workshop.ends_at + shift,
        answer_by=None,
        by=None,
        **fields,
    )


def test_news_of_a_move_across_midnight_name_each_day_once() -> None:
    invitation = InvitationFactory()
    _move(invitation.workshop, hours=24)
    # No New Year's Eve, whose night names two years.
    night = timezone.make_aware(datetime(2999, 6, 10, 22))
    Workshop.objects.filter(pk=invitation.workshop_id).update(
        starts_at=night, ends_at=night + timedelta(hours=3), answer_by=None
    )
    OutboxEmail.objects.all().delete()
    _move(invitation.workshop, hours=48)
    mail = OutboxEmail.objects.get(to=invitation.email)
    planned = text_filters.day_and_hours(night, night + timedelta(hours=3))
    assert planned.count(str(night.year)) == 2 and f"prévu le {planned} est déplacé" in mail.text
    assert f"{planned} est déplacé" in mail.html
