from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """Mechanics with no business: workflow, ledger, text, search, pages."""

    name = "core"
    verbose_name = _("Register")

    def ready(self) -> None:
        """Register the system checks."""
        from core import checks  # noqa: F401
