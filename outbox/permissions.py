"""Who may read the outbox and send a message again. Nobody edits one."""

from typing import Any

SECRETARIAT_PERMISSIONS = ("outbox.view_outboxemail", "outbox.resend_outboxemail")


def can_view_outbox(user: Any) -> bool:
    """Tell whether the person may read what the portal mailed."""
    return user.is_active and user.is_staff and user.has_perm("outbox.view_outboxemail")


def can_resend_email(user: Any) -> bool:
    """Tell whether the person may have a message sent again."""
    return can_view_outbox(user) and user.has_perm("outbox.resend_outboxemail")
