"""Mails that came in as answers to invitations."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from core.workflow import Workflow
from members.models import User
from workshops.models.invitations import Invitation
from workshops.replies.enums import PARTSTAT_LABELS, REPLY_TRANSITIONS, UNDECIDED, ReplyCause, ReplyState

# What is to be decided, then what is to be followed, then the rest.
URGENCY = Case(
    When(state=ReplyState.QUARANTINED, then=Value(0)),
    When(state=ReplyState.NOTED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


class CalendarReplyQuerySet(models.QuerySet["CalendarReply"]):
    """Questions about replies."""

    def undecided(self) -> CalendarReplyQuerySet:
        """Those that wait for the secretariat."""
        return self.filter(state__in=UNDECIDED)


class CalendarReply(models.Model):
    """One mail of the inbound mailbox, and what became of it. Written by replies.services only.

    Known by its bytes' digest: the same message read again is the same row. The bytes go when it is decided, the row
    after INBOUND_RETENTION_DAYS.
    """

    WORKFLOW = Workflow("state", REPLY_TRANSITIONS)

    digest = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    raw = models.BinaryField(null=True)
    is_cut = models.BooleanField(default=False)
    state = models.CharField(
        _("state"), max_length=12, choices=ReplyState.choices, default=ReplyState.RECEIVED
    )
    cause = models.CharField(_("why"), max_length=20, choices=ReplyCause.choices, blank=True)
    detail = models.CharField(_("in detail"), max_length=300, blank=True)
    sender = models.CharField(_("sender"), max_length=320, blank=True)
    sender_name = models.CharField(_("sender’s name"), max_length=170, blank=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    text = models.TextField(_("text"), blank=True)
    # Nobody wrote it, or many get it: it is never answered.
    is_automatic = models.BooleanField(_("automatic"), default=False)
    # What the calendar says, when one answer could be read.
    method = models.CharField(_("method"), max_length=20, blank=True)
    uid = models.CharField(_("calendar identifier"), max_length=255, blank=True)
    sequence = models.PositiveIntegerField(_("sequence"), null=True)
    dtstamp = models.DateTimeField(_("written by the calendar"), null=True)
    attendee = models.CharField(_("who answers"), max_length=320, blank=True)
    partstat = models.CharField(_("answer"), max_length=20, blank=True)
    comment = models.TextField(_("message to the secretariat"), blank=True, max_length=1000)
    invitation = models.ForeignKey(
        Invitation,
        verbose_name=_("invitation"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="replies",
    )
    person = models.ForeignKey(
        User, verbose_name=_("person"), null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = CalendarReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar reply")
        verbose_name_plural = _("calendar replies")
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state=ReplyState.RECEIVED), name="calendarreply_received"
            ),
            models.Index(fields=["received_at"], name="calendarreply_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=(ReplyState.RECEIVED, *UNDECIDED)) | Q(raw=None),
                name="calendarreply_decided_without_bytes",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(*UNDECIDED, ReplyState.IGNORED)) | ~Q(cause=""),
                name="calendarreply_has_cause",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or str(_("Message without a subject"))

    @property
    def said(self) -> str:
        """What the calendar answers, in words; its own word when it is none of the three."""
        return str(PARTSTAT_LABELS.get(self.partstat, self.partstat))

    @property
    def is_undecided(self) -> bool:
        """Whether the secretariat has to decide."""
        return self.state in UNDECIDED


def calendar_reply_rows(*, person: Any, address: str) -> CalendarReplyQuerySet:
    """Return what came from a person, or speaks for their address."""
    return CalendarReply.objects.filter(
        Q(person=person)
        | Q(invitation__person=person)
        | Q(sender__iexact=address)
        | Q(attendee__iexact=address)
    )
