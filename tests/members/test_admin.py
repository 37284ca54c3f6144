"""The secretariat's register, and what it must not open."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group

from members.enums import SECRETARIAT_GROUP, MandateRole
from members.models import Mandate, Organisation, User
from outbox.models import OutboxEmail
from tests.helpers.locks import behind
from tests.helpers.roles import ROLES
from tests.members.factories import BodyFactory, MandateFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
NO_MANDATE = {"mandates-TOTAL_FORMS": "0", "mandates-INITIAL_FORMS": "0"}
PERSON = {
    "reason": "Demande de la personne",
    "email": "Nouvelle@Example.org",
    "first_name": "Nouvelle",
    "last_name": "Personne",
    "language": "fr",
    "is_active": "on",
    **NO_MANDATE,
}
LISTS = ("user", "organisation", "mandate", "seat", "body", "sector", "commune", "axis")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", ROLES)
def test_lists_are_the_secretariats(client_for, role, name):
    MandateFactory()
    status = client_for(role).get(f"/admin/members/{name}/").status_code
    assert status == 200 if role in ("secretariat", "administrator") else status in (302, 403)


def test_new_person_has_no_password(client_for):
    response = client_for("secretariat").post("/admin/members/user/add/", PERSON)
    assert response.status_code == 302
    person = User.objects.get(email="nouvelle@example.org")
    assert not person.has_usable_password()
    assert not person.is_staff and not person.is_superuser


def test_same_address_in_another_case_is_refused_at_the_field(client_for):
    UserFactory(email="nouvelle@example.org")
    response = client_for("secretariat").post("/admin/members/user/add/", PERSON)
    assert response.status_code == 422
    assert "email" in response.context["adminform"].form.errors
    assert User.objects.filter(email__iexact="nouvelle@example.org").count() == 1


@pytest.mark.parametrize("path", ["add/", "{pk}/change/"])
def test_secretariat_makes_nobody_staff(client_for, path):
    person = UserFactory()
    group = Group.objects.get_or_create(name=SECRETARIAT_GROUP)[0]
    stolen = {"is_staff": "on", "is_superuser": "on", "groups": [group.pk], "user_permissions": ["1"]}
    client = client_for("secretariat")
    response = client.post(f"/admin/members/user/{path.format(pk=person.pk)}", PERSON | stolen)
    assert response.status_code == 302
    made = User.objects.get(email="nouvelle@example.org")
    assert not made.is_staff and not made.is_superuser
    assert not made.groups.exists() and not made.user_permissions.exists()


@pytest.mark.parametrize("target", ["administrator", "secretariat"])
def test_secretariat_cannot_take_a_staff_account(client_for, people, target):
    victim = people[target]
    client = client_for("secretariat")
    response = client.post(f"/admin/members/user/{victim.pk}/change/", PERSON)
    assert response.status_code == 403
    client.post(f"/admin/members/user/{victim.pk}/delete/", {"post": "yes"})
    client.post(
        "/admin/members/user/", {"action": "delete_selected", "_selected_action": [victim.pk], "post": "yes"}
    )
    assert User.objects.get(pk=victim.pk).email == f"{target}@example.org"


def test_secretariat_cannot_move_an_opened_account_to_another_address(client_for):
    person = UserFactory(email="ancienne@example.org")
    person.set_password("un mot de passe assez long")
    person.save()
    client_for("secretariat").post(f"/admin/members/user/{person.pk}/change/", PERSON)
    person.refresh_from_db()
    assert person.email == "ancienne@example.org"
    assert person.first_name == "Nouvelle"


def test_former_address_is_told_when_an_administrator_changes_it(client_for):
    person = UserFactory(email="ancienne@example.org")
    person.set_password("un mot de passe assez long")
    person.save()
    client_for("administrator").post(f"/admin/members/user/{person.pk}/change/", PERSON)
    person.refresh_from_db()
    assert person.email == "nouvelle@example.org"
    assert OutboxEmail.objects.get(kind="address-changed").to == "ancienne@example.org"


@pytest.mark.parametrize("role", ["secretariat", "administrator"])
def test_nobody_sets_anothers_password(client_for, people, role):
    member = people["member"]
    before = member.password
    client = client_for(role)
    client.post(f"/admin/members/user/{member.pk}/password/", {"password1": "x" * 14, "password2": "x" * 14})
    data = {**PERSON, "password": "x" * 14, "mandates-TOTAL_FORMS": "0"}
    client.post(f"/admin/members/user/{member.pk}/change/", data)
    member.refresh_from_db()
    assert member.password == before


@pytest.mark.parametrize("path", ["", "exporter/csv/"])
@pytest.mark.parametrize("lookup", ["password__startswith", "password"])
def test_list_is_not_filtered_by_a_hash(client_for, people, path, lookup):
    client = client_for("secretariat")
    url = f"/admin/members/user/{path}"
    assert client.get(url, {lookup: people["member"].password}).status_code == 400
    assert client.get(url, {"is_active__exact": "1"}).status_code == 200


def test_removed_person_leaves_no_name_in_the_admins_log(client_for):
    client = client_for("secretariat")
    client.post("/admin/members/user/add/", PERSON)
    pk = User.objects.get(email="nouvelle@example.org").pk
    log = LogEntry.objects.filter(object_id=str(pk), content_type__model="user")
    assert log.get().object_repr == "Nouvelle Personne"
    client.post(f"/admin/members/user/{pk}/delete/", {"post": "yes", "reason": "Doublon"})
    assert not User.objects.filter(pk=pk).exists()
    assert set(log.values_list("object_repr", "change_message")) == {("…", "")} and log.count() == 2


def test_secretariat_does_not_touch_groups(client_for):
    client = client_for("secretariat")
    assert client.get("/admin/auth/group/").status_code == 403
    assert client_for("administrator").get("/admin/auth/group/").status_code == 200


def test_administrator_gives_rights(client_for):
    person = UserFactory(email="nouvelle@example.org")
    group = Group.objects.get_or_create(name=SECRETARIAT_GROUP)[0]
    data = PERSON | {"is_staff": "on", "groups": [group.pk]}
    response = client_for("administrator").post(f"/admin/members/user/{person.pk}/change/", data)
    assert response.status_code == 302
    person.refresh_from_db()
    assert person.is_staff and list(person.groups.all()) == [group]


def test_second_titular_is_refused_with_a_clear_message(client_for):
    body = BodyFactory()
    first = MandateFactory(body=body)
    data = {
        "person": UserFactory().pk,
        "organisation": first.organisation_id,
        "body": body.pk,
        "role": MandateRole.TITULAR,
        "starts_on": "2021-01-01",
    }
    response = client_for("secretariat").post("/admin/members/mandate/add/", data)
    assert response.status_code == 422
    assert "a déjà un titulaire dans cette instance" in response.content.decode()
    assert Mandate.objects.filter(organisation=first.organisation).count() == 1


def test_organisation_keeps_its_address(client_for):
    organisation = OrganisationFactory(slug="bulane")
    data = {
        "name": "Bulane SAS",
        "reason": "Nouvelle raison sociale",
        "slug": "autre",
        "kind": organisation.kind,
        **NO_MANDATE,
        "seats-TOTAL_FORMS": "0",
        "seats-INITIAL_FORMS": "0",
    }
    response = client_for("secretariat").post(f"/admin/members/organisation/{organisation.pk}/change/", data)
    assert response.status_code == 302
    assert Organisation.objects.values_list("name", "slug").get(pk=organisation.pk) == (
        "Bulane SAS",
        "bulane",
    )


def test_wrong_siren_is_told_at_the_field(client_for):
    data = {"name": "Faux", "slug": "faux", "kind": "pme", "siren": "123456789", **NO_MANDATE}
    data |= {"seats-TOTAL_FORMS": "0", "seats-INITIAL_FORMS": "0"}
    response = client_for("secretariat").post("/admin/members/organisation/add/", data)
    assert "Ce numéro SIREN n’est pas valide." in response.content.decode()
    assert not Organisation.objects.filter(slug="faux").exists()


@pytest.mark.parametrize(("choice", "seen"), [("today", "En poste"), ("ended", "Partie")])
def test_mandates_are_filtered_by_what_is_in_force(client_for, choice, seen):
    MandateFactory(person__last_name="En poste")
    MandateFactory(person__last_name="Partie", ends_on=date(2020, 1, 1))
    html = client_for("secretariat").get(f"/admin/members/mandate/?in_force={choice}").content.decode()
    assert seen in html
    assert ({"En poste", "Partie"} - {seen}).pop() not in html


@pytest.mark.django_db(transaction=True)
def test_sheet_saved_behind_an_opened_account_leaves_its_password(client_for):
    """A form's save writes every column: it waits for the row, and reads it again before it does."""
    person = UserFactory(email="nouvelle@example.org")
    client = client_for("secretariat")

    def open_account(row: User) -> None:
        row.set_password("un mot de passe assez long")
        row.save(update_fields=["password"])

    page = f"/admin/members/user/{person.pk}/change/"
    assert behind(person, open_account, lambda: client.post(page, PERSON).status_code) == 302
    person.refresh_from_db()
    assert person.first_name == "Nouvelle"
    assert person.check_password("un mot de passe assez long")
