"""What happens to the roadmap's text: canonical form, versions, consultation, comments and decisions."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone, translation

from core.models import TransitionLog
from core.workflow import TransitionError, history
from members.enums import MandateRole
from outbox.models import OutboxEmail
from roadmap.drafting import services
from roadmap.drafting.enums import BlockKind, CommentStatus, VersionStatus
from roadmap.drafting.models import Block, Comment, Version
from roadmap.drafting.services import DraftingError
from tests.members.factories import AxisFactory, MandateFactory, UserFactory
from tests.roadmap.drafting.factories import CommentFactory, make_consultation, make_version

pytestmark = pytest.mark.django_db


def block(version: Version, label: str = "1.1.1") -> Block:
    return Block.objects.select_related("version").get(version=version, label=label)


def labels(version: Version) -> list[str]:
    return list(version.blocks.order_by("position").values_list("label", flat=True))


def texts(version: Version) -> list[str]:
    return [row.body_fr or row.title_fr for row in version.blocks.order_by("position")]


def refusal(action: Callable[[], Any]) -> DraftingError:
    with pytest.raises(DraftingError) as caught:
        action()
    return caught.value


# --- The canonical text ---


def test_canonical_text_is_the_documented_one() -> None:
    version = make_version(number=7, title_fr="Titre", title_en="Title", introduction_en="", paragraphs=1)
    Block.objects.filter(version=version, label="1.1.1").update(body_fr="Un.\r\n\r\nDeux.", body_en="")
    assert services.canonical_text(version) == (
        "Roadmap text, format 1\nversion 7\ntitle fr\n| Titre\ntitle en\n| Title\n"
        "introduction fr\n| Une industrie positive, ensemble.\nintroduction en\n"
        "axis 1 of strategic axis 1\ntitle fr\n| Axe 1\ntitle en\n| Axis 1\ntext fr\ntext en\n"
        "chapter 1.1\ntitle fr\n| Chapitre 1.1\ntitle en\n| Chapter 1.1\ntext fr\ntext en\n"
        "paragraph 1.1.1\ntitle fr\ntitle en\ntext fr\n| Un.\n| \n| Deux.\ntext en\n"
    )
    assert (
        services.text_sha256(version) == hashlib.sha256(services.canonical_text(version).encode()).hexdigest()
    )


def test_canonical_text_does_not_depend_on_the_reader() -> None:
    version = make_version()
    with translation.override("en"):
        english = services.text_sha256(version)
    assert services.text_sha256(version) == english


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("body_fr", "Le paragraphe 1.1.1 du projet. "),
        ("body_en", "Autre"),
        ("title_fr", "Titre"),
        ("title_en", "text fr\n| Le paragraphe"),
        ("label", "1.1.3"),
        ("position", 99),
    ],
)
def test_canonical_text_changes_with_anything_written(field: str, value: Any) -> None:
    version = make_version()
    before = services.text_sha256(version)
    Block.objects.filter(version=version, label="1.1.1").update(**{field: value})
    assert services.text_sha256(version) != before


def test_no_text_can_pass_for_another_field() -> None:
    one, two = make_version(number=1), make_version(number=2)
    Block.objects.filter(version=one, label="1.1.1").update(body_fr="A\ntext en\n| B", body_en="")
    Block.objects.filter(version=two, label="1.1.1").update(body_fr="A", body_en="B")
    first, second = (
        services.canonical_text(version).replace("version 2", "version 1") for version in (one, two)
    )
    assert first != second


# --- Versions ---


def test_next_version_copies_the_text_and_its_lineage(people: Any) -> None:
    version = make_version(VersionStatus.CONSULTATION, axes=2, chapters=2)
    fresh = services.create_next_version(from_version=version, by=people["secretariat"])
    assert (fresh.number, fresh.status) == (version.number + 1, VersionStatus.WORKING)
    same = (
        "kind",
        "label",
        "position",
        "lineage",
        "title_fr",
        "title_en",
        "body_fr",
        "body_en",
        "parent__label",
    )
    assert list(fresh.blocks.values_list(*same)) == list(version.blocks.values_list(*same))
    assert not fresh.blocks.filter(parent__version=version).exists()
    assert history(fresh).get().by == people["secretariat"]


def test_next_version_waits_for_the_one_being_written(people: Any) -> None:
    version = make_version(VersionStatus.CONSULTATION)
    services.create_next_version(from_version=version, by=people["secretariat"])
    error = refusal(lambda: services.create_next_version(from_version=version, by=people["secretariat"]))
    assert error.code == "working" and Version.objects.count() == 2


def test_passages_are_added_moved_and_deleted_with_their_numbers(people: Any) -> None:
    by = people["secretariat"]
    version = make_version(axes=2)
    chapter = services.add_block(
        version=version, parent=block(version, "1"), by=by, title_fr="Nouveau", title_en=""
    )
    services.add_block(version=version, parent=chapter, by=by, body_fr="Premier.", body_en="")
    axis = services.add_block(
        version=version, parent=None, axis=AxisFactory(number=3), by=by, title_fr="Axe neuf"
    )
    assert labels(version) == [
        "1",
        "1.1",
        "1.1.1",
        "1.1.2",
        "1.2",
        "1.2.1",
        "2",
        "2.1",
        "2.1.1",
        "2.1.2",
        "3",
    ]
    assert (axis.label, axis.kind) == ("3", BlockKind.AXIS)

    services.move_block(block=block(version, "1"), step=1, by=by)
    assert texts(version)[0] == "Axe 2" and labels(version)[:2] == ["1", "1.1"]
    services.move_block(block=block(version, "1"), step=-1, by=by)  # already first
    assert texts(version)[0] == "Axe 2"
    services.delete_block(block=block(version, "2.1"), by=by)
    assert labels(version) == ["1", "1.1", "1.1.1", "1.1.2", "2", "2.1", "2.1.1", "3"]
    assert texts(version)[5:7] == ["Nouveau", "Premier."]


def test_paragraph_has_nothing_below_it_and_a_text(people: Any) -> None:
    version = make_version()
    assert refusal(lambda: services.add_block(version=version, parent=block(version), by=None)).code == "tree"
    with pytest.raises(ValidationError):
        services.add_block(version=version, parent=block(version, "1.1"), by=None, body_fr="")
    with pytest.raises(ValidationError):
        services.edit_block(block=block(version), by=None, body_fr="")


@pytest.mark.parametrize(
    "change",
    [
        lambda version: services.edit_block(block=block(version), by=None, body_fr="Autre."),
        lambda version: services.move_block(block=block(version), step=1, by=None),
        lambda version: services.delete_block(block=block(version), by=None),
        lambda version: services.add_block(
            version=version, parent=block(version, "1.1"), by=None, body_fr="x"
        ),
        lambda version: services.edit_version(version=version, by=None),
    ],
)
def test_published_text_is_refused_by_the_services_too(change: Callable[[Version], Any]) -> None:
    version = make_version(VersionStatus.VOTE)
    before = services.text_sha256(version)
    assert refusal(lambda: change(version)).code == "published"
    assert services.text_sha256(version) == before


# --- Consultation ---


def test_publication_freezes_the_text_and_opens_it(people: Any) -> None:
    version = make_version()
    closes_at = timezone.now() + timedelta(days=1)
    consultation = services.publish_for_consultation(
        version=version, opens_at=None, closes_at=closes_at, by=people["secretariat"]
    )
    version.refresh_from_db()
    assert version.status == VersionStatus.CONSULTATION and version.published_at
    assert consultation.closes_at == closes_at
    assert history(version).get().by == people["secretariat"]
    assert services.open_consultations(people["member"]) == [consultation]


@pytest.mark.parametrize(
    ("opens", "closes", "field", "code"),
    [
        (timedelta(days=-2), timedelta(days=1), "opens_at", "past"),
        (timedelta(days=-2), timedelta(days=-1), "opens_at", "past"),
        (None, timedelta(seconds=-1), "closes_at", "past"),
        (timedelta(days=2), timedelta(days=1), "closes_at", "inverted"),
        (timedelta(days=2), timedelta(days=2), "closes_at", "inverted"),
    ],
)
def test_publication_refuses_past_and_inverted_instants(
    people: Any, opens: timedelta | None, closes: timedelta, field: str, code: str
) -> None:
    version, now = make_version(), timezone.now()
    error = refusal(
        lambda: services.publish_for_consultation(
            version=version, opens_at=opens and now + opens, closes_at=now + closes, by=None
        )
    )
    version.refresh_from_db()
    assert (error.field, error.code, version.status) == (field, code, VersionStatus.WORKING)


def test_publication_refuses_a_version_without_text() -> None:
    version = make_version(axes=0)
    soon = timezone.now() + timedelta(days=1)
    error = refusal(
        lambda: services.publish_for_consultation(version=version, opens_at=None, closes_at=soon, by=None)
    )
    assert error.code == "empty"


def test_publication_twice_is_refused() -> None:
    version, soon = make_consultation(), timezone.now() + timedelta(days=1)
    with pytest.raises(TransitionError):
        services.publish_for_consultation(version=version, opens_at=None, closes_at=soon, by=None)


@pytest.mark.parametrize("hours", [24, -1])
def test_open_consultations_end_without_a_scheduler(people: Any, hours: int) -> None:
    version = make_consultation(hours=hours)
    assert [row.version for row in services.open_consultations(people["observer"])] == [version] * (hours > 0)
    assert services.open_consultations(people["pilot"]) == []


def test_version_put_to_the_vote_is_no_longer_open(people: Any) -> None:
    version = make_consultation()
    version.status = VersionStatus.VOTE
    version.save()
    assert services.open_consultations(people["member"]) == []


# --- Comments ---


def comment_on(target: Block, author: Any, organisation: Any, **fields: Any) -> Comment:
    values = {"body": "Oui.", **fields}
    return services.add_comment(block=target, author=author, organisation=organisation, **values)


def test_member_comments_for_an_organisation_of_theirs_only(people: Any) -> None:
    target = block(make_consultation())
    assert comment_on(target, people["member"], people.organisation).organisation == people.organisation
    with pytest.raises(PermissionDenied):
        comment_on(target, people["member"], people.other_organisation)


@pytest.mark.parametrize(
    "role", [MandateRole.OBSERVER, MandateRole.EXPERT, MandateRole.ALTERNATE, MandateRole.CHAIR]
)
def test_every_role_of_the_council_comments(role: str) -> None:
    mandate = MandateFactory(role=role)
    assert comment_on(block(make_consultation()), mandate.person, mandate.organisation).pk


@pytest.mark.parametrize("days", [{"starts_on": 1}, {"starts_on": -9, "ends_on": 0}])
def test_mandate_of_another_day_does_not_comment(days: dict[str, int]) -> None:
    # The day of the test, which need not be the one on which pytest collected it.
    today = timezone.localdate()
    mandate = MandateFactory(**{name: today + timedelta(days=count) for name, count in days.items()})
    with pytest.raises(PermissionDenied):
        comment_on(block(make_consultation()), mandate.person, mandate.organisation)


def test_mandate_on_another_body_does_not_comment() -> None:
    mandate = MandateFactory(body__slug="think-tank")
    with pytest.raises(PermissionDenied):
        comment_on(block(make_consultation()), mandate.person, mandate.organisation)


@pytest.mark.parametrize("role", ["member", "pilot", "observer"])
def test_secretariats_voice_is_its_own(people: Any, role: str) -> None:
    target = block(make_consultation())
    with pytest.raises(PermissionDenied):
        comment_on(target, people[role], None, parent=CommentFactory(block=target))


def test_secretariat_replies_but_does_not_open_threads(people: Any) -> None:
    target = block(make_consultation(hours=-1))
    parent = CommentFactory(block=target)
    assert comment_on(target, people["secretariat"], None, parent=parent).is_official
    with pytest.raises(PermissionDenied):
        comment_on(target, people["secretariat"], None)


def test_reply_answers_a_comment_of_the_same_paragraph(people: Any) -> None:
    version = make_consultation()
    target = block(version)
    reply = CommentFactory(block=target, parent=CommentFactory(block=target))
    for parent in (reply, CommentFactory(block=block(version, "1.1.2"))):
        error = refusal(
            lambda parent=parent: comment_on(target, people["member"], people.organisation, parent=parent)
        )
        assert error.code == "parent"


@pytest.mark.parametrize(("body", "code"), [("", "empty"), (" \n ", "empty"), ("x" * 5001, "too_long")])
def test_comment_without_text_or_too_long_is_refused(people: Any, body: str, code: str) -> None:
    target = block(make_consultation())
    error = refusal(lambda: comment_on(target, people["member"], people.organisation, body=body))
    assert (error.field, error.code, Comment.objects.count()) == ("body", code, 0)


def test_consultation_opens_and_closes_at_its_instants(people: Any) -> None:
    version = make_consultation()
    consultation, target, now = version.consultation, block(version), timezone.now()
    for opens, closes, expected in (
        (now + timedelta(hours=1), now + timedelta(hours=2), "closed"),
        (now - timedelta(hours=2), now - timedelta(microseconds=1), "closed"),
        (now - timedelta(hours=2), now + timedelta(hours=1), ""),
    ):
        consultation.opens_at, consultation.closes_at = opens, closes
        consultation.save()
        if expected:
            error = refusal(lambda: comment_on(target, people["member"], people.organisation))
            assert error.code == expected
        else:
            assert comment_on(target, people["member"], people.organisation).pk


def test_unanswered_comments_are_those_neither_decided_nor_answered(people: Any) -> None:
    target = block(make_consultation(hours=-1))
    waiting = CommentFactory(block=target)
    CommentFactory(block=target, parent=waiting)  # a member's reply is no answer of the secretariat
    CommentFactory(block=target, status=CommentStatus.REJECTED, status_reason="Non.")
    CommentFactory(block=target, parent=CommentFactory(block=target), organisation=None)
    assert list(Comment.objects.unanswered()) == [waiting]


# --- Decisions ---


def test_decision_is_logged_and_mailed_in_the_authors_language(people: Any) -> None:
    author = UserFactory(language="en", email="author@example.org")
    comment = CommentFactory(
        block=block(make_consultation(hours=-1)), author=author, body="More trees, <please>."
    )
    decided = services.decide_comment(
        comment=comment, status=CommentStatus.PARTLY_ACCEPTED, reason="Some trees.", by=people["secretariat"]
    )
    assert (decided.status, decided.status_reason) == (CommentStatus.PARTLY_ACCEPTED, "Some trees.")
    log = history(decided).get()
    assert (log.by, log.reason, log.from_state) == (people["secretariat"], "Some trees.", "open")
    mail = OutboxEmail.objects.get()
    assert (mail.to, mail.language, mail.recipient) == ("author@example.org", "en", author)
    assert mail.subject == "Your comment on paragraph 1.1.1: Partly accepted"
    assert "Some trees." in mail.text and "More trees, <please>." in mail.text
    assert f"/en/feuille-de-route/versions/{comment.block.version.number}/" in mail.text
    assert "<please>" not in mail.html


def test_decision_in_french_speaks_french(people: Any) -> None:
    comment = CommentFactory(block=block(make_consultation()))
    with translation.override("en"):
        services.decide_comment(
            comment=comment, status=CommentStatus.ACCEPTED, reason="Oui.", by=people["secretariat"]
        )
    mail = OutboxEmail.objects.get()
    assert "Accepté" in mail.subject and "/en/" not in mail.text


def test_revised_decision_is_mailed_again(people: Any) -> None:
    comment = CommentFactory(block=block(make_consultation()))
    for status in (CommentStatus.REJECTED, CommentStatus.ACCEPTED):
        comment = services.decide_comment(
            comment=comment, status=status, reason="Voilà.", by=people["secretariat"]
        )
    assert sorted(OutboxEmail.objects.values_list("sequence", flat=True)) == [1, 2]


def test_closed_account_is_not_mailed(people: Any) -> None:
    comment = CommentFactory(block=block(make_consultation()), author__is_active=False)
    services.decide_comment(
        comment=comment, status=CommentStatus.ACCEPTED, reason="Oui.", by=people["secretariat"]
    )
    assert not OutboxEmail.objects.exists()


@pytest.mark.parametrize("role", ["member", "observer", "pilot"])
def test_only_the_secretariat_decides(people: Any, role: str) -> None:
    comment = CommentFactory(block=block(make_consultation()))
    with pytest.raises(PermissionDenied):
        services.decide_comment(
            comment=comment, status=CommentStatus.ACCEPTED, reason="Oui.", by=people[role]
        )


def test_decision_needs_a_reason_and_is_of_a_comment(people: Any) -> None:
    comment = CommentFactory(block=block(make_consultation()))
    by = people["secretariat"]
    error = refusal(lambda: services.decide_comment(comment=comment, status="accepted", reason=" \n", by=by))
    assert error.field == "reason"
    reply = CommentFactory(block=comment.block, parent=comment)
    with pytest.raises(PermissionDenied):
        services.decide_comment(comment=reply, status="accepted", reason="Oui.", by=by)
    with pytest.raises(TransitionError):
        services.decide_comment(comment=comment, status="open", reason="Non.", by=by)
    assert not TransitionLog.objects.exists() and not OutboxEmail.objects.exists()


def test_decision_on_what_somebody_else_decided_is_a_conflict(people: Any) -> None:
    by = people["secretariat"]
    comment = CommentFactory(block=block(make_consultation()))
    seen_before = Comment.objects.get(pk=comment.pk)
    services.decide_comment(comment=comment, status="accepted", reason="Oui.", by=by)
    error = refusal(
        lambda: services.decide_comment(comment=seen_before, status="rejected", reason="Non.", by=by)
    )
    comment.refresh_from_db()
    assert (error.code, comment.status) == ("stale", "accepted")
    assert OutboxEmail.objects.count() == 1
