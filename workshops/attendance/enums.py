"""Closed lists of the attendance."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ArrivalSource(models.TextChoices):
    """How somebody was recorded as present."""

    CODE = "code", _("Code at the door")
    SECRETARIAT = "secretariat", _("Recorded by the secretariat")
