"""Closed lists of the date polls."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Choice(models.TextChoices):
    """What somebody says of an option. Nothing said is no row."""

    YES = "yes", pgettext_lazy("date poll", "Yes")
    MAYBE = "maybe", pgettext_lazy("date poll", "Maybe")
    NO = "no", pgettext_lazy("date poll", "No")


class ReplySource(models.TextChoices):
    """How a reply came."""

    PORTAL = "portal", _("Portal")
    MAIL_LINK = "mail-link", _("Link in the e-mail")
    SECRETARIAT = "secretariat", _("Recorded by the secretariat")


class PollStage(models.TextChoices):
    """Where a poll is: read from its workshop's state and the clock, stored nowhere."""

    PREPARED = "prepared", _("Being prepared")
    OPEN = "open", _("Answers are open")
    ENDED = "ended", _("Deadline passed, date to be chosen")
    CHOSEN = "chosen", _("Date chosen")
    CANCELLED = "cancelled", _("Cancelled")
