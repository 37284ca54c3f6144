"""What the services refuse, and the locks they share.

Locks are always taken in this order: workshop, venue, invitation, e-mails.
"""

from workshops.guests import BadLine
from workshops.models import Invitation, InvitationQuerySet, Workshop


class WorkshopError(Exception):
    """A rule refuses the change. The message is for the reader; `field` names the form's field, `code` the rule."""

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.field, self.code = field, code


class GuestListError(WorkshopError):
    """Some lines of a guest list are no guests; nothing was written."""

    def __init__(self, lines: list[BadLine]) -> None:
        super().__init__("\n".join(str(line) for line in lines), field="guests", code="guests")
        self.lines = lines


def lock_recipients(workshop: Workshop, invitations: InvitationQuerySet | None = None) -> list[Invitation]:
    """Return the invitations to mail (by default all that were sent), locked, with what their messages show."""
    chosen = workshop.invitations.sent() if invitations is None else invitations
    loaded = Workshop.objects.select_related(
        "venue__organisation", "venue__commune", "axis"
    ).prefetch_related("agenda")
    shared = loaded.get(pk=workshop.pk)
    rows = list(chosen.select_related("person").select_for_update(of=("self",), no_key=True).order_by("id"))
    for invitation in rows:
        invitation.workshop = shared
    return rows
