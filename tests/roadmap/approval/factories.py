"""A council that votes, for tests."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from core.clock import database_now
from members.models import Mandate, Organisation, User
from roadmap.approval import services
from roadmap.approval.models import Approval
from roadmap.drafting.enums import BlockKind
from roadmap.drafting.models import Block, Version
from tests.members.factories import AxisFactory, MandateFactory, UserFactory


def make_version(number: int = 2, **fields: Any) -> Version:
    """A working version with one axis, one chapter, one paragraph."""
    version = Version.objects.create(
        number=number, title_fr="Feuille de route", title_en="Roadmap", is_demo=True, **fields
    )
    axis = Block.objects.create(
        version=version, kind=BlockKind.AXIS, axis=AxisFactory(), position=1, label="1", title_fr="Image"
    )
    chapter = Block.objects.create(
        version=version, kind=BlockKind.CHAPTER, parent=axis, position=2, label="1.1", title_fr="Marque"
    )
    Block.objects.create(
        version=version,
        kind=BlockKind.PARAGRAPH,
        parent=chapter,
        position=3,
        label="1.1.1",
        body_fr="Faire connaître l’industrie locale.",
    )
    return version


def make_council(size: int) -> list[Mandate]:
    """Titular mandates of that many new organisations."""
    return [MandateFactory() for _ in range(size)]


def open_vote(
    *,
    titulars: int = 0,
    version: Version | None = None,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    casting_organisation: Organisation | None = None,
) -> Approval:
    """Open a vote with the council as it is, plus `titulars` new organisations."""
    make_council(titulars)
    return services.open_approval(
        version=version or make_version(),
        opens_at=opens_at,
        closes_at=closes_at or database_now() + timedelta(days=5),
        casting_organisation=casting_organisation,
        by=UserFactory(is_staff=True, is_superuser=True),
    )


def voters(approval: Approval) -> list[Mandate]:
    """The titular mandates of the electorate, in its order."""
    return [
        Mandate.objects.select_related("person", "organisation").get(
            organisation=voter.organisation_id, role="titular"
        )
        for voter in approval.voters.all()
    ]


def cast(
    approval: Approval, organisation: Organisation, by: User, choice: str = "pour", **fields: Any
) -> services.Cast:
    """Cast a ballot on the approval's own text."""
    return services.cast_ballot(
        approval=approval,
        organisation=organisation,
        choice=choice,
        explanation=fields.pop("explanation", ""),
        by=by,
        text_sha256=fields.pop("text_sha256", approval.text_sha256),
        **fields,
    )


def tamper(sql: str, params: Any = (), *, table: str) -> None:
    """Run SQL as somebody who could switch the table's triggers off: what the ledger must show."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A table with deferred checks still to run cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgenabled <> 'D'",
            [table],
        )
        triggers = [name for (name,) in cursor.fetchall()]
        for name in triggers:
            cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
        cursor.execute(sql, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in triggers:
            cursor.execute(f'ALTER TABLE {table} ENABLE TRIGGER "{name}"')
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def move(approval: Approval, *, opens_in: timedelta | None = None, closes_in: timedelta) -> Approval:
    """Move a vote's instants, as time would; negative: in the past. The opening stays before the closing."""
    now = database_now()
    closes_at = now + closes_in
    opens_at = (
        now + opens_in if opens_in is not None else min(approval.opens_at, closes_at - timedelta(days=30))
    )
    tamper(
        "UPDATE roadmap_approval SET opens_at = %s, closes_at = %s WHERE id = %s",
        [opens_at, closes_at, approval.pk],
        table="roadmap_approval",
    )
    approval.refresh_from_db()
    return approval


def end(approval: Approval) -> Approval:
    """Move a vote past its closing instant."""
    return move(approval, closes_in=-timedelta(minutes=1))
