"""What the database itself refuses, to the application's own role, by raw SQL."""

from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from core.clock import database_now
from roadmap.approval import services
from roadmap.approval.models import Approval, Ballot
from tests.members.factories import OrganisationFactory
from tests.roadmap.approval.factories import cast, end, move, open_vote, voters

pytestmark = pytest.mark.django_db


def refused(sql: str, *params: object) -> str:
    """Run SQL that must fail, and return why."""
    with pytest.raises(Error) as failure, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
    return str(failure.value)


@pytest.fixture
def approval() -> Approval:
    """An open vote with one ballot of two voters."""
    approval = open_vote(titulars=2)
    first = voters(approval)[0]
    cast(approval, first.organisation, first.person)
    return approval


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE roadmap_ballot SET choice = 'contre'",
        "UPDATE roadmap_ballot SET explanation = 'autre'",
        "DELETE FROM roadmap_ballot",
        "UPDATE core_ledgerentry SET payload = '{}'",
        "DELETE FROM core_ledgerentry WHERE number = (SELECT max(number) FROM core_ledgerentry)",
        "UPDATE roadmap_voter SET organisation_name = 'Autre'",
        "DELETE FROM roadmap_voter",
    ],
)
def test_append_only_tables_refuse(approval: Approval, sql: str) -> None:
    assert "append-only" in refused(sql)


@pytest.mark.parametrize("table", ["roadmap_ballot", "roadmap_voter", "roadmap_approval", "core_ledgerentry"])
def test_truncate_refused(table: str) -> None:
    assert "append-only" in refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "change",
    [
        "text_sha256 = repeat('0', 64)",
        "opens_at = opens_at - interval '1 day'",
        "closes_at = closes_at + interval '1 day'",
        "closes_at = closes_at - interval '1 day'",
        "electorate_size = 9",
        "version_id = version_id + 1",
        "casting_organisation_id = (SELECT min(organisation_id) FROM roadmap_voter)",
    ],
)
def test_approval_frozen_fields_refuse(approval: Approval, change: str) -> None:
    assert "froze" in refused(f"UPDATE roadmap_approval SET {change}")


def test_approval_delete_refused(approval: Approval) -> None:
    assert "append-only" in refused("DELETE FROM roadmap_approval")


def test_record_is_written_once(approval: Approval) -> None:
    services.close_approval(approval=end(approval))
    for change in (
        "record = '{}'",
        "record_sha256 = repeat('0', 64)",
        "outcome = 'adopted'",
        "closed_at = now()",
    ):
        assert "written once" in refused(f"UPDATE roadmap_approval SET {change}")


def test_record_before_the_closing_instant_refused(approval: Approval) -> None:
    assert "approval_record_complete" in refused(
        "UPDATE roadmap_approval SET closed_at = now(), outcome = 'adopted', record = '{}',"
        " record_sha256 = repeat('0', 64)"
    )


def test_voter_added_after_opening_refused(approval: Approval) -> None:
    organisation = OrganisationFactory()
    assert "complete" in refused(
        "INSERT INTO roadmap_voter (approval_id, organisation_id, organisation_name) VALUES (%s, %s, 'x')",
        approval.pk,
        organisation.pk,
    )


def raw_ballot(approval: Approval, **fields: object) -> Ballot:
    """A ballot written without the service, good but for what the test changes."""
    voter = approval.voters.silent().first()
    with transaction.atomic():
        return Ballot.objects.create(
            voter=voter,
            choice=fields.get("choice", "pour"),
            cast_by=voters(approval)[0].person,
            cast_at=fields.get("cast_at", database_now()),
            text_sha256=fields.get("text_sha256", approval.text_sha256),
            nonce="0" * 32,
            ledger_entry=services.ledger.append(kind="test", payload={}),
        )


def test_ballot_outside_opening_hours_refused(approval: Approval) -> None:
    with pytest.raises(Error, match="not open"):
        raw_ballot(approval, cast_at=approval.closes_at)
    with pytest.raises(Error, match="not open"):
        raw_ballot(approval, cast_at=approval.opens_at - timedelta(microseconds=1))
    with pytest.raises(Error, match="not open"):
        raw_ballot(approval, cast_at=database_now() + timedelta(hours=1))
    assert raw_ballot(approval).pk


def test_ballot_backdated_after_the_record_refused(approval: Approval) -> None:
    end(approval)
    services.close_approval(approval=approval)
    with pytest.raises(Error, match="not open"):
        raw_ballot(approval, cast_at=approval.closes_at - timedelta(hours=1))


def test_ballot_on_another_text_or_choice_refused(approval: Approval) -> None:
    with pytest.raises(Error, match="another text"):
        raw_ballot(approval, text_sha256="0" * 64)
    with pytest.raises(Error, match="ballot_choice_known"):
        raw_ballot(approval, choice="oui")


def test_move_helper_really_moves(approval: Approval) -> None:
    """The other tests move instants behind the trigger's back: it must be in force again afterwards."""
    move(approval, closes_in=timedelta(hours=5))
    assert "froze" in refused("UPDATE roadmap_approval SET closes_at = closes_at + interval '1 day'")
