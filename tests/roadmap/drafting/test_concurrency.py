"""What holds when several people act at the same instant, each in a connection of their own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.workflow import lock
from outbox.models import OutboxEmail
from roadmap.drafting import services
from roadmap.drafting.enums import VersionStatus
from roadmap.drafting.models import Block, Comment, Consultation, Version
from roadmap.drafting.services import DraftingError
from tests.helpers.locks import at_once, behind
from tests.roadmap.drafting.factories import CommentFactory, make_consultation, make_version

pytestmark = pytest.mark.django_db(transaction=True)


def test_comment_that_waited_past_the_closing_is_refused(people: Any) -> None:
    version = make_consultation()
    block = Block.objects.get(version=version, label="1.1.1")
    author, organisation = people["member"], people.organisation

    def close(consultation: Consultation) -> None:
        # The comment was sent while it was open; it is closed when the lock is given.
        consultation.closes_at = timezone.now() - timedelta(seconds=1)
        consultation.save()

    outcome = behind(
        version.consultation,
        close,
        lambda: services.add_comment(block=block, author=author, organisation=organisation, body="Oui."),
    )
    assert isinstance(outcome, DraftingError) and outcome.code == "closed"
    assert not Comment.objects.exists()


def test_many_comments_and_the_closing_at_once_leave_no_late_one(people: Any) -> None:
    version = make_consultation()
    blocks = list(Block.objects.filter(version=version, kind="paragraph"))
    author, organisation = people["member"], people.organisation

    def comment(number: int) -> Callable[[], Any]:
        block = blocks[number % len(blocks)]
        return lambda: services.add_comment(
            block=block, author=author, organisation=organisation, body=f"Remarque {number}."
        )

    def close() -> Any:
        with transaction.atomic():
            consultation = lock(version.consultation)
            consultation.closes_at = services.database_now()
            consultation.save()
            return consultation.closes_at

    *written, closed_at = at_once(*[comment(number) for number in range(8)], close)
    kept = [row for row in written if isinstance(row, Comment)]
    refused = [row for row in written if isinstance(row, DraftingError)]
    assert len(kept) + len(refused) == 8
    assert Comment.objects.count() == len(kept)
    assert {error.code for error in refused} <= {"closed"}
    assert Consultation.objects.get().closes_at == closed_at


def test_two_decisions_at_once_make_one_decision_and_one_mail(people: Any) -> None:
    version = make_consultation()
    comment = CommentFactory(block=Block.objects.get(version=version, label="1.1.1"))
    by = people["secretariat"]
    by.has_perm("roadmap.change_comment")  # read its permissions here, not in two threads

    def decide(status: str) -> Callable[[], Any]:
        seen = Comment.objects.select_related("author", "block__version").get(pk=comment.pk)
        return lambda: services.decide_comment(comment=seen, status=status, reason=f"Motif {status}.", by=by)

    outcomes = at_once(decide("accepted"), decide("rejected"))
    winners = [row for row in outcomes if isinstance(row, Comment)]
    losers = [row for row in outcomes if isinstance(row, DraftingError)]
    assert (len(winners), [error.code for error in losers]) == (1, ["stale"])
    comment.refresh_from_db()
    assert comment.status == winners[0].status and comment.status_reason == f"Motif {comment.status}."
    assert OutboxEmail.objects.count() == 1


def test_text_written_while_the_version_is_published_is_in_it_or_refused(people: Any) -> None:
    version = make_version()
    block = Block.objects.get(version=version, label="1.1.1")
    closes_at = timezone.now() + timedelta(days=1)
    shas: list[str] = []

    def publish() -> Any:
        with transaction.atomic():
            made = services.publish_for_consultation(
                version=version, opens_at=None, closes_at=closes_at, by=None
            )
            shas.append(services.text_sha256(made.version))
        return made

    def write() -> Any:
        with connection.cursor() as cursor:  # not by the service: the trigger alone must hold
            cursor.execute(
                "UPDATE roadmap_block SET body_fr = 'Écrit au même instant.' WHERE id = %s", [block.pk]
            )

    published, written = at_once(publish, write)
    assert isinstance(published, Consultation)
    assert written is None or isinstance(written, IntegrityError)
    assert services.text_sha256(Version.objects.get(pk=version.pk)) == shas[0]


def test_writer_waits_for_the_publication_and_is_refused() -> None:
    version = make_version()
    block = Block.objects.get(version=version, label="1.1.1")

    def publish(row: Version) -> None:
        row.status, row.published_at = VersionStatus.VOTE, timezone.now()
        row.save()

    def write() -> None:
        Block.objects.filter(pk=block.pk).update(body_fr="Trop tard.")

    assert isinstance(behind(version, publish, write), IntegrityError)
    block.refresh_from_db()
    assert block.body_fr != "Trop tard."


def test_two_next_versions_at_once_make_one(people: Any) -> None:
    version = make_version(VersionStatus.CONSULTATION)
    by = people["secretariat"]
    outcomes = at_once(*[lambda: services.create_next_version(from_version=version, by=by)] * 2)
    assert sorted(type(row).__name__ for row in outcomes) == ["DraftingError", "Version"]
    assert sorted(Version.objects.values_list("number", flat=True)) == [version.number, version.number + 1]


def test_two_people_writing_one_passage_at_once_keep_one_text_and_refuse_the_other() -> None:
    version = make_version()

    def write(text: str) -> Callable[[], Any]:
        block = Block.objects.select_related("version").get(version=version, label="1.1.1")
        return lambda: services.edit_block(block=block, seen=block.mark, by=None, body_fr=text)

    outcomes = at_once(write("Le premier."), write("Le second."))
    saved = [row for row in outcomes if isinstance(row, Block)]
    assert (len(saved), [row.code for row in outcomes if isinstance(row, DraftingError)]) == (1, ["stale"])
    assert Block.objects.get(pk=saved[0].pk).body_fr == saved[0].body_fr


@pytest.mark.parametrize("label", ["1.1.1", "1.1.2"])
def test_passage_written_behind_a_move_keeps_its_new_place(label: str) -> None:
    version = make_version()
    block = Block.objects.select_related("version").get(version=version, label=label)

    def move(row: Version) -> None:
        moved = Block.objects.select_related("version").get(version=row, label="1.1.1")
        services.move_block(block=moved, step=1, by=None)

    outcome = behind(version, move, lambda: services.edit_block(block=block, by=None, body_fr="Écrit."))
    assert isinstance(outcome, Block)
    block.refresh_from_db()
    assert block.body_fr == "Écrit." and block.label == {"1.1.1": "1.1.2", "1.1.2": "1.1.1"}[label]


@pytest.mark.parametrize(
    "change",
    [
        lambda block: services.edit_block(block=block, by=None, body_fr="Trop tard."),
        lambda block: services.move_block(block=block, step=1, by=None),
        lambda block: services.delete_block(block=block, by=None),
        lambda block: services.add_block(version=block.version, parent=block.parent, by=None, body_fr="x"),
    ],
)
def test_passage_deleted_meanwhile_is_a_refusal(change: Callable[[Block], Any]) -> None:
    version = make_version()
    block = Block.objects.select_related("version", "parent").get(version=version, label="1.1.1")

    def delete(row: Version) -> None:
        services.delete_block(
            block=Block.objects.select_related("version").get(version=row, label="1.1"), by=None
        )

    outcome = behind(version, delete, lambda: change(block))
    assert isinstance(outcome, DraftingError) and outcome.code == "gone"
    assert list(version.blocks.values_list("label", flat=True)) == ["1"]


def test_two_people_moving_passages_at_once_keep_the_numbers_whole(people: Any) -> None:
    version = make_version(paragraphs=4)
    blocks = list(Block.objects.select_related("version").filter(version=version, kind="paragraph"))
    outcomes = at_once(
        *[lambda block=block: services.move_block(block=block, step=1, by=None) for block in blocks[:3]]
    )
    assert outcomes == [None] * 3
    rows = list(version.blocks.order_by("position").values_list("position", "label"))
    assert rows == list(enumerate(["1", "1.1", "1.1.1", "1.1.2", "1.1.3", "1.1.4"], 1))
