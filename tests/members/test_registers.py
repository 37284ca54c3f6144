"""The registers themselves: numbers that check, places on Earth, lists that ask few questions, pages for everybody."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from members.models import Mandate, Organisation, Seat
from tests.helpers.browser import SIZES, accessibility_faults, log_in, overflows
from tests.helpers.queries import assert_constant_queries
from tests.members.factories import BodyFactory, MandateFactory, OrganisationFactory, SeatFactory, UserFactory

pytestmark = pytest.mark.django_db
SIREN, SIRET = "732829320", "73282932000074"


@pytest.mark.parametrize(
    ("field", "value", "valid"),
    [
        ("siren", SIREN, True),
        ("siren", "732829321", False),
        ("siren", "73282932", False),
        ("siren", "٧٣٢٨٢٩٣٢٠", False),
        ("siret", SIRET, True),
        ("siret", "73282932000075", False),
        # La Poste's head office checks by Luhn, its other places by the sum of their digits.
        ("siret", "35600000000048", True),
        ("siret", "35600000049837", True),
        ("siret", "35600000049838", False),
        ("naf_rev2", "28.99B", True),
        ("naf_rev2", "2899B", False),
        ("naf_rev2", "28.99b", False),
        ("naf_2025", "62.20G", True),
        ("naf_2025", "62.20", False),
        ("latitude", Decimal("43.6"), True),
        ("latitude", Decimal("90.1"), False),
        ("longitude", Decimal("-180.5"), False),
    ],
)
def test_number_is_checked_at_its_field(field, value, valid):
    organisation = OrganisationFactory.build(**{field: value})
    if valid:
        organisation.clean_fields()
        return
    with pytest.raises(ValidationError) as refused:
        organisation.clean_fields()
    assert list(refused.value.message_dict) == [field]


@pytest.mark.parametrize(
    "values",
    [
        {"siren": "404833048", "siret": SIRET},
        {"siren": "", "siret": SIRET},
        {"naf_rev2": "x"},
        {"naf_2025": "2899B"},
        {"latitude": "43.6"},
        {"latitude": "91", "longitude": "3"},
        {"latitude": "43", "longitude": "181"},
    ],
)
def test_database_refuses_what_cannot_be(values):
    organisation = OrganisationFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(pk=organisation.pk).update(**values)


def test_siren_is_taken_from_the_siret(client_for):
    data = {"name": "Unique", "slug": "unique", "kind": "pme", "siret": SIRET}
    data |= {"seats-TOTAL_FORMS": "0", "seats-INITIAL_FORMS": "0"}
    response = client_for("secretariat").post("/admin/members/organisation/add/", data)
    assert response.status_code == 302
    assert Organisation.objects.get(slug="unique").siren == SIREN


def test_mandate_keeps_its_person_organisation_and_body(client_for):
    mandate = MandateFactory()
    other = MandateFactory(body=BodyFactory(slug="autre"))
    data = {
        "person": other.person_id,
        "organisation": other.organisation_id,
        "body": other.body_id,
        "role": "observer",
        "starts_on": "2019-10-02",
        "reason": "Saisie corrigée",
    }
    url = reverse("admin:members_mandate_change", args=[mandate.pk])
    response = client_for("secretariat").post(url, data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    fresh = Mandate.objects.get(pk=mandate.pk)
    assert (fresh.person_id, fresh.organisation_id, fresh.body_id) == (
        mandate.person_id,
        mandate.organisation_id,
        mandate.body_id,
    )
    assert (fresh.role, fresh.starts_on) == ("observer", date(2019, 10, 2))


def test_what_the_database_refuses_at_the_last_moment_is_a_conflict(client_for, monkeypatch):
    first = MandateFactory()
    monkeypatch.setattr(Mandate, "validate_constraints", lambda self, exclude=None: None)
    data = {
        "person": UserFactory().pk,
        "organisation": first.organisation_id,
        "body": first.body_id,
        "role": "titular",
        "starts_on": "2021-01-01",
    }
    response = client_for("secretariat").post("/admin/members/mandate/add/", data)
    assert response.status_code == 409 and Mandate.objects.count() == 1


def test_two_organisations_have_each_their_titular_by_the_form(client_for):
    first = MandateFactory()
    data = {
        "person": UserFactory().pk,
        "organisation": OrganisationFactory().pk,
        "body": first.body_id,
        "role": "titular",
        "starts_on": "2021-01-01",
        "reason": "Élection",
    }
    response = client_for("secretariat").post("/admin/members/mandate/add/", data)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert Mandate.objects.count() == 2


# --- seats ---


def seat_rows(organisation, body, *dates):
    """Return the organisation's form with one row a seat: (pk or None, from, to, remove)."""
    names = ("name", "slug", "kind", "siren", "siret")
    data = {name: getattr(organisation, name) for name in names} | {"reason": "Corrigé"}
    kept = sum(pk is not None for pk, *_dates in dates)
    data |= {"seats-TOTAL_FORMS": len(dates), "seats-INITIAL_FORMS": kept}
    for number, (pk, start, end, removed) in enumerate(dates):
        row = {"body": body.pk, "organisation": organisation.pk, "starts_on": start, "ends_on": end}
        row |= {"id": pk or ""} | ({"DELETE": "on"} if removed else {})
        data |= {f"seats-{number}-{name}": value for name, value in row.items()}
    return data


@pytest.mark.parametrize(
    ("former", "new", "refused"),
    [
        (("", "", False), ("", "", False), True),
        (("", "", False), ("2026-01-01", "", False), True),
        (("2019-10-01", "2026-01-01", False), ("2025-12-31", "2027-01-01", False), True),
        (("2019-10-01", "2026-01-01", False), ("2026-01-01", "", False), False),
        (("", "", True), ("", "", False), False),
    ],
)
def test_organisation_sits_once_on_a_body(client_for, former, new, refused):
    seat = SeatFactory()
    data = seat_rows(seat.organisation, seat.body, (seat.pk, *former), (None, *new))
    url = reverse("admin:members_organisation_change", args=[seat.organisation_id])
    response = client_for("secretariat").post(url, data)
    assert response.status_code == (422 if refused else 302)
    if refused:
        (formset,) = [item.formset for item in response.context["inline_admin_formsets"]]
        assert list(formset.errors[1]) == ["starts_on"] and not formset.errors[0]
        assert Seat.objects.get().starts_on is None


def test_second_seat_is_refused_in_words_on_its_own_page_and_by_the_database(client_for):
    seat = SeatFactory(starts_on=date(2019, 10, 1))
    data = {"body": seat.body_id, "organisation": seat.organisation_id}
    response = client_for("secretariat").post("/en/admin/members/seat/add/", data)
    assert response.status_code == 422
    assert "already has a seat on this body" in response.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        SeatFactory(organisation=seat.organisation)
    SeatFactory(organisation=seat.organisation, ends_on=seat.starts_on)
    SeatFactory(organisation=seat.organisation, body=BodyFactory(slug="autre"))


@pytest.mark.parametrize("make", [SeatFactory, MandateFactory])
def test_end_before_the_beginning_is_told_at_its_field(client_for, make):
    row = make()
    data = {"body": row.body_id, "organisation": row.organisation_id, "role": "titular", "reason": "x"}
    data |= {"starts_on": "2020-10-02", "ends_on": "2019-10-02"}
    url = reverse(f"admin:members_{row._meta.model_name}_change", args=[row.pk])
    response = client_for("secretariat").post(url, data)
    assert response.status_code == 422
    assert list(response.context["adminform"].form.errors) == ["ends_on"]


# --- pages ---


def test_pages_ask_the_same_number_of_questions_for_one_and_thirty(client_for):
    client = client_for("secretariat")
    body, organisation, person = BodyFactory(), OrganisationFactory(), UserFactory()

    def make(number):
        for _ in range(number):
            MandateFactory(organisation=organisation, alternate=True)
            MandateFactory(person=person)
            SeatFactory()

    for name, row in (("organisation", organisation), ("user", person)):
        url = reverse(f"admin:members_{name}_change", args=[row.pk])
        if name == "organisation":
            assert_constant_queries(lambda: make(1), lambda: make(29), url, client=client)
        else:
            assert_constant_queries(
                lambda: MandateFactory(person=person),
                lambda: [MandateFactory(person=person) for _ in range(29)],
                url,
                client=client,
            )
    url = reverse("admin:members_body_composition", args=[body.pk])
    assert_constant_queries(lambda: make(1), lambda: make(29), url, client=client)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("size", "scheme", "prefix"), [("small", "dark", ""), ("large", "light", "/en")])
def test_pages_are_accessible_in_a_browser(
    transactional_db, page, live_server, people, tmp_path, size, scheme, prefix
):
    mandate = MandateFactory(organisation=people.organisation, body=BodyFactory())
    MandateFactory(organisation=people.organisation, alternate=True, ends_on=date(2021, 1, 1))
    SeatFactory(organisation=people.other_organisation)
    log_in(page, live_server, people["secretariat"])
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    root = f"{prefix}/admin/members"
    wrong = []

    def check(name):
        wrong.extend(accessibility_faults(page))
        if size == "small" and overflows(page):
            wrong.append(f"{page.url} scrolls sideways")
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)

    for name, url in {
        "organisations": f"{root}/organisation/",
        "organisation": f"{root}/organisation/{people.organisation.pk}/change/",
        "person": f"{root}/user/{mandate.person_id}/change/",
        "composition": f"{root}/body/{mandate.body_id}/composition/?date=2020-10-01",
        "end": f"{root}/mandate/{mandate.pk}/terminer/",
        "replace": f"{root}/mandate/{mandate.pk}/remplacer/",
        "move": f"{root}/user/{mandate.person_id}/deplacer/?source={mandate.organisation_id}",
        "import": f"{root}/organisation/importer/",
        "removal": f"{root}/mandate/{mandate.pk}/delete/",
    }.items():
        assert page.goto(url).ok, url
        check(name)
    page.goto(f"{root}/mandate/{mandate.pk}/terminer/")
    page.fill("[name=on]", "2026-03-01")
    page.fill("[name=reason]", "Départ")
    page.click(".submit-row input[type=submit]")
    page.wait_for_selector("[name=confirm]")
    check("end-preview")
    page.click("[name=confirm]")
    page.wait_for_url("**/change/")
    page.goto(f"{root}/organisation/{people.organisation.pk}/history/")
    assert "Départ" in page.content()
    check("history")
    for name, rows in (
        ("import-preview", "nom;type\nNeuve;pme\nAtelier du Lez;startup\n"),
        ("import-errors", "nom;type;siren\nNeuve;licorne;12\n"),
    ):
        page.goto(f"{root}/organisation/importer/")
        page.set_input_files(
            "[name=file]", {"name": "registre.csv", "mimeType": "text/csv", "buffer": rows.encode()}
        )
        page.click(".submit-row input[type=submit]")
        page.wait_for_selector("#content-main table")
        check(name)
    assert not wrong, "\n".join(wrong)
