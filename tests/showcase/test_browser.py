"""The list's filters in a browser: each tick is answered at once, and the keyboard keeps its place."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.helpers.browser import axe
from tests.members.factories import CommuneFactory
from tests.showcase.factories import CompanyPageFactory

pytestmark = pytest.mark.django_db(transaction=True)


def shown(page: Any, number: int) -> None:
    expect(page.locator("li.card")).to_have_count(number)


def test_each_tick_filters_at_once_and_a_long_facet_opens_in_its_place(page: Any) -> None:
    for rank in range(1, 11):
        commune = CommuneFactory(slug=f"c-{rank:02}", name=f"Commune {rank:02}")
        CompanyPageFactory(organisation__commune=commune)
    page.goto("/vitrine/")
    shown(page, 10)
    expect(page.locator("input[name=commune]")).to_have_count(6)
    page.locator("#all-commune").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#commune-c-10")
    expect(page.locator("#all-commune")).to_be_focused()
    axe(page)
    page.check("#commune-c-10")
    shown(page, 1)
    page.check("#commune-c-09")
    shown(page, 2)
    expect(page.locator("#results-chips .chip")).to_have_count(2)
    page.locator("#all-commune").click()
    page.wait_for_selector("#commune-c-08", state="detached")
    expect(page.locator("input[name=commune]:checked")).to_have_count(2)
    shown(page, 2)
