"""The council's own data: loaded once, remembered in the histories, left alone the next time."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import TransitionLog
from industrie_positive.council import load_council
from members.enums import COUNCIL
from members.history import changes_of
from members.models import Change, Organisation, Seat

pytestmark = pytest.mark.django_db


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
