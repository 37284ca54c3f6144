"""E-mails as durable rows, and the workers' sign of life."""

from contextlib import suppress
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from outbox.cleaning import clean_address
from outbox.enums import TRANSITIONS, WAITING, CalendarMethod, EmailState, ErrorClass

# Kinds that start so are about somebody's account: password reset, login code, invitation to the portal.
ACCOUNT_KINDS = "account-"


class OutboxEmailQuerySet(models.QuerySet["OutboxEmail"]):
    """Named questions about e-mails; time is the database's, whatever a server's clock says."""

    def to_address(self, address: str) -> Self:
        """Return those to an address, in whatever case it was typed."""
        with suppress(ValidationError):
            address = clean_address(address)
        return self.alias(to_lower=Lower("to")).filter(to_lower=address.strip().lower())

    def waiting(self) -> Self:
        """Return those that no worker has taken yet, due or not."""
        return self.filter(state__in=WAITING)

    def due(self) -> Self:
        """Return those to send now, the longest waiting first."""
        return self.waiting().filter(next_attempt_at__lte=Now()).order_by("next_attempt_at", "id")

    def stuck(self, age: timedelta) -> Self:
        """Return those that a worker took longer than `age` ago and never settled."""
        return self.filter(state=EmailState.INFLIGHT, claimed_at__lt=Now() - age).order_by("id")


class OutboxEmail(models.Model):
    """One message to one address about one event. Written by outbox.services only."""

    WORKFLOW = TRANSITIONS

    key = models.CharField(_("event"), max_length=200)
    kind = models.CharField(_("kind"), max_length=60)
    to = models.CharField(_("recipient"), max_length=320)
    sequence = models.PositiveIntegerField(_("sequence"), default=0)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=500)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    calendar_text = models.TextField(_("calendar entry"), blank=True)
    calendar_method = models.CharField(
        _("calendar method"), max_length=10, blank=True, choices=CalendarMethod
    )
    # Made once, at the writing: a repeated sending is the same message to the recipient's server.
    message_id = models.CharField(_("Message-ID"), max_length=255, unique=True)
    thread = models.CharField(_("thread"), max_length=200, blank=True)
    in_reply_to = models.CharField(_("in reply to"), max_length=255, blank=True)
    unsubscribe_url = models.CharField(_("unsubscribe address"), max_length=500, blank=True)
    reply_to = models.CharField(_("reply to"), max_length=320, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=EmailState, default=EmailState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    claimed_at = models.DateTimeField(_("taken by a worker at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    # Set while a worker holds the row: it then is not tried again, whatever becomes of this attempt.
    cancel_requested = models.BooleanField(_("cancellation asked"), default=False)
    smtp_code = models.PositiveSmallIntegerField(_("SMTP code"), null=True, blank=True)
    error_class = models.CharField(_("failure"), max_length=20, blank=True, choices=ErrorClass)
    error_detail = models.CharField(_("failure in detail"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("written at"), db_default=Now())

    objects = OutboxEmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        default_permissions = ("view",)
        permissions = [("resend_outboxemail", "Can resend e-mail")]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"], condition=Q(state__in=WAITING), name="outboxemail_due"
            ),
            models.Index(
                fields=["claimed_at"], condition=Q(state=EmailState.INFLIGHT), name="outboxemail_inflight"
            ),
            models.Index("thread", Lower("to"), "id", condition=~Q(thread=""), name="outboxemail_thread"),
        ]
        constraints = [
            models.UniqueConstraint("key", Lower("to"), "kind", "sequence", name="outboxemail_once"),
            models.CheckConstraint(
                condition=Q(state__in=WAITING, next_attempt_at__isnull=False)
                | (~Q(state__in=WAITING) & Q(next_attempt_at__isnull=True)),
                name="outboxemail_next_attempt_iff_waiting",
            ),
            models.CheckConstraint(
                condition=Q(state=EmailState.INFLIGHT, claimed_at__isnull=False)
                | (~Q(state=EmailState.INFLIGHT) & Q(claimed_at__isnull=True)),
                name="outboxemail_claimed_iff_inflight",
            ),
            models.CheckConstraint(
                condition=Q(state=EmailState.SENT, sent_at__isnull=False)
                | (~Q(state=EmailState.SENT) & Q(sent_at__isnull=True)),
                name="outboxemail_sent_at_iff_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(EmailState.RETRY, EmailState.FAILED)) | ~Q(error_class=""),
                name="outboxemail_failure_has_class",
            ),
            models.CheckConstraint(
                condition=Q(cancel_requested=False) | Q(state=EmailState.INFLIGHT),
                name="outboxemail_cancel_requested_inflight",
            ),
            models.CheckConstraint(
                condition=Q(calendar_text="", calendar_method="")
                | (~Q(calendar_text="") & ~Q(calendar_method="")),
                name="outboxemail_calendar_has_method",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def opens_account(self) -> bool:
        """Tell whether the text holds a link or code that lets its reader in as somebody else."""
        return self.kind.startswith(ACCOUNT_KINDS)


class Heartbeat(models.Model):
    """When a part of the machinery last showed that it works; the database's clock."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    at = models.DateTimeField(_("seen at"), db_default=Now())

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
