"""The life of a workshop, and who is invited."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from core.workflow import TransitionError, history
from members.enums import MandateRole
from members.models import Mandate
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from tests.members.factories import MandateFactory, UserFactory
from tests.workshops.factories import AgendaItemFactory, InvitationFactory, VenueFactory, WorkshopFactory
from workshops import services
from workshops.enums import Answer, WorkshopState
from workshops.models import Invitation, Workshop
from workshops.services import GuestListError, WorkshopError

pytestmark = pytest.mark.django_db


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def move(workshop: Workshop, **changes: object) -> int:
    wanted = {
        name: getattr(workshop, name) for name in ("starts_at", "ends_at", "venue", "answer_by")
    } | changes
    return services.reschedule_workshop(workshop=workshop, by=None, **wanted)


# --- scheduling ---


def test_schedule_puts_a_draft_in_the_agenda_and_mails_nobody() -> None:
    staff = UserFactory(is_staff=True)
    draft = WorkshopFactory()
    InvitationFactory(workshop=draft, unsent=True)
    scheduled = services.schedule_workshop(workshop=draft, by=staff)
    assert scheduled.state == WorkshopState.SCHEDULED
    assert scheduled in Workshop.objects.public()
    assert not OutboxEmail.objects.exists()
    log = history(scheduled).get()
    assert (log.from_state, log.to_state, log.by) == ("draft", "scheduled", staff)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": None, "ends_at": None}, "starts_at"),
        ({"starts_at": timezone.now() - hours(3)}, "starts_at"),
    ],
)
def test_schedule_refuses_dates_at_their_field(changes: dict[str, object], field: str) -> None:
    draft = WorkshopFactory(**changes)
    with pytest.raises(WorkshopError) as refused:
        services.schedule_workshop(workshop=draft, by=None)
    assert refused.value.field == field
    draft.refresh_from_db()
    assert draft.state == WorkshopState.DRAFT


def test_schedule_refuses_a_venue_that_is_taken_and_names_who_holds_it() -> None:
    other = WorkshopFactory(scheduled=True, title_fr="Visite de la fonderie")
    draft = WorkshopFactory(
        venue=other.venue, starts_at=other.starts_at + hours(1), ends_at=other.ends_at + hours(1)
    )
    with pytest.raises(WorkshopError, match="Visite de la fonderie") as refused:
        services.schedule_workshop(workshop=draft, by=None)
    assert refused.value.field == "venue"


def test_schedule_takes_a_venue_from_the_minute_it_is_free() -> None:
    other = WorkshopFactory(scheduled=True)
    draft = WorkshopFactory(venue=other.venue, starts_at=other.ends_at, ends_at=other.ends_at + hours(1))
    assert services.schedule_workshop(workshop=draft, by=None).state == WorkshopState.SCHEDULED


def test_schedule_takes_the_venue_of_a_cancelled_workshop() -> None:
    other = WorkshopFactory(scheduled=True)
    services.cancel_workshop(workshop=other, reason="Grève", by=None)
    draft = WorkshopFactory(venue=other.venue, starts_at=other.starts_at, ends_at=other.ends_at)
    assert services.schedule_workshop(workshop=draft, by=None).state == WorkshopState.SCHEDULED


# --- the list of people ---


def test_add_invitees_copies_who_they_are_and_invites_each_once() -> None:
    workshop = WorkshopFactory()
    mandate = MandateFactory(person__language="en")
    MandateFactory(person=mandate.person, role=MandateRole.EXPERT)
    retired = MandateFactory(person__is_active=False)
    every = Mandate.objects.filter(pk__in=[mandate.pk, retired.pk]) | Mandate.objects.filter(
        person=mandate.person
    )
    added = services.add_invitees(workshop=workshop, mandates=every.order_by("pk"), by=None)
    again = services.add_invitees(workshop=workshop, mandates=[mandate], by=None)
    assert [(row.person, row.organisation, row.language) for row in added] == [
        (mandate.person, mandate.organisation, "en")
    ]
    assert again == []


def test_add_guests_reports_every_bad_line_and_writes_nothing() -> None:
    workshop = WorkshopFactory()
    with pytest.raises(GuestListError) as refused:
        services.add_guests(workshop=workshop, text="Ana <ana@example.org>\nbad\nBo bo@example.org", by=None)
    assert [line.number for line in refused.value.lines] == [2, 3]
    assert refused.value.field == "guests"
    assert not Invitation.objects.exists()


def test_add_guests_makes_an_account_holder_of_a_known_address() -> None:
    person = UserFactory(email="ana@example.org", language="en")
    text = "Somebody Else <ANA@example.org>\nBo <bo@example.org>"
    ana, bo = services.add_guests(workshop=WorkshopFactory(), text=text, language="fr", by=None)
    assert (ana.person, ana.name, ana.language) == (person, person.get_full_name(), "en")
    assert (bo.person, bo.name, bo.language) == (None, "Bo", "fr")


@pytest.mark.parametrize("state", [WorkshopState.CANCELLED, WorkshopState.HELD])
def test_add_guests_refused_when_the_workshop_takes_none(state: str) -> None:
    with pytest.raises(WorkshopError):
        services.add_guests(workshop=WorkshopFactory(state=state), text="ana@example.org", by=None)


# --- sending ---


def test_send_invitations_writes_one_mail_each_in_their_language_with_a_calendar_entry() -> None:
    workshop = WorkshopFactory(scheduled=True)
    AgendaItemFactory(workshop=workshop)
    ana = InvitationFactory(workshop=workshop, unsent=True, person__language="en")
    guest = InvitationFactory(workshop=workshop, unsent=True, guest=True)
    sent = services.send_invitations(workshop=workshop, by=None)
    mails = {mail.to: mail for mail in OutboxEmail.objects.all()}
    assert sent.count == 2 and sent.notice == ""
    assert mails[ana.email].language == "en" and f"/en/invitations/{ana.token}/" in mails[ana.email].text
    assert mails[guest.email].language == "fr" and f"/invitations/{guest.token}/" in mails[guest.email].text
    assert mails[ana.email].recipient == ana.person
    assert {mail.calendar_method for mail in mails.values()} == {"REQUEST"}
    assert f"UID:{workshop.uid}" in mails[guest.email].calendar_text
    workshop.refresh_from_db()
    assert workshop.invited_at and workshop.sequence == 0


def test_send_invitations_again_sends_only_to_the_new() -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory(workshop=workshop, unsent=True)
    assert services.send_invitations(workshop=workshop, by=None).count == 1
    late = InvitationFactory(workshop=workshop, unsent=True)
    assert services.send_invitations(workshop=workshop, by=None).count == 1
    assert services.send_invitations(workshop=workshop, by=None).count == 0
    assert OutboxEmail.objects.count() == 2
    assert OutboxEmail.objects.filter(to=late.email).count() == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"state": WorkshopState.DRAFT}, "state"),
        ({"state": WorkshopState.CANCELLED}, "cancelled"),
        ({"scheduled": True, "starts_at": timezone.now() - hours(1)}, "past"),
    ],
)
def test_send_invitations_refused(fields: dict[str, object], code: str) -> None:
    workshop = WorkshopFactory(**fields)
    InvitationFactory(workshop=workshop, unsent=True)
    with pytest.raises(WorkshopError) as refused:
        services.send_invitations(workshop=workshop, by=None)
    assert refused.value.code == code
    assert not OutboxEmail.objects.exists()


def test_send_invitations_warns_of_a_short_delay_and_sends() -> None:
    workshop = WorkshopFactory(scheduled=True, starts_at=timezone.now() + timedelta(days=3))
    InvitationFactory(workshop=workshop, unsent=True)
    sent = services.send_invitations(workshop=workshop, by=None)
    assert sent.count == 1
    assert f"au lieu de {settings.CONVOCATION_CLEAR_DAYS}." in sent.notice


def test_a_bad_address_fails_alone_and_visibly() -> None:
    workshop = WorkshopFactory(scheduled=True)
    good = InvitationFactory(workshop=workshop, unsent=True)
    InvitationFactory(workshop=workshop, unsent=True, person=None, name="Bad", email="bad")
    assert services.send_invitations(workshop=workshop, by=None).count == 2
    assert OutboxEmail.objects.get(to=good.email).state == EmailState.QUEUED
    assert OutboxEmail.objects.get(to="bad").state == EmailState.FAILED


# --- withdrawing one ---


def test_withdraw_cancels_that_person_s_entry_alone() -> None:
    workshop = WorkshopFactory(scheduled=True)
    gone, stays = InvitationFactory.create_batch(2, workshop=workshop)
    services.withdraw_invitation(invitation=gone, by=None)
    mail = OutboxEmail.objects.get()
    workshop.refresh_from_db()
    assert mail.to == gone.email
    assert "METHOD:CANCEL" in mail.calendar_text and "STATUS:CANCELLED" not in mail.calendar_text
    assert f"UID:{workshop.uid}" in mail.calendar_text and "SEQUENCE:1" in mail.calendar_text
    assert workshop.state == WorkshopState.SCHEDULED
    assert list(workshop.invitations.sent()) == [stays]


def test_withdraw_drops_the_invitation_still_queued() -> None:
    workshop = WorkshopFactory(scheduled=True)
    row = InvitationFactory(workshop=workshop, unsent=True)
    services.send_invitations(workshop=workshop, by=None)
    services.withdraw_invitation(invitation=row, by=None)
    assert OutboxEmail.objects.get(kind="workshop-invitation").state == EmailState.CANCELLED
    assert OutboxEmail.objects.get(kind="workshop-withdrawn").state == EmailState.QUEUED


def test_withdraw_removes_an_invitation_never_sent() -> None:
    row = InvitationFactory(unsent=True)
    services.withdraw_invitation(invitation=row, by=None)
    assert not Invitation.objects.exists() and not OutboxEmail.objects.exists()


def test_withdraw_twice_is_refused() -> None:
    row = InvitationFactory()
    services.withdraw_invitation(invitation=row, by=None)
    with pytest.raises(WorkshopError):
        services.withdraw_invitation(invitation=row, by=None)
    assert OutboxEmail.objects.count() == 1


def test_inviting_anew_raises_the_sequence_above_the_cancel() -> None:
    mandate = MandateFactory()
    workshop = WorkshopFactory(scheduled=True)
    row = InvitationFactory(workshop=workshop, person=mandate.person, coming=True)
    services.withdraw_invitation(invitation=row, by=None)
    assert len(services.add_invitees(workshop=workshop, mandates=[mandate], by=None)) == 1
    services.send_invitations(workshop=workshop, by=None)
    cancel = OutboxEmail.objects.get(calendar_method="CANCEL")
    request = OutboxEmail.objects.get(calendar_method="REQUEST")
    assert request.sequence > cancel.sequence
    row.refresh_from_db()
    assert row.needs_answer and "PARTSTAT=NEEDS-ACTION" in request.calendar_text.replace("\r\n ", "")


# --- moving ---


def test_move_updates_the_same_entry_and_asks_again() -> None:
    workshop = WorkshopFactory(scheduled=True)
    coming = InvitationFactory(workshop=workshop, coming=True)
    InvitationFactory(workshop=workshop, unsent=True)
    told = move(workshop, starts_at=workshop.starts_at + hours(24), ends_at=workshop.ends_at + hours(24))
    mail = OutboxEmail.objects.get()
    workshop.refresh_from_db()
    coming.refresh_from_db()
    assert told == 1 and mail.to == coming.email and mail.kind == "workshop-update"
    entry = mail.calendar_text.replace("\r\n ", "")
    assert f"UID:{workshop.uid}" in entry and "SEQUENCE:1" in entry and "METHOD:REQUEST" in entry
    assert "PARTSTAT=NEEDS-ACTION" in entry
    assert workshop.sequence == 1 and workshop.moves == 1
    assert coming.answer == Answer.YES and coming.needs_answer
    assert coming in Invitation.objects.unanswered()


def test_move_to_another_venue_keeps_answers_standing() -> None:
    workshop = WorkshopFactory(scheduled=True)
    coming = InvitationFactory(workshop=workshop, coming=True)
    venue = VenueFactory(name="Halle neuve")
    assert move(workshop, venue=venue) == 1
    workshop.refresh_from_db()
    coming.refresh_from_db()
    mail = OutboxEmail.objects.get()
    entry = mail.calendar_text.replace("\r\n ", "")
    assert workshop.sequence == 1 and workshop.moves == 0
    assert not coming.needs_answer and "PARTSTAT=ACCEPTED" in entry and "Halle neuve" in entry
    assert venue.access in mail.text


def test_a_typo_fix_or_another_deadline_raises_no_sequence_and_mails_nobody() -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory(workshop=workshop)
    workshop.title_fr = "Titre corrigé"
    workshop.save()
    assert move(workshop, answer_by=workshop.starts_at - hours(48)) == 0
    workshop.refresh_from_db()
    assert workshop.sequence == 0 and workshop.answer_by
    assert not OutboxEmail.objects.exists()


def test_move_replaces_what_is_still_queued() -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory(workshop=workshop, unsent=True)
    services.send_invitations(workshop=workshop, by=None)
    workshop.refresh_from_db()
    move(workshop, starts_at=workshop.starts_at - hours(1))
    states = dict(OutboxEmail.objects.values_list("kind", "state"))
    assert states == {"workshop-invitation": EmailState.CANCELLED, "workshop-update": EmailState.QUEUED}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": timezone.now() - hours(5)}, "starts_at"),
        ({"ends_at": timezone.now() + hours(1)}, "ends_at"),
        ({"answer_by": timezone.now() + timedelta(days=60)}, "answer_by"),
        ({"answer_by": timezone.now() - hours(1)}, "answer_by"),
    ],
)
def test_move_refuses_dates_at_their_field_and_changes_nothing(
    changes: dict[str, object], field: str
) -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory(workshop=workshop)
    with pytest.raises(WorkshopError) as refused:
        move(workshop, **changes)
    assert refused.value.field == field
    assert Workshop.objects.get().starts_at == workshop.starts_at
    assert not OutboxEmail.objects.exists()


def test_nobody_is_asked_to_answer_before_a_moment_that_is_past() -> None:
    draft = WorkshopFactory(answer_by=timezone.now() - hours(1))
    with pytest.raises(WorkshopError) as refused:
        services.schedule_workshop(workshop=draft, by=None)
    assert (refused.value.field, refused.value.code) == ("answer_by", "past-deadline")
    workshop = WorkshopFactory(scheduled=True, answer_by=timezone.now() - hours(1))
    InvitationFactory(workshop=workshop, unsent=True)
    with pytest.raises(WorkshopError) as refused:
        services.send_invitations(workshop=workshop, by=None)
    assert refused.value.code == "past-deadline"
    with pytest.raises(WorkshopError) as refused:
        move(workshop, starts_at=workshop.starts_at - hours(1))
    assert refused.value.code == "past-deadline"
    # Another room asks nobody anew.
    assert move(workshop, venue=VenueFactory()) == 0
    assert not OutboxEmail.objects.exists()


@pytest.mark.parametrize("state", [WorkshopState.DRAFT, WorkshopState.CANCELLED, WorkshopState.HELD])
def test_move_only_what_is_scheduled(state: str) -> None:
    workshop = WorkshopFactory(state=state)
    with pytest.raises(WorkshopError):
        move(workshop, starts_at=workshop.starts_at + hours(1))


def test_move_refused_once_begun() -> None:
    workshop = WorkshopFactory(scheduled=True, starts_at=timezone.now() - hours(1))
    with pytest.raises(WorkshopError) as refused:
        move(workshop, starts_at=timezone.now() + hours(24), ends_at=timezone.now() + hours(26))
    assert refused.value.code == "started"


# --- cancelling, holding ---


def test_cancel_tells_everybody_sent_and_cancels_the_whole_entry() -> None:
    staff = UserFactory(is_staff=True)
    workshop = WorkshopFactory(scheduled=True)
    told = InvitationFactory(workshop=workshop)
    InvitationFactory(workshop=workshop, unsent=True)
    withdrawn = InvitationFactory(workshop=workshop, withdrawn_at=timezone.now())
    assert services.cancel_workshop(workshop=workshop, reason="Site indisponible", by=staff) == 1
    mail = OutboxEmail.objects.get()
    assert mail.to == told.email != withdrawn.email
    assert "Site indisponible" in mail.text and "Site indisponible" in mail.html
    for line in ("METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:1"):
        assert line in mail.calendar_text
    workshop.refresh_from_db()
    assert workshop.state == WorkshopState.CANCELLED and workshop.cancelled_reason == "Site indisponible"
    assert workshop in Workshop.objects.public()
    assert history(workshop).get().by == staff


def test_cancel_needs_a_reason() -> None:
    workshop = WorkshopFactory(scheduled=True)
    with pytest.raises(WorkshopError) as refused:
        services.cancel_workshop(workshop=workshop, reason="  ", by=None)
    assert refused.value.field == "reason"


def test_cancelling_a_draft_publishes_nothing() -> None:
    draft = WorkshopFactory()
    services.cancel_workshop(workshop=draft, reason="Idée abandonnée", by=None)
    assert not Workshop.objects.public().exists()


def test_cancel_refused_when_over_or_twice() -> None:
    over = WorkshopFactory(scheduled=True, starts_at=timezone.now() - hours(30))
    with pytest.raises(WorkshopError):
        services.cancel_workshop(workshop=over, reason="Trop tard", by=None)
    twice = WorkshopFactory(scheduled=True)
    services.cancel_workshop(workshop=twice, reason="Une fois", by=None)
    with pytest.raises(TransitionError):
        services.cancel_workshop(workshop=twice, reason="Deux fois", by=None)


def test_mark_held_only_once_begun() -> None:
    with pytest.raises(WorkshopError):
        services.mark_held(workshop=WorkshopFactory(scheduled=True), by=None)
    begun = WorkshopFactory(scheduled=True, starts_at=timezone.now() - hours(1))
    assert services.mark_held(workshop=begun, by=None).state == WorkshopState.HELD


def test_a_closed_account_is_called_to_nothing_new() -> None:
    workshop = WorkshopFactory(scheduled=True)
    closed, guest = (
        InvitationFactory(workshop=workshop, unsent=True),
        InvitationFactory(workshop=workshop, unsent=True, guest=True),
    )
    closed.person.is_active = False
    closed.person.save()
    assert services.send_invitations(workshop=workshop, by=None).count == 1
    assert list(OutboxEmail.objects.values_list("to", flat=True)) == [guest.email]
    closed.refresh_from_db()
    assert closed.sent_at is None
