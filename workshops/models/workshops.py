"""Workshops, their series and agenda."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Count, F, Func, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.templatetags.text import localized_text
from core.workflow import Workflow
from members.models import Axis
from workshops.enums import (
    OCCUPYING_STATES,
    PUBLIC_STATES,
    WORKSHOP_TRANSITIONS,
    Answer,
    WorkshopKind,
    WorkshopState,
)
from workshops.models.places import Venue


class Series(models.Model):
    """Workshops that belong together: one theme, followed from meeting to meeting."""

    name_fr = models.CharField(_("name (French)"), max_length=120, unique=True)
    name_en = models.CharField(_("name (English)"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("workshop series")
        verbose_name_plural = _("series of workshops")
        ordering = ["name_fr"]

    def __str__(self) -> str:
        return localized_text(self, "name")


class WorkshopQuerySet(models.QuerySet["Workshop"]):
    """Questions about workshops."""

    def public(self) -> WorkshopQuerySet:
        """The agenda that everybody sees."""
        return self.filter(is_public=True, state__in=PUBLIC_STATES, starts_at__isnull=False)

    def with_place(self) -> WorkshopQuerySet:
        """With the axis, the series, and the host organisation and commune that pages show."""
        return self.select_related("axis", "series", "venue__organisation", "venue__commune")

    def upcoming(self) -> WorkshopQuerySet:
        """Not ended yet, the next first."""
        return self.filter(ends_at__gt=Now()).order_by("starts_at", "id")

    def clashing_with(self, *, venue_id: int, starts_at: datetime, ends_at: datetime) -> WorkshopQuerySet:
        """Those that hold a room, or its host's whole site, during a time: what the exclusion constraint refuses."""
        return self.filter(
            Q(venue_id=venue_id) | Q(venue__is_site=True) | Q(venue__organisation__venues__is_site=True),
            venue__organisation__venues=venue_id,
            state__in=OCCUPYING_STATES,
            starts_at__lt=ends_at,
            ends_at__gt=starts_at,
        )

    def with_counts(self) -> WorkshopQuerySet:
        """With the numbers of people invited, of each answer, and of those who came, invited or not."""
        standing = Q(invitations__withdrawn_at=None)
        # Asked beside: joined, the arrivals would multiply the invitations.
        there = apps.get_model("workshops", "Attendance").objects.standing().filter(workshop=OuterRef("pk"))
        came = there.order_by().values("workshop").annotate(number=Count("pk")).values("number")
        return self.annotate(
            came=Coalesce(Subquery(came), 0),
            invited=Count("invitations", filter=standing),
            attending=Count("invitations", filter=standing & Q(invitations__answer=Answer.YES)),
            excused=Count("invitations", filter=standing & Q(invitations__answer=Answer.EXCUSED)),
            represented=Count("invitations", filter=standing & Q(invitations__answer=Answer.REPRESENTED)),
            waiting=Count("invitations", filter=standing & Q(invitations__answer=Answer.WAITING)),
            silent=Count("invitations", filter=standing & Q(invitations__answer=Answer.SILENT)),
        )

    def visible_to(self, user: Any) -> WorkshopQuerySet:
        """The public agenda, and what the person is invited to; the secretariat sees all."""
        if not user.is_authenticated:
            return self.public()
        if user.is_staff:
            return self
        invited = Q(
            invitations__person=user, invitations__sent_at__isnull=False, invitations__withdrawn_at=None
        )
        mine = Workshop.objects.filter(invited).values("pk")
        return self.filter(
            Q(is_public=True) | Q(pk__in=mine), state__in=PUBLIC_STATES, starts_at__isnull=False
        )


def open_decisions_each(workshops: Iterable[Workshop]) -> dict[int, list[Any]]:
    """Return the decisions that head each coming workshop's agenda, in one query: what `workshops.minutes` says."""
    return apps.get_model("workshops", "Decision").objects.heading_each(workshops)  # type: ignore[no-any-return]


class TstzRange(Func):
    """PostgreSQL's tstzrange(start, end), end excluded."""

    function = "tstzrange"
    output_field = DateTimeRangeField()


class Workshop(models.Model):
    """A session, workshop-council, think tank meeting or visit."""

    WORKFLOW = Workflow("state", WORKSHOP_TRANSITIONS)

    slug = models.SlugField(_("address on the site"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=WorkshopKind.choices)
    state = models.CharField(
        _("state"), max_length=20, choices=WorkshopState.choices, default=WorkshopState.DRAFT, editable=False
    )
    title_fr = models.CharField(_("title (French)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=160)
    series = models.ForeignKey(
        Series,
        verbose_name=_("series"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="workshops",
    )
    axis = models.ForeignKey(
        Axis, verbose_name=_("strategic axis"), null=True, blank=True, on_delete=models.PROTECT
    )
    objectives_fr = models.TextField(_("objectives (French, Markdown)"), blank=True)
    objectives_en = models.TextField(_("objectives (English, Markdown)"), blank=True)
    venue = models.ForeignKey(
        Venue,
        verbose_name=_("venue"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="workshops",
    )
    # The room, or the host's whole site, as a range of numbers; written by a trigger alone (workshops/triggers.py).
    occupies = BigIntegerRangeField(null=True, editable=False)
    capacity = models.PositiveSmallIntegerField(
        _("capacity"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1, _("A capacity is at least 1."))],
        help_text=_("Seats. Beyond them, people go on the waiting list. Blank: as many as come."),
    )
    starts_at = models.DateTimeField(_("start"), null=True, blank=True)
    ends_at = models.DateTimeField(_("end"), null=True, blank=True)
    answer_by = models.DateTimeField(
        _("answer by"), null=True, blank=True, help_text=_("Blank: until the workshop starts.")
    )
    organiser = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("organiser"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
    )
    is_public = models.BooleanField(_("in the public agenda"), default=True)
    is_demo = models.BooleanField(
        _("demonstration dates"),
        default=False,
        help_text=_("The exact dates are not known; the page says so."),
    )
    outcome_fr = models.TextField(_("outcome (French, Markdown)"), blank=True)
    outcome_en = models.TextField(_("outcome (English, Markdown)"), blank=True)
    uid = models.CharField(max_length=80, unique=True, editable=False)
    # RFC 5546: rises when start, end, place or status changes and on every CANCEL.
    sequence = models.PositiveIntegerField(default=0, editable=False)
    invited_at = models.DateTimeField(_("invitations sent"), null=True, editable=False)
    cancelled_reason = models.TextField(_("reason of the cancellation"), blank=True, editable=False)
    # When the dates last changed after the invitations: older answers are asked for again.
    moved_at = models.DateTimeField(null=True, editable=False)
    # How often the dates changed: reminders for the new dates are new messages.
    moves = models.PositiveSmallIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    objects = WorkshopQuerySet.as_manager()

    class Meta:
        verbose_name = _("workshop")
        verbose_name_plural = _("workshops")
        ordering = ["-starts_at", "-id"]
        indexes = [models.Index(fields=["state", "starts_at"], name="workshop_state_start")]
        constraints = [
            models.CheckConstraint(
                # Both or neither: compared with NULL, a start alone would pass.
                condition=Q(starts_at__isnull=False, ends_at__isnull=False, ends_at__gt=F("starts_at"))
                | Q(starts_at=None, ends_at=None),
                name="workshop_ends_after_start",
                violation_error_message=_("The workshop must end after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=False, ends_at__isnull=False)
                | Q(state__in=[WorkshopState.DRAFT, WorkshopState.DATE_POLL, WorkshopState.CANCELLED]),
                name="workshop_scheduled_has_dates",
                violation_error_message=_("A scheduled workshop has a start and an end."),
            ),
            models.CheckConstraint(
                condition=Q(answer_by=None) | Q(starts_at=None) | Q(answer_by__lte=F("starts_at")),
                name="workshop_answer_before_start",
                violation_error_message=_("The deadline to answer must be before the start."),
            ),
            models.CheckConstraint(
                condition=Q(capacity=None) | Q(capacity__gt=0),
                name="workshop_capacity_positive",
                violation_error_message=_("A capacity is at least 1."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=WorkshopKind.values, state__in=WorkshopState.values),
                name="workshop_kind_and_state_known",
            ),
            ExclusionConstraint(
                name="workshop_venue_free",
                # A range of numbers instead of `=`, which would need the btree_gist extension.
                expressions=[("occupies", "&&"), (TstzRange("starts_at", "ends_at"), "&&")],
                condition=Q(state__in=OCCUPYING_STATES, venue__isnull=False),
                violation_error_message=_("Another workshop holds this venue at that time."),
            ),
        ]

    def __str__(self) -> str:
        return localized_text(self, "title")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Give the calendar entry its identifier, once and for ever."""
        if not self.uid:
            self.uid = f"{secrets.token_hex(16)}@industrie-positive"
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Return the agenda page's address."""
        return reverse("workshops:workshop_detail", args=[self.slug])

    def get_constraints(self) -> list[tuple[type[models.Model], Sequence[models.BaseConstraint]]]:
        """Leave the venue's exclusion to the database: Django cannot try it in a form without all its fields."""
        return [
            (model, [rule for rule in rules if not isinstance(rule, ExclusionConstraint)])
            for model, rules in super().get_constraints()
        ]

    @property
    def is_session(self) -> bool:
        """Whether people are convened (a council session), not invited."""
        return self.kind == WorkshopKind.SESSION

    @cached_property
    def open_decisions(self) -> list[Any]:
        """The decisions of earlier meetings that head this one's agenda.

        Read once an object: a mail says it three times, and the mails of one change share their workshop.
        """
        return open_decisions_each([self]).get(self.pk, [])

    @property
    def answer_deadline(self) -> datetime | None:
        """Until when people may answer."""
        return self.answer_by or self.starts_at


class AgendaItem(models.Model):
    """A line of a workshop's agenda."""

    workshop = models.ForeignKey(Workshop, on_delete=models.CASCADE, related_name="agenda")
    position = models.PositiveSmallIntegerField(_("rank"), default=1)
    title_fr = models.CharField(_("title (French)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return localized_text(self, "title")
