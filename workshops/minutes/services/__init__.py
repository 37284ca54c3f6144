"""What happens to minutes, decisions and corrections. Nobody else writes these states.

Locks are always taken in this order: workshop, minutes, section, decision or correction.
"""

from core.seen import fingerprint, mark
from workshops.minutes.services.approving import approve_minutes, pseudonymise_minutes
from workshops.minutes.services.correcting import (
    accept_correction,
    circulate_minutes,
    corrections_awaiting,
    propose_correction,
    reject_correction,
)
from workshops.minutes.services.deciding import (
    DecisionFields,
    decisions_awaiting,
    remove_decision,
    reopen_decision,
    save_decision,
    settle_decision,
)
from workshops.minutes.services.errors import Conflict, MinutesConflictError, MinutesError
from workshops.minutes.services.writing import (
    HEAD_FIELDS,
    SECTION_FIELDS,
    add_section,
    create_minutes,
    remove_section,
    save_minutes,
    values_of,
)

__all__ = [
    "HEAD_FIELDS",
    "SECTION_FIELDS",
    "Conflict",
    "DecisionFields",
    "MinutesConflictError",
    "MinutesError",
    "accept_correction",
    "add_section",
    "approve_minutes",
    "circulate_minutes",
    "corrections_awaiting",
    "create_minutes",
    "decisions_awaiting",
    "fingerprint",
    "mark",
    "propose_correction",
    "pseudonymise_minutes",
    "reject_correction",
    "remove_decision",
    "remove_section",
    "reopen_decision",
    "save_decision",
    "save_minutes",
    "settle_decision",
    "values_of",
]
