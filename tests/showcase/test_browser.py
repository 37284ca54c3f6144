"""The list's filters in a browser: each tick is answered at once, and the keyboard keeps its place."""

from typing import Any

import pytest

from tests.helpers.browser import axe
from tests.members.factories import CommuneFactory
from tests.showcase.factories import CompanyPageFactory

pytestmark = pytest.mark.django_db(transaction=True)


def shown(page: Any, number: int) -> None:
    page.wait_for_function("number => document.querySelectorAll('li.card').length === number", arg=number)


def test_each_tick_filters_at_once_and_a_long_facet_opens_in_its_place(page: Any) -> None:
    for rank in range(1, 11):
        commune = CommuneFactory(slug=f"c-{rank:02}", name=f"Commune {rank:02}")
        CompanyPageFactory(organisation__commune=commune)
    page.goto("/vitrine/")
    shown(page, 10)
    assert page.locator("input[name=commune]").count() == 6
    page.locator("#all-commune").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#commune-c-10")
    assert page.evaluate("document.activeElement.id") == "all-commune"
    axe(page)
    page.check("#commune-c-10")
    shown(page, 1)
    page.check("#commune-c-09")
    shown(page, 2)
    assert page.locator("#results-chips .chip").count() == 2
    page.locator("#all-commune").click()
    page.wait_for_selector("#commune-c-08", state="detached")
    assert page.locator("input[name=commune]:checked").count() == 2
    shown(page, 2)
