"""Reading and discussing in a real browser, with htmx and without any script."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from roadmap.drafting.models import Block, Comment
from tests.helpers.browser import SIZES, axe, log_in, overflows
from tests.roadmap.drafting.factories import CommentFactory, make_consultation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser_context_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Take the context's options from the test's parameters."""
    options = getattr(request, "param", {})
    return {"viewport": SIZES["large"], "locale": "fr-FR", "timezone_id": "Europe/Paris"} | options


def test_thread_opens_takes_comments_and_closes_in_place(page: Any, live_server: Any, people: Any) -> None:
    version = make_consultation()
    first = CommentFactory(block=Block.objects.get(version=version, label="1.1.1"), body="La première.")
    log_in(page, live_server, people["member"])
    page.goto(f"/feuille-de-route/versions/{version.number}/")
    section = page.locator('[id="p1.1.1"]')

    section.locator(".para-count").click()
    section.get_by_text("La première.").wait_for()
    assert page.url.endswith(f"/versions/{version.number}/")  # the page stayed
    axe(page)

    section.get_by_role("button", name="Publier le commentaire").click()
    section.locator(".error-summary").wait_for()  # an empty comment: 422, swapped all the same
    # htmx swaps first and settles a moment later; the focus comes with the second.
    expect(section.locator(".error-summary")).to_be_focused()
    axe(page)

    section.get_by_label("Nature du commentaire").select_option("question")
    section.get_by_label("Votre commentaire").fill("Et ensuite ?")
    section.get_by_role("button", name="Publier le commentaire").click()
    section.locator(".comment-question").wait_for()
    expect(section.locator(".error-summary")).to_have_count(0)

    section.locator(f'[id="commentaire-{first.pk}"]').get_by_role("link", name="Répondre").click()
    section.get_by_label("Votre réponse").fill("Une réponse.")
    section.get_by_role("button", name="Publier la réponse").click()
    section.get_by_text("Une réponse.").wait_for()
    assert first.replies.get().body == "Une réponse."

    section.locator(".para-count").click()
    section.locator(".para-thread").wait_for(state="detached")
    expect(section.locator(".para-count")).to_have_text(re.compile(r"3\s*$"), use_inner_text=True)


@pytest.mark.parametrize(
    "browser_context_options", [{"java_script_enabled": False, "viewport": SIZES["small"]}], indirect=True
)
def test_comment_is_written_without_script(page: Any, live_server: Any, people: Any) -> None:
    version = make_consultation()
    log_in(page, live_server, people["observer"])
    page.goto(f"/feuille-de-route/versions/{version.number}/")
    page.locator('[id="c1.1.2"]').click()
    page.get_by_label("Votre commentaire").fill("x" * 10)
    with page.expect_navigation():
        page.get_by_role("button", name="Publier le commentaire").click()
    comment = Comment.objects.get()
    assert page.url.endswith(f"?paragraphe=1.1.2#commentaire-{comment.pk}")
    expect(page.locator(f'[id="commentaire-{comment.pk}"]')).to_be_visible()
    expect(page.get_by_text("Votre commentaire est publié.")).to_be_visible()


@pytest.mark.parametrize(
    "browser_context_options",
    [
        {"viewport": SIZES["small"], "color_scheme": "dark"},
        {"viewport": SIZES["large"], "color_scheme": "light"},
        {"viewport": {"width": 320, "height": 640}},
    ],
    indirect=True,
)
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_pages_are_accessible_and_fit(page: Any, live_server: Any, people: Any, prefix: str) -> None:
    version = make_consultation(is_demo=True)
    block = Block.objects.get(version=version, label="1.1.1")
    parent = CommentFactory(
        block=block, status="accepted", status_reason="Oui, c'est mieux ainsi.", kind="objection"
    )
    CommentFactory(block=block, parent=parent, organisation=None)
    log_in(page, live_server, people["secretariat"])
    root = f"{prefix}/feuille-de-route/"
    for address in (
        "",
        "?paragraphe=1.1.1",
        f"?paragraphe=1.1.1&reponse={parent.pk}",
        "paragraphes/1.1.1/",
        "commentaires/",
    ):
        page.goto(f"{root}versions/{version.number}/{address}")
        axe(page)
        assert not overflows(page), address
    page.goto(root)
    axe(page)
    assert not overflows(page)


def test_secretariats_pages_are_accessible(page: Any, live_server: Any, people: Any) -> None:
    from tests.roadmap.drafting.factories import make_version

    working, version = make_version(), make_consultation()
    block = Block.objects.get(version=working, label="1.1.1")
    comment = CommentFactory(block=Block.objects.get(version=version, label="1.1.1"))
    log_in(page, live_server, people["secretariat"])
    for address in (
        f"version/{working.pk}/texte/",
        f"version/{working.pk}/texte/{block.pk}/",
        f"version/{working.pk}/texte/ajouter/",
        f"version/{working.pk}/publier/",
        f"version/{working.pk}/suivante/",
        f"comment/{comment.pk}/change/",
    ):
        page.goto(f"/admin/roadmap/{address}")
        axe(page)
