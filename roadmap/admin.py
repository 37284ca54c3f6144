"""The roadmap's three parts in the administration site."""

from roadmap.actions import admin as actions_admin
from roadmap.approval import admin as approval_admin
from roadmap.drafting import admin as drafting_admin
from roadmap.drafting import admin_requests

__all__ = ["actions_admin", "admin_requests", "approval_admin", "drafting_admin"]
