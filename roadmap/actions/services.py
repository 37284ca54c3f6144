"""What changes in a flagship action beyond its text."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.workflow import transition
from roadmap.actions.enums import ACTION_TRANSITIONS, ActionStatus
from roadmap.actions.models import Action, ActionTask
from roadmap.actions.permissions import can_change_status
from workshops.models import Decision

REASON_MAX_LENGTH = 2000


def possible_statuses(action: Action) -> list[tuple[str, Any]]:
    """Return the statuses that the action may take now, with their labels."""
    allowed = ACTION_TRANSITIONS[ActionStatus(action.status)]
    return [(status.value, status.label) for status in ActionStatus if status in allowed]


def add_task(*, action: Action, decision: Decision, title: str, by: Any) -> ActionTask:
    """Make a decision a task of an action, with its owner and due date, and return it.

    Raises PermissionDenied, and ValidationError when it is one already or says nothing.
    """
    if not can_change_status(by):
        raise PermissionDenied
    task = ActionTask(
        action=action,
        decision=decision,
        title=title.strip(),
        owner=decision.person,
        due_on=decision.due_on,
    )
    task.full_clean()
    try:
        with transaction.atomic():
            task.save()
    except IntegrityError as error:
        raise ValidationError(_("This decision is a task of this action already.")) from error
    return task


def change_status(*, action: Action, status: str, reason: str, by: Any) -> Action:
    """Move an action to a status; the author and the reason are logged, and the page shows the new date.

    Raises PermissionDenied, ValidationError without a reason, TransitionError when the table forbids the change.
    """
    if not can_change_status(by):
        raise PermissionDenied
    if not reason.strip():
        raise ValidationError(_("Give the reason of the change."), code="reason")
    # auto_now writes `updated_at` only when it is among the saved fields.
    return transition(action, status, by=by, reason=reason.strip(), updated_at=action.updated_at)
