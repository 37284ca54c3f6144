from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShowcaseConfig(AppConfig):
    """The "Made in Montpellier" showcase."""

    name = "showcase"
    verbose_name = _("Showcase")

    def ready(self) -> None:
        """Keep the search index true."""
        from showcase import signals

        signals.connect()
