"""Where workshops are held."""

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from members.models import Commune, Organisation


class Venue(models.Model):
    """A room or a member's site. Its host sheet (how to get in) is for confirmed people only."""

    # The host sheet's fields, in the order in which people need them.
    SHEET = ("access", "parking", "badge", "accessibility", "contact_name", "contact_phone")

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
    capacity = models.PositiveSmallIntegerField(
        _("capacity"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1, _("A capacity is at least 1."))],
    )
    # The host sheet (fiche d'accueil): shown and mailed to those who come, to nobody else.
    access = models.TextField(
        _("access and transport"),
        blank=True,
        max_length=1000,
        help_text=_("Stop, entrance, building, floor. Shown to confirmed people only."),
    )
    parking = models.CharField(_("parking"), max_length=300, blank=True)
    badge = models.CharField(
        _("badge and identity"), max_length=300, blank=True, help_text=_("What is asked at the entrance.")
    )
    accessibility = models.CharField(
        _("accessibility"),
        max_length=300,
        blank=True,
        help_text=_("Step-free way, lift, hearing loop, adapted toilets."),
    )
    contact_name = models.CharField(_("contact on the day"), max_length=120, blank=True)
    contact_phone = models.CharField(_("contact’s phone"), max_length=40, blank=True)
    # When the host sheet last changed: what was mailed before may be sent again.
    sheet_changed_at = models.DateTimeField(null=True, editable=False)

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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Note when the host sheet changes."""
        before = Venue.objects.filter(pk=self.pk).values(*self.SHEET).first() if self.pk else None
        if before and any(before[name] != getattr(self, name) for name in self.SHEET):
            self.sheet_changed_at = timezone.now()
            if kwargs.get("update_fields"):
                kwargs["update_fields"] = {*kwargs["update_fields"], "sheet_changed_at"}
        super().save(*args, **kwargs)

    @property
    def host_sheet(self) -> list[tuple[str, str]]:
        """How to get in, as titles in the active language and texts; empty when nothing is written."""
        contact = ", ".join(part for part in (self.contact_name, self.contact_phone) if part)
        lines = [
            (_("access and transport"), self.access),
            (_("parking"), self.parking),
            (_("badge and identity"), self.badge),
            (_("accessibility"), self.accessibility),
            (_("contact on the day"), contact),
        ]
        return [(capfirst(str(title)), text) for title, text in lines if text]
