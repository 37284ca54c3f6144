"""A phone at the door: big buttons, and a network that drops for a minute."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.helpers.browser import SIZES, axe, log_in, overflows
from tests.workshops.attendance.test_services import door, today
from tests.workshops.factories import InvitationFactory
from workshops.attendance.models import Attendance

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser_context_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A phone, in the colours that the test asks for."""
    scheme = getattr(request, "param", "light")
    return {
        "viewport": SIZES["small"],
        "locale": "fr-FR",
        "timezone_id": "Europe/Paris",
        "color_scheme": scheme,
    }


def test_arrivals_ticked_while_the_network_is_down_reach_the_server_once_it_is_back(
    page: Any, live_server: Any, people: Any
) -> None:
    workshop = today()
    first, second = InvitationFactory.create_batch(2, workshop=workshop, coming=True)
    log_in(page, live_server, people["secretariat"])
    page.goto(reverse("admin:workshops_workshop_process_arrivals", args=[workshop.pk]))
    row = page.locator(f"#arrival-{first.pk}")
    page.context.set_offline(True)
    row.get_by_role("button", name="Présent").click()
    page.locator(f"#arrival-{second.pk}").get_by_role("button", name="Présent").click()
    state = page.locator("[data-arrivals-state]")
    expect(state).to_contain_text("2 en attente")
    assert state.get_attribute("data-state") == "waiting"
    expect(row.get_by_role("button", name="Annuler")).to_be_visible()
    assert not Attendance.objects.exists()
    page.context.set_offline(False)
    expect(page.locator("[data-arrivals-state]")).to_have_attribute("data-state", "saved")
    assert {arrival.invitation_id for arrival in Attendance.objects.all()} == {first.pk, second.pk}
    expect(page.locator("[data-count]")).to_have_text("2")
    row.get_by_role("button", name="Annuler").click()
    expect(page.locator("[data-count]")).to_have_text("1")
    assert Attendance.objects.standing().get().invitation_id == second.pk


def test_what_waited_when_the_page_was_left_is_sent_when_it_comes_back(
    page: Any, live_server: Any, people: Any
) -> None:
    workshop = today()
    row = InvitationFactory(workshop=workshop, coming=True)
    log_in(page, live_server, people["secretariat"])
    path = reverse("admin:workshops_workshop_process_arrivals", args=[workshop.pk])
    page.goto(path)
    page.route("**/arrivals/*/", lambda route: route.abort())
    page.locator(f"#arrival-{row.pk}").get_by_role("button", name="Présent").click()
    expect(page.locator("[data-arrivals-state]")).to_have_attribute("data-state", "waiting")
    page.unroute("**/arrivals/*/")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(path)
    expect(page.locator("[data-count]")).to_have_text("1")
    assert Attendance.objects.get().invitation == row


def test_what_somebody_left_waiting_on_a_phone_signs_nobody_else_in(
    page: Any, live_server: Any, people: Any
) -> None:
    workshop = today()
    for name in ("member", "member_other"):
        InvitationFactory(workshop=workshop, person=people[name], coming=True)
    path, code = f"/ateliers/{workshop.slug}/presence/", door(workshop)
    state = page.locator("[data-arrivals-state]")
    log_in(page, live_server, people["member"])
    page.goto(f"{path}?code={code}")
    page.route(f"**{path}", lambda route: route.abort())
    page.get_by_role("button", name="Confirmer ma présence").click()
    expect(state).to_have_attribute("data-state", "waiting")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("about:blank")
    page.unroute(f"**{path}")  # not before: the page tries again every three seconds
    page.context.clear_cookies()
    log_in(page, live_server, people["member_other"])
    page.goto(path)
    page.get_by_label("Code affiché à l’entrée").fill("zzzzzz")
    page.get_by_role("button", name="Confirmer ma présence").click()
    expect(state).to_have_attribute("data-state", "refused")
    assert not Attendance.objects.exists()
    # Whoever left it still finds it.
    page.context.clear_cookies()
    log_in(page, live_server, people["member"])
    page.goto(path)
    page.get_by_text("Votre présence est enregistrée").wait_for()
    assert Attendance.objects.get().person == people["member"]


@pytest.mark.parametrize("browser_context_options", ["light", "dark"], indirect=True)
def test_pages_of_the_day_fit_a_phone(page: Any, live_server: Any, people: Any) -> None:
    workshop = today()
    InvitationFactory.create_batch(2, workshop=workshop, coming=True)
    guest = InvitationFactory(workshop=workshop, guest=True)
    code = door(workshop)
    page.goto(f"/invitations/{guest.token}/presence/?code={code}")
    axe(page)
    assert not overflows(page)
    page.get_by_role("button", name="Confirmer ma présence").click()
    page.get_by_text("Votre présence est enregistrée").wait_for()
    assert Attendance.objects.get().invitation == guest
    log_in(page, live_server, people["secretariat"])
    for name in ("arrivals", "door"):
        page.goto(reverse(f"admin:workshops_workshop_process_{name}", args=[workshop.pk]))
        axe(page)
        assert not overflows(page)
