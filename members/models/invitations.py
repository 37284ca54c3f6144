"""Invitations to the portal: the one way in to a new account."""

from __future__ import annotations

import hashlib
import secrets

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from members.enums import PORTAL_INVITATIONS, InvitationState
from members.models.people import User


def new_invitation_token() -> str:
    """Return a secret for a mail's link; the database keeps its hash alone."""
    return secrets.token_urlsafe(32)


def hash_invitation_token(token: str) -> str:
    """Return what the database keeps of a secret. Plain SHA-256 will do: nobody guesses 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


class PortalInvitationQuerySet(models.QuerySet["PortalInvitation"]):
    """Named questions about invitations; the database's clock judges."""

    def pending(self) -> PortalInvitationQuerySet:
        """Return those that would still open an account."""
        return self.filter(state=InvitationState.OPEN, expires_at__gt=Now(), email=F("person__email"))

    def with_secret(self, token: str) -> PortalInvitationQuerySet:
        """Return the one that a link stands for, dead or alive."""
        return self.filter(token_hash=hash_invitation_token(token))


class PortalInvitation(models.Model):
    """A link mailed to a person, which opens their account once. Written by members.invitations only."""

    WORKFLOW = PORTAL_INVITATIONS

    person = models.ForeignKey(
        User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="portal_invitations"
    )
    # Where it went: after a change of address it opens nothing.
    email = models.EmailField(_("sent to"), max_length=254)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=InvitationState.choices, default=InvitationState.OPEN
    )
    reopens = models.BooleanField(
        _("reopens a closed account"),
        default=False,
        help_text=_("The account was closed when the invitation was sent."),
    )
    invited_by = models.ForeignKey(
        User, verbose_name=_("invited by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("sent at"), db_default=Now())
    expires_at = models.DateTimeField(_("expires at"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)

    objects = PortalInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation to the portal")
        verbose_name_plural = _("invitations to the portal")
        default_permissions = ("view", "add")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state=InvitationState.OPEN),
                name="portalinvitation_one_open",
                violation_error_message=_("This person has an open invitation already."),
            ),
            models.CheckConstraint(
                condition=Q(state=InvitationState.ACCEPTED, accepted_at__isnull=False)
                | (~Q(state=InvitationState.ACCEPTED) & Q(accepted_at=None)),
                name="portalinvitation_accepted_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} ({self.get_state_display()})"
