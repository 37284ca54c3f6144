"""Races, in real transactions of real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.workflow import history
from outbox.models import OutboxEmail
from tests.helpers.locks import at_once, behind, somebody_waits
from tests.members.factories import OrganisationFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from workshops import services
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import Invitation, Venue, Workshop
from workshops.reminders import send_due_reminders
from workshops.services import WorkshopError

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_venue_goes_to_one_of_several_who_schedule_at_once() -> None:
    venue = VenueFactory()
    start = timezone.now() + timedelta(days=10)
    drafts = [
        WorkshopFactory(venue=venue, starts_at=start + timedelta(minutes=10 * number)) for number in range(6)
    ]
    outcomes = at_once(*[lambda d=draft: services.schedule_workshop(workshop=d, by=None) for draft in drafts])
    won = [outcome for outcome in outcomes if isinstance(outcome, Workshop)]
    lost = [outcome for outcome in outcomes if isinstance(outcome, WorkshopError)]
    assert len(won) == 1 and len(lost) == 5, outcomes
    assert {error.field for error in lost} == {"venue"}
    assert Workshop.objects.filter(state=WorkshopState.SCHEDULED).count() == 1


def test_the_database_itself_refuses_two_in_one_venue() -> None:
    start = timezone.now() + timedelta(days=10)
    first, second = WorkshopFactory.create_batch(2, venue=VenueFactory(), starts_at=start)

    def occupy(workshop: Workshop) -> int:
        with transaction.atomic():
            return Workshop.objects.filter(pk=workshop.pk).update(state=WorkshopState.SCHEDULED)

    outcomes = at_once(lambda: occupy(first), lambda: occupy(second))
    assert sum(outcome == 1 for outcome in outcomes) == 1, outcomes
    assert sum(isinstance(outcome, IntegrityError | OperationalError) for outcome in outcomes) == 1
    assert Workshop.objects.filter(state=WorkshopState.SCHEDULED).count() == 1


def test_two_moves_into_one_venue_at_once() -> None:
    venue = VenueFactory()
    workshops = WorkshopFactory.create_batch(2, scheduled=True, starts_at=timezone.now() + timedelta(days=10))

    def move(workshop: Workshop) -> int:
        return services.reschedule_workshop(
            workshop=workshop,
            starts_at=workshop.starts_at,
            ends_at=workshop.ends_at,
            venue=venue,
            answer_by=None,
            by=None,
        )

    outcomes = at_once(*[lambda w=workshop: move(w) for workshop in workshops])
    assert sum(isinstance(outcome, WorkshopError) for outcome in outcomes) == 1, outcomes
    assert Workshop.objects.filter(venue=venue).count() == 1


def test_sending_at_once_mails_each_person_once() -> None:
    workshop = WorkshopFactory(scheduled=True)
    InvitationFactory.create_batch(5, workshop=workshop, unsent=True)
    outcomes = at_once(*[lambda: services.send_invitations(workshop=workshop, by=None).count] * 4)
    assert sorted(outcomes) == [0, 0, 0, 5], outcomes  # type: ignore[type-var]
    assert OutboxEmail.objects.count() == 5
    assert len(set(OutboxEmail.objects.values_list("to", flat=True))) == 5


def test_two_answers_at_once_are_both_logged_and_one_stands() -> None:
    row = InvitationFactory()

    def give(value: str) -> Invitation:
        return services.answer_invitation(
            invitation=row, answer=value, by=None, source=AnswerSource.MAIL_LINK
        )

    outcomes = at_once(lambda: give(Answer.YES), lambda: give(Answer.EXCUSED))
    assert all(isinstance(outcome, Invitation) for outcome in outcomes), outcomes
    log = list(history(row))
    row.refresh_from_db()
    assert [entry.from_state for entry in log] == ["silent", log[0].to_state]
    assert row.answer == log[1].to_state
    assert OutboxEmail.objects.count() == 2


def test_the_same_answer_twice_at_once_is_one() -> None:
    row = InvitationFactory()
    give = lambda: services.answer_invitation(  # noqa: E731
        invitation=row, answer=Answer.YES, by=None, source=AnswerSource.MAIL_LINK
    )
    assert all(isinstance(outcome, Invitation) for outcome in at_once(give, give, give))
    assert history(row).count() == 1 and OutboxEmail.objects.count() == 1


def test_an_answer_racing_a_cancellation_is_before_it_or_refused() -> None:
    row = InvitationFactory()
    answered, cancelled = at_once(
        lambda: services.answer_invitation(
            invitation=row, answer=Answer.YES, by=None, source=AnswerSource.MAIL_LINK
        ),
        lambda: services.cancel_workshop(workshop=row.workshop, reason="Grève", by=None),
    )
    assert cancelled == 1
    if isinstance(answered, WorkshopError):
        assert answered.code == "cancelled"
    else:
        assert isinstance(answered, Invitation)
    assert OutboxEmail.objects.filter(kind="workshop-cancelled").count() == 1


def test_two_beats_at_once_remind_once() -> None:
    workshop = WorkshopFactory(
        scheduled=True,
        starts_at=timezone.now() + timedelta(days=1, hours=20),
        invited_at=timezone.now() - timedelta(days=60),
    )
    InvitationFactory.create_batch(4, workshop=workshop, sent_at=timezone.now() - timedelta(days=60))
    outcomes = at_once(*[send_due_reminders] * 3)
    assert sorted(outcomes) == [0, 0, 4], outcomes  # type: ignore[type-var]
    assert OutboxEmail.objects.count() == 4


def test_an_answer_racing_the_beat_leaves_no_reminder_to_send() -> None:
    row = InvitationFactory(
        sent_at=timezone.now() - timedelta(days=60),
        workshop__starts_at=timezone.now() + timedelta(days=1),
        workshop__invited_at=timezone.now() - timedelta(days=60),
    )
    at_once(
        send_due_reminders,
        lambda: services.answer_invitation(
            invitation=row, answer=Answer.YES, by=None, source=AnswerSource.MAIL_LINK
        ),
    )
    assert not OutboxEmail.objects.filter(kind__startswith="workshop-reminder", state="queued").exists()


def test_the_sheet_saved_behind_a_cancellation_leaves_it_cancelled(
    client_for: Callable[[str], Client],
) -> None:
    """A form's save writes every column: it waits for the row, and reads it again before it does."""
    workshop = WorkshopFactory(scheduled=True)
    client = client_for("secretariat")
    address = reverse("admin:workshops_workshop_change", args=[workshop.pk])
    sheet = {
        "kind": workshop.kind,
        "title_fr": "Un autre titre",
        "title_en": "Another title",
        "is_public": "on",
    }
    sheet |= {
        f"{rows}-{count}_FORMS": "0" for rows in ("agenda", "documents") for count in ("TOTAL", "INITIAL")
    }

    def save() -> int:
        try:
            return client.post(address, sheet).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.cancel_workshop(workshop=workshop, reason="Grève", by=None)
            saving = pool.submit(save)
            while not (saving.done() or somebody_waits()):
                pass
            assert not saving.done(), "it did not wait"
        assert saving.result(timeout=60) == 302
    workshop.refresh_from_db()
    assert (workshop.title_fr, workshop.state) == ("Un autre titre", WorkshopState.CANCELLED)
    assert (workshop.sequence, workshop.cancelled_reason) == (1, "Grève")


def test_one_host_s_site_or_its_rooms_but_never_both_at_once() -> None:
    """Six who schedule together: in the whole site, or in three rooms of it. Rooms share it; a site is alone."""
    host = OrganisationFactory()
    rooms = VenueFactory.create_batch(3, organisation=host)
    site = VenueFactory(organisation=host, name="Site", is_site=True)
    start = timezone.now() + timedelta(days=10)
    drafts = [WorkshopFactory(venue=venue, starts_at=start) for venue in (*rooms, site, site, site)]
    outcomes = at_once(*[lambda d=draft: services.schedule_workshop(workshop=d, by=None) for draft in drafts])
    lost = [outcome for outcome in outcomes if isinstance(outcome, WorkshopError)]
    assert {error.field for error in lost} == {"venue"}, outcomes
    held = set(Workshop.objects.filter(state=WorkshopState.SCHEDULED).values_list("venue_id", flat=True))
    assert held in ({room.pk for room in rooms}, {site.pk}), outcomes
    assert len(lost) == 6 - len(held)


def test_the_database_itself_refuses_a_room_beside_its_site() -> None:
    host = OrganisationFactory()
    room = WorkshopFactory(venue=VenueFactory(organisation=host))
    site = WorkshopFactory(venue=VenueFactory(organisation=host, is_site=True), starts_at=room.starts_at)

    def occupy(workshop: Workshop) -> int:
        with transaction.atomic():
            return Workshop.objects.filter(pk=workshop.pk).update(state=WorkshopState.SCHEDULED)

    outcomes = at_once(lambda: occupy(room), lambda: occupy(site))
    assert sum(outcome == 1 for outcome in outcomes) == 1, outcomes
    assert sum(isinstance(outcome, IntegrityError | OperationalError) for outcome in outcomes) == 1


def test_a_room_that_becomes_the_site_while_it_is_taken_is_seen_by_both() -> None:
    """Whoever comes second waits for the first, then meets the constraint: no stale occupation is left."""
    host = OrganisationFactory()
    one, two = VenueFactory.create_batch(2, organisation=host)
    WorkshopFactory(scheduled=True, venue=one, starts_at=(start := timezone.now() + timedelta(days=10)))
    draft = WorkshopFactory(venue=two, starts_at=start)

    def widen() -> int:
        try:
            return Venue.objects.filter(pk=one.pk).update(is_site=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.schedule_workshop(workshop=draft, by=None)
            # A row that holds `one` and is not committed: the change of its venue must wait.
            late = WorkshopFactory(scheduled=True, venue=one, starts_at=start + timedelta(days=1))
            widening = pool.submit(widen)
            while not (widening.done() or somebody_waits()):
                pass
            assert not widening.done(), "it did not wait"
        with pytest.raises(IntegrityError):
            widening.result(timeout=60)
    Workshop.objects.filter(pk=draft.pk).update(venue=None)
    assert widen() == 1
    late.refresh_from_db()
    assert late.occupies.upper - late.occupies.lower == 2**32


def test_a_venue_given_another_host_while_its_room_is_taken_there_is_refused_at_the_field(
    client_for: Callable[[str], Client],
) -> None:
    """The form waits for whoever schedules in the other host's site, then says what stands against the change."""
    start = timezone.now() + timedelta(days=10)
    site = VenueFactory(is_site=True)
    room = WorkshopFactory(scheduled=True, starts_at=start).venue
    draft = WorkshopFactory(venue=site, starts_at=start, title_fr="Visite du site")
    client = client_for("secretariat")
    address = reverse("admin:workshops_venue_change", args=[room.pk])
    data = {"organisation": site.organisation_id, "name": room.name}

    def schedule(_site: Venue) -> None:
        services.schedule_workshop(workshop=draft, by=None)

    response = behind(site, schedule, lambda: client.post(address, data))
    assert response.status_code == 422, response
    assert set(response.context["adminform"].form.errors) == {"organisation"}
    room.refresh_from_db()
    assert room.organisation_id != site.organisation_id


def test_a_venue_changes_hosts_while_its_workshop_moves_without_a_deadlock(
    client_for: Callable[[str], Client],
) -> None:
    """Whoever moves the workshop holds it and wants the venue: the form takes the workshop first too."""
    workshop = WorkshopFactory(scheduled=True)
    room, host = workshop.venue, OrganisationFactory()
    client = client_for("secretariat")
    address = reverse("admin:workshops_venue_change", args=[room.pk])

    def move(row: Workshop) -> None:
        services.reschedule_workshop(
            workshop=row,
            starts_at=row.starts_at + timedelta(days=1),
            ends_at=row.ends_at + timedelta(days=1),
            venue=room,
            answer_by=None,
            by=None,
        )

    response = behind(
        workshop, move, lambda: client.post(address, {"organisation": host.pk, "name": room.name})
    )
    assert response.status_code == 302, response
    workshop.refresh_from_db()
    assert workshop.occupies.lower == (host.pk << 32) + room.pk


def test_copies_made_at_one_instant_have_addresses_of_their_own() -> None:
    rows = [WorkshopFactory(title_fr="Visite", slug=f"source-{number}") for number in range(6)]
    copies = at_once(
        *[lambda row=row: services.duplicate_workshop(workshop=row, invitees=False, by=None) for row in rows]
    )
    assert all(isinstance(copy, Workshop) for copy in copies), copies
    assert len({copy.slug for copy in copies}) == 6
