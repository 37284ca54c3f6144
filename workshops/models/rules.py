"""What the council decided for each kind of workshop, where it differs from the settings."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from workshops.enums import WorkshopKind


def silent_days() -> list[int]:
    """Return the settings' delays of the reminders to the silent, in days before the deadline."""
    return list(settings.WORKSHOP_REMINDER_SILENT_DAYS)


def attending_hours() -> list[int]:
    """Return the settings' delays of the reminders to those who come, in hours before the start."""
    return list(settings.WORKSHOP_REMINDER_ATTENDING_HOURS)


def convocation_days() -> int:
    """Return the settings' delay of a convocation, in clear days."""
    return int(settings.CONVOCATION_CLEAR_DAYS)


class AllFrom1To(models.Func):
    """Tell whether all numbers of a list are from 1 to `most`; an empty list's are."""

    template = "(int4range(1, %(most)s, '[]') @> ALL((%(expressions)s)::int[])) IS TRUE"
    output_field = models.BooleanField()

    def __init__(self, numbers: str, *, most: int) -> None:
        super().__init__(numbers, most=most)


class KindRules(models.Model):
    """The rules of one kind of workshop: delays, reminders, proxies. A kind without a row follows the settings."""

    kind = models.CharField(_("kind"), max_length=20, choices=WorkshopKind.choices, unique=True)
    convocation_days = models.PositiveSmallIntegerField(
        _("delay of the convocation (clear days)"),
        default=convocation_days,
        validators=[MaxValueValidator(60)],
        help_text=_("Neither the sending day nor the meeting day counts."),
    )
    silent_days = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(60)]),
        verbose_name=_("reminders to the silent (days before the deadline)"),
        default=silent_days,
        blank=True,
        size=5,
        help_text=_("Separated by commas: 7,2"),
    )
    attending_hours = ArrayField(
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(240)]),
        verbose_name=_("reminders to those who come (hours before the start)"),
        default=attending_hours,
        blank=True,
        size=5,
        help_text=_("Separated by commas: 48,24"),
    )
    proxies_allowed = models.BooleanField(
        _("proxies allowed"),
        default=False,
        help_text=_("An organisation may be represented by another one."),
    )
    corrections_days = models.PositiveSmallIntegerField(
        _("corrections of the minutes (days)"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )

    class Meta:
        verbose_name = _("rules of a kind")
        verbose_name_plural = _("rules by kind")
        ordering = ["kind"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=WorkshopKind.values), name="kindrules_kind_known"),
            models.CheckConstraint(
                condition=Q(convocation_days__lte=60, corrections_days__range=(1, 60)),
                name="kindrules_days_bounded",
                violation_error_message=_("A delay is of 60 days at most."),
            ),
            models.CheckConstraint(
                condition=Q(AllFrom1To("silent_days", most=60)) & Q(silent_days__len__lte=5),
                name="kindrules_silent_days_bounded",
                violation_error_message=_("At most 5 delays, each from 1 to 60 days."),
            ),
            models.CheckConstraint(
                condition=Q(AllFrom1To("attending_hours", most=240)) & Q(attending_hours__len__lte=5),
                name="kindrules_attending_hours_bounded",
                violation_error_message=_("At most 5 delays, each from 1 to 240 hours."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


def rules_for(kind: str) -> KindRules:
    """Return a kind's rules; without a row of its own, the settings'. Proxies are for council sessions then."""
    found = KindRules.objects.filter(kind=kind).first()
    return found or KindRules(kind=kind, proxies_allowed=kind == WorkshopKind.SESSION)
