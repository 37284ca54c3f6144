from typing import Any

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate


class IndustriePositiveConfig(AppConfig):
    """The project package as an app: its commands and the pages that join the others."""

    name = "industrie_positive"
    default = True

    def ready(self) -> None:
        """Keep the secretariat's group in step with the code at each `migrate`, once the last app's rights exist."""
        post_migrate.connect(self._sync_groups, sender=apps.get_app_config("roadmap"))

    @staticmethod
    def _sync_groups(**kwargs: Any) -> None:
        from industrie_positive.groups import sync_groups

        sync_groups()


class PortalAdminConfig(admin_apps.AdminConfig):
    """Django's admin under the portal's own site object."""

    default = False
    default_site = "industrie_positive.admin_site.PortalAdminSite"
