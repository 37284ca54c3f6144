"""The messages of one change: collected while it is made, queued once everything stands."""

from collections.abc import Callable

from workshops import emails
from workshops.models import Invitation, Workshop
from workshops.services.errors import lock_recipients


class Mailbag:
    """Whom to write what, by the numbers of their invitations.

    A change may touch several people (a seat freed, a proxy ended) and SEQUENCE with them; the messages are made when
    all of it is written, from fresh rows.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Callable[[Invitation], object]]] = []
        self._stale: set[int] = set()

    def add(
        self, invitation: Invitation, send: Callable[[Invitation], object], *, drop: bool = False
    ) -> None:
        """Remember a message; `drop` cancels what is still queued to the person, which it makes out of date."""
        self._waiting.append((invitation.pk, send))
        if drop:
            self._stale.add(invitation.pk)

    def send(self, workshop: Workshop) -> None:
        """Queue the messages, in the order in which they were added. Call in the transaction of the change."""
        if not self._waiting:
            return
        chosen = Invitation.objects.filter(pk__in={pk for pk, _send in self._waiting})
        rows = {row.pk: row for row in lock_recipients(workshop, chosen)}
        emails.drop_queued(rows[pk] for pk in sorted(self._stale))
        for pk, send in self._waiting:
            send(rows[pk])
