"""What people decide about their own data: mails they do not want, the erasure of their account."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from members.enums import ERASURES, ErasureState, MailChoice
from members.models.people import User


def new_feed_token() -> str:
    """Return a secret for a calendar's address (256 bits)."""
    return secrets.token_urlsafe(32)


class CalendarFeed(models.Model):
    """The secret address under which a person's calendar is read. Made when first asked for, renewed at will."""

    person = models.OneToOneField(
        User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="calendar_feed"
    )
    token = models.CharField(max_length=64, unique=True, default=new_feed_token, editable=False)
    renewed_at = models.DateTimeField(_("renewed"), db_default=Now())

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.person)


class MailRefusal(models.Model):
    """A kind of mail that a person does not want. Written by members.notifications only."""

    person = models.ForeignKey(
        User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="mail_refusals"
    )
    kind = models.CharField(_("kind"), max_length=40, choices=MailChoice.choices)
    refused_at = models.DateTimeField(_("refused"), db_default=Now())

    class Meta:
        verbose_name = _("refused kind of mail")
        verbose_name_plural = _("refused kinds of mail")
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="mailrefusal_once"),
            models.CheckConstraint(
                condition=Q(kind__in=MailChoice.values), name="mailrefusal_kind_refusable"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"


class ErasureRequest(models.Model):
    """A person's wish that their data be erased, and what became of it. The person's row stays, without the person."""

    WORKFLOW = ERASURES

    person = models.ForeignKey(
        User, verbose_name=_("person"), on_delete=models.PROTECT, related_name="erasure_requests"
    )
    message = models.TextField(_("message to the secretariat"), blank=True, max_length=1000)
    state = models.CharField(
        _("state"), max_length=10, choices=ErasureState.choices, default=ErasureState.OPEN, editable=False
    )
    created_at = models.DateTimeField(_("asked"), db_default=Now())
    handled_at = models.DateTimeField(_("handled"), null=True, editable=False)
    refusal = models.TextField(_("reason of the refusal"), blank=True, editable=False)
    # « Personne retirée n° 3 »: not the account's own number, which people may remember.
    number = models.PositiveIntegerField(_("pseudonym"), null=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("erasure request")
        verbose_name_plural = _("erasure requests")
        default_permissions = ("view", "add", "change")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state=ErasureState.OPEN),
                name="erasurerequest_one_open",
                violation_error_message=_("This person has an open request already."),
            ),
            models.CheckConstraint(
                condition=Q(state=ErasureState.DONE, number__isnull=False)
                | (~Q(state=ErasureState.DONE) & Q(number=None)),
                name="erasurerequest_done_numbered",
            ),
            models.CheckConstraint(
                condition=~Q(state=ErasureState.REFUSED) | ~Q(refusal=""),
                name="erasurerequest_refusal_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.get_state_display()})"

    def get_absolute_url(self) -> str:
        """Return the secretariat's page."""
        return reverse("admin:members_erasurerequest_change", args=[self.pk])
