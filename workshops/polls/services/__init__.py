"""What happens to a date poll: prepared, opened, answered, extended, and ended by a choice or by a cancellation."""

from workshops.polls.services.choosing import cancel_poll, choose_option, withdraw_asked
from workshops.polls.services.editing import (
    MAX_OPTIONS,
    Proposal,
    ask_newcomers,
    extend_deadline,
    open_poll,
    save_poll,
)
from workshops.polls.services.replying import Reply, reply_refusal, reply_to_poll

__all__ = [
    "MAX_OPTIONS",
    "Proposal",
    "Reply",
    "ask_newcomers",
    "cancel_poll",
    "choose_option",
    "extend_deadline",
    "open_poll",
    "reply_refusal",
    "reply_to_poll",
    "save_poll",
    "withdraw_asked",
]
