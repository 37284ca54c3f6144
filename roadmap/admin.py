"""The roadmap's three parts in the administration site."""

from roadmap.actions import admin as actions_admin

__all__ = ["actions_admin"]
