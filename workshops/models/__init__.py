"""Workshops, where they are held, who is invited and what they answered; and the models of the app's parts."""

from workshops.models.documents import Document, DocumentQuerySet
from workshops.models.invitations import Invitation, InvitationQuerySet, new_token
from workshops.models.places import Venue
from workshops.models.rules import KindRules, rules_for
from workshops.models.workshops import (
    AgendaItem,
    Series,
    TstzRange,
    Workshop,
    WorkshopQuerySet,
)

# The parts' own models, where Django looks for them; inside a part import from the modules above, not from here.
from workshops.attendance.models import Attendance, Door  # isort: skip
from workshops.polls.models import DatePoll, PollAnswer, PollOption, PollReply, PollReplyQuerySet  # isort: skip
from workshops.replies.models import CalendarReply, CalendarReplyQuerySet  # isort: skip
from workshops.minutes.models import (  # isort: skip
    Correction,
    Decision,
    Minutes,
    MinutesFile,
    MinutesSection,
    PresenceLine,
)

__all__ = [
    "AgendaItem",
    "Attendance",
    "CalendarReply",
    "CalendarReplyQuerySet",
    "Correction",
    "DatePoll",
    "Decision",
    "Document",
    "DocumentQuerySet",
    "Door",
    "Invitation",
    "InvitationQuerySet",
    "KindRules",
    "Minutes",
    "MinutesFile",
    "MinutesSection",
    "PollAnswer",
    "PollOption",
    "PollReply",
    "PollReplyQuerySet",
    "PresenceLine",
    "Series",
    "TstzRange",
    "Venue",
    "Workshop",
    "WorkshopQuerySet",
    "new_token",
    "rules_for",
]
