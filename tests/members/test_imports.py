"""Files in and out of the registers: told first, written whole or not at all, and nothing in them is executed."""

import io
import zipfile
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from core.clock import database_now
from members import import_files
from members.enums import ImportKind
from members.import_files import MAX_BYTES, MAX_COLUMNS, UnreadableFileError
from members.import_people import _Held
from members.imports import plan_import
from members.models import Change, Mandate, Organisation, RegisterImport
from members.tasks import apply_retention
from tests.helpers.queries import counting_queries
from tests.members.factories import (
    OrganisationFactory,
)
from tests.members.files import (
    GOOD,
    HEADER,
    ORGANISATIONS,
    OTHER_SIREN,
    PEOPLE,
    SIREN,
    as_csv,
    as_xlsx,
    confirm,
    errors_of,
    upload,
)

pytestmark = pytest.mark.django_db


# --- organisations ---


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_file_is_shown_first_and_written_at_the_second_word(client_for, people, lists, make):
    client = client_for("secretariat")
    shown = upload(client, ORGANISATIONS, make(*GOOD))
    assert shown.status_code == 200
    assert not Organisation.objects.filter(slug__in=("bulane", "vertuo")).exists()
    assert confirm(client, ORGANISATIONS, shown).status_code == 302
    bulane = Organisation.objects.get(slug="bulane")
    assert (bulane.name, bulane.kind, bulane.siren, bulane.commune.slug) == (
        "Bulane",
        "pme",
        SIREN,
        "montpellier",
    )
    assert {sector.slug for sector in bulane.sectors.all()} == {"energie", "numerique"}
    assert bulane.sort_name == "bulane"
    assert Organisation.objects.get(slug="vertuo").kind == "startup"
    changes = Change.objects.filter(organisation=bulane)
    assert [(c.verb, c.by, c.reason) for c in changes] == [("added", people["secretariat"], "Liste 2026")]
    assert not RegisterImport.objects.exists()


def test_same_file_again_changes_nothing(client_for, lists):
    client = client_for("secretariat")
    confirm(client, ORGANISATIONS, upload(client, ORGANISATIONS, as_csv(*GOOD)))
    count = Change.objects.count()
    shown = upload(client, ORGANISATIONS, as_csv(*GOOD))
    assert shown.context["plan"]["count"] == 0 and "rien à enregistrer" in shown.content.decode()
    assert confirm(client, ORGANISATIONS, shown).status_code == 302
    assert Change.objects.count() == count and Organisation.objects.filter(slug="bulane").count() == 1


def test_organisation_is_matched_by_siren_then_by_slug(client_for, lists):
    by_siren = OrganisationFactory(slug="ancien", name="Ancien nom", siren=SIREN, kind="pme")
    by_slug = OrganisationFactory(
        slug="vertuo", name="Vertuo", kind="startup", website="https://vertuo.example"
    )
    client = client_for("secretariat")
    confirm(client, ORGANISATIONS, upload(client, ORGANISATIONS, as_csv(*GOOD)))
    by_siren.refresh_from_db()
    by_slug.refresh_from_db()
    assert (by_siren.name, by_siren.slug, by_siren.sort_name) == ("Bulane", "ancien", "bulane")
    assert by_slug.website == "https://vertuo.example", "an empty cell or a missing column changes nothing"


def test_one_bad_row_keeps_all_of_them_out(client_for, lists):
    rows = [HEADER, *((f"Entreprise {n} SA", "pme", "", "", "") for n in range(40))]
    rows[25] = ("Fausse", "pme", "123456789", "", "")
    response = upload(client_for("secretariat"), ORGANISATIONS, as_csv(*rows))
    assert errors_of(response) == [(26, "siren")]
    assert "Ce numéro SIREN n’est pas valide." in response.content.decode()
    assert not Organisation.objects.filter(name__endswith=" SA").exists()
    assert not RegisterImport.objects.exists()


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"nom": ""}, "nom"),
        ({"type": ""}, "type"),
        ({"type": "licorne"}, "type"),
        ({"siren": "1"}, "siren"),
        ({"siret": "73282932000075"}, "siret"),
        ({"siren": OTHER_SIREN, "siret": "73282932000074"}, "siret"),
        ({"naf_rev2": "9"}, "naf_rev2"),
        ({"naf_2025": "28.99b9"}, "naf_2025"),
        ({"commune": "Paris"}, "commune"),
        ({"secteurs": "Énergie, Inconnu"}, "secteurs"),
        ({"latitude": "91", "longitude": "3"}, "latitude"),
        ({"latitude": "43,6"}, "latitude"),
        ({"latitude": "nord", "longitude": "3"}, "latitude"),
        ({"site_web": "javascript://alert(1)"}, "site_web"),
        ({"slug": "Une Adresse"}, "slug"),
        ({"nom": "Déjà là"}, "nom"),
        ({"nom": "x" * 161}, "nom"),
    ],
)
def test_error_is_told_by_row_and_column(lists, people, cells, column):
    OrganisationFactory(name="Déjà là", slug="ailleurs")
    row = {"nom": "Bulane", "type": "pme"} | cells
    plan = plan_import("organisations", as_csv(list(row), list(row.values())), by=people["secretariat"])
    assert [(error.line, error.column) for error in plan.errors] == [(2, column)]


def test_errors_are_told_in_the_readers_language(client_for, people):
    content = as_csv(("nom", "type", "siren"), ("Bulane", "pme", "123"))
    html = (
        client_for("secretariat")
        .post(f"/en{ORGANISATIONS}", {"file": SimpleUploadedFile("a.csv", content)})
        .content.decode()
    )
    assert "This is not a valid SIREN number." in html
    with translation.override("fr"):
        plan = plan_import("organisations", content, by=people["secretariat"])
    assert plan.errors[0].message == "Ce numéro SIREN n’est pas valide."


def test_same_organisation_twice_is_an_error(lists, people):
    content = as_csv(("nom", "type"), ("Bulane", "pme"), ("Bulane", "pme"))
    plan = plan_import("organisations", content, by=people["secretariat"])
    assert [(error.line, error.column) for error in plan.errors] == [(3, "nom")]


def test_both_codes_coordinates_and_la_poste_are_read(client_for, lists):
    client = client_for("secretariat")
    header = ("nom", "type", "SIRET", "code NAF", "NAF 2025", "latitude", "longitude", "adresse", "site web")
    row = (
        "La Poste",
        "grand-groupe",
        "356 000 000 00048",
        "5310Z",
        "53.10Y",
        "43,6",
        "3.87",
        "1 rue\nA",
        "laposte.fr",
    )
    confirm(client, ORGANISATIONS, upload(client, ORGANISATIONS, as_csv(header, row)))
    made = Organisation.objects.get(slug="la-poste")
    assert (made.siren, made.siret, made.naf_rev2, made.naf_2025) == (
        "356000000",
        "35600000000048",
        "53.10Z",
        "53.10Y",
    )
    assert (str(made.latitude), str(made.longitude)) == ("43.600000", "3.870000")
    assert (made.address, made.website) == ("1 rue\nA", "https://laposte.fr")
    made.full_clean()


# --- the confirmed file is the one that was shown ---


def test_another_file_or_plan_than_the_one_shown_is_refused(client_for, lists):
    client = client_for("secretariat")
    shown = upload(client, ORGANISATIONS, as_csv(*GOOD))
    for changed in ({"sha256": "0" * 64}, {"seen": "0" * 64}, {"number": "999999"}):
        assert confirm(client, ORGANISATIONS, shown, **changed).status_code == 409
    assert not Organisation.objects.filter(slug="bulane").exists()


def test_file_changed_in_its_place_is_refused(client_for, lists):
    client = client_for("secretariat")
    shown = upload(client, ORGANISATIONS, as_csv(*GOOD))
    RegisterImport.objects.update(content=as_csv(("nom", "type"), ("Intruse", "pme")))
    assert confirm(client, ORGANISATIONS, shown).status_code == 409
    assert not Organisation.objects.filter(name="Intruse").exists()


def test_register_that_changed_meanwhile_is_shown_again(client_for, lists):
    client = client_for("secretariat")
    shown = upload(client, ORGANISATIONS, as_csv(*GOOD))
    OrganisationFactory(slug="vertuo", name="Vertuo")
    assert confirm(client, ORGANISATIONS, shown).status_code == 409
    assert not Organisation.objects.filter(slug="bulane").exists()


def test_file_is_written_once_and_by_its_sender_alone(client_for, lists):
    client = client_for("secretariat")
    shown = upload(client, ORGANISATIONS, as_csv(*GOOD))
    assert confirm(client_for("administrator"), ORGANISATIONS, shown).status_code == 409
    assert confirm(client, PEOPLE, shown).status_code == 409
    assert confirm(client, ORGANISATIONS, shown).status_code == 302
    assert confirm(client, ORGANISATIONS, shown).status_code == 409


def test_reason_is_needed_and_asked_again(client_for, lists):
    client = client_for("secretariat")
    shown = upload(client, ORGANISATIONS, as_csv(*GOOD))
    again = confirm(client, ORGANISATIONS, shown, reason=" ")
    assert again.status_code == 422 and "reason" in again.context["form"].errors
    assert not Organisation.objects.filter(slug="bulane").exists()


# --- hostile and odd files ---


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_and_separators_of_spreadsheets_are_read(people, lists, delimiter, encoding):
    content = as_csv(("nom", "type"), ("Société Énergie", "pme"), delimiter=delimiter, encoding=encoding)
    plan = plan_import("organisations", content, by=people["secretariat"])
    assert not plan.errors and plan.targets[0].organisation.name == "Société Énergie"


def test_cells_lose_what_a_form_would_lose(people, lists):
    content = as_csv(("nom", "type", "adresse"), ("So\u202eciété\x9f", "pme", "\u200b\ufeff"))
    (target,) = plan_import("organisations", content, by=people["secretariat"]).targets
    assert (target.organisation.name, target.organisation.address) == ("Société", "")


def bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/{number}.xml", b" " * (60 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
        b"nom;type\n",
        b"nom;nom;type\nA;B;pme",
        b"type\npme",
        b"nom;mot de passe\nA;B",
        b"PK\x03\x04 not a workbook",
        b'nom;type\n"' + b"x" * 200_000,
        b"nom;type\n" + b"A;pme\n" * 10_001,
    ],
    ids=lambda content: repr(content[:16]),
)
def test_what_cannot_be_read_is_refused(client_for, content):
    response = upload(client_for("secretariat"), ORGANISATIONS, content)
    assert response.status_code == 422
    assert response.context["form"].errors["file"]


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_header_of_more_columns_than_any_file_has_is_refused_unread(people, monkeypatch, write):
    monkeypatch.setattr(import_files, "fold", lambda _title: pytest.fail("it reads the titles"))
    content = write(["nom"] * (MAX_COLUMNS + 1), ["A"])
    with translation.override("en"), pytest.raises(UnreadableFileError, match="more than 60 columns"):
        plan_import("organisations", content, by=people["secretariat"])


def test_zip_bomb_is_refused_before_it_unpacks(people, monkeypatch):
    content = bomb()
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_args, **_kwargs: pytest.fail("it unpacks"))
    with pytest.raises(UnreadableFileError):
        plan_import("organisations", content, by=people["secretariat"])


def test_too_large_a_file_is_refused_at_its_field(client_for):
    response = upload(client_for("secretariat"), ORGANISATIONS, b"a" * (MAX_BYTES + 1))
    assert response.status_code == 422 and response.context["form"].errors["file"]


def test_html_and_formulas_are_data(client_for):
    name, hostile = "<script>alert(1)</script>", "=HYPERLINK(1)"
    rows = (("slug", "nom", "type"), ("un", name, "pme"), ("deux", hostile, "pme"))
    client = client_for("secretariat")
    shown = upload(client, ORGANISATIONS, as_csv(*rows), name="<img src=x>.csv")
    html = shown.content.decode()
    assert "<script>alert(1)" not in html and "&lt;script&gt;alert(1)" in html and "<img src=x>" not in html
    confirm(client, ORGANISATIONS, shown)
    assert set(Organisation.objects.filter(slug__in=("un", "deux")).values_list("name", flat=True)) == {
        name,
        hostile,
    }


def test_ten_thousand_rows_and_one_bad(client_for, lists):
    rows = [("nom", "type", "commune", "secteurs")]
    rows += [(f"Entreprise {n:05} SA", "pme", "Montpellier", "energie") for n in range(10_000)]
    client = client_for("secretariat")
    bad = [*rows[:-1], ("Mauvaise", "licorne", "", "")]
    with counting_queries() as refused:
        response = upload(client, ORGANISATIONS, as_xlsx(*bad), name="registre.xlsx")
    assert errors_of(response) == [(10_001, "type")]
    assert Organisation.objects.filter(name__endswith=" SA").count() == 0
    with counting_queries() as told:
        shown = upload(client, ORGANISATIONS, as_csv(*rows))
    assert len(shown.context["plan"]["changes"]) == 200
    with counting_queries() as written:
        assert confirm(client, ORGANISATIONS, shown).status_code == 302
    assert Organisation.objects.filter(name__endswith=" SA").count() == 10_000
    # Whatever the rows: some twenty questions, and an INSERT a batch (of organisations, of their sectors, of history).
    assert max(refused.total(), told.total(), written.total() - written["INSERT"]) <= 25
    assert written["INSERT"] <= 10_000 // 500 + 10_000 // 1000 + 10_000 // 500


def test_two_thousand_people_of_one_organisation(client_for, bulane, monkeypatch):
    rows_of_people = 2_000
    compared = Mock(side_effect=_Held.overlaps)
    monkeypatch.setattr(_Held, "overlaps", lambda *args: compared(*args))
    rows = [("email", "prenom", "nom", "organisation", "instance", "role", "debut")]
    rows += [
        (f"p{n}@example.org", "A", f"B{n}", "Bulane", "conseil", "observer", "2020-01-01")
        for n in range(rows_of_people)
    ]
    client = client_for("secretariat")
    with counting_queries() as told:
        shown = upload(client, PEOPLE, as_csv(*rows))
    with counting_queries() as written:
        assert confirm(client, PEOPLE, shown).status_code == 302
    assert Mandate.objects.filter(organisation=bulane).count() == rows_of_people
    assert max(told.total(), written.total() - written["INSERT"]) <= 25
    assert written["INSERT"] <= (rows_of_people + rows_of_people + 2 * rows_of_people) // 500
    assert compared.call_count <= 2 * rows_of_people, (
        "each row with its person's mandates, not with everybody's"
    )


@pytest.mark.parametrize("role", ["anonymous", "observer", "member", "pilot"])
@pytest.mark.parametrize("name", ["organisation", "user", "mandate"])
def test_files_are_the_secretariats(client_for, role, name):
    client = client_for(role)
    for path in ("importer/", "exporter/csv/", "exporter/xlsx/"):
        assert client.get(f"/admin/members/{name}/{path}").status_code in (302, 403)
    assert upload(client, f"/admin/members/{name}/importer/", as_csv(*GOOD)).status_code in (302, 403)


def test_a_file_that_nobody_confirmed_is_forgotten_after_a_day(people):
    for days in (0, 2):
        RegisterImport.objects.create(
            kind=ImportKind.PEOPLE, name="f.csv", content=b"x", sha256="0", by=people["secretariat"]
        )
        RegisterImport.objects.filter(name="f.csv").update(
            name=f"{days}.csv", at=database_now() - timedelta(days=days)
        )
    apply_retention()
    assert [row.name for row in RegisterImport.objects.all()] == ["0.csv"]
