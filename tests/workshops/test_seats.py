"""Seats and the waiting list: never more people than seats, never an idle seat while somebody waits."""

import random
from collections.abc import Callable
from datetime import timedelta

import icalendar
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.workflow import history
from outbox.models import OutboxEmail
from tests.helpers.locks import at_once
from tests.members.factories import UserFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from workshops import emails, services
from workshops.calendars import personal_calendar
from workshops.enums import Answer, AnswerSource
from workshops.models import Invitation, Workshop
from workshops.services import WorkshopError

ACCESS = "Badge au poste de garde"


def give(row: Invitation, answer: str, **more: object) -> Invitation:
    fields: dict[str, object] = {"by": None, "source": AnswerSource.MAIL_LINK} | more
    return services.answer_invitation(invitation=row, answer=answer, **fields)


def answers(*rows: Invitation) -> list[str]:
    found = dict(Invitation.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "answer"))
    return [found[row.pk] for row in rows]


def full_workshop(seats: int, people: int) -> tuple[Workshop, list[Invitation]]:
    """A workshop of some seats, and people who all said yes in order."""
    workshop = WorkshopFactory(scheduled=True, capacity=seats)
    rows = InvitationFactory.create_batch(people, workshop=workshop)
    for row in rows:
        give(row, Answer.YES)
    return workshop, rows


@pytest.mark.django_db
def test_a_yes_beyond_the_seats_waits_and_is_told_so() -> None:
    _workshop, (first, second, third) = full_workshop(1, 3)
    assert answers(first, second, third) == ["yes", "waiting", "waiting"]
    second.refresh_from_db()
    third.refresh_from_db()
    assert (services.queue_rank(second), services.queue_rank(third)) == (1, 2)
    mail = OutboxEmail.objects.get(to=second.email)
    calendar = mail.calendar_text.replace("\r\n ", "")  # no fold hides a word
    assert "liste d’attente" in mail.text and ACCESS not in mail.text + mail.html + calendar
    event = icalendar.Calendar.from_ical(mail.calendar_text).walk("VEVENT")[0]
    assert event["ATTENDEE"].params["PARTSTAT"] == "TENTATIVE" and event["SEQUENCE"] == 0


@pytest.mark.django_db
def test_a_freed_seat_goes_to_the_first_who_waits_with_mail_calendar_and_log() -> None:
    workshop, (first, second, third) = full_workshop(1, 3)
    give(first, Answer.EXCUSED)
    assert answers(first, second, third) == ["excused", "yes", "waiting"]
    second.refresh_from_db()
    workshop.refresh_from_db()
    assert second.promoted_at and second.answer_source == AnswerSource.PROMOTION
    assert [entry.to_state for entry in history(second)] == ["waiting", "yes"]
    mail = OutboxEmail.objects.get(to=second.email, kind=emails.PROMOTED)
    event = icalendar.Calendar.from_ical(mail.calendar_text).walk("VEVENT")[0]
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["SEQUENCE"] == workshop.sequence == 0, "an answer moves nobody's calendar"
    assert ACCESS in mail.text
    assert not OutboxEmail.objects.filter(kind=emails.PROMOTED, to=third.email).exists()


@pytest.mark.django_db
def test_required_people_are_first_in_the_queue() -> None:
    workshop, (first, second) = full_workshop(1, 2)
    needed = InvitationFactory(workshop=workshop, is_required=True)
    give(needed, Answer.YES)
    needed.refresh_from_db()
    assert services.queue_rank(needed) == 1
    give(first, Answer.EXCUSED)
    assert answers(first, second, needed) == ["excused", "waiting", "yes"]


@pytest.mark.django_db
def test_withdrawing_somebody_frees_their_seat() -> None:
    _workshop, (first, second) = full_workshop(1, 2)
    services.withdraw_invitation(invitation=first, by=None)
    assert answers(second) == ["yes"]


@pytest.mark.django_db
def test_withdrawing_somebody_who_waits_promotes_nobody() -> None:
    _workshop, (first, second, third) = full_workshop(1, 3)
    services.withdraw_invitation(invitation=second, by=None)
    assert answers(first, third) == ["yes", "waiting"]


@pytest.mark.django_db
def test_invited_anew_to_a_full_workshop_asks_anew() -> None:
    workshop, (first, second) = full_workshop(1, 2)
    services.withdraw_invitation(invitation=first, by=None)
    services.add_guests(workshop=workshop, text=first.email, by=None)
    services.send_invitations(workshop=workshop, by=None)
    assert answers(first, second) == ["silent", "yes"]
    give(first, Answer.YES)
    assert answers(first, second) == ["waiting", "yes"]


@pytest.mark.django_db
def test_the_same_yes_again_keeps_the_place_in_the_queue() -> None:
    _workshop, (_first, second, third) = full_workshop(1, 3)
    sent = OutboxEmail.objects.count()
    give(second, Answer.YES)
    assert OutboxEmail.objects.count() == sent
    give(second, Answer.YES, comment="Volontiers")
    second.refresh_from_db()
    assert services.queue_rank(second) == 1 and second.comment == "Volontiers"
    give(second, Answer.EXCUSED)
    give(second, Answer.YES)
    second.refresh_from_db()
    third.refresh_from_db()
    assert (services.queue_rank(third), services.queue_rank(second)) == (1, 2)


@pytest.mark.django_db
def test_a_comment_does_not_cost_the_seat() -> None:
    _workshop, (first, second) = full_workshop(1, 2)
    give(first, Answer.YES, comment="Avec plaisir")
    give(first, Answer.REPRESENTED, represented_by="Camille Roux")
    assert answers(first, second) == ["represented", "waiting"]


@pytest.mark.django_db
def test_a_colleague_by_name_waits_and_is_promoted_in_their_place() -> None:
    _workshop, (first, second) = full_workshop(1, 2)
    give(second, Answer.REPRESENTED, represented_by="Camille Roux")
    second.refresh_from_db()
    assert (second.answer, second.represented_by) == (Answer.WAITING, "Camille Roux")
    give(first, Answer.EXCUSED)
    second.refresh_from_db()
    assert (second.answer, second.represented_by) == (Answer.REPRESENTED, "Camille Roux")


@pytest.mark.django_db
def test_nobody_is_promoted_once_it_has_begun() -> None:
    workshop, (first, second) = full_workshop(1, 2)
    start = timezone.now() - timedelta(minutes=5)
    Workshop.objects.filter(pk=workshop.pk).update(starts_at=start, ends_at=start + timedelta(hours=2))
    staff = UserFactory(is_staff=True)
    give(first, Answer.EXCUSED, by=staff, source=AnswerSource.SECRETARIAT)
    assert answers(first, second) == ["excused", "waiting"]


@pytest.mark.django_db
def test_the_feed_shows_who_waits_a_tentative_entry_without_the_way_in() -> None:
    _workshop, (_first, second) = full_workshop(1, 2)
    text = personal_calendar(second.person)
    event = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]
    assert event["STATUS"] == "TENTATIVE" and ACCESS not in text.replace("\r\n ", "")


# --- the secretariat's sheet ---


def save_capacity(client: Client, workshop: Workshop, capacity: object) -> object:
    fields = {"kind": workshop.kind, "title_fr": "Titre", "title_en": "Title", "is_public": "on"}
    fields |= {"capacity": capacity}
    for prefix in ("agenda", "documents"):
        fields |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return client.post(reverse("admin:workshops_workshop_change", args=[workshop.pk]), fields)


@pytest.mark.django_db
def test_more_seats_are_given_away_at_once(client_for: Callable[[str], Client]) -> None:
    workshop, rows = full_workshop(1, 4)
    assert save_capacity(client_for("secretariat"), workshop, 3).status_code == 302  # type: ignore[attr-defined]
    assert answers(*rows) == ["yes", "yes", "yes", "waiting"]
    assert save_capacity(client_for("secretariat"), workshop, "").status_code == 302  # type: ignore[attr-defined]
    assert answers(*rows) == ["yes"] * 4


@pytest.mark.django_db
@pytest.mark.parametrize("capacity", ["1", "0", "-1", "x"])
def test_fewer_seats_than_people_confirmed_are_refused_at_the_field(
    client_for: Callable[[str], Client], capacity: str
) -> None:
    workshop, rows = full_workshop(2, 2)
    response = save_capacity(client_for("secretariat"), workshop, capacity)
    assert response.context["adminform"].form.errors["capacity"]  # type: ignore[attr-defined]
    workshop.refresh_from_db()
    assert workshop.capacity == 2 and answers(*rows) == ["yes", "yes"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda workshop, row: Workshop.objects.filter(pk=workshop.pk).update(capacity=1),
        lambda workshop, row: Invitation.objects.filter(pk=row.pk).update(answer="yes", waiting_since=None),
        lambda workshop, row: InvitationFactory(workshop=workshop, coming=True),
        lambda workshop, row: Invitation.objects.filter(pk=row.pk).update(
            answer="represented", waiting_since=None, represented_by="Jo"
        ),
    ],
)
def test_the_database_itself_refuses_more_people_than_seats(
    change: Callable[[Workshop, Invitation], object],
) -> None:
    workshop, (*_seated, waiting) = full_workshop(2, 3)
    with pytest.raises(IntegrityError, match="seats"), transaction.atomic():
        change(workshop, waiting)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- under concurrency ---


@pytest.mark.django_db(transaction=True)
def test_one_seat_and_eight_who_want_it() -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=1)
    rows = InvitationFactory.create_batch(8, workshop=workshop)
    outcomes = at_once(*[lambda r=row: give(r, Answer.YES) for row in rows])
    assert all(isinstance(outcome, Invitation) for outcome in outcomes), outcomes
    assert sorted(answers(*rows)) == ["waiting"] * 7 + ["yes"]


@pytest.mark.django_db(transaction=True)
def test_two_seats_freed_at_once_promote_two_and_one_seat_freed_twice_promotes_one() -> None:
    _workshop, (first, second, *queue) = full_workshop(2, 5)
    outcomes = at_once(
        lambda: give(first, Answer.EXCUSED),
        lambda: give(first, Answer.EXCUSED),
        lambda: services.withdraw_invitation(invitation=second, by=None),
        lambda: services.fill_seats(workshop=first.workshop),
    )
    assert not any(isinstance(outcome, Exception) for outcome in outcomes), outcomes
    assert answers(*queue) == ["yes", "yes", "waiting"]
    assert OutboxEmail.objects.filter(kind=emails.PROMOTED).count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_counts_two_transactions_that_end_at_once() -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=1)
    rows = InvitationFactory.create_batch(4, workshop=workshop)

    def take(row: Invitation) -> int:
        now = timezone.now()
        return Invitation.objects.filter(pk=row.pk).update(answer=Answer.YES, answered_at=now)

    outcomes = at_once(*[lambda r=row: take(r) for row in rows])
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 3, outcomes
    assert workshop.invitations.coming().count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_eight_people_do_at_once_no_seat_is_double_or_idle(seed: int) -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=3)
    rows = InvitationFactory.create_batch(9, workshop=workshop)

    def live(number: int) -> None:
        chance = random.Random(seed * 100 + number)
        for _turn in range(6):
            row = chance.choice(rows)
            act = chance.random()
            try:
                if act < 0.45:
                    give(row, Answer.YES)
                elif act < 0.7:
                    give(row, Answer.EXCUSED)
                elif act < 0.85:
                    give(row, Answer.REPRESENTED, represented_by="Jo Roux")
                elif act < 0.93:
                    services.withdraw_invitation(invitation=row, by=None)
                else:
                    more_seats(workshop)
            except WorkshopError as error:
                assert error.code == "withdrawn", error

    outcomes = at_once(*[lambda n=number: live(n) for number in range(8)])
    assert outcomes == [None] * 8, outcomes
    workshop.refresh_from_db()
    standing = workshop.invitations.standing()
    confirmed = standing.coming().count()
    waiting = standing.filter(answer=Answer.WAITING).count()
    assert workshop.capacity is not None and confirmed <= workshop.capacity
    assert waiting == 0 or confirmed == workshop.capacity
    promotions = sum(history(row).filter(reason="promotion").count() for row in rows)
    assert OutboxEmail.objects.filter(kind=emails.PROMOTED).count() == promotions


def more_seats(workshop: Workshop) -> None:
    """Add one seat, as the administration site does."""
    with transaction.atomic():
        fresh = Workshop.objects.select_for_update().get(pk=workshop.pk)
        fresh.capacity = (fresh.capacity or 0) + 1
        fresh.save()
        services.fill_seats(workshop=fresh)


@pytest.mark.django_db
def test_a_freed_seat_is_not_kept_for_a_closed_account(client: Client) -> None:
    _workshop, (first, closed, last) = full_workshop(1, 3)
    closed.person.is_active = False
    closed.person.save()
    assert services.queue_rank(last) == 1
    assert client.get(reverse("workshops:invitation_answer", args=[closed.token])).status_code == 200
    give(first, Answer.EXCUSED)
    assert answers(closed, last) == [Answer.WAITING, Answer.YES]


# --- a move to another room ---


def move_to(workshop: Workshop, seats: int | None) -> int:
    return services.reschedule_workshop(
        workshop=workshop,
        starts_at=workshop.starts_at,
        ends_at=workshop.ends_at,
        venue=VenueFactory(capacity=seats),
        answer_by=None,
        by=None,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("capacity", "seats", "expected"), [(5, 3, 3), (5, 8, 5), (5, None, 5), (None, 3, None)]
)
def test_a_move_leaves_no_more_seats_than_the_room_and_takes_nobody_s(
    capacity: int | None, seats: int | None, expected: int | None
) -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=capacity)
    rows = InvitationFactory.create_batch(4, workshop=workshop)
    for row in rows[:3]:
        give(row, Answer.YES)
    move_to(workshop, seats)
    workshop.refresh_from_db()
    assert workshop.capacity == expected and answers(*rows[:3]) == [Answer.YES] * 3
    give(rows[3], Answer.YES)
    assert answers(rows[3]) == [Answer.WAITING if expected == 3 else Answer.YES]
    give(rows[0], Answer.EXCUSED)
    assert answers(rows[3]) == [Answer.YES], "the queue goes on in the new room"
    logged = history(workshop).filter(field="capacity")
    assert [row.to_state for row in logged] == (["3"] if expected == 3 else [])


@pytest.mark.django_db
@pytest.mark.parametrize("capacity", [4, None])
def test_a_move_to_a_room_too_small_for_who_is_confirmed_is_refused(capacity: int | None) -> None:
    workshop = WorkshopFactory(scheduled=True, capacity=capacity)
    rows = InvitationFactory.create_batch(4, workshop=workshop)
    for row in rows[:3]:
        give(row, Answer.YES)
    give(rows[3], Answer.REPRESENTED, represented_by="Jo Roux")
    OutboxEmail.objects.all().delete()
    with pytest.raises(WorkshopError) as refused:
        move_to(workshop, 3)
    assert refused.value.field == "venue" and "4" in str(refused.value) and "3" in str(refused.value)
    before = workshop.venue
    workshop.refresh_from_db()
    assert (workshop.venue, workshop.capacity, workshop.sequence) == (before, capacity, 0)
    assert not OutboxEmail.objects.exists()


@pytest.mark.django_db
def test_the_secretariat_reads_how_many_seats_a_smaller_room_leaves(
    client_for: Callable[[str], Client],
) -> None:
    workshop, _rows = full_workshop(5, 2)
    small, tiny = VenueFactory(capacity=3), VenueFactory(capacity=1)
    client, url = (
        client_for("secretariat"),
        reverse("admin:workshops_workshop_process_move", args=[workshop.pk]),
    )
    start = timezone.localtime(workshop.starts_at)
    sent = {"starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    page = client.post(url, {**sent, "venue": small.pk}).content.decode()
    assert "Ce lieu offre 3 places" in page and "au lieu de 5" in page
    refused = client.post(url, {**sent, "venue": tiny.pk})
    assert refused.status_code == 422 and "2 personnes sont confirmées" in refused.content.decode()
    client.post(url, {**sent, "venue": small.pk, "confirm": "yes"})
    workshop.refresh_from_db()
    assert (workshop.venue, workshop.capacity) == (small, 3)


@pytest.mark.django_db(transaction=True)
def test_a_yes_racing_a_move_to_a_smaller_room_waits_or_keeps_the_workshop_where_it_is() -> None:
    workshop, _rows = full_workshop(4, 2)
    third = InvitationFactory(workshop=workshop)
    moved, _answered = at_once(lambda: move_to(workshop, 2), lambda: give(third, Answer.YES))
    workshop.refresh_from_db()
    if isinstance(moved, WorkshopError):
        assert workshop.capacity == 4 and answers(third) == [Answer.YES]
    else:
        assert workshop.capacity == 2 and answers(third) == [Answer.WAITING]
