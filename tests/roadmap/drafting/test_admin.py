"""The secretariat's pages of the roadmap's text."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.workflow import history
from outbox.models import OutboxEmail
from roadmap.drafting import services
from roadmap.drafting.enums import CommentStatus, VersionStatus
from roadmap.drafting.models import Block, Consultation, Version
from tests.helpers.queries import assert_constant_queries
from tests.helpers.roles import ROLES
from tests.members.factories import AxisFactory
from tests.roadmap.drafting.factories import CommentFactory, make_consultation, make_version

pytestmark = pytest.mark.django_db

ClientFor = Callable[[str], Client]
STAFF = ("secretariat", "administrator")
VERSIONS, COMMENTS = "/admin/roadmap/version/", "/admin/roadmap/comment/"


def block(version: Version, label: str = "1.1.1") -> Block:
    return Block.objects.get(version=version, label=label)


def text_url(version: Version, rest: str = "") -> str:
    return f"{VERSIONS}{version.pk}/texte/{rest}"


def moments(opens: timedelta | None, closes: timedelta | None) -> dict[str, str]:
    """Return what a publication's form sends, in Paris: noon of a day, an hour that October does not have twice."""
    asked = {"opens_at": opens, "closes_at": closes}
    return {name: f"{timezone.localdate() + delta}T12:00" if delta else "" for name, delta in asked.items()}


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_the_secretariats(client_for: ClientFor, role: str) -> None:
    version, published = make_version(), make_consultation()
    comment = CommentFactory(block=block(published))
    client = client_for(role)
    for address in (
        VERSIONS,
        f"{VERSIONS}{version.pk}/change/",
        f"{VERSIONS}{published.pk}/change/",
        text_url(version),
        text_url(version, "ajouter/"),
        text_url(version, f"{block(version).pk}/"),
        f"{VERSIONS}{version.pk}/publier/",
        f"{VERSIONS}{version.pk}/suivante/",
        COMMENTS,
        f"{COMMENTS}{comment.pk}/change/",
    ):
        assert client.get(address).status_code == (200 if role in STAFF else 302), address


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("rest", ["texte/", "texte/ajouter/", "publier/"])
def test_published_version_is_not_written(client_for: ClientFor, role: str, rest: str) -> None:
    version = make_consultation()
    client = client_for(role)
    assert client.get(f"{VERSIONS}{version.pk}/{rest}").status_code == 403
    assert client.post(f"{VERSIONS}{version.pk}/{rest}", {"up": block(version).pk}).status_code == 403
    assert client.post(f"{VERSIONS}{version.pk}/change/", {"title_fr": "Autre"}).status_code == 403


def test_nobody_deletes_versions_or_comments(client_for: ClientFor) -> None:
    version = make_consultation()
    comment = CommentFactory(block=block(version))
    client = client_for("administrator")
    assert client.post(f"{VERSIONS}{version.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{COMMENTS}{comment.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{COMMENTS}add/").status_code == 403


def test_titles_of_a_working_version_are_saved(client_for: ClientFor) -> None:
    version = make_version()
    data = {"title_fr": "Nouveau", "title_en": "New", "introduction_fr": "", "introduction_en": ""}
    client = client_for("secretariat")
    assert client.post(f"{VERSIONS}{version.pk}/change/", data).status_code == 302
    version.refresh_from_db()
    assert (version.title_fr, version.introduction_fr) == ("Nouveau", "")
    assert client.post(f"{VERSIONS}{version.pk}/change/", data).status_code == 302
    assert [log.to_state for log in history(version)] == ["head"]  # saved again, it changes nothing


def test_first_version_starts_from_nothing(client_for: ClientFor) -> None:
    client = client_for("secretariat")
    data = {"title_fr": "Premier", "title_en": "First", "introduction_fr": "", "introduction_en": ""}
    assert client.post(f"{VERSIONS}add/", data).status_code == 302
    version = Version.objects.get()
    assert (version.number, history(version).count()) == (1, 1)
    assert client.get(f"{VERSIONS}add/").status_code == 403


def test_text_is_written_moved_and_deleted(client_for: ClientFor) -> None:
    version = make_version()
    client = client_for("secretariat")
    chapter = block(version, "1.1")
    data = {"title_fr": "", "title_en": "", "body_fr": "Troisième.", "body_en": "Third."}
    assert client.post(text_url(version, f"ajouter/?parent={chapter.pk}"), data).status_code == 302
    added = block(version, "1.1.3")
    assert (added.body_fr, added.body_en) == ("Troisième.", "Third.")
    assert client.post(text_url(version), {"up": added.pk}).status_code == 302
    assert block(version, "1.1.2") == added
    corrected = {**data, "body_fr": "Corrigé.", "seen": added.mark}
    assert client.post(text_url(version, f"{added.pk}/"), corrected).status_code == 302
    assert block(version, "1.1.2").body_fr == "Corrigé."
    client.post(text_url(version, f"{added.pk}/"), {"delete": "1"})  # without the confirmation nothing goes
    assert Block.objects.filter(pk=added.pk).exists()
    assert client.post(text_url(version, f"{added.pk}/"), {"delete": "1", "confirm": "on"}).status_code == 302
    assert not Block.objects.filter(pk=added.pk).exists()


def test_axis_asks_for_its_strategic_axis(client_for: ClientFor) -> None:
    version, axis = make_version(), AxisFactory(number=2)
    client = client_for("secretariat")
    assert client.post(text_url(version, "ajouter/"), {"title_fr": "Deux"}).status_code == 422
    assert (
        client.post(text_url(version, "ajouter/"), {"title_fr": "Deux", "axis": axis.pk}).status_code == 302
    )
    assert block(version, "2").axis == axis


def test_empty_paragraph_answers_422_and_keeps_what_was_typed(client_for: ClientFor) -> None:
    version = make_version()
    client = client_for("secretariat")
    for address in (
        text_url(version, f"{block(version).pk}/"),
        text_url(version, f"ajouter/?parent={block(version, '1.1').pk}"),
    ):
        response = client.post(address, {"body_fr": " ", "body_en": "Kept text."})
        assert response.status_code == 422 and "Kept text." in response.content.decode()


def test_passage_that_somebody_else_saved_answers_409_and_keeps_both_texts(client_for: ClientFor) -> None:
    version = make_version()
    passage = block(version)
    client, address = client_for("secretariat"), text_url(version, f"{passage.pk}/")
    page = client.get(address)
    assert f'name="seen" value="{passage.mark}"' in page.content.decode()
    Block.objects.filter(pk=passage.pk).update(body_fr="Le texte d’une collègue.")
    typed = {"body_fr": "Le texte de la seconde.", "body_en": passage.body_en, "seen": passage.mark}
    refused = client.post(address, typed)
    content = refused.content.decode()
    assert refused.status_code == 409 and block(version).body_fr == "Le texte d’une collègue."
    assert "Le texte d’une collègue." in content and "Le texte de la seconde.</textarea>" in content
    assert [row[1:] for row in refused.context["theirs"]] == [
        ("Le texte d’une collègue.", "Le texte de la seconde.")
    ]
    # Sent again, it goes over the text that the page shows now.
    again = typed | {"seen": refused.context["form"]["seen"].value()}
    assert client.post(address, again).status_code == 302
    assert block(version).body_fr == "Le texte de la seconde."


def test_history_says_who_did_what_to_which_passage(client_for: ClientFor, people: Any) -> None:
    version = make_version()
    client = client_for("secretariat")
    chapter, passage = block(version, "1.1"), block(version)
    added = {"body_fr": "Troisième.", "body_en": ""}
    client.post(text_url(version, f"ajouter/?parent={chapter.pk}"), added)
    client.post(text_url(version, f"{passage.pk}/"), {"body_fr": "Autre.", "seen": passage.mark})
    client.post(
        text_url(version, f"{passage.pk}/"), {"body_fr": "Autre.", "seen": passage.mark}
    )  # changes nothing
    client.post(text_url(version), {"up": passage.pk})  # first already
    client.post(text_url(version), {"down": passage.pk})
    client.post(text_url(version, f"{chapter.pk}/"), {"delete": "1", "confirm": "on"})
    rows = [(log.to_state, log.reason, log.by) for log in history(version).filter(field="text")]
    by = people["secretariat"]
    assert rows == [
        ("added", "1.1.3", by),
        ("edited", "1.1.1", by),
        ("moved", "1.1.1", by),
        ("deleted", "1.1 Chapitre 1.1", by),
    ]
    page = client.get(f"{VERSIONS}{version.pk}/history/")
    assert [log.to_state for log, _what in page.context["changes"]] == [
        "deleted",
        "moved",
        "edited",
        "added",
    ]
    content = page.content.decode()
    assert "Chapitre 1.1" in content and by.get_full_name() in content


def test_history_has_as_many_queries_for_one_change_as_for_many(client_for: ClientFor, people: Any) -> None:
    version, by = make_version(), people["secretariat"]

    def write(*texts: str) -> None:
        for text in texts:
            services.edit_block(block=block(version), by=by, body_fr=text)

    assert_constant_queries(
        lambda: write("Un."),
        lambda: write("Deux.", "Trois."),
        f"{VERSIONS}{version.pk}/history/",
        client=client_for("secretariat"),
    )


def test_passage_sent_without_its_mark_answers_409(client_for: ClientFor) -> None:
    version = make_version()
    response = client_for("secretariat").post(
        text_url(version, f"{block(version).pk}/"), {"body_fr": "Sans marque."}
    )
    assert response.status_code == 409 and block(version).body_fr != "Sans marque."


@pytest.mark.parametrize("parent", ["0", "abc", "999999999999999999999"])
def test_passage_of_an_unknown_parent_answers_404(client_for: ClientFor, parent: str) -> None:
    version = make_version()
    client = client_for("secretariat")
    assert client.get(text_url(version, f"ajouter/?parent={parent}")).status_code == 404
    assert client.get(text_url(version, f"{block(make_consultation()).pk}/")).status_code == 404
    assert client.post(text_url(version), {"up": parent}).status_code == 404


def test_version_is_published(client_for: ClientFor, people: Any) -> None:
    version = make_version()
    data = moments(None, timedelta(days=8))
    assert client_for("secretariat").post(f"{VERSIONS}{version.pk}/publier/", data).status_code == 302
    assert Version.objects.get(pk=version.pk).status == VersionStatus.CONSULTATION
    assert Consultation.objects.get().closes_at > timezone.now() + timedelta(days=7)


@pytest.mark.parametrize(
    ("opens", "closes", "field"),
    [
        (timedelta(days=-3), timedelta(days=3), "opens_at"),
        (None, timedelta(days=-3), "closes_at"),
        (timedelta(days=3), timedelta(days=2), "closes_at"),
        (timedelta(days=3), None, "closes_at"),
    ],
)
def test_past_or_inverted_dates_answer_422_at_the_field(
    client_for: ClientFor, opens: timedelta | None, closes: timedelta | None, field: str
) -> None:
    version = make_version()
    response = client_for("secretariat").post(f"{VERSIONS}{version.pk}/publier/", moments(opens, closes))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert Version.objects.get(pk=version.pk).is_working and not Consultation.objects.exists()


def test_next_version_is_made_once(client_for: ClientFor) -> None:
    version = make_consultation()
    client = client_for("secretariat")
    assert client.post(f"{VERSIONS}{version.pk}/suivante/").status_code == 302
    assert client.post(f"{VERSIONS}{version.pk}/suivante/").status_code == 409
    assert Version.objects.count() == 2


# --- The queue of comments ---


def test_comment_is_decided_and_its_author_mailed(client_for: ClientFor) -> None:
    comment = CommentFactory(block=block(make_consultation(hours=-1)))
    data = {"decide": "1", "status": "accepted", "reason": "Bonne idée.", "seen": "open"}
    assert client_for("secretariat").post(f"{COMMENTS}{comment.pk}/change/", data).status_code == 302
    comment.refresh_from_db()
    assert (comment.status, comment.status_reason) == ("accepted", "Bonne idée.")
    assert OutboxEmail.objects.get().to == comment.author.email


@pytest.mark.parametrize(
    "change", [{"reason": " "}, {"status": ""}, {"status": "open"}, {"status": "perhaps"}, {"seen": "no"}]
)
def test_bad_decision_answers_422_and_changes_nothing(client_for: ClientFor, change: dict[str, str]) -> None:
    comment = CommentFactory(block=block(make_consultation()))
    data = {"decide": "1", "status": "accepted", "reason": "Motif gardé.", "seen": "open", **change}
    response = client_for("secretariat").post(f"{COMMENTS}{comment.pk}/change/", data)
    assert response.status_code == 422
    assert change.get("reason", "Motif gardé.") in response.content.decode()
    comment.refresh_from_db()
    assert comment.status == CommentStatus.OPEN and not OutboxEmail.objects.exists()


def test_decision_after_a_colleagues_answers_409(client_for: ClientFor) -> None:
    comment = CommentFactory(block=block(make_consultation()), status="accepted", status_reason="Oui.")
    data = {"decide": "1", "status": "rejected", "reason": "Non.", "seen": "open"}
    response = client_for("secretariat").post(f"{COMMENTS}{comment.pk}/change/", data)
    assert response.status_code == 409 and "Accepté" in response.content.decode()
    comment.refresh_from_db()
    assert comment.status == "accepted" and not OutboxEmail.objects.exists()


def test_secretariat_answers_from_the_queue(client_for: ClientFor, people: Any) -> None:
    comment = CommentFactory(block=block(make_consultation(hours=-1)))
    client = client_for("secretariat")
    assert client.post(f"{COMMENTS}{comment.pk}/change/", {"answer": "1", "body": " "}).status_code == 422
    assert (
        client.post(f"{COMMENTS}{comment.pk}/change/", {"answer": "1", "body": "Voici."}).status_code == 302
    )
    reply = comment.replies.get()
    assert reply.is_official and reply.author == people["secretariat"]


def test_queue_filters_what_is_unanswered(client_for: ClientFor) -> None:
    version = make_consultation()
    target = block(version)
    waiting = CommentFactory(block=target, body="Sans réponse.")
    answered = CommentFactory(block=target, body="Répondu déjà.")
    CommentFactory(block=target, parent=answered, organisation=None, body="Une réponse.")
    CommentFactory(block=target, status="rejected", status_reason="Non.", body="Rejeté déjà.")
    client = client_for("secretariat")
    everything = client.get(COMMENTS).content.decode()
    assert "Une réponse." not in everything and everything.count('class="field-excerpt"') == 3
    unanswered = client.get(f"{COMMENTS}?reponse=non&version={version.pk}").content.decode()
    assert waiting.body in unanswered and unanswered.count('class="field-excerpt"') == 1
    assert client.get(f"{COMMENTS}?reponse=oui").content.decode().count('class="field-excerpt"') == 2
    for query in (
        "status__exact=rejected",
        "kind__exact=remark",
        f"organisation__id__exact={waiting.organisation_id}",
        "q=Rejeté",
    ):
        assert client.get(f"{COMMENTS}?{query}").status_code == 200
    assert client.get(f"{COMMENTS}?version=abc").status_code == 200


def test_list_of_versions_counts_what_is_unanswered(client_for: ClientFor) -> None:
    version = make_consultation()
    for label in ("1.1.1", "1.1.2"):
        CommentFactory(block=block(version, label))
    CommentFactory(block=block(version), status="accepted", status_reason="Oui.")
    html = client_for("secretariat").get(VERSIONS).content.decode()
    assert (
        f'?reponse=non&amp;version={version.pk}">2</a>' in html
        or f'?reponse=non&version={version.pk}">2</a>' in html
    )


def test_text_takes_a_constant_number_of_queries(client_for: ClientFor) -> None:
    working = make_version()
    client = client_for("administrator")

    def paragraphs(times: int) -> None:
        for _time in range(times):
            data = {"body_fr": "Encore."}
            client.post(text_url(working, f"ajouter/?parent={block(working, '1.1').pk}"), data)

    assert_constant_queries(lambda: paragraphs(1), lambda: paragraphs(10), text_url(working), client=client)
