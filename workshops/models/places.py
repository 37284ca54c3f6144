"""Where workshops are held."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from members.models import Commune, Organisation


class Venue(models.Model):
    """A room or a member's site. Its access details are for confirmed people only."""

    organisation = models.ForeignKey(
        Organisation, verbose_name=_("host organisation"), on_delete=models.PROTECT, related_name="venues"
    )
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200, blank=True)
    commune = models.ForeignKey(
        Commune, verbose_name=_("commune"), null=True, blank=True, on_delete=models.PROTECT
    )
    is_site = models.BooleanField(
        _("the whole site"),
        default=False,
        help_text=_("While a workshop is held here, no other room of this host is free."),
    )
    capacity = models.PositiveSmallIntegerField(_("capacity"), null=True, blank=True)
    access = models.TextField(
        _("access details"),
        blank=True,
        help_text=_("Parking, badge, contact: shown to confirmed people only."),
    )

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ["organisation__sort_name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="venue_unique"),
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(capacity__gt=0),
                name="venue_capacity_positive",
                violation_error_message=_("A capacity is at least 1."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} — {self.name}"
