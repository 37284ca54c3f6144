"""The organisations members speak for, and the bodies they sit on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from core.search import sort_key
from core.templatetags.text import localized_text
from members.enums import OrganisationKind
from members.models.reference import Commune, Sector


def validate_siren(value: str) -> None:
    """Check a SIREN's length and Luhn digit (INSEE); raise a ValidationError."""
    try:
        siren_number.validate(value)
    except NumberError as error:
        raise ValidationError(_("This is not a valid SIREN number."), code="siren") from error


def validate_siret(value: str) -> None:
    """Check a SIRET's length and Luhn digit, by La Poste's own rule for its establishments; raise a ValidationError."""
    try:
        siret_number.validate(value)
    except NumberError as error:
        raise ValidationError(_("This is not a valid SIRET number."), code="siret") from error


# NAF rév. 2 and NAF 2025 write their subclasses alike.
NAF_CODE = r"^[0-9]{2}\.[0-9]{2}[A-Z]$"
validate_naf = RegexValidator(NAF_CODE, _("A NAF code looks like 28.99B."), code="naf")


SEATED_ALREADY = _("This organisation already has a seat on this body at that time.")


class Body(models.Model):
    """Think tank, council, expert committee."""

    slug = models.SlugField(_("address on the site"), unique=True)
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
        return localized_text(self, "name")

    @property
    def last_day(self) -> date | None:
        """The last day of its work, once that is past: the end itself is out of it."""
        over = self.ends_on is not None and self.ends_on <= timezone.localdate()
        return self.ends_on - timedelta(days=1) if over and self.ends_on else None


class Organisation(models.Model):
    """A company, chamber, network or authority: what a member speaks for."""

    slug = models.SlugField(_("address on the site"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=160, unique=True)
    sort_name = models.CharField(max_length=160, editable=False, db_index=True)
    kind = models.CharField(_("kind"), max_length=40, choices=OrganisationKind.choices)
    siren = models.CharField(_("SIREN"), max_length=9, blank=True, validators=[validate_siren])
    siret = models.CharField(
        _("SIRET of the head office"), max_length=14, blank=True, validators=[validate_siret]
    )
    naf_rev2 = models.CharField(_("NAF code (rév. 2)"), max_length=6, blank=True, validators=[validate_naf])
    naf_2025 = models.CharField(
        _("NAF code (2025)"),
        max_length=6,
        blank=True,
        validators=[validate_naf],
        help_text=_("In force from 1 January 2027."),
    )
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
    address = models.TextField(_("postal address"), max_length=300, blank=True)
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-90)), MaxValueValidator(Decimal(90))],
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(-180)), MaxValueValidator(Decimal(180))],
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
            models.CheckConstraint(
                condition=Q(siret="") | Q(siret__regex=r"^[0-9]{14}$", siren=Left("siret", 9)),
                name="organisation_siret_of_siren",
                violation_error_message=_("A SIRET has fourteen digits, the first nine being the SIREN."),
            ),
            models.CheckConstraint(
                condition=Q(naf_rev2="") | Q(naf_rev2__regex=NAF_CODE), name="organisation_naf_rev2_form"
            ),
            models.CheckConstraint(
                condition=Q(naf_2025="") | Q(naf_2025__regex=NAF_CODE), name="organisation_naf_2025_form"
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                # Said in full: a CHECK lets through what is neither true nor false.
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
                name="organisation_coordinates",
                violation_error_message=_(
                    "Give both coordinates: latitude from −90 to 90, longitude from −180 to 180."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the French sort key beside the name."""
        self.sort_name = sort_key(self.name)[:160]
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Take the SIREN from the SIRET where only that one is given."""
        super().clean()
        if self.siret and not self.siren:
            self.siren = self.siret[:9]


class DateRangeFunc(Func):
    """PostgreSQL's daterange(from, to), end excluded."""

    function = "daterange"
    output_field = DateRangeField()


def check_order(row: Any, message: Any) -> None:
    """Refuse an end before the beginning, at its field; PostgreSQL has no such range, and fails on one."""
    if row.starts_on and row.ends_on and row.ends_on <= row.starts_on:
        raise ValidationError({"ends_on": message})


class SeatQuerySet(models.QuerySet["Seat"]):
    """Questions about which organisations sat where, when."""

    def on(self, day: date) -> SeatQuerySet:
        """Seats held on a day (Paris calendar)."""
        return self.filter(Q(starts_on=None) | Q(starts_on__lte=day), Q(ends_on=None) | Q(ends_on__gt=day))

    def current(self) -> SeatQuerySet:
        """Seats held today in Paris."""
        return self.on(timezone.localdate())


class Seat(models.Model):
    """An organisation sits on a body, from a day to another (dates unknown: blank)."""

    body = models.ForeignKey(Body, verbose_name=_("body"), on_delete=models.PROTECT, related_name="seats")
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="seats"
    )
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to (excluded)"), null=True, blank=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["body", "organisation"]
        constraints = [
            ExclusionConstraint(
                name="seat_once",
                expressions=[
                    (
                        Func(F("organisation"), F("organisation"), models.Value("[]"), function="int8range"),
                        "&&",
                    ),
                    (Func(F("body"), F("body"), models.Value("[]"), function="int8range"), "&&"),
                    (DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                violation_error_message=SEATED_ALREADY,
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")) | Q(ends_on=None) | Q(starts_on=None),
                name="seat_ends_after_start",
                violation_error_message=_("The end comes after the start."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} — {self.body}"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Judge the dates first: the others rely on their order."""
        check_order(self, _("The end comes after the start."))
        super().validate_constraints(exclude)

    def meets(self, other: Seat) -> bool:
        """Whether both are on one body and share a day; a date that is not known bounds nothing."""
        return (
            self.body_id == other.body_id
            and (self.starts_on or date.min) < (other.ends_on or date.max)
            and (other.starts_on or date.min) < (self.ends_on or date.max)
        )
