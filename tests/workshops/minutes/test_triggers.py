"""What an approval locked, the database keeps: whatever SQL says."""

from itertools import product

import pytest
from django.db import connection, transaction

from tests.workshops.minutes.factories import approved, circulated, close_corrections, draft, refusal_of
from workshops.minutes.enums import MINUTES_TRANSITIONS, MinutesState
from workshops.minutes.models import Minutes
from workshops.minutes.permissions import attendees_of
from workshops.minutes.triggers import erasing

pytestmark = pytest.mark.django_db

CHANGES = (
    "UPDATE workshops_minutes SET introduction_fr = 'x' WHERE id = {m}",
    "UPDATE workshops_minutes SET chair = 'x' WHERE id = {m}",
    "UPDATE workshops_minutes SET text_sha256 = repeat('0', 64) WHERE id = {m}",
    "UPDATE workshops_minutes SET state = 'corrections', approved_at = NULL, text_sha256 = '' WHERE id = {m}",
    "DELETE FROM workshops_minutes WHERE id = {m}",
    "UPDATE workshops_minutessection SET text_fr = 'x' WHERE minutes_id = {m}",
    "DELETE FROM workshops_minutessection WHERE minutes_id = {m}",
    "INSERT INTO workshops_minutessection (minutes_id, position, title_fr, title_en, text_fr, text_en) "
    "VALUES ({m}, 99, 'x', '', '', '')",
    "UPDATE workshops_decision SET text_fr = 'x' WHERE minutes_id = {m}",
    "UPDATE workshops_decision SET due_on = '2030-01-01' WHERE minutes_id = {m}",
    "UPDATE workshops_decision SET organisation_id = NULL WHERE minutes_id = {m}",
    "DELETE FROM workshops_decision WHERE minutes_id = {m}",
    "UPDATE workshops_presenceline SET name = 'x' WHERE minutes_id = {m}",
    "DELETE FROM workshops_presenceline WHERE minutes_id = {m}",
    "UPDATE workshops_minutesfile SET sha256 = '' WHERE minutes_id = {m}",
    "DELETE FROM workshops_minutesfile WHERE minutes_id = {m}",
)


@pytest.mark.parametrize("sql", CHANGES)
def test_approved_minutes_never_change(sql):
    minutes = approved()
    refusal = refusal_of(sql.format(m=minutes.pk))
    assert refusal and ("approved" in refusal or "circulated" in refusal or "not possible" in refusal), (
        refusal
    )


def test_what_is_not_approved_may_be_written():
    minutes = circulated()
    for sql in (CHANGES[0], CHANGES[5], CHANGES[7], CHANGES[8]):
        assert refusal_of(sql.format(m=minutes.pk)) is None, sql


def test_a_decision_of_approved_minutes_may_be_closed():
    minutes = approved()
    sql = f"UPDATE workshops_decision SET state = 'done', closed_at = now() WHERE minutes_id = {minutes.pk}"
    assert refusal_of(sql) is None


def test_the_erasure_alone_changes_names_and_nothing_else():
    minutes = approved()
    with transaction.atomic():
        erasing()
        for sql in (CHANGES[1], CHANGES[12], CHANGES[14]):
            assert refusal_of(sql.format(m=minutes.pk)) is None, sql
        for sql in (CHANGES[0], CHANGES[5], CHANGES[8], CHANGES[13]):
            assert refusal_of(sql.format(m=minutes.pk)), sql
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        # Outside the tests' own transaction the setting ends with the erasure's.
        cursor.execute("SELECT set_config('workshops.erasing', '', true)")
    assert refusal_of(CHANGES[12].format(m=minutes.pk))


def test_the_database_knows_the_transition_table():
    for source, target in product(MinutesState.values, repeat=2):
        made = {"draft": draft, "corrections": circulated, "approved": approved}[source]()
        sql = "UPDATE workshops_minutes SET state = %s WHERE id = %s"
        refusal = refusal_of(sql, [target, made.pk]) or ""
        allowed = target in MINUTES_TRANSITIONS[MinutesState(source)] or source == target
        assert ("is not possible" in refusal) == (not allowed), (source, target, refusal)


def test_the_database_refuses_a_correction_after_the_closing_second_and_an_early_approval():
    minutes = circulated()
    author = attendees_of(minutes.workshop).first()
    section = minutes.sections.first()
    insert = (
        "INSERT INTO workshops_correction (section_id, author_id, language, original, proposed, comment, state, "
        f"status_reason) VALUES ({section.pk}, {author.pk}, 'fr', '', '', 'x', 'pending', '')"
    )
    assert refusal_of(insert) is None
    sql = (
        "UPDATE workshops_minutes SET state = 'approved', approved_at = now(), text_sha256 = repeat('0', 64) "
        "WHERE id = %s"
    )
    assert "undecided" in (refusal_of(sql, [minutes.pk]) or "")
    close_corrections(minutes)
    assert "take no correction" in (refusal_of(insert) or "")
    assert Minutes.objects.get().state == "corrections"
