"""The messages of a date poll. They share the key and the thread of the invitation that follows."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.kinds import name_kinds
from members.enums import MailChoice
from workshops.emails import drop_reminders, next_sequence, send_to_invitee
from workshops.models.invitations import Invitation

POLL = "workshop-poll"
UPDATE = "workshop-poll-update"
REMINDER = "workshop-poll-reminder"
CANCELLED = "workshop-poll-cancelled"
WITHDRAWN = "workshop-poll-withdrawn"
name_kinds(
    {
        POLL: _("Date poll"),
        UPDATE: _("Date poll changed"),
        REMINDER: _("Reminder to answer a date poll"),
        CANCELLED: _("Date poll cancelled"),
        WITHDRAWN: _("No longer asked for a date"),
    }
)


def send_poll(invitation: Invitation) -> None:
    """Queue the question: which of these dates suit you?"""
    _send(invitation, POLL, "poll", sequence=next_sequence(invitation, POLL))


def send_poll_update(invitation: Invitation) -> None:
    """Queue the news that the proposed dates changed."""
    _send(invitation, UPDATE, "poll_update", sequence=invitation.workshop.poll.revision)


def send_poll_reminder(invitation: Invitation, *, days: int) -> bool:
    """Queue a reminder to somebody who has not answered; False when it exists already."""
    return _send(
        invitation,
        reminder_kind(days),
        "poll_reminder",
        sequence=invitation.workshop.poll.extensions,
        refusable=MailChoice.REMINDER_SILENT,
    )


def send_poll_cancellation(invitation: Invitation) -> None:
    """Queue the news that the workshop is given up."""
    _send(invitation, CANCELLED, "poll_cancelled")


def send_poll_withdrawal(invitation: Invitation) -> None:
    """Queue the news that the person is asked no more; the search goes on."""
    _send(invitation, WITHDRAWN, "poll_withdrawn", sequence=next_sequence(invitation, WITHDRAWN))


def reminder_kind(days: int) -> str:
    """Return the outbox kind of the reminder at a delay."""
    return f"{REMINDER}-{days}d"


def drop_poll_reminders(invitation: Invitation) -> None:
    """Cancel the reminders that are not sent yet: the person has answered."""
    drop_reminders(invitation, REMINDER)


def _send(
    invitation: Invitation,
    kind: str,
    template: str,
    *,
    sequence: int = 0,
    refusable: MailChoice | None = None,
) -> bool:
    workshop = invitation.workshop
    context = {"poll": workshop.poll, "options": _options(workshop)}
    return send_to_invitee(
        invitation, kind, template, context=context, sequence=sequence, refusable=refusable
    )


def _options(workshop: Any) -> list[Any]:
    """Return the options, read once for all the messages of a sending."""
    if not hasattr(workshop, "poll_options"):
        rows = workshop.poll.options.select_related("venue__organisation", "venue__commune")
        workshop.poll_options = list(rows)
    options: list[Any] = workshop.poll_options
    return options
