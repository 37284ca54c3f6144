"""A workshop's date poll: its options, and what the people invited say of them."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from members.models import User
from workshops.enums import WorkshopState
from workshops.models.invitations import Invitation
from workshops.models.places import Venue
from workshops.models.workshops import Workshop
from workshops.polls.enums import Choice, PollStage, ReplySource


class DatePoll(models.Model):
    """The search for a workshop's date. It has no state of its own: it is open while its workshop is in DATE_POLL."""

    workshop = models.OneToOneField(
        Workshop, verbose_name=_("workshop"), on_delete=models.CASCADE, related_name="poll"
    )
    answer_by = models.DateTimeField(_("answer by"))
    # The last time the deadline was set: delays that had passed then remind nobody.
    deadline_set_at = models.DateTimeField(null=True, editable=False)
    # How often it was moved: reminders of a new deadline are new messages.
    extensions = models.PositiveSmallIntegerField(default=0, editable=False)
    # How often the options changed while people answered, and when last: older replies are asked to be completed.
    revision = models.PositiveSmallIntegerField(default=0, editable=False)
    revised_at = models.DateTimeField(null=True, editable=False)
    chosen = models.ForeignKey(
        "workshops.PollOption",
        verbose_name=_("chosen date"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("date poll")
        verbose_name_plural = _("date polls")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.workshop)

    def stage(self, now: datetime) -> PollStage:
        """Return where the poll is at an instant."""
        state = self.workshop.state
        if state == WorkshopState.DRAFT:
            return PollStage.PREPARED
        if state == WorkshopState.DATE_POLL:
            return PollStage.OPEN if now < self.answer_by else PollStage.ENDED
        return PollStage.CANCELLED if state == WorkshopState.CANCELLED else PollStage.CHOSEN


class PollOption(models.Model):
    """A slot at a host's site, or at a place to be set."""

    poll = models.ForeignKey(DatePoll, on_delete=models.CASCADE, related_name="options")
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    venue = models.ForeignKey(
        Venue, verbose_name=_("venue"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("proposed date")
        verbose_name_plural = _("proposed dates")
        default_permissions = ()
        ordering = ["starts_at", "ends_at", "venue__organisation__sort_name", "venue__name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="polloption_ends_after_start",
                violation_error_message=_("The workshop must end after it starts."),
            ),
            models.UniqueConstraint(
                "poll",
                "starts_at",
                "ends_at",
                Coalesce("venue_id", Value(0)),
                name="polloption_once",
                violation_error_message=_("This slot is there twice."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.venue or ''}".strip()

    @property
    def uid(self) -> str:
        """The identifier of its hold in calendars: the same as long as the option lives."""
        return f"option-{self.pk}.{self.poll.workshop.uid}"


class PollReplyQuerySet(models.QuerySet["PollReply"]):
    """Questions about replies."""

    def standing(self) -> PollReplyQuerySet:
        """Of people who are still invited."""
        return self.filter(invitation__withdrawn_at=None)

    def running(self) -> PollReplyQuerySet:
        """Of people still invited to a workshop whose date is being searched."""
        return self.standing().filter(invitation__workshop__state=WorkshopState.DATE_POLL)

    def answerable(self) -> PollReplyQuerySet:
        """Before the deadline, by the database's clock."""
        return self.running().filter(invitation__workshop__poll__answer_by__gt=Now())

    def unanswered(self) -> PollReplyQuerySet:
        """No reply yet, or one older than the options."""
        return self.filter(
            Q(answered_at=None) | Q(answered_at__lt=F("invitation__workshop__poll__revised_at"))
        )


class PollReply(models.Model):
    """That somebody was asked, and what they answered. It lives and dies with the person's invitation."""

    invitation = models.OneToOneField(
        Invitation, verbose_name=_("invitation"), on_delete=models.CASCADE, related_name="poll_reply"
    )
    sent_at = models.DateTimeField(_("sent"), editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    source = models.CharField(
        _("came by"), max_length=12, choices=ReplySource.choices, blank=True, editable=False
    )
    recorded_by = models.ForeignKey(
        User,
        verbose_name=_("recorded by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    comment = models.CharField(_("message to the secretariat"), max_length=1000, blank=True)

    objects = PollReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("reply to a date poll")
        verbose_name_plural = _("replies to date polls")
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, source="", comment="", recorded_by=None)
                | (Q(answered_at__isnull=False) & ~Q(source="")),
                name="pollreply_answer_has_source",
            ),
        ]

    def __str__(self) -> str:
        return str(self.invitation)

    @property
    def needs_answer(self) -> bool:
        """Whether the person is still, or again, asked (`unanswered` in the database)."""
        revised_at = self.invitation.workshop.poll.revised_at
        return self.answered_at is None or bool(revised_at and self.answered_at < revised_at)


class PollAnswer(models.Model):
    """Yes, maybe or no to one option."""

    reply = models.ForeignKey(PollReply, on_delete=models.CASCADE, related_name="answers")
    option = models.ForeignKey(
        PollOption, verbose_name=_("proposed date"), on_delete=models.CASCADE, related_name="answers"
    )
    choice = models.CharField(_("answer"), max_length=5, choices=Choice.choices)

    class Meta:
        verbose_name = _("answer to a date poll")
        verbose_name_plural = _("answers to date polls")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["reply", "option"], name="pollanswer_once"),
            models.CheckConstraint(condition=Q(choice__in=Choice.values), name="pollanswer_choice_known"),
        ]

    def __str__(self) -> str:
        return str(self.get_choice_display())
