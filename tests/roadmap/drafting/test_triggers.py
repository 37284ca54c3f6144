"""The database itself keeps a published text as it is, whoever asks."""

from itertools import product

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from roadmap.drafting.enums import VERSION_TRANSITIONS, VersionStatus
from roadmap.drafting.models import Block, Version
from tests.roadmap.drafting.factories import VersionFactory, make_version, move

pytestmark = pytest.mark.django_db

PUBLISHED = [status for status in VersionStatus if status != VersionStatus.WORKING]


def run(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.mark.parametrize("status", PUBLISHED)
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE roadmap_block SET body_fr = 'Autre chose.' WHERE version_id = %s AND kind = 'paragraph'",
        "UPDATE roadmap_block SET position = position + 100 WHERE version_id = %s",
        "DELETE FROM roadmap_block WHERE version_id = %s AND kind = 'paragraph'",
        "INSERT INTO roadmap_block (version_id, kind, parent_id, position, label, lineage, title_fr, title_en, "
        "body_fr, body_en) SELECT version_id, 'paragraph', id, 99, '1.1.99', gen_random_uuid(), '', '', 'x', 'x' "
        "FROM roadmap_block WHERE version_id = %s AND kind = 'chapter'",
        "UPDATE roadmap_version SET title_fr = 'Autre titre' WHERE id = %s",
        "UPDATE roadmap_version SET introduction_en = 'Other' WHERE id = %s",
        "UPDATE roadmap_version SET number = 999 WHERE id = %s",
        "DELETE FROM roadmap_version WHERE id = %s",
    ],
)
def test_published_text_refuses_change(status: str, sql: str) -> None:
    version = make_version(status)
    with pytest.raises(IntegrityError, match="published|restrict"), transaction.atomic():
        run(sql, version.pk)


def test_working_text_changes_freely() -> None:
    version = make_version()
    run("UPDATE roadmap_block SET body_fr = 'Autre chose.' WHERE version_id = %s", version.pk)
    run("UPDATE roadmap_version SET title_fr = 'Autre titre', number = 999 WHERE id = %s", version.pk)
    run("DELETE FROM roadmap_block WHERE version_id = %s AND kind = 'paragraph'", version.pk)
    assert set(Block.objects.filter(version=version).values_list("body_fr", flat=True)) == {"Autre chose."}
    assert Block.objects.filter(version=version).count() == 2


def test_block_cannot_move_into_or_out_of_a_published_version() -> None:
    published, working = make_version(VersionStatus.CONSULTATION), make_version()
    for source, target in ((working, published), (published, working)):
        with pytest.raises(IntegrityError), transaction.atomic():
            run(
                "UPDATE roadmap_block SET version_id = %s, label = '9', position = 99 "
                "WHERE version_id = %s AND label = '1.1.2'",
                target.pk,
                source.pk,
            )


def test_empty_working_version_can_be_deleted() -> None:
    version = VersionFactory()
    run("DELETE FROM roadmap_version WHERE id = %s", version.pk)
    assert not Version.objects.filter(pk=version.pk).exists()


@pytest.mark.parametrize(("source", "target"), list(product(VersionStatus, VersionStatus)))
def test_status_moves_as_the_transition_table_says(source: VersionStatus, target: VersionStatus) -> None:
    version = VersionFactory()
    move(version, source)
    allowed = source == target or target in VERSION_TRANSITIONS[source]
    try:
        with transaction.atomic():
            run(
                "UPDATE roadmap_version SET status = %s, published_at = now(), adopted_on = now() WHERE id = %s",
                target.value,
                version.pk,
            )
        moved = True
    except DatabaseError:
        moved = False
    assert moved == allowed
