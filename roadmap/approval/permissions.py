"""Who may do what about a vote, in business words. The services check again under their locks."""

from typing import Any

from members.permissions import is_secretariat, voting_organisation_ids
from roadmap.approval.models import Voter

# What the secretariat's group needs. Nobody may add, change or delete a ballot, a voter or a ledger entry.
SECRETARIAT_PERMISSIONS = [
    "roadmap.add_approval",
    "roadmap.view_approval",
    "roadmap.view_voter",
    "roadmap.view_ballot",
    "core.view_ledgerentry",
]


def can_open_approval(user: Any) -> bool:
    """Open a vote: the secretariat and administrators."""
    return is_secretariat(user) and user.has_perm("roadmap.add_approval")


def can_follow_approval(user: Any) -> bool:
    """See who has voted and who has not, and have the record written once the vote has ended."""
    return is_secretariat(user) and user.has_perm("roadmap.view_approval")


def can_cast_for(user: Any, voter: Voter) -> bool:
    """Cast the ballot of an organisation of the electorate: its titular and alternates of today."""
    return voter.organisation_id in voting_organisation_ids(user)
