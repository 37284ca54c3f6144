"""The public's showcase, as a browser gets it."""

import csv
import io
import json
import re
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from core.models import Publication
from members.enums import OrganisationKind
from showcase.search import PER_PAGE
from tests.helpers.htmx import assert_fragment_in_page
from tests.helpers.queries import assert_constant_queries
from tests.helpers.roles import ROLES
from tests.members.factories import CommuneFactory, OrganisationFactory, SeatFactory, SectorFactory
from tests.showcase.factories import CompanyCommitmentFactory, CompanyFigureFactory, CompanyPageFactory

pytestmark = pytest.mark.django_db
NBSP = "\u00a0"


def text_of(response) -> str:
    return response.content.decode()


def make_pages(number: int, **fields) -> None:
    for _ in range(number):
        page = CompanyPageFactory(organisation__commune=CommuneFactory(), tagline_fr="Usinage", **fields)
        page.organisation.sectors.add(SectorFactory(), SectorFactory())
        CompanyCommitmentFactory(page=page)
        CompanyFigureFactory(page=page)


# --- the list ---


@pytest.mark.parametrize(("few", "query"), [(1, ""), (3, "?q=usinage"), (1, "?q=usinaje")])
def test_list_asks_the_same_number_of_questions_for_few_and_thirty(few, query):
    assert_constant_queries(lambda: make_pages(few), lambda: make_pages(30), f"/vitrine/{query}", at_most=5)


@pytest.mark.parametrize("role", ROLES)
def test_list_and_page_are_everybodys(client_for, role):
    CompanyPageFactory(organisation__name="Bulane", organisation__slug="bulane")
    client = client_for(role)
    assert "Bulane" in text_of(client.get("/vitrine/"))
    assert client.get("/vitrine/bulane/").status_code == 200
    assert client.get("/vitrine/export.csv").status_code == 200


@pytest.mark.parametrize(
    ("role", "status"), [(r, 200 if r in ("secretariat", "administrator") else 404) for r in ROLES]
)
def test_draft_page_is_the_secretariats(client_for, role, status):
    CompanyPageFactory(draft=True, organisation__name="Secret", organisation__slug="secret")
    client = client_for(role)
    assert client.get("/vitrine/secret/").status_code == status
    assert "Secret" not in text_of(client.get("/vitrine/"))
    assert "Secret" not in text_of(client.get("/vitrine/export.csv"))


def test_list_filters_with_or_inside_a_facet_and_and_between_them(client):
    sme, startup = OrganisationKind.SME, OrganisationKind.STARTUP
    sector = SectorFactory(slug="sante")
    for name, kind in (("Un", sme), ("Deux", startup), ("Trois", OrganisationKind.INCUBATOR)):
        organisation = OrganisationFactory(name=name, kind=kind)
        CompanyPageFactory(organisation=organisation)
        if name != "Deux":
            organisation.sectors.add(sector)

    def shown(query):
        return set(re.findall(r'<h3><a href="[^"]+">(\w+)</a>', text_of(client.get(f"/vitrine/?{query}"))))

    assert shown("type=pme&type=startup") == {"Un", "Deux"}
    assert shown("type=pme&type=startup&secteur=sante") == {"Un"}
    assert shown("") == {"Un", "Deux", "Trois"}


def test_each_filter_says_in_text_how_many_it_would_leave(client):
    for kind in (OrganisationKind.SME, OrganisationKind.SME, OrganisationKind.STARTUP):
        CompanyPageFactory(organisation__kind=kind)
    html = text_of(client.get("/vitrine/"))
    labels = re.findall(r'<input type="checkbox" name="type"[^>]*> ([^<]+)</label>', html)
    assert labels == [f"PME{NBSP}(2)", f"Startup{NBSP}(1)"]


def test_list_shows_the_applied_filters_and_how_to_remove_each(client):
    CompanyPageFactory()
    html = text_of(client.get("/vitrine/?type=pme&type=startup&q=entreprise&page=1"))
    chips = re.findall(r'<a class="chip" href="([^"]+)">([^<]+)<', html)
    assert [name for _href, name in chips] == ["PME", "Startup"]
    assert chips[0][0].replace("&amp;", "&") == "?type=startup&q=entreprise"


@pytest.mark.parametrize(
    ("prefix", "words"),
    [("", f"Le filtre «{NBSP}Filière{NBSP}» n’a pas de valeur"), ("/en", "No filter “Sector” has the value")],
)
def test_unknown_facet_value_is_told_and_left_out(client, prefix, words):
    CompanyPageFactory(organisation__name="Bulane")
    response = client.get(f"{prefix}/vitrine/?secteur=%3Cscript%3Exyz")
    html = text_of(response)
    assert response.status_code == 200
    assert words in html and "&lt;script&gt;xyz" in html and "<script>xyz" not in html
    assert "Bulane" in html


@pytest.mark.parametrize("number", ["abc", "0", "-1", "2", "999999999999", "1.5", "1%2B", "١"])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_broken_page_number_is_a_clear_404(client, prefix, number):
    CompanyPageFactory()
    response = client.get(f"{prefix}/vitrine/?page={number}")
    assert response.status_code == 404
    words = (
        ("n’est pas un numéro de page", "Il n’y a pas de page")
        if not prefix
        else ("is not a page number", "There is no page")
    )
    assert any(word in text_of(response) for word in words)


@pytest.mark.parametrize(
    ("prefix", "words"), [("", "Votre recherche compte 10"), ("/en", "Your search has 10")]
)
def test_too_long_a_search_is_told_at_the_field_with_what_was_typed(client, prefix, words):
    CompanyPageFactory(organisation__name="Bulane")
    response = client.get(f"{prefix}/vitrine/", {"q": "mot " * 2500})
    html = text_of(response)
    assert response.status_code == 422
    error = re.search(r'<p class="error[^"]*" id="q_error">(.*?)</p>', html)
    assert error and words in error[1].replace("\u202f", "").replace("10,000", "10000")
    assert 'aria-describedby="q_error"' in html and 'value="mot mot' in html
    assert "Bulane" not in html
    assert client.get(f"{prefix}/vitrine/export.csv", {"q": "a" * 10_000}).status_code == 422


def test_corrected_search_says_so(client):
    CompanyPageFactory(organisation__name="Bulane")
    html = text_of(client.get("/vitrine/?q=bulanne"))
    assert (
        f"Rien ne correspond à «{NBSP}bulanne{NBSP}». Voici les résultats pour «{NBSP}bulane{NBSP}»." in html
    )
    assert "1 organisation" in html


def communes_of(html: str) -> list[str]:
    return re.findall(r'name="commune" value="([^"]+)"', html)


def make_communes(number: int) -> None:
    """The last commune has as many companies as there are communes, the first has one."""
    for rank in range(1, number + 1):
        commune = CommuneFactory(slug=f"c-{rank:02}", name=f"Commune {rank:02}")
        for _ in range(rank):
            CompanyPageFactory(organisation__commune=commune)


def test_long_facet_shows_its_most_used_values_and_the_chosen_ones(client):
    make_communes(10)
    html = text_of(client.get("/vitrine/?commune=c-02"))
    assert communes_of(html) == ["c-02", "c-05", "c-06", "c-07", "c-08", "c-09", "c-10"]
    button = re.search(
        r'<button[^>]* name="tout" value="commune">3 autres<span class="sr"> \(Commune\)', html
    )
    assert button
    assert 'name="tout" value="type"' not in html


def test_rest_of_a_facet_comes_by_a_submit_that_keeps_what_is_ticked(client):
    make_communes(10)
    html = text_of(client.get("/vitrine/?q=&commune=c-02&type=pme&tout=commune"))
    assert communes_of(html) == [f"c-{rank:02}" for rank in range(1, 11)]
    assert html.count(" checked>") == 2
    assert '<input type="hidden" name="tout" value="commune">' in html
    # Filters and pages keep it; its button takes it back, as the last of two values.
    assert '<a class="chip" href="?q=&amp;type=pme&amp;tout=commune">' in html
    assert communes_of(text_of(client.get("/vitrine/?tout=commune&tout="))) == communes_of(
        text_of(client.get("/vitrine/"))
    )


@pytest.mark.parametrize("value", ["inconnu", "<script>", "type", "", "%00"])
def test_unknown_facet_to_show_whole_changes_nothing(client, value):
    make_communes(9)
    response = client.get(f"/vitrine/?tout={value}")
    assert response.status_code == 200
    assert communes_of(text_of(response)) == communes_of(text_of(client.get("/vitrine/")))


def test_facet_of_few_values_shows_them_all(client):
    make_communes(8)
    html = text_of(client.get("/vitrine/"))
    assert len(communes_of(html)) == 8 and 'name="tout"' not in html


def test_list_is_cut_in_pages_that_keep_the_search(client):
    make_pages(PER_PAGE + 1)
    first, second = client.get("/vitrine/?q=usinage"), client.get("/vitrine/?q=usinage&page=2")
    assert text_of(first).count('class="card drawn') == PER_PAGE
    assert text_of(second).count('class="card drawn') == 1
    assert '?q=usinage&amp;page=2"' in text_of(first)


def test_whole_list_s_counts_are_kept_until_something_is_published(client, settings):
    settings.PAGE_CACHE_SECONDS = 60
    Publication.objects.update_or_create(id=1, defaults={"version": 1})
    make_pages(2)

    def said() -> str:  # with a parameter that the page cache does not keep
        return text_of(client.get("/vitrine/?x=1"))

    assert "2 organisations" in said()
    make_pages(1)  # the trigger counts it at the commit, which a test never reaches
    assert "2 organisations" in said()
    Publication.objects.update(version=2)
    assert "3 organisations" in said()


def test_htmx_gets_the_part_that_the_page_holds(client):
    make_pages(2)
    fragment = assert_fragment_in_page(client, "/vitrine/?q=usinage&type=pme")
    assert 'id="company-list"' in fragment and 'id="results-count"' in fragment


def test_list_is_whole_in_english(client):
    CompanyPageFactory(
        organisation__kind=OrganisationKind.CONSULAR_CHAMBER, tagline_fr="Chambre", tagline_en=""
    )
    html = text_of(client.get("/en/vitrine/"))
    assert "Consular chamber" in html and '<p lang="fr">Chambre</p>' in html
    assert "1 organisation<" in html


def test_nobody_there_is_said(client):
    assert "Aucune entreprise ne correspond" in text_of(client.get("/vitrine/?q=zzzz"))


# --- a company's page ---


def full_page():
    organisation = OrganisationFactory(
        name="Main <Gauche>",
        slug="main-gauche",
        commune=CommuneFactory(name="Montpellier"),
        siren="552100554",
        website="https://example.org/",
    )
    organisation.sectors.add(SectorFactory(name_fr="Textile", name_en="Textiles"))
    page = CompanyPageFactory(
        organisation=organisation,
        tagline_fr="Textile</script>",
        tagline_en="Textile",
        story_fr="Une **histoire**",
        products_fr="Des produits",
        founded_year=2011,
    )
    CompanyFigureFactory(page=page, label_fr="Salariés prévus", value="180", year=2022, is_target=True)
    CompanyCommitmentFactory(
        page=page, commitment__name_fr="Emploi inclusif", evidence_fr="Avec une entreprise adaptée"
    )
    SeatFactory(organisation=organisation, starts_on=date(2019, 10, 1))
    return page


def test_page_shows_what_is_known(client):
    full_page()
    html = text_of(client.get("/vitrine/main-gauche/"))
    for words in (
        "Main &lt;Gauche&gt;",
        "<strong>histoire</strong>",
        "Des produits",
        "180",
        "(2022)",
        "Objectif",
        "Emploi inclusif",
        "Avec une entreprise adaptée",
        "Textile",
        "Montpellier",
        "membre depuis le 1er octobre 2019",
        "552100554",
    ):
        assert words in html, words


def test_page_leaves_out_what_is_unknown(client):
    CompanyPageFactory(organisation__name="Cyleone", organisation__slug="cyleone")
    html = text_of(client.get("/vitrine/cyleone/"))
    assert not re.search(r"Créée en|SIREN|Commune<|Conseil<|Filières|En chiffres|None|L’histoire", html)


def test_page_tells_machines_who_the_company_is(client):
    full_page()
    html = text_of(client.get("/vitrine/main-gauche/"))
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    data = json.loads(block)
    assert data["@type"] == "Organization" and data["name"] == "Main <Gauche>"
    assert data["description"] == "Textile</script>"
    assert data["address"]["addressLocality"] == "Montpellier"
    assert data["identifier"]["value"] == "552100554" and data["foundingDate"] == "2011"
    assert data["@id"] == f"{settings.SITE_URL}/vitrine/main-gauche/"


def test_page_asks_the_same_number_of_questions_whatever_it_holds():
    page = full_page()

    def more():
        for _ in range(30):
            CompanyFigureFactory(page=page)
            CompanyCommitmentFactory(page=page)
            page.organisation.sectors.add(SectorFactory())

    assert_constant_queries(lambda: None, more, "/vitrine/main-gauche/", at_most=4)


def test_seat_that_ended_or_begins_later_is_not_shown(client):
    page = CompanyPageFactory(organisation__slug="ancienne")
    SeatFactory(organisation=page.organisation, starts_on=date(2019, 10, 1), ends_on=date(2020, 1, 1))
    SeatFactory(organisation=page.organisation, starts_on=timezone.localdate() + timedelta(days=30))
    assert "membre depuis" not in text_of(client.get("/vitrine/ancienne/"))


def test_unknown_company_is_a_clear_404(client):
    response = client.get("/en/vitrine/personne/")
    assert response.status_code == 404
    assert "The showcase has no page at this address." in text_of(response)


# --- the spreadsheet ---


def rows(response) -> list[list[str]]:
    content = response.content.decode("utf-8")
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content[1:])))


def test_csv_holds_what_the_list_shows(client):
    make_pages(30)
    shown = []
    for number in (1, 2):
        html = text_of(client.get(f"/vitrine/?q=usinage&type=pme&page={number}"))
        shown += re.findall(r'<h3><a href="([^"]+)">([^<]+)</a>', html)
    header, *lines = rows(client.get("/vitrine/export.csv?q=usinage&type=pme"))
    assert header[0] == "Nom"
    assert [(line[5], line[0]) for line in lines] == [
        (f"{settings.SITE_URL}{url}", name) for url, name in shown
    ]
    assert len(lines) == 30


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝"])
def test_csv_runs_no_formula(client, start):
    CompanyPageFactory(tagline_fr=f"{start}cmd|' /C calc'!A0")
    _header, line = rows(client.get("/vitrine/export.csv"))
    assert line[1] == f"'{start}cmd|' /C calc'!A0"


def test_csv_asks_the_same_number_of_questions_for_one_and_thirty():
    assert_constant_queries(lambda: make_pages(1), lambda: make_pages(29), "/vitrine/export.csv", at_most=4)


# --- in a browser ---


@pytest.mark.django_db(transaction=True)
def test_filters_swap_without_a_new_page_and_keep_the_address(page):
    startup = OrganisationKind.STARTUP
    CompanyPageFactory(organisation__name="Bulane", organisation__kind=startup)
    CompanyPageFactory(organisation__name="Seclab")
    page.goto("/vitrine/")
    page.evaluate("window.unchanged = true")
    page.locator("#type-startup").check()
    page.wait_for_url("**/vitrine/?*type=startup*")
    page.get_by_text("Seclab").wait_for(state="detached")
    expect(page.locator("#results-count")).to_have_text("1 organisation")
    expect(page.locator("#results-chips .chip")).to_have_count(1)
    assert page.evaluate("window.unchanged") is True
    expect(page.locator("#type-startup")).to_be_focused()
    page.go_back()
    page.get_by_text("Seclab").wait_for()


@pytest.mark.django_db(transaction=True)
class TestWithoutScript:
    """The same without JavaScript."""

    @pytest.fixture
    def browser_context_options(self):
        return {"java_script_enabled": False, "viewport": {"width": 360, "height": 780}, "locale": "fr-FR"}

    def test_search_and_filters_work(self, page):
        CompanyPageFactory(organisation__name="Bulane", organisation__kind=OrganisationKind.STARTUP)
        CompanyPageFactory(organisation__name="Seclab")
        page.goto("/vitrine/")
        page.get_by_text("Filtres", exact=True).click()
        page.get_by_label("Startup").check()
        page.get_by_role("button", name="Appliquer les filtres").click()
        expect(page.locator("h3")).to_have_text(["Bulane"])
