"""Planning in a real browser: a sheet with a host and a document, a series, groups of people, the calendar."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.browser import axe, log_in, overflows
from tests.members.factories import MandateFactory
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.test_browser import browser_context_options as browser_context_options
from workshops.enums import WorkshopState
from workshops.models import Series, Workshop

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("SCREENSHOTS", "")


def look(page: Any, name: str) -> None:
    """Check a page as it stands; keep a picture of it where SCREENSHOTS names a folder."""
    axe(page)
    assert not overflows(page), name
    if SHOTS:
        width = page.viewport_size["width"]
        page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


def test_the_secretariat_plans_a_series(
    page: Any, live_server: Any, people: Any, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    venue = VenueFactory(capacity=20)
    draft = WorkshopFactory(venue=venue)
    other = WorkshopFactory(scheduled=True, starts_at=draft.starts_at)
    MandateFactory.create_batch(2)
    log_in(page, live_server, people["secretariat"])
    # The sheet: more seats than the venue has, beside another workshop of that day; a document is added.
    page.goto(f"/admin/workshops/workshop/{draft.pk}/change/")
    look(page, "sheet")
    page.get_by_label("capacité", exact=False).first.fill("30")
    page.locator("[name=documents-0-title_fr]").fill("Note")
    page.locator("[name=documents-0-file]").set_input_files(
        {"name": "note.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"}
    )
    page.locator("[name=_continue]").click()
    page.get_by_text("L’atelier compte 30 places").wait_for()
    page.get_by_text(other.title_fr).first.wait_for()
    look(page, "sheet-warnings")
    page.get_by_label("J’en ai pris connaissance").check()
    page.locator("[name=documents-0-file]").set_input_files(
        {"name": "note.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"}
    )
    with page.expect_navigation():
        page.locator("[name=_continue]").click()
    page.get_by_role("link", name="note.pdf").wait_for()
    # Three at once.
    page.goto(f"/admin/workshops/workshop/{draft.pk}/process/")
    with page.expect_navigation():
        page.get_by_role("link", name="Planifier une série…").click()
    look(page, "series")
    page.get_by_label("Nom de la nouvelle série").fill("Hydrogène")
    page.get_by_label("Les inscrire aussitôt à l’agenda").check()
    page.get_by_role("button", name="Vérifier les dates").click()
    page.get_by_text("Les dates sont libres").wait_for()
    look(page, "series-checked")
    page.get_by_role("button", name="Planifier ces 3 ateliers").click()
    page.get_by_text("3 ateliers sont planifiés").wait_for()
    assert Workshop.objects.filter(series__name_fr="Hydrogène", state=WorkshopState.SCHEDULED).count() == 3
    # Who is invited, by body.
    page.goto(f"/admin/workshops/workshop/{draft.pk}/process/")
    look(page, "process")
    page.get_by_label("indispensable", exact=True).check()
    page.locator("input[name=bodies]").first.check()
    with page.expect_navigation():
        page.get_by_role("button", name="Prévisualiser ces groupes").click()
    look(page, "process-preview")
    page.get_by_role("button", name="Ajouter à la liste").click()
    page.get_by_role("button", name="Rendre facultative").first.wait_for()
    assert draft.invitations.filter(is_required=True).count() == 2
    look(page, "process-invited")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_list_is_read_without_scrolling_sideways(
    page: Any, live_server: Any, people: Any, prefix: str
) -> None:
    series = Series.objects.create(name_fr="Décarboner la chaleur industrielle", name_en="Low-carbon heat")
    long = {"title_fr": "Atelier-conseil : recruter et former pour l’industrie", "series": series}
    venue = VenueFactory(organisation__name="Montpellier Méditerranée Métropole")
    for number, state in enumerate(WorkshopState.values):
        # Always the same days and hours: how wide the list is hangs on how they are written.
        day = datetime(2055, 9, 20 + number, 9, tzinfo=UTC)
        InvitationFactory(workshop=WorkshopFactory(state=state, venue=venue, starts_at=day, **long))
    log_in(page, live_server, people["secretariat"])
    page.goto(f"{prefix}/admin/workshops/workshop/")
    assert page.locator(".results").evaluate("box => box.scrollWidth <= box.clientWidth")
    look(page, f"list{prefix.replace('/', '-')}")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_calendar_is_a_table_or_a_list(page: Any, live_server: Any, people: Any, prefix: str) -> None:
    first = datetime(2055, 5, 10, 7, tzinfo=UTC)
    venue = VenueFactory()
    for number, state in enumerate(WorkshopState.values):
        WorkshopFactory(
            state=state, starts_at=first + timedelta(days=number % 4, hours=number // 4), venue=venue
        )
    log_in(page, live_server, people["secretariat"])
    for span in (f"month={first:%Y-%m}", f"week={first:%G-W%V}"):
        page.goto(f"{prefix}/admin/workshops/workshop/calendar/?{span}")
        look(page, f"calendar{prefix.replace('/', '-')}-{span[:5]}")
    page.get_by_role("link", name="Today" if prefix else "Aujourd’hui").click()
    page.locator(".is-today").wait_for()
