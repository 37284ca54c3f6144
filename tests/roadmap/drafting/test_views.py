"""Pages of the roadmap's text and of its comments, for each kind of reader."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.typed import clean_typed
from members.models import User
from roadmap.drafting.enums import CommentKind, VersionStatus
from roadmap.drafting.models import Block, Comment, Version
from tests.helpers.htmx import HX, assert_fragment_in_page, normalised
from tests.helpers.queries import assert_constant_queries
from tests.helpers.roles import ROLES
from tests.members.factories import OrganisationFactory, UserFactory
from tests.roadmap.drafting.factories import (
    CommentFactory,
    make_consultation,
    make_version,
    open_consultation,
)

pytestmark = pytest.mark.django_db

ClientFor = Callable[[str], Client]
READERS = {"observer", "member_other", "member", "secretariat", "administrator"}


def url(version: Version, rest: str = "") -> str:
    return f"/feuille-de-route/versions/{version.number}/{rest}"


def thread(version: Version, label: str = "1.1.1") -> str:
    return url(version, f"paragraphes/{label}/")


def block(version: Version, label: str = "1.1.1") -> Block:
    return Block.objects.get(version=version, label=label)


# --- Who sees what ---


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", VersionStatus)
def test_version_is_shown_by_state_and_role(client_for: ClientFor, role: str, status: str) -> None:
    version = make_version(status)
    response = client_for(role).get(url(version))
    if status == VersionStatus.ADOPTED or role in ("secretariat", "administrator"):
        expected = 200
    elif status == VersionStatus.WORKING:
        expected = 404
    elif role in READERS:
        expected = 200
    else:
        expected = 302 if role == "anonymous" else 404
    assert response.status_code == expected
    if expected == 302:
        assert response["Location"].startswith("/connexion/?next=")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("address", ["commentaires/", "paragraphes/1.1.1/", "?paragraphe=1.1.1"])
def test_comments_are_the_members(client_for: ClientFor, role: str, address: str) -> None:
    version = make_version(VersionStatus.ADOPTED)
    comment = CommentFactory(block=block(version), body="Une remarque confidentielle.")
    response = client_for(role).get(url(version, address))
    shown = response.status_code == 200 and comment.body in response.content.decode()
    assert shown == (role in READERS)
    if "?" not in address and role not in READERS:
        assert response.status_code == (302 if role == "anonymous" else 403)


@pytest.mark.parametrize("role", ROLES)
def test_home_shows_what_is_discussed_to_members_only(client_for: ClientFor, role: str) -> None:
    adopted, discussed, working = (
        make_version(VersionStatus.ADOPTED),
        make_consultation(),
        make_version(VersionStatus.WORKING),
    )
    html = client_for(role).get("/feuille-de-route/").content.decode()
    assert adopted.title_fr in html
    assert (discussed.title_fr in html) == (role in READERS)
    assert (working.title_fr in html) == (role in ("secretariat", "administrator"))


def test_home_links_an_open_vote(client_for: ClientFor) -> None:
    version = make_version(VersionStatus.VOTE)
    html = client_for("member").get("/feuille-de-route/").content.decode()
    assert version.title_fr in html and "/feuille-de-route/votes/" not in html


@pytest.mark.parametrize("number", ["999", "99999999999999999999"])
def test_unknown_version_answers_404(client: Client, number: str) -> None:
    assert client.get(f"/feuille-de-route/versions/{number}/").status_code == 404


@pytest.mark.parametrize("label", ["9.9.9", "1.1", "abc", "1.1.1x", "1.1.1.1"])
def test_unknown_paragraph_answers_404(client_for: ClientFor, label: str) -> None:
    version = make_consultation()
    client = client_for("member")
    assert client.get(url(version, f"paragraphes/{label}/")).status_code == 404
    assert client.get(url(version, f"?paragraphe={label}")).status_code == 404
    assert client.get(url(version, f"?paragraphe={label}%00"), **HX).status_code == 404


@pytest.mark.parametrize("query", ["passage=9", "passage=0", "page=0", "page=x", "page=2"])
def test_comment_list_refuses_what_does_not_exist(client_for: ClientFor, query: str) -> None:
    assert client_for("member").get(url(make_consultation(), f"commentaires/?{query}")).status_code == 404


# --- Reading ---


def test_version_is_read_in_both_languages(client_for: ClientFor) -> None:
    version = make_consultation(axes=2, chapters=2)
    client = client_for("member")
    french, english = (
        client.get(url(version)).content.decode(),
        client.get(f"/en{url(version)}").content.decode(),
    )
    assert "Le paragraphe 2.2.1 du projet." in french and "Paragraph 2.2.1 of the draft." not in french
    assert "Paragraph 2.2.1 of the draft." in english and "Chapter 2.2" in english
    assert 'href="#p2.2"' in french and 'id="p2.2"' in french


def test_missing_english_shows_the_french_and_says_so(client: Client) -> None:
    version = make_version()
    Block.objects.filter(version=version, label="1.1.1").update(body_en="")
    version.status, version.published_at = VersionStatus.VOTE, timezone.now()
    version.save()
    version.status, version.adopted_on = VersionStatus.ADOPTED, timezone.localdate()
    version.save()
    assert '<div lang="fr"><p>Le paragraphe 1.1.1' in client.get(f"/en{url(version)}").content.decode()


def test_working_text_is_never_kept(client_for: ClientFor) -> None:
    version = make_version()
    client = client_for("secretariat")
    assert "Le paragraphe 1.1.1" in client.get(url(version)).content.decode()
    Block.objects.filter(version=version, label="1.1.1").update(body_fr="Un autre texte.")
    assert "Un autre texte." in client.get(url(version)).content.decode()


def test_public_page_has_no_comment_nor_token(client: Client) -> None:
    version = make_version(VersionStatus.ADOPTED)
    CommentFactory(block=block(version))
    html = client.get(url(version)).content.decode()
    assert "para-count" not in html and "csrf" not in html and "htmx" not in html


def test_demonstration_text_says_so(client: Client) -> None:
    banner = "demo-banner"
    assert banner in client.get(url(make_version(VersionStatus.ADOPTED, is_demo=True))).content.decode()
    assert banner not in client.get(url(make_version(VersionStatus.ADOPTED))).content.decode()


def test_canonical_text_is_served_as_it_is_hashed(client: Client) -> None:
    from roadmap.drafting.services import canonical_text

    version = make_version(VersionStatus.ADOPTED)
    assert client.get(url(version, "texte.txt")).content == canonical_text(version).encode()
    assert client.get(url(make_version(), "texte.txt")).status_code == 404


def test_counts_are_merged_into_the_kept_text(client_for: ClientFor) -> None:
    version = make_consultation()
    client = client_for("member")
    assert ' is-none" id="c1.1.1"' in client.get(url(version)).content.decode()
    first = CommentFactory(block=block(version))
    CommentFactory(block=block(version), parent=first)
    html = client.get(url(version)).content.decode()
    assert ' is-none" id="c1.1.1"' not in html and ' is-none" id="c1.1.2"' in html
    assert "</span>2</a>" in html


# --- Threads ---


def test_thread_opens_the_same_for_a_page_and_for_htmx(client_for: ClientFor) -> None:
    version = make_consultation()
    comment = CommentFactory(block=block(version), kind=CommentKind.QUESTION)
    CommentFactory(block=block(version), parent=comment, organisation=None)
    client = client_for("member")
    opened = assert_fragment_in_page(client, url(version, "?paragraphe=1.1.1"))
    alone = assert_fragment_in_page(client, thread(version))
    assert normalised(opened) == normalised(alone)
    closed = client.get(url(version, "?ferme=1.1.1"), **HX).content.decode()
    assert normalised(closed) in normalised(client.get(url(version)).content.decode())


def test_comment_is_published_without_script(client_for: ClientFor, people: Any) -> None:
    version = make_consultation()
    client = client_for("member")
    response = client.post(thread(version), {"kind": "objection", "body": "Trop cher.\r\nVraiment."})
    comment = Comment.objects.get()
    assert (comment.author, comment.organisation) == (people["member"], people.organisation)
    assert (comment.kind, comment.body) == ("objection", "Trop cher.\nVraiment.")
    assert response.status_code == 302
    assert response["Location"] == url(version, f"?paragraphe=1.1.1#commentaire-{comment.pk}")
    assert f'id="commentaire-{comment.pk}"' in client.get(response["Location"]).content.decode()


def test_comment_is_published_with_htmx_and_shows_what_the_page_shows(client_for: ClientFor) -> None:
    version = make_consultation()
    client = client_for("observer")
    response = client.post(thread(version), {"kind": "remark", "body": "Bien."}, **HX)
    assert response.status_code == 200
    page = client.get(url(version, "?paragraphe=1.1.1")).content.decode()
    assert normalised(response.content.decode()) in normalised(page)
    assert "Bien." in page and "alert-ok" not in page


@pytest.mark.parametrize("headers", [{}, HX])
@pytest.mark.parametrize("body", ["", "   \r\n ", "x" * 50_000, "\u200b\ufeff\0"])
def test_bad_comment_answers_422_and_keeps_what_was_typed(
    client_for: ClientFor, headers: dict[str, str], body: str
) -> None:
    version = make_consultation()
    response = client_for("member").post(thread(version), {"kind": "question", "body": body}, **headers)
    html = response.content.decode()
    assert response.status_code == 422
    assert not Comment.objects.exists()
    assert "error-summary" in html and 'href="#p1-1-1-body"' in html
    assert "\0" not in html  # nor can a page hold one
    assert clean_typed(body).strip()[:20] in html
    assert '<option value="question" selected>' in html
    if len(body) > 5000:
        assert body in html and "50 000" in html.replace("\u202f", " ")


def test_comment_of_exactly_5000_characters_with_lines_passes(client_for: ClientFor) -> None:
    body = "\r\n".join(["x" * 499] * 10)  # 4,999 characters as a browser counts them
    assert (
        client_for("member").post(thread(make_consultation()), {"kind": "remark", "body": body}).status_code
        == 302
    )


@pytest.mark.parametrize("field", [{"kind": "insult"}, {"organisation": "secretariat", "kind": "insult"}])
def test_unknown_kind_answers_422(client_for: ClientFor, field: dict[str, str]) -> None:
    assert (
        client_for("member").post(thread(make_consultation()), {"body": "Oui.", **field}).status_code == 422
    )


@pytest.mark.parametrize("headers", [{}, HX])
def test_comment_after_closing_answers_409_and_keeps_what_was_typed(
    client_for: ClientFor, headers: dict[str, str]
) -> None:
    version = make_consultation(hours=-1)
    response = client_for("member").post(
        thread(version), {"kind": "remark", "body": "Trop tard ?"}, **headers
    )
    assert response.status_code == 409
    assert "Trop tard ?" in response.content.decode()
    assert not Comment.objects.exists()


def test_comment_on_a_version_put_to_the_vote_answers_409(client_for: ClientFor) -> None:
    version = make_version(VersionStatus.VOTE)
    assert (
        client_for("member").post(thread(version), {"kind": "remark", "body": "Encore."}).status_code == 409
    )


@pytest.mark.parametrize("role", ROLES)
def test_who_may_comment(client_for: ClientFor, role: str) -> None:
    version = make_consultation()
    response = client_for(role).post(thread(version), {"kind": "remark", "body": "Bien."})
    expected = {"anonymous": 302, "pilot": 404, "secretariat": 403, "administrator": 403}.get(role, 302)
    assert response.status_code == expected
    assert Comment.objects.count() == (role in ("observer", "member", "member_other"))


@pytest.mark.parametrize("role", ROLES)
def test_who_may_reply_after_closing(client_for: ClientFor, role: str) -> None:
    version = make_consultation(hours=-1)
    comment = CommentFactory(block=block(version))
    response = client_for(role).post(thread(version), {"parent": comment.pk, "body": "Réponse."})
    expected = {"anonymous": 302, "pilot": 404, "secretariat": 302, "administrator": 302}.get(role, 409)
    assert response.status_code == expected
    replies = list(comment.replies.values_list("organisation", flat=True))
    assert replies == ([None] if role in ("secretariat", "administrator") else [])


def test_organisation_is_asked_where_there_are_several(client_for: ClientFor, people: Any) -> None:
    from members.enums import MandateRole
    from tests.members.factories import MandateFactory

    version = make_consultation()
    MandateFactory(person=people["member"], organisation=people.other_organisation, role=MandateRole.EXPERT)
    client = client_for("member")
    assert 'name="organisation"' in client.get(thread(version)).content.decode()
    assert client.post(thread(version), {"kind": "remark", "body": "Oui."}).status_code == 422
    chosen = {"kind": "remark", "body": "Oui.", "organisation": people.other_organisation.pk}
    assert client.post(thread(version), chosen).status_code == 302
    assert Comment.objects.get().organisation == people.other_organisation


def test_organisation_of_somebody_else_is_refused(client_for: ClientFor, people: Any) -> None:
    version = make_consultation()
    forged = {"kind": "remark", "body": "Oui.", "organisation": people.other_organisation.pk}
    client_for("member").post(thread(version), forged)
    assert set(Comment.objects.values_list("organisation", flat=True)) <= {people.organisation.pk}


def test_reply_form_stands_under_its_comment(client_for: ClientFor) -> None:
    version = make_consultation()
    comment = CommentFactory(block=block(version))
    html = assert_fragment_in_page(
        client_for("member"), url(version, f"?paragraphe=1.1.1&reponse={comment.pk}")
    )
    assert f'name="parent" value="{comment.pk}"' in html and html.count("<textarea") == 1


@pytest.mark.parametrize("parent", ["0", "abc", "9" * 30, "-1", "²"])
def test_reply_to_an_unknown_comment_answers_404(client_for: ClientFor, parent: str) -> None:
    version = make_consultation()
    client = client_for("member")
    assert client.post(thread(version), {"parent": parent, "body": "Oui."}).status_code == 404
    assert client.get(url(version, f"?paragraphe=1.1.1&reponse={parent}")).status_code == 404


def test_reply_to_another_paragraph_or_version_answers_404(client_for: ClientFor) -> None:
    version, other = make_consultation(), make_consultation()
    client = client_for("member")
    for comment in (
        CommentFactory(block=block(version, "1.1.2")),
        CommentFactory(block=block(other)),
        CommentFactory(block=block(version), parent=CommentFactory(block=block(version))),
    ):
        assert client.post(thread(version), {"parent": comment.pk, "body": "Oui."}).status_code == 404


def test_what_people_write_is_never_markup(client_for: ClientFor) -> None:
    version = make_consultation()
    CommentFactory(
        block=block(version),
        body="<script>alert(1)</script> [a](javascript:alert(1))",
        author__first_name="<b>Eve</b>",
    )
    html = client_for("member").get(thread(version)).content.decode()
    assert "<script>alert" not in html and 'href="javascript' not in html and "<b>Eve" not in html


def test_long_thread_shows_the_latest_and_links_the_rest(client_for: ClientFor) -> None:
    version = make_consultation()
    comments = CommentFactory.create_batch(53, block=block(version))
    client = client_for("member")
    html = client.get(thread(version)).content.decode()
    assert html.count('<article class="comment') == 50
    assert f'id="commentaire-{comments[2].pk}"' not in html and f'id="commentaire-{comments[-1].pk}"' in html
    first = client.get(url(version, "commentaires/?passage=1.1.1")).content.decode()
    assert first.count('<article class="comment') == 30 and "page=2" in first
    answering = client.get(thread(version) + f"?reponse={comments[0].pk}").content.decode()
    assert f'id="commentaire-{comments[0].pk}"' in answering


def test_comment_list_follows_the_text_and_its_passages(client_for: ClientFor) -> None:
    version = make_consultation(axes=2, chapters=1)
    for label in ("2.1.1", "1.1.2", "1.1.1"):
        CommentFactory(block=block(version, label), body=f"Sur {label}.")
    client = client_for("member")
    html = client.get(url(version, "commentaires/")).content.decode()
    assert html.index("Sur 1.1.1.") < html.index("Sur 1.1.2.") < html.index("Sur 2.1.1.")
    part = client.get(url(version, "commentaires/?passage=1")).content.decode()
    assert "Sur 1.1.2." in part and "Sur 2.1.1." not in part


def test_consultation_that_has_not_opened_says_when(client_for: ClientFor) -> None:
    version = make_version(VersionStatus.CONSULTATION)
    consultation = open_consultation(version)
    consultation.opens_at = timezone.now() + timedelta(days=1)
    consultation.closes_at = timezone.now() + timedelta(days=2)
    consultation.save()
    client = client_for("member")
    assert "<textarea" not in client.get(thread(version)).content.decode()
    assert client.post(thread(version), {"kind": "remark", "body": "Oui."}).status_code == 409


# --- Queries ---


@pytest.mark.parametrize(("address", "at_most"), [("", 6), ("?paragraphe=1.1.1", 8), ("commentaires/", 9)])
def test_draft_takes_few_queries_whatever_it_carries(
    client_for: ClientFor, address: str, at_most: int
) -> None:
    version = make_consultation()
    target, organisation = block(version), OrganisationFactory()

    def write(authors: list[User], parents: list[Comment | None]) -> list[Comment]:
        return Comment.objects.bulk_create(
            CommentFactory.build(
                block=target, author=author, organisation=None if parent else organisation, parent=parent
            )
            for author, parent in zip(authors, parents, strict=True)
        )

    def comment(pairs: int) -> None:
        authors = User.objects.bulk_create(UserFactory.build_batch(pairs))
        questions = write(authors, [None] * pairs)
        write(authors, [*questions])

    assert_constant_queries(
        lambda: comment(1),
        lambda: comment(100),
        url(version, address),
        client=client_for("member"),
        at_most=at_most,
    )


def test_public_pages_take_few_queries(client: Client) -> None:
    def make(times: int) -> None:
        for _time in range(times):
            make_version(VersionStatus.ADOPTED)

    assert_constant_queries(lambda: make(1), lambda: make(5), "/feuille-de-route/", client=client, at_most=5)
    number = Version.objects.latest("number").number
    assert_constant_queries(
        lambda: None, lambda: make(3), f"/feuille-de-route/versions/{number}/", client=client, at_most=2
    )
