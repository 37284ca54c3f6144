"""The pages that every app leans on: the norms' pages, those one enters by, those that say no."""

import re
from collections.abc import Callable

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

ClientFor = Callable[[str], Client]

pytestmark = pytest.mark.django_db

NORMS = ["legal-notice", "accessibility", "ecodesign", "privacy", "sitemap", "contact"]
ENTRANCES = ["account_login", "account_reset_password", "account_reset_password_done", "account_signup"]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", NORMS + ENTRANCES)
def test_page_is_whole_in_both_languages(client: Client, name: str, language: str) -> None:
    """Language, one h1, landmarks, the way past the menu, the same page in the other language."""
    with translation.override(language):
        address = reverse(name)
    response = client.get(address)
    html = response.content.decode()
    assert response.status_code == 200
    assert f'<html lang="{language}">' in html
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert 'href="#content"' in html and 'id="content"' in html
    other = address.removeprefix("/en") if language == "en" else f"/en{address}"
    assert re.search(rf'<a [^>]*href="{re.escape(other)}" lang="(fr|en)"', html)


@pytest.mark.parametrize("name", NORMS)
def test_public_page_holds_no_form_token(client: Client, name: str) -> None:
    """What is kept in memory for everybody must be nobody's."""
    assert "csrfmiddlewaretoken" not in client.get(reverse(name)).content.decode()


def test_footer_links_to_the_norms_pages_and_says_the_conformity(client: Client) -> None:
    """The exact words of the decree, on every page."""
    html = client.get(reverse("contact")).content.decode()
    footer = html[html.index("<footer") :]
    assert f'<a href="{reverse("accessibility")}">Accessibilité\u00a0: non conforme</a>' in footer
    assert all(f'href="{reverse(name)}"' in footer for name in NORMS)


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_administration_s_footer_has_them_too(client_for, prefix: str) -> None:
    html = client_for("secretariat").get(f"{prefix}/admin/").content.decode()
    with translation.override("en" if prefix else "fr"):
        addresses = [reverse(name) for name in NORMS]
    footer = html[html.index("<footer") :]
    assert [address for address in addresses if f'href="{address}"' not in footer] == []


def test_accessibility_statement_has_its_sections(client: Client) -> None:
    """The model's headings, in order."""
    html = client.get(reverse("accessibility")).content.decode()
    assert re.findall(r"<h2>(.*?)</h2>", html) == [
        "État de conformité",
        "Résultats des tests",
        "Contenus non accessibles",
        "Établissement de cette déclaration",
        "Retour d’information et contact",
        "Voies de recours",
    ]
    assert "Libre réponse 71120" in html


def test_unknown_address_is_a_whole_page_in_the_readers_language(client: Client) -> None:
    """A dead end that leads on."""
    response = client.get("/en/vitrine/nowhere/")
    assert response.status_code == 404
    assert "This page does not exist" in response.content.decode()
    assert 'href="/en/plan-du-site/"' in response.content.decode()


def test_a_dead_end_says_no_word_of_the_framework(client_for: ClientFor) -> None:
    """An exception without a message is named by Django; the secretariat is led back to its own pages."""
    html = client_for("secretariat").get("/en/admin/nowhere/").content.decode()
    assert "Http404" not in html and "may be mistyped" in html
    assert 'href="/en/admin/">Administration' in html


def test_an_address_for_forms_alone_says_so(client_for: ClientFor) -> None:
    """Somebody comes back to it by the browser's history: an empty answer would be an error of the browser."""
    response = client_for("member").get("/en/espace/agenda/renouveler/")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "cannot be used that way" in response.content.decode()
    assert 'href="/en/espace/">My space' in response.content.decode()


@pytest.mark.parametrize(
    ("template", "words"), [("400.html", "n’est pas comprise"), ("500.html", "de notre côté")]
)
def test_page_of_a_broken_request_needs_nothing(template: str, words: str) -> None:
    """Rendered without a request, as Django does it."""
    html = render_to_string(template)
    assert words in html
    assert 'href="/static/css/portal.css"' in html


def test_refusal_shows_its_reason() -> None:
    """What a view gives PermissionDenied is for the reader, and is text."""
    html = render_to_string(
        "403.html", {"exception": "Observers do not vote. <b>"}, RequestFactory().get("/")
    )
    assert "Observers do not vote. &lt;b&gt;" in html


def test_login_mistakes_are_linked_to_their_fields(client: Client) -> None:
    """What was typed is kept, the password is not."""
    html = client.post(
        reverse("account_login"), {"login": "nobody@", "password": "secret-secret"}
    ).content.decode()
    assert '<a href="#id_login">' in html
    assert 'value="nobody@"' in html
    assert "secret-secret" not in html


def test_styleguide_shows_in_test_mode(client: Client) -> None:
    """Every component, on a page that the browser's tests can open."""
    response = client.get(reverse("styleguide"))
    assert response.status_code == 200
    assert b'class="sheet' in response.content


@pytest.mark.parametrize("address", ["/en//evil.example/", "//evil.example/", "/en//evil.example/?a=b"])
def test_language_switch_never_leads_to_another_site(client: Client, address: str) -> None:
    """A page that is not there repeats its address in its links: two slashes would be a host's name."""
    response = client.get("/", PATH_INFO=address.partition("?")[0], QUERY_STRING=address.partition("?")[2])
    links = re.findall(r'href="([^"]*evil[^"]*)"', response.content.decode())
    assert response.status_code == 404 and links
    assert not [link for link in links if link.startswith("//")]
