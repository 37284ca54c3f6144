"""Approvals of a version: the frozen text, the frozen electorate, the ballots."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.models import LedgerEntry
from members.models import Organisation
from members.permissions import can_enter_space
from roadmap.approval.enums import Choice, Outcome
from roadmap.drafting.models import Version


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Questions about approvals."""

    def visible_to(self, user: Any) -> ApprovalQuerySet:
        """Members see all; the public sees those whose record is written."""
        return self if can_enter_space(user) else self.filter(closed_at__isnull=False)


class Approval(models.Model):
    """A vote of the council's organisations on one frozen version. Its instants are judged by the database's clock."""

    version = models.OneToOneField(
        Version, verbose_name=_("version"), on_delete=models.PROTECT, related_name="approval"
    )
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    text_sha256 = models.CharField(_("SHA-256 of the text"), max_length=64, editable=False)
    casting_organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("casting vote"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_(
            "The organisation whose voice decides when for and against are equal; blank: a tie rejects."
        ),
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    # Written once, at the closing.
    closed_at = models.DateTimeField(_("record written"), null=True, editable=False)
    outcome = models.CharField(
        _("outcome"), max_length=12, choices=Outcome.choices, blank=True, editable=False
    )
    record = models.JSONField(_("record"), null=True, editable=False, encoder=DjangoJSONEncoder)
    record_sha256 = models.CharField(_("SHA-256 of the record"), max_length=64, blank=True, editable=False)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="approval_closes_after_opening",
                violation_error_message=_("The vote closes after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="", record=None)
                | (Q(closed_at__gte=F("closes_at"), record__isnull=False) & ~Q(outcome="")),
                name="approval_record_complete",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version.number} ({self.opens_at:%Y-%m-%d}–{self.closes_at:%Y-%m-%d})"

    def get_absolute_url(self) -> str:
        """Return the vote's page."""
        return reverse("roadmap:approval_detail", args=[self.pk])


class Voter(models.Model):
    """An organisation of the frozen electorate. Its row exists from the opening, so that a ballot has a row to lock."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="voters")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    organisation_name = models.CharField(max_length=160)

    class Meta:
        verbose_name = _("voter")
        verbose_name_plural = _("voters")
        ordering = ["organisation_name"]
        constraints = [models.UniqueConstraint(fields=["approval", "organisation"], name="voter_once")]

    def __str__(self) -> str:
        return self.organisation_name


class Ballot(models.Model):
    """A voice cast. A later ballot of the same voter replaces it; a trigger refuses to change or delete any."""

    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="ballots")
    choice = models.CharField(_("choice"), max_length=10, choices=Choice.choices)
    explanation = models.TextField(_("explanation"), blank=True, max_length=2000)
    cast_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("cast by"), on_delete=models.PROTECT, related_name="ballots"
    )
    cast_at = models.DateTimeField(_("cast"), db_default=Now())
    text_sha256 = models.CharField(max_length=64)
    ledger_entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("ballot")
        verbose_name_plural = _("ballots")
        ordering = ["id"]
        indexes = [models.Index(fields=["voter", "-id"], name="ballot_latest")]
        constraints = [
            models.CheckConstraint(condition=Q(choice__in=Choice.values), name="ballot_choice_known")
        ]

    def __str__(self) -> str:
        return f"{self.voter} #{self.pk}"
