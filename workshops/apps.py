from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkshopsConfig(AppConfig):
    """Workshops, their invitations and answers."""

    name = "workshops"
    verbose_name = _("Workshops")
