from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """E-mails as rows: written with the change that causes them, sent by a worker, kept as a record."""

    name = "outbox"
    verbose_name = _("Outbox")
