from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Mechanics with no business: workflow, ledger, text, search, pages."""

    name = "core"

    def ready(self) -> None:
        """Register the system checks."""
        from core import checks  # noqa: F401
