"""What happens to a workshop, its invitations and their answers. Nobody else writes these states."""

from workshops.services.answers import (
    answer_invitation,
    answer_refusal,
    awaiting_answer,
    forget_needs,
    upcoming_invitations,
)
from workshops.services.errors import GuestListError, WorkshopError, lock_recipients
from workshops.services.hosting import resend_sheets, send_due_sheets, sheet_changed_since
from workshops.services.inviting import (
    INVITING_STATES,
    Sent,
    add_guests,
    add_invitees,
    require_invitee,
    send_invitations,
    withdraw_invitation,
)
from workshops.services.planning import (
    LONGEST_SERIES,
    SeriesError,
    Slot,
    duplicate_workshop,
    free_slug,
    plan_series,
    slot_deadline,
    slot_problems,
)
from workshops.services.representation import colleagues, proxy_holders, stand_in_rule
from workshops.services.scheduling import (
    cancel_workshop,
    clash_message,
    mark_held,
    reschedule_workshop,
    schedule_workshop,
)
from workshops.services.seats import fill_seats, is_full, queue_rank, seats_at, seats_left

__all__ = [
    "LONGEST_SERIES",
    "SeriesError",
    "Slot",
    "duplicate_workshop",
    "free_slug",
    "plan_series",
    "slot_deadline",
    "slot_problems",
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
    "colleagues",
    "fill_seats",
    "forget_needs",
    "is_full",
    "lock_recipients",
    "mark_held",
    "proxy_holders",
    "queue_rank",
    "require_invitee",
    "reschedule_workshop",
    "resend_sheets",
    "schedule_workshop",
    "seats_at",
    "seats_left",
    "send_due_sheets",
    "send_invitations",
    "sheet_changed_since",
    "stand_in_rule",
    "upcoming_invitations",
    "withdraw_invitation",
]
