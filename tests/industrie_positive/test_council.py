"""The council's own data: loaded once, remembered in the histories, left alone the next time."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import TransitionLog
from industrie_positive.council import load_council
from members.enums import COUNCIL
from members.history import changes_of
from members.models import Axis, Body, Change, Commune, Organisation, Seat, Sector, User
from roadmap.actions.models import Action
from workshops.models import Workshop

pytestmark = pytest.mark.django_db

# The first members and their kinds, as the facts give them.
MEMBERS = {
    "grand-groupe": {"Orange", "EDF", "IBM"},
    "pme": {"Seclab", "Radio Act et Nétia", "Main Gauche", "Synia", "groupe Méridis"},
    "startup": {"Bulane", "Cyleone", "Equadim"},
    "investisseurs": {"Meliès Business Angel"},
    "organisation-professionnelle": {"UIMM Montpellier"},
    "chambre-consulaire": {"CCI Hérault", "CMA"},
    "recherche-conseil": {"IDATE"},
}


def test_the_facts_are_loaded_and_no_real_person(client):
    load_council()
    for kind, names in MEMBERS.items():
        members = Organisation.objects.filter(kind=kind, seats__body__slug=COUNCIL)
        assert set(members.values_list("name", flat=True)) == names
    partners = Organisation.objects.filter(seats=None).values_list("slug", "siren")
    assert set(partners) == {("metropole", "243400017"), ("apf-34", ""), ("montpellier-bic", "")}
    assert set(Seat.objects.values_list("starts_on", flat=True)) == {date(2019, 10, 1)}
    counts = [model.objects.count() for model in (Commune, Body, Sector, Axis, Action, User)]
    assert counts == [31, 3, 8, 3, 6, 0] and Sector.objects.filter(is_priority=True).count() == 3
    assert list(Workshop.objects.order_by("starts_at").values_list("kind", "is_demo")) == [
        ("session", False),
        *[("workshop-council", True)] * 3,
    ]
    session = client.get("/ateliers/premiere-seance-2019/").text
    assert "mardi 1er octobre 2019" in session
    assert "à l’Hôtel de Métropole" in session and "vingtaine de représentants" in session


def test_histories_say_what_load_council_added(client_for):
    there = Organisation.objects.count()
    load_council()
    assert Change.objects.count() == Organisation.objects.count() - there + Seat.objects.count()
    assert set(Change.objects.values_list("source", "by", "verb")) == {("load_council", None, "added")}
    bulane = Organisation.objects.get(slug="bulane")
    seat, organisation = changes_of(bulane)
    assert organisation.values["name"] == [None, "Bulane"] and organisation.values["sectors"][1]
    assert seat.values["starts_on"] == [None, "2019-10-01"]
    shown = client_for("secretariat").get(f"/admin/members/organisation/{bulane.pk}/history/")
    assert "load_council" in shown.content.decode()


def test_again_it_writes_nothing_whatever_people_changed():
    load_council()
    Organisation.objects.filter(slug="bulane").update(name="Bulane SAS")
    before = (Change.objects.count(), TransitionLog.objects.count(), Seat.objects.count())
    with CaptureQueriesContext(
        connection,
    ) as captured:
        load_council()
    assert (Change.objects.count(), TransitionLog.objects.count(), Seat.objects.count()) == before
    written = [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert not written
    assert Organisation.objects.get(slug="bulane").name == "Bulane SAS"


def test_histories_cost_one_query_more_and_no_more():
    with CaptureQueriesContext(connection) as captured:
        load_council()
    inserts = [query for query in captured if 'INSERT INTO "members_change"' in query["sql"]]
    assert len(inserts) == 1
    assert Seat.objects.filter(body__slug=COUNCIL).count() == 16
