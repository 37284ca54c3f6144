"""Story 3: the public looks around, in both languages, with and without JavaScript."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.helpers.browser import axe, overflows
from tests.stories.conftest import Portal, follow

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(900)]

PAGES = (
    "/",
    "/vitrine/",
    "/vitrine/bulane/",
    "/feuille-de-route/",
    "/feuille-de-route/versions/1/",
    "/actions/",
)


def test_the_showcase_is_searched_and_filtered_without_javascript(
    portal: Portal, visitor: Callable[..., Any]
) -> None:
    page = visitor(javascript=False)
    page.goto("/")
    follow(page, "nav a[href='/vitrine/']")
    assert page.locator(".card").count() == 16
    page.fill("input[name=q]", "hydrogène")
    with page.expect_navigation():
        page.press("input[name=q]", "Enter")
    assert page.locator(".card h3, .card h2").all_inner_texts() == ["Bulane"]
    page.goto("/vitrine/")
    page.check("input[name=type][value=startup]")
    follow(page, "form button:has-text('filtres')")
    assert "type=startup" in page.url
    assert page.locator(".card").count() == 3
    follow(page, ".chip")
    assert page.locator(".card").count() == 16


def test_the_showcase_filters_at_once_with_javascript_and_keeps_the_address(
    portal: Portal, visitor: Callable[..., Any]
) -> None:
    page = visitor()
    page.goto("/vitrine/")
    page.check("input[name=secteur][value=numerique]")
    page.wait_for_url("**/vitrine/?*secteur=numerique*")
    expect(page.locator(".card")).to_have_count(5)
    page.reload()
    assert page.locator(".card").count() == 5
    assert page.is_checked("input[name=secteur][value=numerique]")


def test_the_language_switch_stays_on_the_page(portal: Portal, visitor: Callable[..., Any]) -> None:
    page = visitor()
    page.goto("/vitrine/main-gauche/")
    follow(page, "a[hreflang=en]")
    assert page.url == f"{portal.url}/en/vitrine/main-gauche/"
    assert page.get_attribute("html", "lang") == "en"
    assert "organic textile" in page.inner_text("main")
    follow(page, "a[hreflang=fr]")
    assert page.url == f"{portal.url}/vitrine/main-gauche/"


def test_the_adopted_roadmap_leads_to_its_axes_and_flagship_actions(
    portal: Portal, visitor: Callable[..., Any]
) -> None:
    page = visitor(javascript=False)
    page.goto("/feuille-de-route/")
    follow(page, "main a:has-text('Feuille de route de l’industrie positive')")
    # Version 1, or 2 when the story of its approval was told before this one.
    assert re.search(r"/feuille-de-route/versions/[12]/$", page.url)
    assert page.locator("main h2").count() >= 3
    assert "démonstration" in page.inner_text("body")
    page.goto("/actions/")
    follow(page, "main a:has-text('industrie du futur')")
    assert "UIMM Montpellier" in page.inner_text("main")
    page.goto("/ateliers/")
    follow(page, "main a:has-text('Première séance')")
    assert "1er octobre 2019" in page.inner_text("main")


@pytest.mark.parametrize("path", PAGES)
def test_no_public_page_has_an_accessibility_fault_or_scrolls_sideways_on_a_phone(
    path: str, portal: Portal, visitor: Callable[..., Any]
) -> None:
    page = visitor()
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"/en{path}")
    axe(page)
    assert not overflows(page)


def test_bad_addresses_say_what_is_wrong_in_the_readers_language(
    portal: Portal, visitor: Callable[..., Any]
) -> None:
    page = visitor()
    for path, status, words in (
        ("/vitrine/?page=abc", 404, "abc"),
        ("/en/vitrine/?page=99", 404, "page"),
        ("/vitrine/?q=" + "a" * 10_000, 422, "1\u202f000"),
        ("/invitations/pas-un-vrai-jeton/", 404, "invitation"),
        ("/en/vitrine/?secteur=licornes", 200, "licornes"),
    ):
        response = page.goto(path)
        assert response.status == status, path[:40]
        main = page.inner_text("main")
        assert words in main, path[:40]
