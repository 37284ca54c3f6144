"""Closed lists of the flagship actions, and their transition table."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Theme(models.TextChoices):
    """The four themes of Territoires d'industrie, fixed by the State."""

    INNOVATE = "innover", _("Innovate")
    ATTRACT = "attirer", _("Attract")
    RECRUIT = "recruter", _("Recruit")
    SIMPLIFY = "simplifier", _("Simplify")


class ActionStatus(models.TextChoices):
    """An action's status, in the words of ADEME's Territoires en Transitions."""

    PROPOSED = "proposed", _("Proposed")
    PLANNED = "planned", _("Planned")
    UNDER_WAY = "under-way", _("Under way")
    DONE = "done", _("Done")
    PAUSED = "paused", _("Paused")
    BLOCKED = "blocked", _("Blocked")
    LATE = "late", _("Late")
    ABANDONED = "abandoned", _("Abandoned")


_RUNNING = frozenset(
    {
        ActionStatus.UNDER_WAY,
        ActionStatus.PAUSED,
        ActionStatus.BLOCKED,
        ActionStatus.LATE,
        ActionStatus.ABANDONED,
    }
)
ACTION_TRANSITIONS = {
    ActionStatus.PROPOSED: frozenset({ActionStatus.PLANNED, ActionStatus.UNDER_WAY, ActionStatus.ABANDONED}),
    ActionStatus.PLANNED: _RUNNING,
    ActionStatus.UNDER_WAY: (_RUNNING - {ActionStatus.UNDER_WAY}) | {ActionStatus.DONE},
    ActionStatus.PAUSED: _RUNNING - {ActionStatus.PAUSED},
    ActionStatus.BLOCKED: _RUNNING - {ActionStatus.BLOCKED},
    ActionStatus.LATE: (_RUNNING - {ActionStatus.LATE}) | {ActionStatus.DONE},
    ActionStatus.DONE: frozenset({ActionStatus.UNDER_WAY}),
    ActionStatus.ABANDONED: frozenset({ActionStatus.PROPOSED}),
}
