"""A poll in a real browser: from the slots to the invitations, on a phone in the dark and at a desk."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from outbox.models import OutboxEmail
from tests.helpers.browser import axe, log_in, overflows
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from tests.workshops.polls.factories import DAY, ask, make_poll
from workshops.models import DatePoll, PollAnswer, Workshop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=["small", "large"])
def browser_context_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The narrowest phone in dark colours, and a desk in light ones."""
    small = request.param == "small"
    return {
        "viewport": {"width": 320 if small else 1280, "height": 800},
        "locale": "fr-FR",
        "timezone_id": "Europe/Paris",
        "color_scheme": "dark" if small else "light",
    }


def sound(page: Any) -> None:
    axe(page)
    assert not overflows(page), page.url


def test_somebody_replies_by_the_link_without_javascript(
    browser: Any, live_server: Any, browser_context_options: dict[str, Any]
) -> None:
    poll = make_poll(venue=VenueFactory(name="Salle du Conseil"))
    row = ask(poll)
    context = browser.new_context(
        **browser_context_options, base_url=live_server.url, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"/invitations/{row.token}/")
    for place, word in ((0, "Oui"), (1, "Peut-être")):
        page.locator("fieldset").nth(place).get_by_label(word, exact=True).check()
    page.get_by_label("Message au secrétariat").fill("Plutôt le matin")
    page.get_by_role("button", name="Envoyer ma réponse").click()
    expect(page.get_by_text("Votre réponse est enregistrée")).to_be_visible()
    context.close()
    assert sorted(PollAnswer.objects.values_list("choice", flat=True)) == ["maybe", "yes"]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_page_behind_the_link_is_sound_in_each_of_its_states(page: Any, prefix: str) -> None:
    poll = make_poll(days=(20, 21, 22, 23))
    row = ask(poll, "ym")
    address = f"{prefix}/invitations/{row.token}/"
    page.goto(address)
    sound(page)
    page.locator("input[name=none]").check()
    page.locator("form.form button").click()
    page.locator(".error-summary").wait_for()
    sound(page)
    DatePoll.objects.update(answer_by=timezone.now())
    page.goto(address)
    sound(page)
    Workshop.objects.update(state="cancelled", cancelled_reason="Aucune date")
    page.goto(address)
    sound(page)


def test_the_portal_leads_to_the_poll(page: Any, live_server: Any, people: Any) -> None:
    poll = make_poll()
    row = ask(poll, person=people["member"])
    log_in(page, live_server, people["member"])
    page.goto("/espace/")
    sound(page)
    page.get_by_role("link", name=poll.workshop.title_fr).click()
    page.get_by_label("Aucune de ces dates ne me convient").check()
    page.get_by_role("button", name="Envoyer ma réponse").click()
    page.get_by_text("Votre réponse est enregistrée").wait_for()
    sound(page)
    assert row.poll_reply.answers.filter(choice="no").count() == 3
    page.goto("/espace/")
    page.get_by_text("Vous avez répondu").wait_for()
    sound(page)


def test_the_secretariat_proposes_opens_and_chooses(page: Any, live_server: Any, people: Any) -> None:
    workshop = WorkshopFactory(venue=VenueFactory(capacity=1))
    InvitationFactory.create_batch(2, workshop=workshop, unsent=True)
    log_in(page, live_server, people["secretariat"])
    page.goto(f"/admin/workshops/workshop/{workshop.pk}/process/")
    page.get_by_role("link", name="Sondage de dates…").click()
    sound(page)
    first = timezone.localdate() + 20 * DAY
    for line in range(2):
        page.get_by_label(f"Jour, {line + 1}").fill(str(first + line * DAY))
        page.get_by_label(f"Début, {line + 1}").fill("09:00")
        page.get_by_label(f"Fin, {line + 1}").fill("08:00" if line else "11:00")
    page.get_by_label("Date limite de réponse").fill(f"{timezone.localdate() + 9 * DAY}T12:00")
    page.get_by_role("button", name="Afficher le tableau").click()
    page.get_by_text("doit venir après son début").wait_for()
    sound(page)
    page.get_by_label("Fin, 2").fill("11:30")
    page.get_by_role("button", name="Afficher le tableau").click()
    page.get_by_text("Places : 1, pour 2 personnes").first.wait_for()
    sound(page)
    page.get_by_role("button", name="Enregistrer ces dates").click()
    page.get_by_role("button", name="Ouvrir et interroger 2 personnes").click()
    page.get_by_text("Le sondage est ouvert").wait_for()
    sound(page)
    page.get_by_role("link", name="Saisir une réponse").first.click()
    sound(page)
    page.get_by_label("Oui").first.check()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("1 oui, 0 peut-être, 0 non, 1 sans réponse").wait_for()
    sound(page)
    page.get_by_role("button", name="Programmer et inviter").first.click()
    page.get_by_text("2 invitations partent").wait_for()
    assert OutboxEmail.objects.filter(kind="workshop-invitation").count() == 2
    page.goto(f"/admin/workshops/workshop/{workshop.pk}/poll/deadline/")
    sound(page)
