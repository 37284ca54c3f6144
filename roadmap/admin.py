"""The roadmap's three parts in the administration site."""

from roadmap.actions import admin as actions_admin
from roadmap.drafting import admin as drafting_admin

__all__ = ["actions_admin", "drafting_admin"]
