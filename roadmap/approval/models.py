"""Approvals of a version: the frozen text, the frozen electorate, the ballots."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.models import LedgerEntry
from members.models import Organisation
from members.permissions import can_enter_space
from roadmap.approval.enums import Choice, Outcome
from roadmap.drafting.models import Version

EXPLANATION_MAX_LENGTH = 2000


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Questions about approvals; "open" and "ended" are by the database's clock."""

    def visible_to(self, user: Any) -> ApprovalQuerySet:
        """Members see all; the public sees those past their closing instant: no scheduler need have run."""
        return (
            self
            if can_enter_space(user)
            else self.filter(Q(closed_at__isnull=False) | Q(closes_at__lte=Now()))
        )

    def open(self) -> ApprovalQuerySet:
        """Those that take ballots now."""
        return self.filter(opens_at__lte=Now(), closes_at__gt=Now())

    def ended(self) -> ApprovalQuerySet:
        """Those past their closing instant, whether or not their record is written."""
        return self.filter(closes_at__lte=Now())

    def to_close(self) -> ApprovalQuerySet:
        """Those past their closing instant without a record."""
        return self.ended().filter(closed_at=None)


class Approval(models.Model):
    """A vote of the council's organisations on one frozen version. Its instants are judged by the database's clock.

    A trigger refuses any later change of what the opening froze, and of the record once written.
    """

    version = models.OneToOneField(
        Version, verbose_name=_("version"), on_delete=models.PROTECT, related_name="approval"
    )
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    text_sha256 = models.CharField(_("SHA-256 of the text"), max_length=64, editable=False)
    # The trigger on voters counts against it: the electorate is complete at the opening and never grows.
    electorate_size = models.PositiveSmallIntegerField(_("electorate"), editable=False)
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
    # Written once, at the closing. The record is the very text whose SHA-256 is published.
    closed_at = models.DateTimeField(_("record written"), null=True, editable=False)
    outcome = models.CharField(
        _("outcome"), max_length=12, choices=Outcome.choices, blank=True, editable=False
    )
    record = models.TextField(_("record"), blank=True, editable=False)
    record_sha256 = models.CharField(_("SHA-256 of the record"), max_length=64, blank=True, editable=False)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        default_permissions = ("add", "view")
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="approval_closes_after_opening",
                violation_error_message=_("The vote closes after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="", record="", record_sha256="")
                | (
                    Q(closed_at__gte=F("closes_at"))
                    & ~Q(outcome="")
                    & ~Q(record="")
                    & Q(record_sha256__regex=r"^[0-9a-f]{64}$")
                ),
                name="approval_record_complete",
            ),
            models.CheckConstraint(condition=Q(electorate_size__gte=1), name="approval_has_electorate"),
        ]

    def __str__(self) -> str:
        return f"v{self.version.number} ({self.opens_at:%Y-%m-%d}–{self.closes_at:%Y-%m-%d})"

    def get_absolute_url(self) -> str:
        """Return the vote's page."""
        return reverse("roadmap:approval_detail", args=[self.pk])


class VoterQuerySet(models.QuerySet["Voter"]):
    """Questions about an electorate."""

    def with_voted(self) -> VoterQuerySet:
        """Say for each whether it has voted (`voted`), not how."""
        return self.annotate(voted=Exists(Ballot.objects.filter(voter=OuterRef("pk"))))

    def silent(self) -> VoterQuerySet:
        """Those that have not voted."""
        return self.filter(~Exists(Ballot.objects.filter(voter=OuterRef("pk"))))


class Voter(models.Model):
    """An organisation of the frozen electorate. Its row exists from the opening, so that a ballot has a row to lock."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="voters")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    organisation_name = models.CharField(_("organisation"), max_length=160)

    objects = VoterQuerySet.as_manager()

    class Meta:
        verbose_name = _("voter")
        verbose_name_plural = _("voters")
        default_permissions = ("view",)
        ordering = ["organisation_name"]
        constraints = [models.UniqueConstraint(fields=["approval", "organisation"], name="voter_once")]

    def __str__(self) -> str:
        return self.organisation_name


class BallotQuerySet(models.QuerySet["Ballot"]):
    """Questions about ballots."""

    def latest_of_each(self) -> BallotQuerySet:
        """The ballot that counts of each voter: its last one."""
        return self.order_by("voter_id", "-id").distinct("voter_id")


class Ballot(models.Model):
    """A voice cast. A later ballot of the same voter replaces it; triggers refuse to change or delete any, and to
    add one outside the opening hours or on another text.

    The ledger holds a hash of the ballot, not the ballot: `nonce` keeps anybody from guessing three choices.
    """

    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="ballots")
    choice = models.CharField(_("choice"), max_length=10, choices=Choice.choices)
    explanation = models.TextField(_("explanation"), blank=True, max_length=EXPLANATION_MAX_LENGTH)
    nonce = models.CharField(max_length=32)
    cast_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("cast by"), on_delete=models.PROTECT, related_name="ballots"
    )
    cast_at = models.DateTimeField(_("cast"))
    text_sha256 = models.CharField(max_length=64)
    ledger_entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="+")

    objects = BallotQuerySet.as_manager()

    class Meta:
        verbose_name = _("ballot")
        verbose_name_plural = _("ballots")
        default_permissions = ("view",)
        ordering = ["id"]
        indexes = [models.Index(fields=["voter", "-id"], name="ballot_latest")]
        constraints = [
            models.CheckConstraint(condition=Q(choice__in=Choice.values), name="ballot_choice_known")
        ]

    def __str__(self) -> str:
        return f"{self.voter} #{self.pk}"
