"""The record of a vote: who could vote, who did, how, what it decided. Organisations by name, no person's."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from roadmap.approval.counting import Result
from roadmap.approval.models import Approval, Ballot, Voter

FORMAT = "approval-record/1"


def utc(instant: datetime) -> str:
    """Return an instant as records and the ledger write it: ISO 8601, UTC."""
    return instant.astimezone(UTC).isoformat()


def build(
    approval: Approval,
    *,
    voters: Sequence[Voter],
    ballots: Sequence[Ballot],
    counted: Result,
    head: tuple[int, str],
) -> dict[str, Any]:
    """Return the record's content; `head` is the ledger's before the closing's own entry, which holds its hash."""
    voted = {ballot.voter_id for ballot in ballots}
    casting = approval.casting_organisation
    return {
        "format": FORMAT,
        "approval": approval.pk,
        "version": approval.version.number,
        "title": {"fr": approval.version.title_fr, "en": approval.version.title_en},
        "text_sha256": approval.text_sha256,
        "opens_at": utc(approval.opens_at),
        "closes_at": utc(approval.closes_at),
        "closed_at": utc(approval.closed_at or approval.closes_at),
        "roll": [
            {"organisation": voter.organisation_name, "voted": voter.pk in voted}
            for voter in sorted(voters, key=lambda voter: voter.organisation_name)
        ],
        "ballots": [
            {
                "organisation": ballot.voter.organisation_name,
                "choice": ballot.choice,
                "explanation": ballot.explanation,
                "cast_at": utc(ballot.cast_at),
                "ledger_number": ballot.ledger_entry.number,
            }
            for ballot in ballots
        ],
        "counts": {
            "electorate": counted.electorate,
            "voted": counted.voted,
            "pour": counted.in_favour,
            "contre": counted.against,
            "abstention": counted.abstentions,
        },
        "quorum": {"needed": counted.quorum, "reached": counted.quorum_reached},
        "casting_vote": {
            "organisation": casting.name if casting else None,
            "used": counted.by_casting_vote,
        },
        "outcome": counted.outcome.value,
        "ledger_head": {"number": head[0], "hash": head[1]},
    }


def content(approval: Approval) -> dict[str, Any]:
    """Return a written record as data; `approval.record` is the text whose hash is published."""
    written: dict[str, Any] = json.loads(approval.record)
    return written
