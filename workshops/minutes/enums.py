"""Closed lists of the minutes, and their transition tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MinutesState(models.TextChoices):
    """The life of a workshop's minutes."""

    DRAFT = "draft", _("Draft")
    CORRECTIONS = "corrections", _("Open to corrections")
    APPROVED = "approved", pgettext_lazy("minutes", "Approved")


MINUTES_TRANSITIONS = {
    MinutesState.DRAFT: frozenset({MinutesState.CORRECTIONS}),
    MinutesState.CORRECTIONS: frozenset({MinutesState.APPROVED}),
    MinutesState.APPROVED: frozenset(),
}
# The states in which those who attended read them.
CIRCULATED_STATES = (MinutesState.CORRECTIONS, MinutesState.APPROVED)


class DecisionState(models.TextChoices):
    """What became of a decision."""

    OPEN = "open", pgettext_lazy("decision", "Open")
    DONE = "done", pgettext_lazy("decision", "Done")
    DROPPED = "dropped", pgettext_lazy("decision", "Dropped")


# A decision closed by mistake is opened again, with the reason in the log.
DECISION_TRANSITIONS = {
    DecisionState.OPEN: frozenset({DecisionState.DONE, DecisionState.DROPPED}),
    DecisionState.DONE: frozenset({DecisionState.OPEN}),
    DecisionState.DROPPED: frozenset({DecisionState.OPEN}),
}


class CorrectionState(models.TextChoices):
    """What the secretariat made of a correction."""

    PENDING = "pending", pgettext_lazy("correction", "To be decided")
    ACCEPTED = "accepted", pgettext_lazy("correction", "Accepted")
    REJECTED = "rejected", pgettext_lazy("correction", "Rejected")


CORRECTION_TRANSITIONS = {
    CorrectionState.PENDING: frozenset({CorrectionState.ACCEPTED, CorrectionState.REJECTED}),
    CorrectionState.ACCEPTED: frozenset(),
    CorrectionState.REJECTED: frozenset(),
}


class Standing(models.TextChoices):
    """How somebody stands in the minutes' lists."""

    PRESENT = "present", pgettext_lazy("list", "Present")
    REPRESENTED = "represented", pgettext_lazy("list", "Represented")
    EXCUSED = "excused", pgettext_lazy("list", "Excused")
    ABSENT = "absent", pgettext_lazy("list", "Absent")
