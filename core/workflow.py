"""State changes: one table of allowed transitions beside the states, one function that takes them, one log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils.translation import gettext as _

from core.models import TransitionLog

M = TypeVar("M", bound=models.Model)


class TransitionError(Exception):
    """The object is not in a state from which this change is possible. The message is for the reader."""


@dataclass(frozen=True)
class Workflow:
    """The states a field may go through. Keep one a model, as `WORKFLOW`."""

    field: str
    transitions: Mapping[Any, frozenset[Any]]

    def allows(self, source: str, target: str) -> bool:
        """Tell whether the table has this transition."""
        return target in self.transitions.get(source, frozenset())


def lock(instance: M) -> M:
    """Lock the object's row against other writers (readers and new children go on) and return it fresh.

    Must run in a transaction. Raises the model's DoesNotExist when the row is gone.
    """
    manager: models.Manager[Any] = type(instance)._default_manager
    locked: M = manager.select_for_update(of=("self",), no_key=True).get(pk=instance.pk)
    return locked


def transition(instance: M, target: str, *, by: Any, reason: str = "", **changes: Any) -> M:
    """Move an object to a state, together with the fields that must change with it.

    Locks the row, checks the transition table, saves the state field and `changes`, writes a TransitionLog row with its
    author (None for the portal itself) and returns the fresh object. Raises TransitionError when the table forbids it.
    """
    workflow: Workflow = type(instance).WORKFLOW  # type: ignore[attr-defined]
    with transaction.atomic():
        fresh = lock(instance)
        source = getattr(fresh, workflow.field)
        if not workflow.allows(source, target):
            field = fresh._meta.get_field(workflow.field)
            labels = dict(getattr(field, "flatchoices", ()))
            raise TransitionError(
                _("This cannot go from “%(source)s” to “%(target)s”.")
                % {"source": labels.get(source, source), "target": labels.get(target, target)}
            )
        setattr(fresh, workflow.field, target)
        for name, value in changes.items():
            setattr(fresh, name, value)
        fresh.save(update_fields=[workflow.field, *changes])
        record(fresh, field=workflow.field, source=source, target=target, by=by, reason=reason)
    return fresh


def record(
    instance: models.Model, *, field: str, source: str, target: str, by: Any, reason: str = ""
) -> None:
    """Write one log row for a change of state made elsewhere under a lock (a creation, for instance)."""
    TransitionLog.objects.create(
        content_type=ContentType.objects.get_for_model(instance),
        object_id=instance.pk,
        field=field,
        from_state=source,
        to_state=target,
        by=by,
        reason=reason,
    )


def history(instance: models.Model) -> models.QuerySet[TransitionLog]:
    """Return the object's state changes, oldest first, with their authors."""
    return TransitionLog.objects.filter(
        content_type=ContentType.objects.get_for_model(instance), object_id=instance.pk
    ).select_related("by")
