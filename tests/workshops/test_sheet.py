"""The sheet in the administration site: host, capacity, hours that come twice, titles, what else is on that day."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.members.factories import OrganisationFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory, at_two
from tests.workshops.test_admin import moved, sheet, step
from workshops.enums import WorkshopState
from workshops.models import KindRules, Series, Venue, Workshop

pytestmark = pytest.mark.django_db
ADD = "admin:workshops_workshop_add"
AUTUMN = {"starts_at": "2999-10-27T01:00"}


@pytest.fixture
def secretariat(client_for: Callable[[str], Client]) -> Client:
    return client_for("secretariat")


def add(client: Client, **changes: object) -> HttpResponse:
    return client.post(reverse(ADD), sheet(**changes))  # type: ignore[return-value]


def errors(response: Any) -> dict[str, Any]:
    assert response.status_code == 422
    return dict(response.context["adminform"].form.errors)


# --- dates ---


def test_a_deadline_that_is_past_is_refused_at_its_field(secretariat: Client) -> None:
    assert set(errors(add(secretariat, answer_by="2020-03-13T12:00"))) == {"answer_by"}


def test_a_deadline_that_has_passed_since_does_not_stop_another_change(secretariat: Client) -> None:
    workshop = WorkshopFactory(venue=None, answer_by=at_two(days=-1))
    url = reverse("admin:workshops_workshop_change", args=[workshop.pk])
    times = {
        name: f"{timezone.localtime(getattr(workshop, name)):%Y-%m-%dT%H:%M:%S}"
        for name in ("starts_at", "ends_at", "answer_by")
    }
    assert secretariat.post(url, sheet(**times, title_fr="Titre corrigé")).status_code == 302
    later = times | {"starts_at": "2999-06-04T09:00", "ends_at": "2999-06-04T12:00"}
    assert set(errors(secretariat.post(url, sheet(**later)))) == {"answer_by"}


@pytest.mark.parametrize("year", ["0001", "1020", "9999"])
def test_a_year_beyond_the_council_s_time_is_refused_at_its_field(secretariat: Client, year: str) -> None:
    times = {"starts_at": f"{year}-12-31T09:00", "ends_at": f"{year}-12-31T12:00"}
    assert set(errors(add(secretariat, **times))) == {"starts_at", "ends_at"}


@pytest.mark.parametrize("name", ["venue", "host", "series", "organiser"])
@pytest.mark.parametrize("value", ["abc", "1' OR 1=1", "²", "9" * 30])
def test_a_forged_choice_is_refused_at_its_field(secretariat: Client, name: str, value: str) -> None:
    assert set(errors(add(secretariat, **{name: value}))) == {name}


# --- host and venue ---


def test_the_only_site_of_a_host_is_taken(secretariat: Client) -> None:
    venue = VenueFactory()
    assert add(secretariat, host=venue.organisation_id).status_code == 302
    workshop = Workshop.objects.get()
    assert workshop.venue == venue
    html = secretariat.get(reverse("admin:workshops_workshop_change", args=[workshop.pk])).content.decode()
    hosts = re.search(r'<select name="host".*?</select>', html, re.DOTALL)
    assert hosts and f'value="{venue.organisation_id}" selected' in hosts[0]


def test_a_host_without_a_site_is_refused_at_the_host(secretariat: Client) -> None:
    host = OrganisationFactory(name="Cyleone")
    found = errors(add(secretariat, host=host.pk))
    assert set(found) == {"host"} and "Cyleone n’a encore aucun lieu" in str(found["host"])


def test_a_host_with_several_sites_asks_which(secretariat: Client) -> None:
    room = VenueFactory()
    VenueFactory(organisation=room.organisation)
    assert set(errors(add(secretariat, host=room.organisation_id))) == {"venue"}
    assert add(secretariat, host=room.organisation_id, venue=room.pk).status_code == 302


def test_a_venue_of_another_host_is_refused_and_a_new_venue_brings_its_own(secretariat: Client) -> None:
    venue, other = VenueFactory(), VenueFactory()
    assert set(errors(add(secretariat, host=venue.organisation_id, venue=other.pk))) == {"venue"}
    workshop = WorkshopFactory(venue=venue)
    url = reverse("admin:workshops_workshop_change", args=[workshop.pk])
    data = sheet(host=venue.organisation_id, venue=other.pk, **{"agenda-TOTAL_FORMS": "0"})
    assert secretariat.post(url, data).status_code == 302
    workshop.refresh_from_db()
    assert workshop.venue == other


@pytest.mark.parametrize("seats", ["0", "-3"])
def test_no_seat_at_all_is_refused_at_the_field(secretariat: Client, seats: str) -> None:
    said = {"capacity": ["Une capacité vaut au moins 1."]}
    assert errors(add(secretariat, capacity=seats)) == said
    data = {"organisation": OrganisationFactory().pk, "name": "Salle", "capacity": seats}
    assert errors(secretariat.post(reverse("admin:workshops_venue_add"), data)) == said


def test_a_room_does_not_become_a_site_beside_another_workshop(secretariat: Client) -> None:
    room = VenueFactory()
    held = WorkshopFactory(venue=room, scheduled=True)
    WorkshopFactory(
        venue=VenueFactory(organisation=room.organisation), starts_at=held.starts_at, scheduled=True
    )
    url = reverse("admin:workshops_venue_change", args=[room.pk])
    data = {"organisation": room.organisation_id, "name": room.name, "is_site": "on"}
    found = errors(secretariat.post(url, data))
    assert set(found) == {"is_site"} and held.title_fr in str(found)
    Workshop.objects.exclude(pk=held.pk).update(state=WorkshopState.CANCELLED)
    assert secretariat.post(url, data).status_code == 302
    assert Venue.objects.get(pk=room.pk).is_site


# --- warnings ---


def at(workshop: Workshop, hours: int) -> dict[str, object]:
    start = timezone.localtime(workshop.starts_at).replace(hour=hours, minute=0)
    return {"starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}"}


def test_what_else_is_on_that_day_is_read_before_it_is_saved(secretariat: Client, people: Any) -> None:
    series = Series.objects.create(name_fr="Hydrogène")
    noon = timezone.localtime(timezone.now() + timedelta(days=50)).replace(hour=12, minute=0)
    other = WorkshopFactory(scheduled=True, starts_at=noon, series=series, organiser=people["secretariat"])
    data = {
        **at(other, 8),
        "series": series.pk,
        "organiser": people["secretariat"].pk,
        "host": other.venue.organisation_id,
    }
    response = add(secretariat, **data)
    text = str(errors(response)["__all__"])
    for reason in (
        other.title_fr,
        "même hôte",
        "même organisateur",
        "même série",
        "le conseil se réunit déjà",
    ):
        assert reason in text
    assert Workshop.objects.count() == 1
    mark = re.search(r'name="accept_warnings" value="(\w+)"', response.content.decode())
    assert mark and set(errors(add(secretariat, accept_warnings="x", **data))) == {"__all__"}
    assert add(secretariat, accept_warnings=mark[1], **data).status_code == 302
    mine = Workshop.objects.get(series=series, state=WorkshopState.DRAFT)
    url = reverse("admin:workshops_workshop_change", args=[mine.pk])
    corrected = sheet(
        title_fr="Corrigé", capacity="", venue=mine.venue_id, **{**data, "agenda-TOTAL_FORMS": "0"}
    )
    assert secretariat.post(url, corrected).status_code == 302, "a corrected title asks nothing anew"


@pytest.mark.parametrize("hours", [-24, 24])
def test_the_days_before_and_after_are_no_warning(secretariat: Client, hours: int) -> None:
    noon = timezone.localtime(timezone.now() + timedelta(days=50)).replace(hour=12, minute=0)
    other = WorkshopFactory(scheduled=True, starts_at=noon + timedelta(hours=hours))
    other.starts_at = noon
    assert add(secretariat, **at(other, 9)).status_code == 302


def test_more_seats_than_the_venue_has_is_a_warning(secretariat: Client) -> None:
    venue = VenueFactory(capacity=20)
    text = str(errors(add(secretariat, venue=venue.pk, capacity="30"))["__all__"])
    assert "30" in text and "20" in text
    assert add(secretariat, venue=venue.pk, capacity="20").status_code == 302


def test_people_required_at_both_are_named_before_the_invitations_leave(secretariat: Client) -> None:
    draft = WorkshopFactory()
    other = WorkshopFactory(starts_at=draft.starts_at)
    row = InvitationFactory(workshop=draft, is_required=True)
    InvitationFactory(workshop=other, person=row.person, is_required=True)
    InvitationFactory(workshop=other, is_required=True)
    html = secretariat.get(step("process", draft)).content.decode()
    assert (
        f"indispensables aux deux\xa0: {row.name})" in html
        or f"indispensables aux deux\xa0: {row.name}<" in html
    )
    Workshop.objects.filter(pk=other.pk).update(state=WorkshopState.CANCELLED)
    assert "indispensables aux deux" not in secretariat.get(step("process", draft)).content.decode()


# --- titles ---


def test_titles_lose_what_cannot_be_read(secretariat: Client) -> None:
    agenda = {"agenda-0-title_fr": "Tour\x0bde \u202etable"}
    assert add(secretariat, title_fr="L'énergie\x1b\u202e  à\x07 l'atelier", **agenda).status_code == 302
    workshop = Workshop.objects.get()
    assert workshop.title_fr == "L'énergie à l'atelier"
    assert workshop.agenda.get().title_fr == "Tour de table"


@pytest.mark.parametrize("title", ["\x1b\u202e", "\u200b\ufeff"])
def test_a_title_of_nothing_readable_is_refused_at_the_field(secretariat: Client, title: str) -> None:
    assert set(errors(add(secretariat, title_fr=title))) == {"title_fr"}


# --- the night of October ---


def test_the_hour_that_comes_twice_asks_which_and_is_kept_right(secretariat: Client) -> None:
    times = {**AUTUMN, "ends_at": "2999-10-27T02:30"}
    response = add(secretariat, **times)
    assert set(errors(response)) == {"ends_at"}
    assert 'name="ends_at_hour" value="second"' in response.content.decode()
    for hour, of_utc in (("first", 0), ("second", 1)):
        utc = datetime(2999, 10, 27, of_utc, 30, tzinfo=UTC)
        Workshop.objects.all().delete()
        assert add(secretariat, ends_at_hour=hour, **times).status_code == 302
        workshop = Workshop.objects.get()
        assert (workshop.starts_at, workshop.ends_at) == (datetime(2999, 10, 26, 23, tzinfo=UTC), utc)
        # Saved again as it is shown, it stays the hour that it was.
        url = reverse("admin:workshops_workshop_change", args=[workshop.pk])
        data = sheet(title_fr="Corrigé", **times, **{"agenda-TOTAL_FORMS": "0"})
        assert secretariat.post(url, data).status_code == 302
        workshop.refresh_from_db()
        assert (workshop.title_fr, workshop.ends_at) == ("Corrigé", utc)


def test_a_workshop_over_the_change_of_hour_lasts_an_hour_more(secretariat: Client) -> None:
    assert add(secretariat, **AUTUMN, ends_at="2999-10-27T04:00").status_code == 302
    workshop = Workshop.objects.get()
    assert workshop.ends_at - workshop.starts_at == timedelta(hours=4)
    html = secretariat.get(step("process", workshop)).content.decode()
    assert "dure 4\xa0h" in html


def test_the_hour_of_march_that_does_not_exist_is_refused(secretariat: Client) -> None:
    found = errors(add(secretariat, starts_at="2999-03-31T02:30", ends_at="2999-03-31T05:00"))
    assert set(found) == {"starts_at"} and "n’existe pas" in str(found)


def test_a_move_into_the_hour_that_comes_twice_asks_which(secretariat: Client) -> None:
    workshop = WorkshopFactory(scheduled=True)
    url = step("process_move", workshop)
    data = moved(workshop, starts_at="2999-10-27T02:30", ends_at="2999-10-27T05:00")
    assert set(secretariat.post(url, data).context["form"].errors) == {"starts_at"}
    asked = secretariat.post(url, data | {"starts_at_hour": "second"})
    assert asked.status_code == 200 and 'name="starts_at_hour" value="second"' in asked.content.decode()
    secretariat.post(url, data | {"starts_at_hour": "second", "confirm": "yes"})
    workshop.refresh_from_db()
    assert workshop.starts_at == datetime(2999, 10, 27, 1, 30, tzinfo=UTC)


# --- rules by kind ---


def rules(**changes: object) -> dict[str, object]:
    return {"kind": "visit", "convocation_days": "3", "silent_days": "7, 2", "attending_hours": "24",
            "corrections_days": "7", **changes}  # fmt: skip


def test_rules_of_a_kind_are_typed_with_commas_and_drive_the_sheet(secretariat: Client) -> None:
    url = reverse("admin:workshops_kindrules_add")
    assert secretariat.post(url, rules(silent_days="2 ; 10,2", attending_hours="")).status_code == 302
    row = KindRules.objects.get()
    assert (row.silent_days, row.attending_hours) == ([10, 2], [])
    workshop = WorkshopFactory(kind="visit", starts_at=datetime(2999, 6, 20, 9, tzinfo=UTC))
    sheet_page = reverse("admin:workshops_workshop_change", args=[workshop.pk])
    for page in (sheet_page, step("process", workshop)):
        html = secretariat.get(page).content.decode()
        assert "16 juin 2999" in html and "3 jours francs" in html, page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"silent_days": "7, x"}, "silent_days"),
        ({"silent_days": "0"}, "silent_days"),
        ({"silent_days": "61"}, "silent_days"),
        ({"silent_days": "1,2,3,4,5,6"}, "silent_days"),
        ({"attending_hours": "241"}, "attending_hours"),
        ({"attending_hours": "²"}, "attending_hours"),
        ({"convocation_days": "61"}, "convocation_days"),
        ({"convocation_days": "-1"}, "convocation_days"),
    ],
)
def test_rules_out_of_bounds_are_refused_at_their_field(
    secretariat: Client, changes: dict[str, object], field: str
) -> None:
    response = secretariat.post(reverse("admin:workshops_kindrules_add"), rules(**changes))
    assert set(errors(response)) == {field}


def test_the_sheet_of_a_kind_s_rules_repeats_nothing_in_hidden_fields(secretariat: Client) -> None:
    rules = KindRules.objects.create(kind="visit")
    for url in (
        reverse("admin:workshops_kindrules_add"),
        reverse("admin:workshops_kindrules_change", args=[rules.pk]),
    ):
        assert 'name="initial-' not in secretariat.get(url).content.decode()
