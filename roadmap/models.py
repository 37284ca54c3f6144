"""The models of the roadmap's three parts, where Django looks for them."""

from roadmap.actions.models import Action, ActionTask, Milestone
from roadmap.approval.models import Approval, Ballot, Voter
from roadmap.drafting.models import Block, ChangeRequest, Comment, Consultation, Version

__all__ = [
    "Action",
    "ActionTask",
    "Approval",
    "Ballot",
    "Block",
    "ChangeRequest",
    "Comment",
    "Consultation",
    "Milestone",
    "Version",
    "Voter",
]
