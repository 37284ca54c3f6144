"""Story 2: the draft is read, discussed, answered, put to the vote, and the result published."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.browser import axe
from tests.stories.conftest import Portal, follow, wait_for

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(900)]

DRAFT = "/feuille-de-route/versions/2/"
# Nine of the sixteen organisations are the quorum.
VOTES = {
    "orange": "pour",
    "edf": "pour",
    "ibm": "contre",
    "seclab": "pour",
    "synia": "pour",
    "idate": "abstention",
    "cma": "pour",
    "meridis": "contre",
}


def vote(page: Any, address: str, choice: str) -> None:
    """Cast one ballot with the page's form, as somebody without JavaScript does."""
    page.goto(address)
    page.locator(f"#vote input[value={choice}]").check(force=True)
    page.locator("#vote form button").click()
    page.wait_for_selector("#vote .receipt")


def move_clock(portal: Portal, statement: str) -> None:
    """Change an instant that the database keeps frozen, as only its owner can: a test's way to let time pass."""
    portal.sql(
        "ALTER TABLE roadmap_approval DISABLE TRIGGER USER; "
        f"{statement}; "
        "ALTER TABLE roadmap_approval ENABLE TRIGGER USER"
    )


def test_a_draft_is_discussed_voted_and_its_result_published(
    portal: Portal, visitor: Callable[..., Any]
) -> None:
    # A member reads the draft and comments on a paragraph; what is wrong is said, what was typed is kept.
    bulane = visitor("titulaire.bulane")
    bulane.goto(DRAFT)
    axe(bulane)
    bulane.click("#p2\\.2\\.2 a.para-count")
    bulane.wait_for_selector("#p2\\.2\\.2 .para-thread")
    form = bulane.locator("#p2\\.2\\.2 form.comment-form")
    form.locator("button").click()
    bulane.wait_for_selector("#p2\\.2\\.2 [aria-invalid=true]")
    form.locator("select[name=kind]").select_option("question")
    form.locator("textarea").fill("Qui réunit le cercle d’investisseurs ?")
    form.locator("button").click()
    bulane.wait_for_selector("#p2\\.2\\.2 .comment-question")
    axe(bulane)

    # Another organisation replies, without JavaScript.
    edf = visitor("titulaire.edf", javascript=False)
    edf.goto(f"{DRAFT}?paragraphe=2.2.2")
    follow(edf, ".comment-question a.ico.i-reply")
    edf.fill("form.comment-form textarea", "Nous pouvons y prendre part.")
    follow(edf, "form.comment-form button")
    assert "Nous pouvons y prendre part." in edf.text_content("#p2\\.2\\.2")

    # The secretariat decides, with a reason that reaches the author by mail.
    secretariat = visitor("secretariat")
    ((comment,),) = portal.sql("SELECT id FROM roadmap_comment WHERE parent_id IS NULL")
    secretariat.goto(f"/admin/roadmap/comment/{comment}/change/")
    secretariat.select_option("[name$=status]", "accepted")
    secretariat.fill("form:has([name=decide]) textarea", "La Métropole réunira le cercle en mars.")
    follow(secretariat, "[name=decide]")
    (mail,) = wait_for(lambda: portal.mails("titulaire.bulane", "omment"), lambda mails: len(mails) >= 1)
    assert "La Métropole réunira le cercle en mars." in mail.get_body(("plain",)).get_content()
    bulane.goto(f"{DRAFT}?paragraphe=2.2.2")
    assert "La Métropole réunira le cercle en mars." in bulane.text_content("#p2\\.2\\.2")

    # The public sees neither the draft nor its comments.
    public = visitor(javascript=False)
    assert public.goto(DRAFT).status in (403, 404) or "/connexion/" in public.url
    assert "cercle en mars" not in public.content()

    # A vote cannot open while the consultation is open; once it has ended, it opens and the text is frozen.
    secretariat.goto("/admin/roadmap/approval/add/")

    def open_vote() -> None:
        secretariat.select_option("[name=version]", index=1)
        secretariat.fill("[name=closes_at]", "2035-03-12T18:00")
        secretariat.check("[name=confirm]")
        follow(secretariat, ".submit-row input")

    open_vote()
    assert secretariat.locator(".errorlist").count() >= 1
    assert secretariat.input_value("[name=closes_at]") == "2035-03-12T18:00"
    portal.sql(
        "UPDATE roadmap_consultation"
        " SET opens_at = now() - interval '2 days', closes_at = now() - interval '1 second'"
    )
    open_vote()
    secretariat.wait_for_url("**/roadmap/approval/*/change/")
    ((approval, text_hash),) = portal.sql("SELECT id, text_sha256 FROM roadmap_approval")
    address = f"/feuille-de-route/votes/{approval}/"
    text = public.request.get(f"{portal.url}{DRAFT}texte.txt")
    assert "/connexion/" in text.url, "the draft's text is the members' until it is adopted"
    member_text = bulane.request.get(f"{portal.url}{DRAFT}texte.txt").body()
    assert hashlib.sha256(member_text).hexdigest() == text_hash

    # Organisations vote once each; a later ballot replaces the former; an observer reads.
    for name, choice in VOTES.items():
        vote(visitor(f"titulaire.{name}", javascript=False), address, choice)
    bulane.goto(address)
    axe(bulane)
    bulane.locator("#vote input[value=contre]").check(force=True)
    bulane.locator("#vote form button").click()
    bulane.wait_for_selector("#vote .receipt")
    alternate = visitor("suppleant.bulane")
    alternate.goto(address)
    alternate.click("#vote details.fold summary")
    alternate.locator("#vote input[value=pour]").check(force=True)
    alternate.locator("#vote form button").click()
    alternate.wait_for_selector("#vote section:has-text('Suppléant Bulane')")
    assert portal.sql("SELECT count(*) FROM roadmap_ballot") == [(len(VOTES) + 2,)]
    observer = visitor("observateur")
    observer.goto(address)
    assert observer.locator("#vote form").count() == 0

    # Those who have not voted are reminded, and only they.
    move_clock(
        portal,
        "UPDATE roadmap_approval"
        " SET opens_at = now() - interval '2 days', closes_at = now() + interval '20 hours'",
    )
    portal.wait_for_mails(1, to="equadim", subject="voté")
    portal.wait_for_mails(1, to="equadim", subject="Votre vote")
    assert not portal.mails("titulaire.orange", "voté")

    # The closing is the database's clock; the result is computed and published.
    move_clock(
        portal,
        "UPDATE roadmap_approval SET opens_at = now() - interval '2 days', closes_at = now() - interval '1 second'",
    )
    bulane.goto(address)
    assert bulane.locator("#vote form").count() == 0
    wait_for(lambda: portal.sql("SELECT outcome FROM roadmap_approval"), lambda rows: rows[0][0] != "")
    assert portal.sql("SELECT outcome FROM roadmap_approval") == [("adopted",)]
    public.goto(address)
    result = public.inner_text("main")
    assert "9" in public.inner_text("#quorum") and "16" in public.inner_text("#quorum")
    assert "Bulane" in result and "Equadim" in result
    record = public.request.get(f"{portal.url}{address}proces-verbal.json").body()
    ((record_hash,),) = portal.sql("SELECT record_sha256 FROM roadmap_approval")
    assert hashlib.sha256(record).hexdigest() == record_hash
    assert record_hash in result.replace("\n", "")
    assert public.goto(DRAFT).status == 200
    reader = visitor()
    reader.goto(address)
    axe(reader)
