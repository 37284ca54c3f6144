"""Story 4: from a date poll to approved minutes, with every part real: browser, worker, beat, SMTP and IMAP."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.outbox.imap import ImapServer
from tests.stories.conftest import Portal, follow, wait_for
from tests.stories.test_workshop_called import answer_link, calendar_entry, tick
from tests.workshops.replies.samples import Facts, apple

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(400)]

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
    page.locator(f"#answer input[value={choice}]").check(force=True)
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
    first = secretariat.locator("#ranking tbody tr").first
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
