"""The secretariat's process page of a workshop, a module for each of its steps."""

from workshops.admin_views.answers import process_answer, process_host_sheet, process_withdraw
from workshops.admin_views.calendar import workshop_calendar
from workshops.admin_views.inviting import process_invite, process_require
from workshops.admin_views.planning import process_duplicate, process_series
from workshops.admin_views.process import process_detail
from workshops.admin_views.scheduling import (
    process_cancel,
    process_hold,
    process_move,
    process_schedule,
    process_send,
)

__all__ = [
    "process_answer",
    "process_cancel",
    "process_detail",
    "process_duplicate",
    "process_series",
    "process_hold",
    "process_host_sheet",
    "process_invite",
    "process_move",
    "process_require",
    "process_schedule",
    "process_send",
    "process_withdraw",
    "workshop_calendar",
]
