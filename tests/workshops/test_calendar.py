"""The secretariat's calendar: a month or a week, every state, polls' dates, clashes, days of Paris."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.helpers.queries import assert_constant_queries
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.polls.factories import make_poll
from workshops.admin_views.calendar import Day
from workshops.enums import WorkshopState
from workshops.models import Workshop

pytestmark = pytest.mark.django_db
ADDRESS = "admin:workshops_workshop_calendar"


@pytest.fixture
def secretariat(client_for: Callable[[str], Client]) -> Client:
    return client_for("secretariat")


def days(client: Client, **query: str) -> dict[date, Day]:
    response: Any = client.get(reverse(ADDRESS), query)
    assert response.status_code == 200
    return {day.day: day for week in response.context["weeks"] for day in week}


def on(day: int, hour: int, **fields: Any) -> Workshop:
    """A workshop of May 2055, which is to come for long."""
    made: Workshop = WorkshopFactory(starts_at=datetime(2055, 5, day, hour, tzinfo=UTC), **fields)
    return made


def test_a_month_shows_whole_weeks_and_every_state(secretariat: Client) -> None:
    made = [on(10 + number, 7, state=state) for number, state in enumerate(WorkshopState.values)]
    found = days(secretariat, month="2055-05")
    assert (min(found), max(found)) == (date(2055, 4, 26), date(2055, 6, 6))
    shown = [item.workshop for day in found.values() for item in day.items]
    assert shown == made
    assert found[date(2055, 4, 30)].is_outside and not found[date(2055, 5, 1)].is_outside


def test_a_week_shows_seven_days_with_venue_and_answers(secretariat: Client) -> None:
    workshop = on(12, 7, scheduled=True)
    InvitationFactory(workshop=workshop, coming=True)
    InvitationFactory.create_batch(2, workshop=workshop)
    found = days(secretariat, week="2055-W19")
    assert (min(found), len(found)) == (date(2055, 5, 10), 7)
    html = secretariat.get(reverse(ADDRESS), {"week": "2055-W19"}).content.decode()
    for text in (workshop.title_fr, workshop.venue.name, "9\xa0h\xa0– 11\xa0h", "présents\xa0: 1 sur 3"):
        assert text in html, text
    for link in ("week=2055-W18", "week=2055-W20", "month=2055-05"):
        assert link in html


def test_a_past_workshop_shows_who_came_and_not_who_had_answered(secretariat: Client) -> None:
    at = datetime(2024, 5, 13, 7, tzinfo=UTC)
    past = WorkshopFactory(held=True, starts_at=at)
    InvitationFactory(workshop=past, coming=True)
    html = secretariat.get(reverse(ADDRESS), {"month": "2024-05"}).content.decode()
    assert "aucune arrivée notée (invités\xa0: 1)" in html and "présents" not in html
    AttendanceFactory.create_batch(
        2, workshop=past, invitation=None, person=None, organisation=None, name="A"
    )
    html = secretariat.get(reverse(ADDRESS), {"month": "2024-05"}).content.decode()
    assert "venus\xa0: 2 (invités\xa0: 1)" in html


def test_a_workshop_lies_on_its_days_of_paris(secretariat: Client) -> None:
    late = WorkshopFactory(starts_at=datetime(2055, 5, 11, 22, 30, tzinfo=UTC))  # 00:30 on the 12th in Paris
    night = WorkshopFactory(
        starts_at=datetime(2055, 5, 18, 20, tzinfo=UTC), ends_at=datetime(2055, 5, 19, 1, tzinfo=UTC)
    )
    midnight = WorkshopFactory(
        starts_at=datetime(2055, 5, 25, 20, tzinfo=UTC), ends_at=datetime(2055, 5, 25, 22, tzinfo=UTC)
    )
    found = days(secretariat, month="2055-05")
    where = {
        row.pk: [day for day in found if any(item.workshop == row for item in found[day].items)]
        for row in (late, night, midnight)
    }
    assert where[late.pk] == [date(2055, 5, 12)]
    assert where[night.pk] == [date(2055, 5, 18), date(2055, 5, 19)]
    assert where[midnight.pk] == [date(2055, 5, 25)]


def test_two_at_one_host_at_one_time_are_marked_unless_cancelled(secretariat: Client) -> None:
    venue = VenueFactory()
    on(12, 7, venue=venue)
    other = on(12, 8, venue=VenueFactory(organisation=venue.organisation))
    on(12, 9, venue=venue)  # begins when the first ends
    assert [item.clash for item in days(secretariat, month="2055-05")[date(2055, 5, 12)].items] == [
        True,
        True,
        True,
    ]
    Workshop.objects.filter(pk=other.pk).update(state=WorkshopState.CANCELLED)
    assert not any(item.clash for item in days(secretariat, month="2055-05")[date(2055, 5, 12)].items)


def test_dates_that_a_poll_proposes_are_there_while_it_runs(secretariat: Client) -> None:
    poll = make_poll(days=(20, 21))
    Workshop.objects.filter(pk=poll.workshop_id).update(state=WorkshopState.DATE_POLL)
    option = poll.options.first()
    month = f"{timezone.localdate(option.starts_at):%Y-%m}"
    found = days(secretariat, month=month)[timezone.localdate(option.starts_at)].items
    assert [(item.state, item.workshop) for item in found] == [("poll-option", poll.workshop)]
    Workshop.objects.update(state=WorkshopState.CANCELLED, starts_at=None, ends_at=None)
    assert not days(secretariat, month=month)[timezone.localdate(option.starts_at)].items


@pytest.mark.parametrize(
    "query",
    [{"month": "2027-13"}, {"month": "x"}, {"month": ""}, {"week": "2027-W54"}, {"week": "2027-W53"},
     {"week": ""}, {"month": "0001-01"}, {"week": "9999-W52"}, {"month": "２０２７-05"}],
)  # fmt: skip
def test_what_is_no_month_or_week_is_not_found(secretariat: Client, query: dict[str, str]) -> None:
    assert secretariat.get(reverse(ADDRESS), query).status_code == 404


@pytest.mark.parametrize(
    ("query", "before", "after"),
    [
        ({"month": "2027-01"}, "month=2026-12", "month=2027-02"),
        ({"month": "2027-12"}, "month=2027-11", "month=2028-01"),
        ({"week": "2026-W53"}, "week=2026-W52", "week=2027-W01"),
        ({"week": "2027-W01"}, "week=2026-W53", "week=2027-W02"),
    ],
)
def test_navigation_passes_the_year_s_end(
    secretariat: Client, query: dict[str, str], before: str, after: str
) -> None:
    context: Any = secretariat.get(reverse(ADDRESS), query).context
    assert context["before_url"].endswith(before) and context["after_url"].endswith(after)


def test_today_is_marked_without_a_query(secretariat: Client) -> None:
    before = timezone.localdate()
    (marked,) = (day.day for day in days(secretariat).values() if day.is_today)
    assert before <= marked <= timezone.localdate()  # midnight may pass between


def test_a_full_month_asks_no_more_than_a_quiet_one(secretariat: Client) -> None:
    assert_constant_queries(
        lambda: on(1, 7),
        lambda: [on(day, 7) for day in range(2, 28)],
        reverse(ADDRESS) + "?month=2055-05",
        client=secretariat,
    )
