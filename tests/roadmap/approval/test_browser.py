"""A vote in a real browser: by keyboard with htmx, without JavaScript, and what everybody sees afterwards."""

from typing import Any

import pytest
from playwright.sync_api import expect

from roadmap.approval import services
from roadmap.approval.models import Approval, Ballot
from tests.helpers.browser import SIZES, axe, log_in, overflows
from tests.members.factories import MandateFactory
from tests.roadmap.approval.factories import cast, end, make_council, open_vote, voters

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]


@pytest.fixture
def approval() -> Approval:
    """An open vote of three, one of which has voted."""
    make_council(3)
    approval = open_vote()
    first = voters(approval)[0]
    cast(approval, first.organisation, first.person, "contre", explanation="Pas encore\nassez clair")
    return approval


def test_vote_by_keyboard(page: Any, live_server: Any, approval: Approval) -> None:
    """An empty ballot is refused in place, then the same form is completed; the focus follows the answer."""
    mandate = voters(approval)[1]
    log_in(page, live_server, mandate.person)
    page.goto(approval.get_absolute_url())
    axe(page)
    page.get_by_role("button", name=mandate.organisation.name).focus()
    page.keyboard.press("Enter")
    # htmx swaps first and settles a moment later: the focus comes with the second, and would take the keys.
    expect(page.locator(".error-summary")).to_be_focused()
    axe(page)
    page.locator("input[value=pour]").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Oui !")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".alert-ok")
    axe(page)
    ballot = Ballot.objects.get(voter__organisation=mandate.organisation)
    assert (ballot.choice, ballot.explanation) == ("pour", "Oui !")
    page.wait_for_selector(".alert-ok:focus")
    page.locator("summary", has_text="Remplacer").click()
    expect(page.locator("input[value=pour]")).to_be_checked()


@pytest.mark.parametrize(
    "browser_context_options",
    [{"viewport": SIZES["small"], "java_script_enabled": False, "color_scheme": "dark"}],
)
def test_vote_without_javascript(page: Any, live_server: Any, approval: Approval) -> None:
    mandate = voters(approval)[1]
    log_in(page, live_server, mandate.person)
    page.goto(approval.get_absolute_url())
    page.check("input[value=abstention]")
    with page.expect_navigation():
        page.get_by_role("button", name=mandate.organisation.name).click()
    assert page.url.endswith("#vote")
    expect(page.locator(".messages .alert-ok")).to_be_visible()
    assert Ballot.objects.get(voter__organisation=mandate.organisation).choice == "abstention"


@pytest.mark.parametrize(
    "browser_context_options",
    [
        {"viewport": SIZES["small"], "color_scheme": "light"},
        {"viewport": SIZES["large"], "color_scheme": "dark"},
        {"viewport": {"width": 320, "height": 600}, "color_scheme": "dark"},
    ],
)
@pytest.mark.parametrize("language", ["", "/en"])
def test_vote_pages_are_accessible(page: Any, live_server: Any, approval: Approval, language: str) -> None:
    path = language + approval.get_absolute_url()
    observer = MandateFactory(observer=True).person
    log_in(page, live_server, observer)
    page.goto(path)
    axe(page)
    assert not overflows(page)
    services.close_approval(approval=end(approval))
    page.context.clear_cookies()
    page.goto(path)
    expect(page.locator(".verdict")).to_be_visible()
    axe(page)
    assert not overflows(page)


@pytest.mark.parametrize("path", ["roadmap/approval/add/", "roadmap/approval/{}/change/", "roadmap/ballot/"])
def test_admin_pages_are_accessible(
    path: str, page: Any, live_server: Any, approval: Approval, django_user_model: Any
) -> None:
    administrator = django_user_model.objects.get(is_superuser=True)
    log_in(page, live_server, administrator)
    page.goto(f"/admin/{path.format(approval.pk)}")
    axe(page)
