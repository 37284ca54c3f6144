"""Who may do what with the flagship actions."""

from typing import Any

from members.permissions import is_secretariat

# What the secretariat's group needs in the admin.
SECRETARIAT_PERMISSIONS = [
    *(f"roadmap.{verb}_action" for verb in ("view", "add", "change")),
    *(f"roadmap.{verb}_actiontask" for verb in ("view", "add", "change", "delete")),
    *(f"roadmap.{verb}_milestone" for verb in ("view", "add", "change", "delete")),
]


def can_change_status(user: Any) -> bool:
    """The secretariat moves an action from a status to another."""
    return is_secretariat(user) and user.has_perm("roadmap.change_action")
