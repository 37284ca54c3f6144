"""People and mandates by a file."""

from datetime import date

import pytest

from members.enums import MandateRole
from members.imports import plan_import
from members.models import Change, Mandate, User
from tests.members.factories import (
    MandateFactory,
    UserFactory,
)
from tests.members.files import PEOPLE, PEOPLE_HEADER, as_csv, confirm, person_row, upload

pytestmark = pytest.mark.django_db


def test_people_and_mandates_are_written(client_for, bulane):
    client = client_for("secretariat")
    rows = (
        PEOPLE_HEADER,
        person_row(),
        person_row(email="ali@example.org", prenom="Ali", nom="Benali", role="suppleant", du="2020-01-01"),
        person_row(email="sans@example.org", nom="Mandat", organisation="", instance="", role="", du=""),
    )
    shown = upload(client, PEOPLE, as_csv(*rows))
    assert shown.status_code == 200, shown.context["wrong"]
    assert not User.objects.filter(email="zoe@example.org").exists()
    assert confirm(client, PEOPLE, shown).status_code == 302
    zoe = User.objects.get(email="zoe@example.org")
    assert not zoe.has_usable_password() and not zoe.is_staff
    held = zoe.mandates.get()
    assert (held.organisation, held.role, held.starts_on, held.ends_on) == (
        bulane,
        MandateRole.TITULAR,
        date(2019, 10, 1),
        None,
    )
    assert not User.objects.get(email="sans@example.org").mandates.exists()
    assert {(c.register, c.verb) for c in Change.objects.filter(person=zoe)} == {
        ("user", "added"),
        ("mandate", "added"),
    }
    again = upload(client, PEOPLE, as_csv(*rows))
    assert again.context["plan"]["count"] == 0


def test_end_of_a_mandate_is_taken_from_the_file(client_for, bulane):
    mandate = MandateFactory(organisation=bulane, person__email="zoe@example.org")
    row = person_row(prenom=mandate.person.first_name, nom=mandate.person.last_name, au="2026-01-01")
    client = client_for("secretariat")
    shown = upload(client, PEOPLE, as_csv(PEOPLE_HEADER, row))
    confirm(client, PEOPLE, shown)
    mandate.refresh_from_db()
    assert mandate.ends_on == date(2026, 1, 1) and Mandate.objects.count() == 1
    assert Change.objects.get().values == {"ends_on": [None, "2026-01-01"]}


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"email": ""}, "email"),
        ({"email": "zoé@example.org"}, "email"),
        ({"email": "pas une adresse"}, "email"),
        ({"email": "erased-1@erased.invalid"}, "email"),
        ({"prenom": ""}, "prenom"),
        ({"organisation": "Inconnue"}, "organisation"),
        ({"instance": "bureau"}, "instance"),
        ({"instance": ""}, "instance"),
        ({"role": "roi"}, "role"),
        ({"du": ""}, "debut"),
        ({"du": "31/02/2026"}, "debut"),
        ({"au": "2019-10-01"}, "fin"),
    ],
)
def test_wrong_person_or_mandate_is_told(people, bulane, cells, column):
    plan = plan_import("people", as_csv(PEOPLE_HEADER, person_row(**cells)), by=people["secretariat"])
    assert [(error.line, error.column) for error in plan.errors] == [(2, column)]


def test_second_titular_is_told_in_the_file_and_in_the_register(people, bulane):
    second = person_row(email="b@example.org", nom="Autre")
    plan = plan_import("people", as_csv(PEOPLE_HEADER, person_row(), second), by=people["secretariat"])
    assert [(error.line, error.column) for error in plan.errors] == [(3, "role")]
    MandateFactory(organisation=bulane)
    plan = plan_import("people", as_csv(PEOPLE_HEADER, person_row()), by=people["secretariat"])
    assert [(error.line, error.column) for error in plan.errors] == [(2, "role")]


@pytest.mark.parametrize(
    "second", [{"role": "observer"}, {"du": "2020-01-01"}, {}, {"nom": "Autre", "role": "observer"}]
)
def test_rows_that_contradict_each_other_are_told(people, bulane, second):
    content = as_csv(PEOPLE_HEADER, person_row(), person_row(**second))
    plan = plan_import("people", content, by=people["secretariat"])
    assert [error.line for error in plan.errors] == [3]


@pytest.mark.parametrize(("role", "allowed"), [("secretariat", False), ("administrator", True)])
def test_file_changes_no_staff_account_but_an_administrators(people, bulane, role, allowed):
    UserFactory(email="zoe@example.org", is_staff=True, last_name="Chef")
    plan = plan_import("people", as_csv(PEOPLE_HEADER, person_row()), by=people[role])
    assert [error.column for error in plan.errors] == ([] if allowed else ["email"])
