"""What a vote's page shows to whom: the state of the vote, the person's ballots, participation, the result."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core import ledger
from members.permissions import council_mandates, is_secretariat
from roadmap.approval import record, services
from roadmap.approval.enums import Choice, Outcome
from roadmap.approval.forms import BallotForm
from roadmap.approval.models import Approval, Ballot, Voter
from roadmap.approval.permissions import can_cast_for
from roadmap.drafting.models import Version

UPCOMING, OPEN, ENDED, CLOSED = "upcoming", "open", "ended", "closed"


@dataclass(frozen=True)
class Sheet:
    """One organisation's place on the page of somebody who carries its voice: its ballot so far, the form."""

    voter: Voter
    ballot: Ballot | None
    form: BallotForm | None


@dataclass(frozen=True)
class Line:
    """A ballot by name, as the record has it."""

    organisation: str
    choice: str
    label: str
    explanation: str
    cast_at: datetime


def state_of(approval: Approval, now: datetime) -> str:
    """Return where a vote stands at an instant of the database's clock."""
    if approval.closed_at:
        return CLOSED
    if now >= approval.closes_at:
        return ENDED
    return OPEN if now >= approval.opens_at else UPCOMING


def context(
    user: Any, approval: Approval, *, now: datetime, bound: BallotForm | None = None
) -> dict[str, Any]:
    """Return what the page's template needs; `bound` replaces the form of its organisation (a refused ballot)."""
    state = state_of(approval, now)
    return {
        "approval": approval,
        "version": approval.version,
        "state": state,
        "text_is_readable": Version.objects.visible_to(user).filter(pk=approval.version_id).exists(),
        **(_result(approval) if state in (ENDED, CLOSED) else _participation(user, approval, state, bound)),
    }


def _participation(user: Any, approval: Approval, state: str, bound: BallotForm | None) -> dict[str, Any]:
    """Who has voted, never how; and the sheets of the organisations whose voice the person carries."""
    voters: list[Any] = list(
        approval.voters.with_voted().select_related("organisation").order_by("organisation__sort_name")
    )
    mine = [voter for voter in voters if can_cast_for(user, voter)]
    cast = Ballot.objects.filter(voter__in=mine).latest_of_each().select_related("cast_by", "ledger_entry")
    ballots = {ballot.voter_id: ballot for ballot in cast} if mine else {}
    sheets = []
    for voter in mine:
        form = None
        if state == OPEN:
            form = BallotForm(voter=voter, text_sha256=approval.text_sha256, ballot=ballots.get(voter.pk))
        if bound and bound.voter == voter:
            form = bound
        sheets.append(Sheet(voter, ballots.get(voter.pk), form))
    voted = [voter for voter in voters if voter.voted]
    return {
        "sheets": sheets,
        "reason": "" if mine else why_not(user),
        "voted": voted,
        "silent": [voter for voter in voters if not voter.voted],
        "quorum": services.counting.quorum_of(approval.electorate_size),
        "quorum_reached": len(voted) >= services.counting.quorum_of(approval.electorate_size),
    }


def why_not(user: Any) -> str:
    """Tell a reader of the vote why there is no ballot for them."""
    if is_secretariat(user):
        return _("The secretariat runs the vote and does not take part in it.")
    for mandate in council_mandates(user):
        organisation = {"organisation": mandate.organisation.name, "role": mandate.get_role_display()}
        if mandate.votes:
            return (
                _("%(organisation)s is not among the voters: it had no titular member when the vote opened.")
                % organisation
            )
        return (
            _(
                "You sit on the council for %(organisation)s as: %(role)s. Only titular and alternate members vote;"
                " you may follow the vote here."
            )
            % organisation
        )
    return ""


def _result(approval: Approval) -> dict[str, Any]:
    """The result: the record's own words once it is written, until then the same made from the final ballots."""
    if approval.closed_at:
        content = record.content(approval)
    else:
        ballots = services.settled_ballots(approval)
        content = record.build(
            approval,
            voters=list(approval.voters.order_by("organisation__sort_name")),
            ballots=ballots,
            counted=services.result(approval, ballots),
            head=ledger.head(),
        )
    return {
        "record": content,
        "outcome": Outcome(content["outcome"]),
        "lines": [
            Line(
                organisation=ballot["organisation"],
                choice=ballot["choice"],
                label=str(Choice(ballot["choice"]).label),
                explanation=ballot["explanation"],
                cast_at=datetime.fromisoformat(ballot["cast_at"]),
            )
            for ballot in content["ballots"]
        ],
        "absent": [row["organisation"] for row in content["roll"] if not row["voted"]],
    }
