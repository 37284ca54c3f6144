"""What verify_ledger checks of the votes: rows are what the ledger told, the ledger what the records published."""

from collections.abc import Iterator

from core import ledger
from core.ledger import Fault
from core.models import LedgerEntry
from roadmap.approval import record, services
from roadmap.approval.models import Approval, Ballot
from roadmap.drafting.services import text_sha256


@ledger.cross_check
def ballots_match_ledger() -> Iterator[Fault]:
    """Yield each ballot whose entry tells something else, and each entry whose ballot is gone."""
    ballots = Ballot.objects.select_related("voter", "ledger_entry").order_by("id")
    for ballot in ballots.iterator(chunk_size=1000):
        entry = ballot.ledger_entry
        told = {
            "approval": ballot.voter.approval_id,
            "voter": ballot.voter_id,
            "organisation": ballot.voter.organisation_id,
            "cast_by": ballot.cast_by_id,
            "ballot_sha256": services.ballot_sha256(ballot),
        }
        if entry.kind != services.CAST or not told.items() <= entry.payload.items():
            yield Fault(f"ballot {ballot.pk}", f"it is not what ledger entry {entry.number} says")
    orphans = LedgerEntry.objects.filter(kind=services.CAST).exclude(
        pk__in=Ballot.objects.values("ledger_entry")
    )
    for entry in orphans.order_by("number"):
        yield Fault(f"ledger entry {entry.number}", "its ballot is missing")


@ledger.cross_check
def approvals_match_ledger() -> Iterator[Fault]:
    """Yield each approval whose opening, electorate, text, record or published head is not what the ledger holds."""
    opened, closed = _by_approval(services.OPENED), _by_approval(services.CLOSED)
    approvals = Approval.objects.select_related("version", "casting_organisation").order_by("id")
    for approval in approvals:
        row = f"approval {approval.pk}"
        electorate = list(approval.voters.values_list("organisation_id", flat=True))
        entry = opened.pop(approval.pk, None)
        if entry is None:
            yield Fault(row, "its opening is not in the ledger")
        elif not services.opening_facts(approval, electorate).items() <= entry.payload.items():
            yield Fault(row, f"it is not what ledger entry {entry.number} says")
        if text_sha256(approval.version) != approval.text_sha256:
            yield Fault(row, "the text is no longer the one put to the vote")
        closing = closed.pop(approval.pk, None)
        if approval.closed_at:
            yield from _record_faults(row, approval, closing)
        elif closing:
            yield Fault(row, f"ledger entry {closing.number} says that it is closed")
    for entry in sorted([*opened.values(), *closed.values()], key=lambda entry: entry.number):
        yield Fault(f"ledger entry {entry.number}", "its approval is missing")


def _by_approval(kind: str) -> dict[int, LedgerEntry]:
    return {
        entry.payload["approval"]: entry for entry in LedgerEntry.objects.filter(kind=kind).order_by("number")
    }


def _record_faults(row: str, approval: Approval, closing: LedgerEntry | None) -> Iterator[Fault]:
    if ledger.sha256(approval.record) != approval.record_sha256:
        yield Fault(row, "its record is not the one whose hash was published")
    published = record.content(approval)
    number, head_hash = published["ledger_head"]["number"], published["ledger_head"]["hash"]
    if not LedgerEntry.objects.filter(number=number, hash=head_hash).exists():
        yield Fault(row, f"the ledger no longer holds entry {number}, the head that its record published")
    if closing is None:
        yield Fault(row, "its closing is not in the ledger")
    elif closing.payload != services.closing_facts(approval):
        yield Fault(row, f"its record is not what ledger entry {closing.number} says")
    counted = services.result(approval)
    if (counted.outcome, counted.voted) != (approval.outcome, published["counts"]["voted"]):
        yield Fault(row, "its ballots no longer give the result of its record")
