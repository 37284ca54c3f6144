"""The registers' memory: who changed what, from what to what, and why; and what of it a person takes along."""

import json

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from members.enums import SECRETARIAT_GROUP
from members.history import forget_person
from members.models import Change, Mandate, Organisation, Seat, User
from tests.helpers.queries import assert_constant_queries
from tests.members.factories import (
    BodyFactory,
    CommuneFactory,
    MandateFactory,
    OrganisationFactory,
    SeatFactory,
    SectorFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
NO_SEAT = {"seats-TOTAL_FORMS": "0", "seats-INITIAL_FORMS": "0"}


def organisation_form(organisation, **changed):
    form = {"name": organisation.name, "slug": organisation.slug, "kind": organisation.kind} | NO_SEAT
    return form | {"reason": "Nouvelle raison sociale"} | changed


def test_change_is_kept_with_before_after_author_and_reason(client_for, people):
    organisation = OrganisationFactory(name="Bulane", kind="startup")
    sector, commune = SectorFactory(), CommuneFactory(name="Lattes")
    url = reverse("admin:members_organisation_change", args=[organisation.pk])
    data = organisation_form(organisation, name="Bulane SAS", sectors=[sector.pk], commune=commune.pk)
    assert client_for("secretariat").post(url, data).status_code == 302
    change = Change.objects.get()
    assert change.values == {
        "name": ["Bulane", "Bulane SAS"],
        "sectors": [[], [sector.pk]],
        "commune": [None, commune.pk],
    }
    assert (change.by, change.reason, change.verb) == (
        people["secretariat"],
        "Nouvelle raison sociale",
        "changed",
    )
    history = reverse("admin:members_organisation_history", args=[organisation.pk])
    html = client_for("secretariat").get(history).content.decode()
    for text in (
        "Bulane",
        "Bulane SAS",
        "Lattes",
        sector.name_fr,
        "Nouvelle raison sociale",
        "Camille Secretariat",
    ):
        assert text in html
    english = client_for("secretariat").get(f"/en{history}").content.decode()
    assert "Commune" in english and "changed" in english


def test_change_without_reason_is_refused_at_the_field(client_for):
    organisation = OrganisationFactory(name="Bulane")
    url = reverse("admin:members_organisation_change", args=[organisation.pk])
    response = client_for("secretariat").post(url, organisation_form(organisation, name="Autre", reason=" "))
    assert list(response.context["adminform"].form.errors) == ["reason"]
    assert Organisation.objects.get(pk=organisation.pk).name == "Bulane" and not Change.objects.exists()


def test_saving_without_a_change_writes_nothing(client_for):
    organisation = OrganisationFactory()
    url = reverse("admin:members_organisation_change", args=[organisation.pk])
    assert client_for("secretariat").post(url, organisation_form(organisation)).status_code == 302
    assert not Change.objects.exists()


def test_seats_below_an_organisation_are_kept_too(client_for):
    seat = SeatFactory()
    other = BodyFactory(slug="think-tank")
    url = reverse("admin:members_organisation_change", args=[seat.organisation_id])
    data = organisation_form(seat.organisation) | {
        "seats-TOTAL_FORMS": "2",
        "seats-INITIAL_FORMS": "1",
        "seats-0-id": seat.pk,
        "seats-0-organisation": seat.organisation_id,
        "seats-0-body": seat.body_id,
        "seats-0-DELETE": "on",
        "seats-1-organisation": seat.organisation_id,
        "seats-1-body": other.pk,
        "seats-1-starts_on": "2026-01-01",
    }
    assert client_for("secretariat").post(url, data).status_code == 302
    assert [row.body for row in Seat.objects.all()] == [other]
    assert {(c.register, c.verb, c.organisation_id) for c in Change.objects.all()} == {
        ("seat", "removed", seat.organisation_id),
        ("seat", "added", seat.organisation_id),
    }


def test_rights_given_by_an_administrator_are_kept(client_for, people):
    person, group = UserFactory(), Group.objects.get_or_create(name=SECRETARIAT_GROUP)[0]
    data = {
        **{"email": person.email, "first_name": person.first_name, "last_name": person.last_name},
        **{"language": "fr", "is_active": "on", "is_staff": "on", "groups": [group.pk], "reason": "Embauche"},
    }
    url = reverse("admin:members_user_change", args=[person.pk])
    assert client_for("administrator").post(url, data).status_code == 302
    change = Change.objects.get(person=person)
    assert change.values == {"is_staff": [False, True], "groups": [[], [group.pk]]}
    assert change.by == people["administrator"]


def test_mandate_is_read_in_both_histories(client_for):
    client = client_for("secretariat")
    person, organisation = UserFactory(last_name="Martin"), OrganisationFactory(name="Bulane")
    data = {
        **{"person": person.pk, "organisation": organisation.pk, "body": BodyFactory().pk},
        **{"role": "titular", "starts_on": "2019-10-01", "reason": "Délibération"},
    }
    assert client.post("/admin/members/mandate/add/", data).status_code == 302
    for name, row in (("user", person), ("organisation", organisation), ("mandate", Mandate.objects.get())):
        html = client.get(reverse(f"admin:members_{name}_history", args=[row.pk])).content.decode()
        for text in ("Martin", "Bulane", "Délibération", "1er octobre 2019"):
            assert text in html, f"{name}: {text}"


@pytest.mark.parametrize("name", ["mandate", "seat"])
def test_removal_asks_why_and_is_kept(client_for, name):
    row = MandateFactory() if name == "mandate" else SeatFactory()
    client = client_for("secretariat")
    url = reverse(f"admin:members_{name}_delete", args=[row.pk])
    assert client.post(url, {"post": "yes", "reason": " "}).status_code == 302
    assert type(row).objects.filter(pk=row.pk).exists()
    assert client.post(url, {"post": "yes", "reason": "Saisi deux fois"}).status_code == 302
    assert not type(row).objects.filter(pk=row.pk).exists()
    change = Change.objects.get()
    assert (change.verb, change.reason, change.organisation_id) == (
        "removed",
        "Saisi deux fois",
        row.organisation_id,
    )
    assert change.values["body"] == [row.body_id, None]


def test_nothing_is_removed_in_bulk(client_for):
    mandate = MandateFactory()
    data = {"action": "delete_selected", "_selected_action": [mandate.pk], "post": "yes"}
    client_for("administrator").post("/admin/members/mandate/", data)
    assert Mandate.objects.filter(pk=mandate.pk).exists()


def test_removed_person_leaves_no_name_behind(client_for):
    client = client_for("secretariat")
    data = {
        **{"email": "zoe@example.org", "first_name": "Zoé", "last_name": "Unique", "language": "fr"},
        **{"is_active": "on", "reason": "Zoé arrive"},
    }
    assert client.post("/admin/members/user/add/", data).status_code == 302
    person = User.objects.get(email="zoe@example.org")
    url = reverse("admin:members_user_delete", args=[person.pk])
    assert client.post(url, {"post": "yes", "reason": "Erreur"}).status_code == 302
    assert not User.objects.filter(pk=person.pk).exists()
    kept = json.dumps(list(Change.objects.values("values", "reason", "verb")))
    assert "zoe" not in kept.lower() and "Unique" not in kept and '"removed"' in kept


def test_forgotten_person_leaves_dates_and_authors_alone():
    author, person = UserFactory(), UserFactory(last_name="Unique")
    mandate = MandateFactory(person=person)
    row = {"person": person, "by": author, "reason": "Unique est partie"}
    Change.objects.create(
        **row, register="user", object_id=person.pk, verb="changed", values={"last_name": ["Avant", "Unique"]}
    )
    Change.objects.create(
        **row,
        register="mandate",
        object_id=mandate.pk,
        verb="changed",
        values={"role": ["titular", "observer"]},
    )
    forget_person(person)
    texts = json.dumps(list(Change.objects.values("values", "reason")))
    assert "Unique" not in texts and "Avant" not in texts
    assert set(Change.objects.values_list("by", flat=True)) == {author.pk}
    assert Change.objects.get(register="mandate").values == {"role": ["titular", "observer"]}


def test_hostile_names_are_shown_as_text(client_for):
    organisation = OrganisationFactory(name="Avant")
    url = reverse("admin:members_organisation_change", args=[organisation.pk])
    hostile = "<script>alert(1)</script>"
    client_for("secretariat").post(
        url, organisation_form(organisation, name=hostile, reason=f"{hostile} =cmd")
    )
    html = (
        client_for("secretariat")
        .get(reverse("admin:members_organisation_history", args=[organisation.pk]))
        .content.decode()
    )
    assert "<script>alert" not in html and html.count("&lt;script&gt;alert(1)") >= 2


@pytest.mark.parametrize("role", ["anonymous", "observer", "member", "pilot"])
def test_histories_are_the_secretariats(client_for, role):
    mandate = MandateFactory()
    for name, pk in (
        ("user", mandate.person_id),
        ("organisation", mandate.organisation_id),
        ("mandate", mandate.pk),
    ):
        url = reverse(f"admin:members_{name}_history", args=[pk])
        assert client_for(role).get(url).status_code in (302, 403)


def test_unknown_history_is_not_found(client_for):
    url = reverse("admin:members_organisation_history", args=[999_999])
    assert client_for("secretariat").get(url).status_code == 404


def test_history_asks_the_same_number_of_questions_for_one_and_thirty(client_for):
    organisation = OrganisationFactory()

    def make(number):
        for _ in range(number):
            mandate = MandateFactory(organisation=organisation, alternate=True)
            Change.objects.create(
                **{"person": mandate.person, "organisation": organisation, "by": UserFactory()},
                **{"register": "mandate", "object_id": mandate.pk, "verb": "added"},
                values={"person": [None, mandate.person_id], "body": [None, mandate.body_id]},
            )

    url = reverse("admin:members_organisation_history", args=[organisation.pk])
    assert_constant_queries(lambda: make(1), lambda: make(29), url, client=client_for("secretariat"))


def test_no_personal_data_reaches_the_logs(client_for, caplog):
    person = UserFactory(last_name="Secrète", email="secrete@example.org")
    client = client_for("secretariat")
    caplog.set_level(0)
    data = {"email": "autre-secrete@example.org", "first_name": "A", "last_name": "Secrète", "language": "fr"}
    client.post(reverse("admin:members_user_change", args=[person.pk]), data | {"reason": ""})
    client.post(reverse("admin:members_user_change", args=[person.pk]), data | {"reason": "Mariage"})
    assert "ecrète" not in caplog.text and "secrete@" not in caplog.text


def test_a_body_is_a_register_too(client_for, people):
    body = BodyFactory(name_fr="Comité")
    url = reverse("admin:members_body_change", args=[body.pk])
    data = {"name_fr": "Comité d’experts", "name_en": body.name_en, "reason": ""}
    refused = client_for("administrator").post(url, data)
    assert list(refused.context["adminform"].form.errors) == ["reason"] and not Change.objects.exists()
    assert client_for("administrator").post(url, data | {"reason": "Nom complet"}).status_code == 302
    change = Change.objects.get()
    assert change.values == {"name_fr": ["Comité", "Comité d’experts"]}
    assert (change.by, change.reason) == (people["administrator"], "Nom complet")
    history = client_for("secretariat").get(reverse("admin:members_body_history", args=[body.pk])).text
    assert (
        "Comité d’experts" in history
        and "Nom complet" in history
        and people["administrator"].get_full_name() in history
    )
