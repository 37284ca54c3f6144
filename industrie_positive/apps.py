from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class IndustriePositiveConfig(AppConfig):
    """The project package as an app: its commands and the pages that join the others."""

    name = "industrie_positive"
    default = True


class PortalAdminConfig(admin_apps.AdminConfig):
    """Django's admin under the portal's own site object."""

    default = False
    default_site = "industrie_positive.admin_site.PortalAdminSite"
