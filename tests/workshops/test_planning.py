"""Copies, and series of three at once: all dates seen before anything is made, and all made or nothing."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.workflow import history
from outbox.models import OutboxEmail
from tests.workshops.factories import (
    AgendaItemFactory,
    DocumentFactory,
    InvitationFactory,
    VenueFactory,
    WorkshopFactory,
    at_two,
)
from tests.workshops.test_admin import step
from workshops import services
from workshops.enums import WorkshopState
from workshops.models import Series, Workshop
from workshops.services import SeriesError, Slot, WorkshopError

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretariat(client_for: Callable[[str], Client]) -> Client:
    return client_for("secretariat")


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def every(workshop: Workshop, *, weeks: int = 2, count: int = 3) -> list[Slot]:
    start, length = timezone.localtime(workshop.starts_at), workshop.ends_at - workshop.starts_at
    return [
        Slot(day, day + length) for day in (start + timedelta(weeks=weeks * turn) for turn in range(count))
    ]


def plan(workshop: Workshop, slots: list[Slot], **fields: Any) -> list[Workshop]:
    options = {"invitees": True, "schedule": False, **fields}
    series = Series.objects.get_or_create(name_fr="Hydrogène")[0]
    return services.plan_series(workshop=workshop, slots=slots, series=series, by=None, **options)


# --- a copy ---


@pytest.mark.parametrize("state", WorkshopState.values)
def test_a_copy_is_a_draft_without_dates_answers_documents_or_outcome(state: str, people: Any) -> None:
    workshop = WorkshopFactory(state=state, outcome_fr="Suite donnée.", capacity=12, moves=3, sequence=4)
    AgendaItemFactory.create_batch(2, workshop=workshop)
    DocumentFactory(workshop=workshop)
    coming = InvitationFactory(workshop=workshop, coming=True, is_required=True, comment="J'arrive")
    guest = InvitationFactory(workshop=workshop, guest=True)
    InvitationFactory(workshop=workshop, withdrawn_at=timezone.now())
    InvitationFactory(workshop=workshop, person__is_active=False)
    copy = services.duplicate_workshop(workshop=workshop, invitees=True, by=people["secretariat"])
    assert (copy.state, copy.starts_at, copy.ends_at, copy.answer_by) == (
        WorkshopState.DRAFT,
        None,
        None,
        None,
    )
    assert (copy.outcome_fr, copy.sequence, copy.moves, copy.documents.count()) == ("", 0, 0, 0)
    assert (copy.title_fr, copy.venue, copy.capacity) == (workshop.title_fr, workshop.venue, 12)
    assert copy.slug != workshop.slug and copy.uid != workshop.uid
    assert [line.title_fr for line in copy.agenda.all()] == [line.title_fr for line in workshop.agenda.all()]
    rows = {row.email: row for row in copy.invitations.all()}
    assert set(rows) == {coming.email, guest.email}
    mine = rows[coming.email]
    assert (mine.answer, mine.sent_at, mine.comment, mine.is_required) == ("silent", None, "", True)
    assert mine.token != coming.token and not OutboxEmail.objects.exists()
    assert history(copy).get().by == people["secretariat"]


def test_duplicate_asks_then_opens_the_copy(secretariat: Client) -> None:
    workshop = InvitationFactory().workshop
    url = step("process_duplicate", workshop)
    assert secretariat.get(url).status_code == 200 and Workshop.objects.count() == 1
    response = secretariat.post(url, {})
    copy = Workshop.objects.exclude(pk=workshop.pk).get()
    assert response["Location"] == reverse("admin:workshops_workshop_change", args=[copy.pk])
    assert not copy.invitations.exists()
    for said in ("on", "1"):
        secretariat.post(url, {"invitees": said})
        assert Workshop.objects.latest("pk").invitations.count() == 1
    secretariat.post(url, {"invitees": "false"})
    assert not Workshop.objects.latest("pk").invitations.exists()


# --- a series ---


def test_three_at_once_share_all_but_their_dates(secretariat: Client) -> None:
    workshop = WorkshopFactory()
    # By the wall clock, as the deadlines are: the clocks may change between.
    workshop.answer_by = timezone.localtime(workshop.starts_at) - timedelta(days=4)
    workshop.save()
    AgendaItemFactory(workshop=workshop)
    InvitationFactory(workshop=workshop, unsent=True)
    slots = every(workshop)
    made = plan(workshop, slots, schedule=True)
    assert [row.pk == workshop.pk for row in made] == [True, False, False]
    for row, slot in zip(made, slots, strict=True):
        row.refresh_from_db()
        assert (row.starts_at, row.ends_at, row.state) == (slot.starts_at, slot.ends_at, "scheduled")
        assert timezone.localtime(row.starts_at) - timezone.localtime(row.answer_by) == timedelta(days=4)
        assert (row.series.name_fr, row.agenda.count(), row.invitations.count()) == ("Hydrogène", 1, 1)
    assert len({row.slug for row in made}) == 3 and not OutboxEmail.objects.exists()


def test_a_deadline_that_would_be_past_is_left_out() -> None:
    workshop = WorkshopFactory(starts_at=at_two(days=300))
    # By the wall clock, as the deadlines are.
    workshop.answer_by = timezone.localtime(workshop.starts_at) - timedelta(days=100)
    workshop.save()
    near, far = at_two(days=30), at_two(days=200)
    slots = [Slot(start, start + timedelta(hours=3)) for start in (near, far)]
    first, second = plan(workshop, slots, schedule=True)
    assert first.answer_by is None and second.answer_by == timezone.localtime(far) - timedelta(days=100)


@pytest.mark.parametrize("schedule", [True, False])
def test_one_taken_date_makes_nothing_at_all(schedule: bool) -> None:
    workshop = WorkshopFactory()
    slots = every(workshop)
    taken = WorkshopFactory(venue=workshop.venue, scheduled=True, starts_at=slots[2].starts_at)
    before = workshop.starts_at
    with pytest.raises(SeriesError) as refused:
        plan(workshop, [*slots[:1], Slot(slots[0].ends_at, slots[0].starts_at), slots[2]], schedule=schedule)
    assert [len(texts) for texts in refused.value.problems] == [0, 1, 1]
    assert taken.title_fr in refused.value.problems[2][0]
    workshop.refresh_from_db()
    assert Workshop.objects.count() == 2 and (workshop.starts_at, workshop.series) == (before, None)


def test_dates_over_each_other_or_past_are_refused() -> None:
    workshop = WorkshopFactory()
    (slot,) = every(workshop, count=1)
    past = Slot(slot.starts_at - timedelta(days=999), slot.ends_at - timedelta(days=999))
    with pytest.raises(SeriesError) as refused:
        plan(workshop, [slot, slot, past])
    assert [len(texts) for texts in refused.value.problems] == [0, 1, 1]
    for count in (1, 13):
        with pytest.raises(WorkshopError):
            plan(workshop, every(workshop, count=count))
    with pytest.raises(WorkshopError):
        plan(WorkshopFactory(scheduled=True), every(workshop))


def filled(response: Any, **changes: str) -> dict[str, str]:
    """What the page's own form sends back."""
    data = {"count": str(len(response.context["rows"])), "weeks": "2", "name": "Hydrogène", "invitees": "on"}
    for row in response.context["rows"]:
        for field in (row["start"], row["end"]):
            data[field.html_name] = str(field.field.widget.format_value(field.value()))
    return data | changes


def test_the_page_fills_in_dates_shows_clashes_then_plans(secretariat: Client) -> None:
    workshop = WorkshopFactory(venue=VenueFactory())
    url = step("process_series", workshop)
    page = secretariat.get(url, {"count": "4", "weeks": "2"})
    assert len(page.context["rows"]) == 4
    slots = every(workshop, count=4)
    other = WorkshopFactory(venue=workshop.venue, scheduled=True, starts_at=slots[1].starts_at)
    refused = secretariat.post(url, filled(page))
    assert refused.status_code == 422 and other.title_fr in str(refused.context["rows"][1]["problems"])
    assert not refused.context["checked"]
    Workshop.objects.filter(pk=other.pk).update(venue=None)
    asked = secretariat.post(url, filled(page))
    assert asked.status_code == 200 and asked.context["checked"]
    assert "Le même jour" in str(asked.context["rows"][1]["warnings"])
    Workshop.objects.filter(pk=workshop.pk).update(answer_by=workshop.starts_at - timedelta(days=365))
    late = secretariat.post(url, filled(page)).context["rows"]
    assert all("date limite de réponse serait déjà passée" in str(row["warnings"]) for row in late)
    Workshop.objects.filter(pk=workshop.pk).update(answer_by=None)
    assert Workshop.objects.count() == 2 and not Series.objects.exists()
    done = secretariat.post(url, filled(asked, seen=asked.context["mark"]))
    series = Series.objects.get()
    assert done["Location"].endswith(f"?series__id__exact={series.pk}")
    assert series.workshops.count() == 4
    assert set(secretariat.get(done["Location"]).context["cl"].queryset) == set(series.workshops.all())


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"name": ""}, "name"), ({"start_2": "demain"}, "start_2"), ({"name": "\x1b"}, "name")],
)
def test_what_is_missing_is_said_at_its_field_and_the_rest_is_kept(
    secretariat: Client, changes: dict[str, str], field: str
) -> None:
    url = step("process_series", WorkshopFactory())
    page = secretariat.get(url)
    response = secretariat.post(url, filled(page, schedule="on", **changes))
    assert response.status_code == 422 and set(response.context["form"].errors) == {field}
    assert re.search(r'name="schedule"[^>]* checked', response.content.decode())


@pytest.mark.parametrize("count", ["1", "13", "x", ""])
def test_a_rhythm_out_of_bounds_is_refused(secretariat: Client, count: str) -> None:
    response = secretariat.get(step("process_series", WorkshopFactory()), {"count": count, "weeks": "2"})
    assert response.status_code == 422 and "count" in response.context["rhythm"].errors


def test_answers_end_at_the_same_hour_even_when_the_clocks_change_between() -> None:
    """A draft whose deadline is in summer time and its start in winter time, and a second date wholly in winter."""
    start = timezone.make_aware(datetime(2999, 10, 28, 14))
    workshop = WorkshopFactory(
        venue=None, starts_at=start, answer_by=timezone.make_aware(datetime(2999, 10, 21, 14))
    )
    slots = [Slot(start, workshop.ends_at), *every(workshop, weeks=4, count=2)[1:]]
    rows = plan(workshop, slots)
    assert [f"{timezone.localtime(row.answer_by):%d %H:%M}" for row in rows] == ["21 14:00", "18 14:00"]


def test_a_copy_invites_those_whom_the_secretariat_invited_under_today_s_addresses() -> None:
    workshop = WorkshopFactory(scheduled=True)
    person = InvitationFactory(workshop=workshop).person
    InvitationFactory(workshop=workshop, coming=True, is_stand_in=True)
    InvitationFactory(workshop=workshop, guest=True, email="neuve@example.org")
    person.email = "neuve@example.org"
    person.save()
    copy = services.duplicate_workshop(workshop=workshop, invitees=True, by=None)
    assert list(copy.invitations.values_list("person", "email")) == [(person.pk, "neuve@example.org")]
