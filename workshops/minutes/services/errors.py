"""What the services refuse."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from workshops.minutes.models import Minutes


class MinutesError(Exception):
    """A rule refuses the change. The message is for the reader; `field` names the form's field, `code` the rule."""

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.field, self.code = field, code


@dataclass(frozen=True)
class Conflict:
    """A part that somebody else saved meanwhile: its key (a section's id, or "head"), and how it stands now."""

    part: str
    theirs: dict[str, str]


class MinutesConflictError(MinutesError):
    """Somebody else saved the same parts since the page was opened; nothing was written."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__(
            _(
                "Somebody else changed the same part meanwhile: nothing is saved yet. Both texts are below; "
                "complete yours and save again."
            ),
            code="conflict",
        )
        self.conflicts = conflicts


def refuse_approved(minutes: Minutes) -> None:
    """Raise MinutesError when the minutes are locked."""
    if minutes.is_approved:
        raise MinutesError(_("These minutes are approved: their text no longer changes."), code="approved")
