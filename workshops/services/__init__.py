"""What happens to a workshop, its invitations and their answers. Nobody else writes these states."""

from workshops.services.answers import (
    answer_invitation,
    answer_refusal,
    awaiting_answer,
    upcoming_invitations,
)
from workshops.services.errors import GuestListError, WorkshopError, lock_recipients
from workshops.services.inviting import (
    INVITING_STATES,
    Sent,
    add_guests,
    add_invitees,
    require_invitee,
    send_invitations,
    withdraw_invitation,
)
from workshops.services.scheduling import (
    cancel_workshop,
    clash_message,
    mark_held,
    reschedule_workshop,
    schedule_workshop,
)

__all__ = [
    "INVITING_STATES",
    "GuestListError",
    "Sent",
    "WorkshopError",
    "add_guests",
    "add_invitees",
    "answer_invitation",
    "answer_refusal",
    "awaiting_answer",
    "cancel_workshop",
    "clash_message",
    "lock_recipients",
    "mark_held",
    "require_invitee",
    "reschedule_workshop",
    "schedule_workshop",
    "send_invitations",
    "upcoming_invitations",
    "withdraw_invitation",
]
