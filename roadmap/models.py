"""The models of the roadmap's three parts, where Django looks for them."""

from roadmap.actions.models import Action, Milestone
from roadmap.approval.models import Approval, Ballot, Voter
from roadmap.drafting.models import Block, Comment, Consultation, Version

__all__ = [
    "Action",
    "Approval",
    "Ballot",
    "Block",
    "Comment",
    "Consultation",
    "Milestone",
    "Version",
    "Voter",
]
