from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoadmapConfig(AppConfig):
    """The roadmap: drafting, approval, actions."""

    name = "roadmap"
    verbose_name = _("Roadmap")

    def ready(self) -> None:
        """Let verify_ledger check the votes too."""
        from roadmap.approval import audit  # noqa: F401
