"""The minutes' pages in a real browser: usable, accessible, narrow enough for a phone."""

import os
from typing import Any

import pytest
from django.urls import reverse

from tests.helpers.browser import SIZES, axe, log_in, overflows
from tests.members.factories import MandateFactory, OrganisationFactory, UserFactory
from tests.workshops.attendance.factories import AttendanceFactory
from tests.workshops.factories import InvitationFactory
from tests.workshops.minutes.factories import approved, circulated, close_corrections, draft
from workshops.minutes import services
from workshops.minutes.models import Correction

pytestmark = pytest.mark.django_db(transaction=True)

LONG = (
    "Le conseil approuve la charte et remercie les rédacteurs.\n\n"
    "- premier point, avec **du gras** ;\n- second point."
)


@pytest.fixture(params=["small", "large"])
def browser_context_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A phone in dark colours, and a desk in light ones."""
    return {
        "viewport": SIZES[request.param],
        "locale": "fr-FR",
        "timezone_id": "Europe/Paris",
        "color_scheme": "dark" if request.param == "small" else "light",
    }


def keep(page: Any, name: str) -> None:
    """Keep a picture where the environment asks for it, to be looked at."""
    folder = os.environ.get("MINUTES_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}-{page.viewport_size['width']}.png", full_page=True)


def looks_right(page: Any, path: str, name: str) -> None:
    page.goto(path)
    axe(page)
    assert not overflows(page), path
    keep(page, name)


def test_the_public_pages(page: Any) -> None:
    member = MandateFactory(organisation=OrganisationFactory(name="Fonderie du Lez")).person
    minutes = approved(present=member, kind="session", text=LONG)
    for prefix in ("", "/en"):
        looks_right(page, f"{prefix}{minutes.get_absolute_url()}", f"public{prefix.strip('/')}")
    looks_right(page, "/ateliers/", "agenda")
    looks_right(page, minutes.workshop.get_absolute_url(), "workshop")


def correct(page: Any, who: str) -> None:
    """Ask for another word, from the page of the minutes, and find it there."""
    page.get_by_role("link", name="Corriger cette partie").click()
    page.get_by_label("Le texte tel que vous le souhaitez").fill(LONG.replace("approuve", "adopte"))
    axe(page)
    keep(page, f"{who}-correct")
    with page.expect_navigation():
        page.get_by_role("button", name="Envoyer la correction").click()
    page.locator("del", has_text="approuve").wait_for()
    axe(page)
    assert not overflows(page)
    keep(page, f"{who}-corrections")


def test_an_attendee_reads_corrects_and_finishes(page: Any, live_server: Any) -> None:
    member = MandateFactory().person
    minutes = circulated(present=member, text=LONG)
    minutes.decisions.update(person=member)
    log_in(page, live_server, member)
    looks_right(page, "/espace/", "space")
    page.goto(minutes.get_absolute_url())
    correct(page, "member")
    looks_right(page, minutes.decisions.get().get_absolute_url(), "decision")


def test_the_secretariat_writes_and_decides(page: Any, live_server: Any) -> None:
    staff = UserFactory(is_staff=True, is_superuser=True, first_name="Sam", last_name="Secrétaire")
    member = MandateFactory().person
    written = draft(by=staff, text=LONG, agenda=("Charte", "Calendrier"))
    minutes = circulated(by=staff, present=member, text=LONG)
    section = minutes.sections.get()
    asked = services.propose_correction(
        section=section,
        language="fr",
        seen=services.mark(LONG),
        proposed=LONG.replace("approuve", "adopte"),
        comment="Le vote n’a pas eu lieu.",
        by=member,
    )
    log_in(page, live_server, staff)
    edit = reverse("admin:workshops_minutes_change", args=[written.pk])
    looks_right(page, edit, "edit")
    page.get_by_label("Texte (français, Markdown)").first.fill("Le mien.")
    written.sections.update(text_fr="Le sien.")
    with page.expect_navigation():
        page.get_by_role("button", name="Enregistrer", exact=True).click()
    axe(page)
    keep(page, "conflict")
    others = (
        (reverse("admin:workshops_minutes_change", args=[minutes.pk]), "edit-corrections"),
        (reverse("admin:workshops_correction_change", args=[asked.pk]), "correction-sheet"),
        (reverse("admin:workshops_decision_change", args=[minutes.decisions.get().pk]), "decision-sheet"),
        (reverse("admin:workshops_minutes_decision_add", args=[minutes.pk]), "decision-add"),
        (reverse("admin:workshops_minutes_changelist"), "list"),
        (reverse("admin:workshops_decision_changelist"), "decisions"),
    )
    for path, name in others:
        looks_right(page, path, name)


def test_a_guest_reads_and_corrects_by_the_link(page: Any, settings: Any) -> None:
    by = UserFactory(is_staff=True, is_superuser=True)
    written = draft(by=by, text=LONG)
    guest = InvitationFactory(workshop=written.workshop, guest=True)
    AttendanceFactory(invitation=guest)
    minutes = services.circulate_minutes(minutes=written, by=by)
    path = f"/invitations/{guest.token}/compte-rendu/"
    looks_right(page, path, "guest")
    correct(page, "guest")
    settings.MINUTES_LINK_DAYS = 0
    correction = Correction.objects.get()
    services.reject_correction(correction=correction, reason="Non.", by=by)
    close_corrections(minutes)
    services.approve_minutes(minutes=minutes, by=by)
    looks_right(page, f"/en{path}", "guest-expired")
