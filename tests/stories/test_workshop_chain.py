"""Story 4: from a date poll to approved minutes, with every part real: browser, worker, beat, SMTP and IMAP."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.outbox.imap import ImapServer
from tests.stories.conftest import Portal, follow, wait_for
from tests.stories.test_workshop_called import answer_link, calendar_entry, tick
from tests.workshops.replies.samples import Facts, apple

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(900)]

BULANE, EDF, ORANGE = (
    "titulaire.bulane@example.org",
    "titulaire.edf@example.org",
    "titulaire.orange@example.org",
)
TITLE = "réemployer les chutes"
SUBMIT = "#content-main :is(button, [type=submit])"


def answer_of(portal: Portal, workshop: int, address: str) -> str:
    """Return the answer that the portal holds."""
    ((answer,),) = portal.sql(
        "SELECT answer FROM workshops_invitation WHERE workshop_id = %s AND email = %s", workshop, address
    )
    return str(answer)


def prepare(secretariat: Any) -> int:
    """Create a workshop for two without a date, with four people on its list; return its key."""
    secretariat.goto("/admin/workshops/workshop/add/")
    secretariat.select_option("[name=kind]", "workshop-council")
    secretariat.fill("[name=title_fr]", "Atelier-conseil : réemployer les chutes")
    secretariat.fill("[name=title_en]", "Workshop-council: reusing offcuts")
    secretariat.fill("[name=capacity]", "2")
    secretariat.fill("[name=agenda-0-title_fr]", "Bourse aux chutes")
    follow(secretariat, "[name=_save]")
    secretariat.goto("/admin/workshops/workshop/?q=chutes")
    follow(secretariat, "#result_list a:has-text('réemployer les chutes')")
    found = re.search(r"/workshop/(\d+)/", secretariat.url)
    assert found
    secretariat.goto(f"/admin/workshops/workshop/{found[1]}/process/")
    tick(secretariat, "Titulaire Bulane", "Titulaire EDF", "Titulaire Orange")
    secretariat.fill("#invite textarea", "Experte <experte.chutes@example.org>")
    follow(secretariat, "#invite [name=by][value=hand]")
    follow(secretariat, "#preview [name=confirm]")
    return int(found[1])


def propose_dates(secretariat: Any, workshop: int) -> None:
    """Two slots at one site, shown as a matrix, saved, and asked."""
    secretariat.goto(f"/admin/workshops/workshop/{workshop}/poll/edit/")
    for number, day in enumerate(("2035-06-05", "2035-06-07")):
        secretariat.fill(f"[name$='-{number}-day']", day)
        secretariat.fill(f"[name$='-{number}-start']", "14:00")
        secretariat.fill(f"[name$='-{number}-end']", "16:00")
    secretariat.fill("[name=answer_by]", "2035-05-20T18:00")
    secretariat.locator("label", has_text="Main Gauche").locator("input").first.check()
    follow(secretariat, ".submit-row .default")
    assert secretariat.locator("#matrix [name=keep]:checked").count() == 2
    follow(secretariat, "[name=save]")
    follow(secretariat, f"#open {SUBMIT.split(' ', 1)[1]}")


def reply(page: Any, *choices: str) -> None:
    """Answer each proposed date in turn."""
    for row, choice in zip(page.locator("fieldset.field").all(), choices, strict=True):
        row.locator(f"input[value={choice}]").check()
    follow(page, "main form button")


def answer(page: Any, choice: str) -> None:
    """Answer the invitation on the page."""
    if page.locator("#answer details:not([open])").count():
        page.click("#answer summary")
    page.locator(f"#answer .choice-{choice}").click()
    follow(page, "#answer button")


def test_a_workshop_goes_from_a_date_poll_to_approved_minutes(
    portal: Portal, imap: ImapServer, visitor: Callable[..., Any]
) -> None:
    secretariat = visitor("secretariat")
    workshop = prepare(secretariat)
    process = f"/admin/workshops/workshop/{workshop}/process/"

    # A date poll: asked by mail, answered in the portal and by the link, ranked with its reasons, one click.
    propose_dates(secretariat, workshop)
    for address in (BULANE, EDF, ORANGE, "experte.chutes@example.org"):
        portal.wait_for_mails(1, to=address, subject=TITLE)
    bulane = visitor("titulaire.bulane")
    follow(bulane, "main a:has-text('réemployer les chutes')")
    reply(bulane, "no", "yes")
    edf = visitor(javascript=False)
    edf.goto(answer_link(portal.mails(EDF, TITLE)[0]))
    reply(edf, "maybe", "yes")
    secretariat.goto(f"/admin/workshops/workshop/{workshop}/poll/")
    first = secretariat.locator("#ranking li").first
    assert "7 juin 2035" in first.inner_text() and "2 oui" in first.inner_text()
    with secretariat.expect_navigation():
        first.locator("[type=submit]").click()

    # Everybody is invited to that date, and answers in three ways: portal, link, calendar.
    for address in (BULANE, EDF, ORANGE):
        (_poll, mail) = portal.wait_for_mails(2, to=address, subject=TITLE)
        method, event = calendar_entry(mail)
        assert (method, event.start.isoformat()) == ("REQUEST", "2035-06-07T14:00:00+02:00")
    bulane.goto("/espace/")
    follow(bulane, "main a:has-text('réemployer les chutes')")
    answer(bulane, "yes")
    edf.goto(answer_link(portal.mails(EDF, TITLE)[1]))
    answer(edf, "yes")
    assert [answer_of(portal, workshop, address) for address in (BULANE, EDF)] == ["yes", "yes"]
    organizer = re.sub("(?i)^mailto:", "", str(event["ORGANIZER"]))
    imap.deliver(apple(Facts(uid=str(event["UID"]), attendee=ORANGE, organizer=organizer, name="Orange")))

    # Two seats: the third waits, and has the seat as soon as one is free.
    assert wait_for(lambda: answer_of(portal, workshop, ORANGE), lambda found: found != "silent") == "waiting"
    bulane.reload()
    answer(bulane, "excused")
    assert answer_of(portal, workshop, ORANGE) == "yes"
    told = wait_for(lambda: portal.mails(ORANGE, TITLE), lambda mails: len(mails) >= 4)
    method, event = calendar_entry(told[-1])
    assert (method, event["ATTENDEE"].params["PARTSTAT"]) == ("REQUEST", "ACCEPTED")

    # The day: a guest's phone types the code, the secretariat ticks the others on hers.
    portal.sql(
        "UPDATE workshops_workshop SET starts_at = now() - interval '30 minutes',"
        " ends_at = now() + interval '90 minutes' WHERE id = %s",
        workshop,
    )
    secretariat.goto(f"{process}door/")
    follow(secretariat, SUBMIT)
    code = secretariat.locator(".door-code").inner_text().splitlines()[-1].strip()
    edf.goto(f"{answer_link(portal.mails(EDF, TITLE)[1])}presence/")
    edf.fill("[name=code]", code.lower())
    follow(edf, "main form button")
    secretariat.goto(f"{process}arrivals/")
    secretariat.get_by_label("Chercher un nom").fill("orange")
    secretariat.locator("[data-row]:visible").get_by_role("button", name="Présent").click()
    expect(secretariat.locator("[data-count]")).to_have_text("2")
    expect(secretariat.locator("[data-arrivals-state]")).to_have_attribute("data-state", "saved")

    # The minutes: written from the agenda, with a decision that has an owner and a date.
    portal.sql(
        "UPDATE workshops_workshop SET starts_at = now() - interval '3 hours',"
        " ends_at = now() - interval '1 hour' WHERE id = %s",
        workshop,
    )
    secretariat.goto(process)
    follow(secretariat, "form[action$='/hold/'] [type=submit]")
    follow(secretariat, "#minutes form [type=submit]")
    minutes = secretariat.url
    secretariat.locator("[name$=-text_fr]").first.fill("Trois ateliers mettent leurs chutes en commun.")
    follow(secretariat, "[name=decide] >> nth=0")
    secretariat.fill("[name=text_fr]", "Ouvrir la bourse aux chutes")
    secretariat.fill("[name=text_en]", "Open the offcut exchange")
    secretariat.locator("[name=organisation]").select_option(label="EDF")
    secretariat.fill("[name=due_on]", "2035-09-01")
    follow(secretariat, SUBMIT)
    secretariat.goto(minutes)
    secretariat.get_by_label("Présidence").fill("Clara Présidente")
    secretariat.get_by_label("Secrétaire de séance").fill("Sacha Secrétaire")
    follow(secretariat, "[name=save]")
    follow(secretariat, "#circulate [type=submit]")

    # Who attended corrects; the correction reads as a diff; accepting it applies it.
    orange = visitor("titulaire.orange")
    follow(orange, "main a:has-text('réemployer les chutes')")
    follow(orange, "main a[href*='/corriger/'] >> nth=0")
    orange.fill("[name=proposed]", "Quatre ateliers mettent leurs chutes en commun.")
    follow(orange, "main form button")
    secretariat.goto(minutes)
    follow(secretariat, "#corrections a")
    assert "Trois" in secretariat.locator("del").first.inner_text()
    assert "Quatre" in secretariat.locator("ins").first.inner_text()
    follow(secretariat, "[name=accept]")

    # Approved: locked, published with its PDF and its decision, which heads the next agenda.
    portal.sql(
        "UPDATE workshops_minutes SET circulated_at = circulated_at - interval '30 days',"
        " corrections_close_at = now() - interval '1 minute' WHERE workshop_id = %s",
        workshop,
    )
    secretariat.goto(minutes)
    follow(secretariat, "#approve [type=submit]")
    ((slug, state),) = portal.sql("SELECT slug, state FROM workshops_workshop WHERE id = %s", workshop)
    assert state == "minutes-approved"
    public = visitor(javascript=False)
    public.goto(f"/ateliers/{slug}/")
    assert "Ouvrir la bourse aux chutes" in public.inner_text("main")
    public.goto(f"/ateliers/{slug}/compte-rendu/")
    assert "Quatre ateliers" not in public.inner_text("main") and "EDF" in public.inner_text("main")
    pdf = public.request.get(f"{portal.url}/ateliers/{slug}/compte-rendu.pdf")
    assert pdf.status == 200 and pdf.body().startswith(b"%PDF-")
    secretariat.goto("/admin/workshops/workshop/add/")
    secretariat.select_option("[name=kind]", "workshop-council")
    secretariat.fill("[name=title_fr]", "Atelier-conseil : la suite des chutes")
    secretariat.fill("[name=title_en]", "Workshop-council: offcuts, next")
    secretariat.fill("[name=starts_at]", "2035-10-02T14:00")
    secretariat.fill("[name=ends_at]", "2035-10-02T16:00")
    follow(secretariat, "[name=_save]")
    ((following,),) = portal.sql("SELECT id FROM workshops_workshop WHERE title_en LIKE '%%offcuts, next'")
    secretariat.goto(f"/admin/workshops/workshop/{following}/process/")
    assert "Ouvrir la bourse aux chutes" in secretariat.locator("#open-decisions").inner_text()
