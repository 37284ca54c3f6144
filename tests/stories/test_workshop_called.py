"""Story 1: the secretariat calls a workshop; members answer three ways; beat reminds; the calendar follows."""

import re
from collections.abc import Callable
from typing import Any

import icalendar
import pytest
from playwright.sync_api import expect

from tests.stories.conftest import Portal, follow, wait_for

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(900)]

BULANE, EDF, ORANGE = (
    "titulaire.bulane@example.org",
    "titulaire.edf@example.org",
    "titulaire.orange@example.org",
)
VENUE = "Main Gauche — Parc 2000"
OWN_ANSWER = "SELECT answer FROM workshops_invitation WHERE workshop_id = %s AND email = %s"
# In the subject of every mail about it: other stories mail the same people.
TITLE = "tenir les jalons"


def calendar_entry(mail: Any) -> tuple[str, Any]:
    """Return the method and the VEVENT of a mail's calendar alternative."""
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) == 1
    calendar = icalendar.Calendar.from_ical(parts[0].get_content())
    assert str(calendar["METHOD"]) == parts[0].get_param("method")
    return str(calendar["METHOD"]), calendar.events[0]


def answer_link(mail: Any) -> str:
    """Return the address of the answering page in a mail's text."""
    text = mail.get_body(("plain",)).get_content()
    found = re.search(r"https?://\S+/invitations/[\w-]+/", text)
    assert found, text
    return found[0]


def create_workshop(page: Any) -> int:
    """Create an atelier-conseil at a member's office in the admin, after one refused try; return its key."""
    page.goto("/admin/workshops/workshop/add/")
    page.select_option("[name=kind]", "workshop-council")
    page.fill("[name=title_fr]", "Atelier-conseil : tenir les jalons")
    page.fill("[name=title_en]", "Workshop-council: keeping the milestones")
    page.click(".field-venue .select2-selection")
    page.fill(".select2-search__field", "Parc 2000")
    # The whole list comes first, and is replaced by what was found: a click in between falls on nothing.
    expect(page.locator(".select2-results__option")).to_have_text([re.compile(re.escape(VENUE))])
    page.click(".select2-results__option")
    expect(page.locator(".field-venue .select2-selection__rendered")).to_contain_text(VENUE)
    page.fill("[name=starts_at]", "2035-03-12T14:00")
    page.fill("[name=ends_at]", "2035-03-12T09:00")
    follow(page, "[name=_save]")
    assert page.locator(".field-ends_at .errorlist, .form-row.errors .errorlist").count() >= 1
    assert page.input_value("[name=title_fr]") == "Atelier-conseil : tenir les jalons"
    page.fill("[name=ends_at]", "2035-03-12T17:00")
    follow(page, "[name=_save]")
    page.goto("/admin/workshops/workshop/?q=tenir")
    follow(page, "text=Atelier-conseil : tenir les jalons")
    found = re.search(r"/workshop/(\d+)/", page.url)
    assert found
    return int(found[1])


def tick(page: Any, *people: str) -> None:
    """Invite these people rather than whole bodies."""
    for body in page.locator("#invite input[name=bodies]").all():
        body.uncheck()
    for person in page.locator("#invite input[name=mandates]").all():
        person.uncheck()
    for person in people:
        page.locator("#invite label", has_text=person).locator("input").first.check()


def test_a_workshop_is_called_answered_reminded_moved_and_cancelled(
    portal: Portal, visitor: Callable[..., Any]
) -> None:
    secretariat = visitor("secretariat")
    workshop = create_workshop(secretariat)
    process = f"/admin/workshops/workshop/{workshop}/process/"

    # Who is invited: a wrong guest address is refused by its line, and nothing is half written.
    secretariat.goto(process)
    tick(secretariat, "Titulaire Bulane", "Titulaire EDF", "Titulaire Orange")
    secretariat.fill("#invite textarea", "Experte <experte@example.org>\npas une adresse")
    follow(secretariat, "#invite [name=by][value=hand]")
    assert "2" in secretariat.locator("#invite .errorlist").inner_text()
    assert portal.sql("SELECT count(*) FROM workshops_invitation WHERE workshop_id = %s", workshop) == [(0,)]
    assert "pas une adresse" in secretariat.input_value("#invite textarea")
    secretariat.fill("#invite textarea", "Experte <experte@example.org>")
    follow(secretariat, "#invite [name=by][value=hand]")
    assert secretariat.locator("#preview li").count() >= 4
    follow(secretariat, "#preview [name=confirm]")
    follow(secretariat, "#send form[action$='/send/'] :is(button, [type=submit])")

    # The worker sends one calendar invitation to each, over SMTP.
    for address in (BULANE, EDF, ORANGE, "experte@example.org"):
        (mail,) = portal.wait_for_mails(1, to=address, subject=TITLE)
        method, event = calendar_entry(mail)
        assert method == "REQUEST"
        assert int(event["SEQUENCE"]) == 0
        assert event.start.isoformat() == "2035-03-12T14:00:00+01:00"
        assert address in str(event["ATTENDEE"])
        assert "Main Gauche" in str(event["LOCATION"])
    uid = str(event["UID"])

    # A member answers in the portal, another by the mail's link, where a GET changes nothing.
    bulane = visitor("titulaire.bulane")
    follow(bulane, "main a:has-text('tenir les jalons')")
    bulane.locator("#answer input[value=yes]").check(force=True)
    bulane.click("#answer button")
    bulane.wait_for_selector("#answer .pill-ok")
    edf = visitor(javascript=False)
    edf.goto(answer_link(portal.mails(EDF, TITLE)[0]))
    assert portal.sql(OWN_ANSWER, workshop, EDF) == [("silent",)]
    edf.locator("#answer input[value=excused]").check(force=True)
    follow(edf, "#answer button")
    assert portal.sql(OWN_ANSWER, workshop, EDF) == [("excused",)]

    # The secretariat sees answers and the silent at a glance.
    secretariat.goto(process)
    glance = secretariat.locator("#answers p").first.inner_text()
    assert re.findall(r"\d+", glance) == ["1", "0", "0", "1", "2"]

    # Beat reminds the silent and those who come: time is moved by moving the workshop's dates.
    portal.sql(
        "UPDATE workshops_invitation SET sent_at = now() - interval '30 days',"
        " answered_at = CASE WHEN answer = 'silent' THEN NULL ELSE now() - interval '29 days' END"
        " WHERE workshop_id = %s",
        workshop,
    )
    portal.sql(
        "UPDATE workshops_workshop SET invited_at = now() - interval '30 days',"
        " starts_at = now() + interval '20 hours', ends_at = now() + interval '22 hours' WHERE id = %s",
        workshop,
    )
    assert len(wait_for(lambda: portal.mails(ORANGE, TITLE), lambda mails: len(mails) >= 2)) == 2
    wait_for(
        lambda: portal.mails(BULANE, TITLE), lambda mails: len(mails) >= 3
    )  # invitation, receipt, reminder
    assert len(portal.mails(BULANE, TITLE)) == 3
    portal.wait_for_mails(2, to=EDF, subject=TITLE)  # invitation and receipt: the excused are left in peace

    # Moving it moves the same calendar entry; cancelling it cancels it.
    secretariat.goto(f"{process}move/")
    secretariat.fill("[name=starts_at]", "2035-03-14T09:00")
    secretariat.fill("[name=ends_at]", "2035-03-14T12:00")
    follow(secretariat, "#content-main :is(button, [type=submit])")
    follow(secretariat, "[name=confirm]")
    wait_for(lambda: portal.mails(BULANE, TITLE), lambda mails: len(mails) >= 4)
    method, event = calendar_entry(portal.mails(BULANE, TITLE)[-1])
    assert (method, str(event["UID"]), event.start.isoformat()) == (
        "REQUEST",
        uid,
        "2035-03-14T09:00:00+01:00",
    )
    moved = int(event["SEQUENCE"])
    assert moved >= 1
    secretariat.goto(f"{process}cancel/")
    secretariat.fill("#content-main textarea, #content-main input[type=text]", "Salle indisponible")
    follow(secretariat, "#content-main :is(button, [type=submit])")
    follow(secretariat, "[name=confirm]")
    wait_for(lambda: portal.mails(BULANE, TITLE), lambda mails: len(mails) >= 5)
    method, event = calendar_entry(portal.mails(BULANE, TITLE)[-1])
    assert (method, str(event["UID"]), str(event["STATUS"])) == ("CANCEL", uid, "CANCELLED")
    assert int(event["SEQUENCE"]) > moved

    # An answer to a cancelled workshop is refused, in the reader's language.
    late = edf.request.post(answer_link(portal.mails(EDF, TITLE)[0]), form={"answer": "yes"})
    assert late.status in (409, 410)
    assert "annul" in late.text()
