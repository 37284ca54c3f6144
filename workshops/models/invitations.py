"""Who is invited to a workshop, and what they answered."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.workflow import Workflow
from members.enums import Language
from members.models import Organisation, User
from outbox.inbound import new_tag
from workshops.enums import ANSWER_TRANSITIONS, Answer, AnswerSource, WorkshopState
from workshops.models.workshops import Workshop

TAKES_SEAT = Q(answer=Answer.YES) | Q(answer=Answer.REPRESENTED, representative=None, proxy_organisation=None)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Questions about invitations."""

    def standing(self) -> InvitationQuerySet:
        """Not withdrawn."""
        return self.filter(withdrawn_at=None)

    def sent(self) -> InvitationQuerySet:
        """Standing, and mailed."""
        return self.standing().filter(sent_at__isnull=False)

    def reachable(self) -> InvitationQuerySet:
        """Guests, and people whose account is open: whoever's is closed has left, and is called to nothing new."""
        return self.exclude(person__is_active=False)

    def unanswered(self) -> InvitationQuerySet:
        """No answer yet, or one given before the dates changed or before the person was invited anew."""
        return self.filter(
            Q(answer=Answer.SILENT)
            | Q(answered_at__lt=F("workshop__moved_at"))
            | Q(answered_at__lt=F("sent_at"))
        )

    def coming(self) -> InvitationQuerySet:
        """Standing, and taking a seat: the person comes, or a colleague who has no invitation of their own."""
        return self.standing().filter(TAKES_SEAT)

    def queue(self) -> InvitationQuerySet:
        """The waiting list, the next first: required people, then in the order of their answers."""
        rows = self.standing().reachable().filter(answer=Answer.WAITING)
        return rows.order_by("-is_required", "waiting_since", "id")

    def answerable(self) -> InvitationQuerySet:
        """Sent, to a workshop that is on, before its deadline by the database's clock."""
        return self.sent().filter(
            Q(workshop__answer_by=None) | Q(workshop__answer_by__gt=Now()),
            workshop__state=WorkshopState.SCHEDULED,
            workshop__starts_at__gt=Now(),
        )


def new_token() -> str:
    """Return a secret for a mail's link (256 bits)."""
    return secrets.token_urlsafe(32)


class Invitation(models.Model):
    """A person's, or an outside guest's, invitation to a workshop and their answer."""

    WORKFLOW = Workflow("answer", ANSWER_TRANSITIONS)

    workshop = models.ForeignKey(Workshop, on_delete=models.PROTECT, related_name="invitations")
    person = models.ForeignKey(
        User,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="invitations",
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    name = models.CharField(_("name"), max_length=170)
    email = models.EmailField(_("e-mail address"))
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.FRENCH)
    token = models.CharField(max_length=64, unique=True, default=new_token, editable=False)
    answer = models.CharField(
        _("answer"), max_length=12, choices=Answer.choices, default=Answer.SILENT, editable=False
    )
    is_required = models.BooleanField(
        _("required"), default=False, help_text=_("The meeting should not take place without them.")
    )
    # Who comes instead: a colleague of the organisation, by name or by account, …
    represented_by = models.CharField(_("represented by"), max_length=170, blank=True)
    representative = models.ForeignKey(
        User,
        verbose_name=_("colleague"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # … or, where the kind of meeting allows it, another organisation that holds the proxy.
    proxy_organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("proxy given to"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    needs = models.CharField(
        _("needs (access, diet)"),
        max_length=300,
        blank=True,
        help_text=_("Seen by the secretariat and deleted after the meeting."),
    )
    # The rank in the queue; the first who waits is the first who gets a freed seat.
    waiting_since = models.DateTimeField(_("on the waiting list since"), null=True, editable=False)
    # Invited because a colleague named them, not by the secretariat: it ends when the colleague comes after all.
    is_stand_in = models.BooleanField(_("named by a colleague"), default=False, editable=False)
    # When the host sheet was last mailed to the person.
    host_sheet_sent_at = models.DateTimeField(_("host sheet sent"), null=True, editable=False)
    promoted_at = models.DateTimeField(_("seat freed"), null=True, editable=False)
    comment = models.TextField(_("message to the secretariat"), blank=True, max_length=1000)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    answered_by = models.ForeignKey(
        User,
        verbose_name=_("recorded by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    answer_source = models.CharField(
        _("came by"), max_length=12, choices=AnswerSource.choices, blank=True, editable=False
    )
    # Answers of calendars: the plus of the address they are sent to, the SEQUENCE of the last invitation that asked
    # (a lower one answers former dates), and the newest (SEQUENCE, DTSTAMP) seen.
    reply_tag = models.CharField(max_length=16, unique=True, default=new_tag, editable=False)
    asked_sequence = models.PositiveIntegerField(default=0, editable=False)
    reply_sequence = models.PositiveIntegerField(null=True, editable=False)
    reply_dtstamp = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["organisation__sort_name", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                F("workshop"),
                Lower("email"),
                name="invitation_once",
                violation_error_message=_("This address is already invited."),
            ),
            models.CheckConstraint(
                condition=Q(answer=Answer.SILENT, answered_at=None)
                | (~Q(answer=Answer.SILENT) & Q(answered_at__isnull=False)),
                name="invitation_answer_dated",
            ),
            models.CheckConstraint(
                condition=Q(answer=Answer.WAITING, waiting_since__isnull=False)
                | (~Q(answer=Answer.WAITING) & Q(waiting_since=None)),
                name="invitation_waiting_since",
            ),
            models.CheckConstraint(
                condition=Q(answer=Answer.REPRESENTED)
                # A colleague without an account waits in the person's place in the queue.
                | Q(answer=Answer.WAITING, representative=None, proxy_organisation=None)
                | Q(represented_by="", representative=None, proxy_organisation=None),
                name="invitation_represented_only",
            ),
            models.CheckConstraint(
                condition=~Q(answer=Answer.REPRESENTED) | ~Q(represented_by="") | ~Q(proxy_organisation=None),
                name="invitation_represented_by_somebody",
                violation_error_message=_("Say who represents you."),
            ),
            models.CheckConstraint(
                # Whoever comes for somebody comes, or gives the choice back: nobody stands in for a stand-in.
                condition=Q(is_stand_in=False)
                | (~Q(answer=Answer.REPRESENTED) & Q(represented_by="", representative=None)),
                name="invitation_stand_in_comes_alone",
            ),
            models.CheckConstraint(condition=Q(answer__in=Answer.values), name="invitation_answer_known"),
            models.CheckConstraint(
                condition=Q(proxy_organisation=None) | Q(representative=None, represented_by=""),
                name="invitation_one_representation",
            ),
            models.CheckConstraint(
                condition=Q(proxy_organisation=None) | ~Q(proxy_organisation=F("organisation")),
                name="invitation_proxy_to_another",
                violation_error_message=_("A proxy is given to another organisation."),
            ),
            models.UniqueConstraint(
                fields=["workshop", "proxy_organisation"],
                condition=Q(withdrawn_at=None, proxy_organisation__isnull=False),
                name="invitation_one_proxy_held",
                violation_error_message=_("This organisation already holds a proxy for this meeting."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the page behind the mail's link."""
        return reverse("workshops:invitation_answer", args=[self.token])

    @property
    def needs_answer(self) -> bool:
        """Whether the person is still, or again, asked for an answer (`unanswered` in the database)."""
        if self.answered_at is None:
            return True
        moved_at = self.workshop.moved_at
        return bool(
            (moved_at and self.answered_at < moved_at) or (self.sent_at and self.answered_at < self.sent_at)
        )

    @property
    def comes(self) -> bool:
        """Whether this invitation takes a seat and sees how to get in (`coming` in the database).

        The person comes, or a colleague without an account, to whom they pass the details on. A colleague with an
        account has an invitation of their own; a proxy's holder too.
        """
        if self.answer == Answer.REPRESENTED:
            return self.representative_id is None and self.proxy_organisation_id is None
        return self.answer == Answer.YES

    @property
    def current_name(self) -> str:
        """The person's name of today: `name` is the one they were invited under."""
        return self.person.get_full_name() if self.person else self.name

    @property
    def current_email(self) -> str:
        """Where mails go: to the account's address of today.

        `email` is the address that was invited. It stays the calendar entry's ATTENDEE for ever: an update or a CANCEL
        that names another one is, for a calendar, about somebody else.
        """
        return self.person.email if self.person else self.email

    @property
    def representation(self) -> str:
        """By whom the person is represented, to show: a colleague's name, or the organisation with the proxy."""
        return self.proxy_organisation.name if self.proxy_organisation else self.represented_by

    @property
    def mail_language(self) -> str:
        """The language of the person's messages: the account's, if there is one."""
        return self.person.language if self.person else self.language
