"""The registers as files: nothing in them is a formula, and they come back as they went."""

import csv
import io
from datetime import date

import pytest
from django.contrib.admin import site
from openpyxl import load_workbook

from members import exports
from members.imports import plan_import
from members.models import Mandate, Organisation, User
from tests.helpers.queries import assert_constant_queries
from tests.members.factories import (
    BodyFactory,
    MandateFactory,
    OrganisationFactory,
)

pytestmark = pytest.mark.django_db
MODELS = {"organisation": Organisation, "user": User, "mandate": Mandate}


def lines_of(response):
    text = response.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.mark.parametrize(
    "start", ["=cmd", "+33", "-1", "@x", "\tx", "\rx", "\nx", "＝cmd", "＋33", "－1", "＠x"]
)
def test_no_cell_starts_a_formula(start):
    table = exports.Table("t", ("nom",), [(start,)])
    text = exports.as_csv(table).decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(text, newline="").readlines()[1:], delimiter=";"))[0].startswith("'")
    cell = load_workbook(io.BytesIO(exports.as_xlsx(table))).active["A2"]
    assert cell.data_type == "s" and cell.value.startswith("'")


def test_numbers_and_dates_stay_what_they_are():
    table = exports.Table("t", ("a", "b", "c"), [(-3.5, date(2019, 10, 1), None)])
    assert exports.as_csv(table).decode("utf-8-sig").splitlines()[1] == "-3.5;2019-10-01;"
    sheet = load_workbook(io.BytesIO(exports.as_xlsx(table))).active
    assert sheet["A2"].value == -3.5 and sheet["B2"].value.date() == date(2019, 10, 1)


def test_export_holds_the_filtered_list_and_no_more(client_for):
    OrganisationFactory(name="Choisie", kind="startup")
    OrganisationFactory(name="Laissée", kind="pme")
    client = client_for("secretariat")
    response = client.get("/admin/members/organisation/exporter/csv/?kind__exact=startup")
    assert [line["nom"] for line in lines_of(response)] == ["Choisie"]
    assert (
        response["Content-Disposition"].startswith("attachment") and "no-store" in response["Cache-Control"]
    )
    page = client.get("/admin/members/organisation/?kind__exact=startup").content.decode()
    assert "/admin/members/organisation/exporter/csv/?kind__exact=startup" in page
    assert client.get("/admin/members/organisation/exporter/pdf/").status_code == 404


@pytest.mark.parametrize("name", ["organisation", "user", "mandate"])
def test_export_of_a_filter_or_page_that_is_none_is_not_found(client_for, name, monkeypatch):
    filters = {
        "organisation": "seats__body__id__exact",
        "user": "mandates__body__id__exact",
        "mandate": "body__id__exact",
    }
    # A filter of a single choice is not offered, nor judged.
    for slug in ("conseil", "club"):
        BodyFactory(slug=slug)
    client, address = client_for("secretariat"), f"/admin/members/{name}/exporter/csv/"
    MandateFactory.create_batch(2)
    monkeypatch.setattr(site.get_model_admin(MODELS[name]), "list_per_page", 1)
    for asked in ({filters[name]: "abc"}, {"p": 99}):
        assert client.get(address, asked).status_code == 404, asked


def test_export_from_a_later_page_holds_all_and_does_not_ask_for_the_page(client_for, monkeypatch):
    OrganisationFactory.create_batch(3)
    monkeypatch.setattr(site.get_model_admin(Organisation), "list_per_page", 1)
    client = client_for("secretariat")
    page = client.get("/admin/members/organisation/?kind__exact=pme&p=2").content.decode()
    assert '/admin/members/organisation/exporter/csv/?kind__exact=pme"' in page


@pytest.mark.parametrize("name", ["organisation", "user", "mandate"])
@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_export_comes_back_as_it_went(client_for, people, lists, name, format):
    BodyFactory()
    for number in range(3):
        organisation = OrganisationFactory(name=f"=Entreprise {number}", latitude="-43.5", longitude="3.87")
        organisation.sectors.set(organisation.sectors.model.objects.all())
        MandateFactory(organisation=organisation, person__last_name="+Nom", ends_on=date(2027, 1, 1))
    client = client_for("administrator")
    content = client.get(f"/admin/members/{name}/exporter/{format}/").content
    kind = "organisations" if name == "organisation" else "people"
    plan = plan_import(kind, content, by=people["administrator"])
    assert plan.rows >= 3 and not plan.errors and not plan.changes


@pytest.mark.parametrize("name", ["organisation", "user", "mandate"])
def test_export_asks_the_same_number_of_questions_for_one_and_thirty(client_for, lists, name):
    assert_constant_queries(
        lambda: MandateFactory(),
        lambda: [MandateFactory() for _ in range(29)],
        f"/admin/members/{name}/exporter/csv/",
        client=client_for("secretariat"),
    )
