from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoadmapConfig(AppConfig):
    """The roadmap: drafting, approval, actions."""

    name = "roadmap"
    verbose_name = _("Roadmap")

    def ready(self) -> None:
        """Let verify_ledger check the votes too, and a decision become a task or a change request."""
        from roadmap.actions import admin_tasks  # noqa: F401
        from roadmap.approval import audit  # noqa: F401
        from roadmap.drafting import admin_requests  # noqa: F401
