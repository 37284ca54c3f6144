"""Closed lists of the approval."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Choice(models.TextChoices):
    """A ballot's voice (product.md: pour, contre, abstention)."""

    FOR = "pour", _("For")
    AGAINST = "contre", _("Against")
    ABSTENTION = "abstention", _("Abstention")


class Outcome(models.TextChoices):
    """What an approval decided."""

    ADOPTED = "adopted", _("Adopted")
    REJECTED = "rejected", pgettext_lazy("outcome", "Rejected")
    NO_QUORUM = "no-quorum", _("Quorum not reached")
