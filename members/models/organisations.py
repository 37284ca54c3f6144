"""The organisations members speak for, and the bodies they sit on."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren as siren_number

from core.search import sort_key
from members.enums import OrganisationKind
from members.models.reference import Commune, Sector


def validate_siren(value: str) -> None:
    """Check a SIREN's length and Luhn digit (INSEE); raise a ValidationError."""
    try:
        siren_number.validate(value)
    except NumberError as error:
        raise ValidationError(_("This is not a valid SIREN number."), code="siren") from error


class Body(models.Model):
    """Think tank, council, expert committee."""

    slug = models.SlugField(unique=True)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    description_fr = models.TextField(_("description (French)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("body")
        verbose_name_plural = _("bodies")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name_fr


class Organisation(models.Model):
    """A company, chamber, network or authority: what a member speaks for."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=160, unique=True)
    sort_name = models.CharField(max_length=160, editable=False, db_index=True)
    kind = models.CharField(_("kind"), max_length=40, choices=OrganisationKind.choices)
    siren = models.CharField(_("SIREN"), max_length=9, blank=True, validators=[validate_siren])
    sectors = models.ManyToManyField(
        Sector, verbose_name=_("sectors"), blank=True, related_name="organisations"
    )
    commune = models.ForeignKey(
        Commune,
        verbose_name=_("commune"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="organisations",
    )
    website = models.URLField(_("website"), blank=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["sort_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["siren"],
                condition=~Q(siren=""),
                name="organisation_siren_unique",
                violation_error_message=_("Another organisation has this SIREN."),
            ),
            models.CheckConstraint(
                condition=Q(siren="") | Q(siren__regex=r"^[0-9]{9}$"),
                name="organisation_siren_digits",
                violation_error_message=_("A SIREN has nine digits."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the French sort key beside the name."""
        self.sort_name = sort_key(self.name)[:160]
        super().save(*args, **kwargs)


class Seat(models.Model):
    """An organisation sits on a body, from a day to another (dates unknown: blank)."""

    body = models.ForeignKey(Body, verbose_name=_("body"), on_delete=models.PROTECT, related_name="seats")
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="seats"
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to (excluded)"), null=True, blank=True)

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["body", "organisation"]
        constraints = [
            models.UniqueConstraint(fields=["body", "organisation", "starts_on"], name="seat_unique"),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")) | Q(ends_on=None) | Q(starts_on=None),
                name="seat_ends_after_start",
                violation_error_message=_("The end comes after the start."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} — {self.body}"
