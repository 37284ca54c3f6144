"""Closed lists of the workshops' app, and its transition tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkshopKind(models.TextChoices):
    """What is being held. A council session is convened; the others invite."""

    SESSION = "session", _("Council session")
    WORKSHOP_COUNCIL = "workshop-council", _("Workshop-council")
    THINK_TANK = "think-tank", _("Think tank meeting")
    VISIT = "visit", _("Company visit")


class WorkshopState(models.TextChoices):
    """A workshop's life."""

    DRAFT = "draft", _("Draft")
    DATE_POLL = "date-poll", _("Date poll")
    SCHEDULED = "scheduled", _("Scheduled")
    HELD = "held", _("Held")
    MINUTES_APPROVED = "minutes-approved", _("Minutes approved")
    CANCELLED = "cancelled", _("Cancelled")


WORKSHOP_TRANSITIONS = {
    WorkshopState.DRAFT: frozenset(
        {WorkshopState.DATE_POLL, WorkshopState.SCHEDULED, WorkshopState.CANCELLED}
    ),
    WorkshopState.DATE_POLL: frozenset({WorkshopState.SCHEDULED, WorkshopState.CANCELLED}),
    WorkshopState.SCHEDULED: frozenset({WorkshopState.HELD, WorkshopState.CANCELLED}),
    WorkshopState.HELD: frozenset({WorkshopState.MINUTES_APPROVED}),
    WorkshopState.MINUTES_APPROVED: frozenset(),
    WorkshopState.CANCELLED: frozenset(),
}

# The states in which a workshop occupies its venue.
OCCUPYING_STATES = (WorkshopState.SCHEDULED, WorkshopState.HELD, WorkshopState.MINUTES_APPROVED)
# The states in which nobody is called to a date yet.
UNCALLED_STATES = (WorkshopState.DRAFT, WorkshopState.DATE_POLL)
PUBLIC_STATES = (*OCCUPYING_STATES, WorkshopState.CANCELLED)


class Answer(models.TextChoices):
    """A person's answer (product.md: présent, excusé, représenté)."""

    SILENT = "silent", _("No answer yet")
    YES = "yes", _("Present")
    EXCUSED = "excused", _("Excused")
    REPRESENTED = "represented", _("Represented")
    WAITING = "waiting", _("Waiting list")


# Back to silent: whoever is invited anew, or whose colleague or proxy does not come after all, is asked again.
ANSWER_TRANSITIONS = dict.fromkeys(Answer, frozenset(Answer) - {Answer.SILENT}) | {
    answer: frozenset(Answer) for answer in Answer if answer != Answer.SILENT
}


class AnswerSource(models.TextChoices):
    """How an answer came."""

    PORTAL = "portal", _("Portal")
    MAIL_LINK = "mail-link", _("Link in the e-mail")
    CALENDAR = "calendar", _("Reply from the calendar")
    SECRETARIAT = "secretariat", _("Recorded by the secretariat")
    PROMOTION = "promotion", _("Seat freed")
    COLLEAGUE = "colleague", _("Named by a colleague")


# What the log of a workshop says besides its columns.
LOGGED = {
    "host_sheet": _("Host sheet sent again"),
    "invited_at": _("First invitations sent"),
    "made_from": _("Made from another workshop"),
    "poll_choice": _("Date chosen from the poll"),
    "poll_options": _("The proposed dates changed"),
}


class DocumentAudience(models.TextChoices):
    """Who may read a workshop's document."""

    INVITED = "invited", _("Invited people")
    PUBLIC = "public", _("Everybody")
