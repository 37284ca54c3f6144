"""People and the organisations they speak for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import ValidationError as NumberError
from stdnum.fr import siren as siren_number

from core.search import sort_key
from members.enums import COUNCIL, VOTING_ROLES, Language, MandateRole, OrganisationKind


def validate_siren(value: str) -> None:
    """Check a SIREN's length and Luhn digit (INSEE); raise a ValidationError."""
    try:
        siren_number.validate(value)
    except NumberError as error:
        raise ValidationError(_("This is not a valid SIREN number."), code="siren") from error


class UserManager(BaseUserManager["User"]):
    """Makes accounts; nobody makes their own (product.md: by the secretariat's invitation only)."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person; without a password the account cannot log in until one is set."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create an administrator."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find an account by its address, whatever its case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. What they may do follows from dated mandates, never from the account itself."""

    email = models.EmailField(
        _("e-mail address"),
        max_length=254,
        unique=True,
        error_messages={"unique": _("This address has an account.")},
    )
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    job_title = models.CharField(_("position"), max_length=120, blank=True)
    language = models.CharField(
        _("language of e-mails"), max_length=2, choices=Language.choices, default=Language.FRENCH
    )
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May enter the administration site.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("date joined"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["last_name", "first_name"]
        constraints = [
            # With the unique index: one account an address, whatever its case.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case")
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def clean(self) -> None:
        """Keep addresses in lower case, so that equality is equality."""
        super().clean()
        self.email = type(self).objects.normalize_email(self.email).lower()


class Sector(models.Model):
    """A branch of activity; the council set three priorities among them."""

    slug = models.SlugField(unique=True)
    name_fr = models.CharField(_("name (French)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    is_priority = models.BooleanField(_("priority"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.name_fr


class Commune(models.Model):
    """One of the Métropole's 31 communes."""

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("commune")
        verbose_name_plural = _("communes")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Axis(models.Model):
    """One of the three strategic axes, in the council's wording, with the think tank's beside it."""

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    slug = models.SlugField(unique=True)
    name_fr = models.CharField(_("name (French)"), max_length=80)
    name_en = models.CharField(_("name (English)"), max_length=80)
    wording_fr = models.TextField(_("council's wording (French)"))
    wording_en = models.TextField(_("council's wording (English)"))
    think_tank_wording_fr = models.TextField(_("think tank's wording (French)"), blank=True)
    think_tank_wording_en = models.TextField(_("think tank's wording (English)"), blank=True)

    class Meta:
        verbose_name = _("strategic axis")
        verbose_name_plural = _("strategic axes")
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}. {self.name_fr}"


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


class MandateQuerySet(models.QuerySet["Mandate"]):
    """Questions about who sat where, when."""

    def on(self, day: date) -> MandateQuerySet:
        """Mandates in force on a day (Paris calendar)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)

    def current(self) -> MandateQuerySet:
        """Mandates in force today in Paris."""
        return self.on(timezone.localdate())

    def council(self) -> MandateQuerySet:
        """Mandates on the council."""
        return self.filter(body__slug=COUNCIL)

    def voting(self) -> MandateQuerySet:
        """Mandates that carry an organisation's voice."""
        return self.filter(role__in=VOTING_ROLES)


class DateRangeFunc(Func):
    """PostgreSQL's daterange(from, to), end excluded."""

    function = "daterange"
    output_field = DateRangeField()


class Mandate(models.Model):
    """A person, for an organisation, on a body, with a role and dates. The end day itself is out of the mandate."""

    person = models.ForeignKey(
        User, verbose_name=_("person"), on_delete=models.PROTECT, related_name="mandates"
    )
    organisation = models.ForeignKey(
        Organisation, verbose_name=_("organisation"), on_delete=models.PROTECT, related_name="mandates"
    )
    body = models.ForeignKey(Body, verbose_name=_("body"), on_delete=models.PROTECT, related_name="mandates")
    role = models.CharField(_("role"), max_length=12, choices=MandateRole.choices)
    starts_on = models.DateField(_("from"), default=timezone.localdate)
    ends_on = models.DateField(_("to (excluded)"), null=True, blank=True)

    objects = MandateQuerySet.as_manager()

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        ordering = ["body", "organisation", "role", "starts_on"]
        indexes = [models.Index(fields=["body", "role", "organisation"], name="mandate_body_role")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")) | Q(ends_on=None),
                name="mandate_ends_after_start",
                violation_error_message=_("A mandate ends after it starts."),
            ),
            ExclusionConstraint(
                name="mandate_one_titular",
                expressions=[
                    # int8range instead of `=`, which would need the btree_gist extension.
                    (
                        Func(
                            F("organisation_id"),
                            F("organisation_id"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    ),
                    (Func(F("body_id"), F("body_id"), models.Value("[]"), function="int8range"), "&&"),
                    (DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                condition=Q(role=MandateRole.TITULAR),
                violation_error_message=_(
                    "This organisation has another titular member on this body at that time."
                ),
            ),
            ExclusionConstraint(
                name="mandate_person_once",
                expressions=[
                    (Func(F("person_id"), F("person_id"), models.Value("[]"), function="int8range"), "&&"),
                    (
                        Func(
                            F("organisation_id"),
                            F("organisation_id"),
                            models.Value("[]"),
                            function="int8range",
                        ),
                        "&&",
                    ),
                    (Func(F("body_id"), F("body_id"), models.Value("[]"), function="int8range"), "&&"),
                    (DateRangeFunc("starts_on", "ends_on"), "&&"),
                ],
                violation_error_message=_("This person already has a mandate there at that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} — {self.organisation} ({self.get_role_display()})"

    def get_absolute_url(self) -> str:
        """Return the member's space: a mandate has no page of its own."""
        return reverse("member-space")

    @property
    def votes(self) -> bool:
        """Whether the role carries the organisation's voice."""
        return self.role in VOTING_ROLES
