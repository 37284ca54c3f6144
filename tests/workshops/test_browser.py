"""The workshops' pages in a real browser: usable, accessible, narrow enough for a phone."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from outbox.models import OutboxEmail
from tests.helpers.browser import SIZES, axe, log_in, overflows
from tests.members.factories import AxisFactory, MandateFactory
from tests.workshops.factories import AgendaItemFactory, InvitationFactory, WorkshopFactory
from workshops.enums import Answer, WorkshopState
from workshops.models import Workshop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["small", "large"])
def browser_context_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A phone in dark colours, and a desk in light ones."""
    size = request.param
    return {
        "viewport": SIZES[size],
        "locale": "fr-FR",
        "timezone_id": "Europe/Paris",
        "color_scheme": "dark" if size == "small" else "light",
    }


def workshop() -> Workshop:
    made: Workshop = WorkshopFactory(
        scheduled=True, axis=AxisFactory(), is_demo=True, outcome_fr="Suite *donnée*."
    )
    AgendaItemFactory.create_batch(3, workshop=made, minutes=20)
    return made


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_agenda_pages(page: Any, prefix: str) -> None:
    coming = workshop()
    WorkshopFactory.create_batch(2, held=True)
    WorkshopFactory(state=WorkshopState.CANCELLED)
    for path in ("/ateliers/", f"/ateliers/{coming.slug}/", "/ateliers/?type=visit"):
        page.goto(prefix + path)
        axe(page)
        assert not overflows(page)


def test_an_invited_guest_answers_by_the_link(page: Any) -> None:
    row = InvitationFactory(workshop=workshop(), guest=True)
    page.goto(f"/invitations/{row.token}/")
    axe(page)
    assert not overflows(page)
    page.check("[value=represented]")
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_text("Indiquez qui vous représente").first).to_be_visible()
    axe(page)
    page.get_by_label("Le nom de ce collègue").fill("Jo Roux")
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_text("Badge au poste de garde")).to_be_visible()
    axe(page)
    row.refresh_from_db()
    assert (row.answer, row.represented_by) == (Answer.REPRESENTED, "Jo Roux")
    row.workshop.state = WorkshopState.CANCELLED
    row.workshop.save()
    page.goto(f"/invitations/{row.token}/")
    axe(page)
    assert not overflows(page)


def test_a_member_answers_in_the_portal(page: Any, live_server: Any, people: Any) -> None:
    row = InvitationFactory(workshop=workshop(), person=people["member"])
    log_in(page, live_server, people["member"])
    page.goto(row.workshop.get_absolute_url())
    axe(page)
    page.check("[value=yes]")
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_text("Votre réponse est enregistrée")).to_be_visible()
    axe(page)
    row.refresh_from_db()
    assert row.answered_by == people["member"]


def test_the_secretariat_invites_sends_and_moves(page: Any, live_server: Any, people: Any) -> None:
    draft = WorkshopFactory()
    MandateFactory.create_batch(3)
    log_in(page, live_server, people["secretariat"])
    page.goto(f"/admin/workshops/workshop/{draft.pk}/process/")
    axe(page)
    page.get_by_label("Personnes extérieures").fill("Ana Ruiz <ana@example.org>\npas une adresse")
    page.get_by_role("button", name="Prévisualiser", exact=True).click()
    expect(page.get_by_text("Ligne 2")).to_be_visible()
    axe(page)
    page.get_by_label("Personnes extérieures").fill("Ana Ruiz <ana@example.org>")
    with page.expect_navigation():
        page.get_by_role("button", name="Prévisualiser", exact=True).click()
    axe(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Ajouter à la liste").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Programmer et envoyer 4 invitations").click()
    assert OutboxEmail.objects.count() == 4
    axe(page)
    assert not overflows(page)
    page.get_by_role("link", name="Déplacer…").click()
    start = timezone.localtime(draft.starts_at).strftime("%Y-%m-%dT%H:%M")
    expect(page.get_by_label("Début")).to_have_value(re.compile(f"^{start}"))
    axe(page)
    page.get_by_label("Début").fill("2999-01-01T09:00")
    page.get_by_label("Fin").fill("2999-01-01T12:00")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("4 personnes reçoivent")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Déplacer et prévenir").click()
    assert OutboxEmail.objects.filter(kind="workshop-update").count() == 4
    page.goto(f"/admin/workshops/workshop/{draft.pk}/process/")
    with page.expect_navigation():
        page.get_by_role("link", name="Saisir une réponse").first.click()
    axe(page)
