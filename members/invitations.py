"""The way in: an account is opened once, by the invitation that the secretariat sent to its address.

Every change locks the person, then the invitation, in that order.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import TransitionError, lock, record, transition
from members.emails import portal_invitation_key, send_portal_invitation
from members.enums import InvitationState
from members.models import (
    Mandate,
    PortalInvitation,
    User,
    hash_invitation_token,
    new_invitation_token,
)
from outbox.services import cancel_queued

# Addresses of erased people: reserved by RFC 2606, no mail arrives there.
ERASED_DOMAIN = ".invalid"


class InvitationError(Exception):
    """The person cannot be invited. The message is for the secretariat."""


class DeadInvitationError(Exception):
    """The link opens nothing: unknown, used, too old, revoked, or sent to a former address."""


def was_opened(person: User) -> bool:
    """Tell whether somebody has ever entered this account; until then only an invitation opens it."""
    # An empty password is none, whatever Django says of it.
    return bool(person.password and person.has_usable_password()) or person.last_login is not None


def refusal_to_invite(person: User) -> str:
    """Say why a person needs no invitation or may not get one; empty when they may."""
    if person.email.endswith(ERASED_DOMAIN) or not person.email:
        return _("This person’s data was erased.")
    if person.is_active and was_opened(person):
        return _("This account is open already: a forgotten password is changed from the login page.")
    return ""


def speaks_for(person: User) -> list[Mandate]:
    """Return the mandates, of today or to come, for which a person is invited."""
    today = timezone.localdate()
    mandates = Mandate.objects.filter(person=person).exclude(ends_on__lte=today)
    return list(mandates.select_related("organisation", "body").order_by("starts_on", "id"))


def invite_person(*, person: User, by: Any) -> PortalInvitation:
    """Send a person the link that opens their account; a former one stops working, and its unsent mail is cancelled.

    An inactive account is invited to reopen it. Writes the invitation, its log and the e-mail. Raises InvitationError
    when the account is open already or was erased.
    """
    with transaction.atomic():
        person = lock(person)
        if refusal := refusal_to_invite(person):
            raise InvitationError(refusal)
        for former in PortalInvitation.objects.filter(person=person, state=InvitationState.OPEN):
            _revoke(former, by=by, reason=_("Replaced by a new invitation"))
        token = new_invitation_token()
        invitation = PortalInvitation.objects.create(
            person=person,
            email=person.email,
            token_hash=hash_invitation_token(token),
            reopens=not person.is_active,
            invited_by=by,
            expires_at=database_now() + timedelta(days=settings.PORTAL_INVITATION_DAYS),
        )
        record(invitation, field="state", source="", target=InvitationState.OPEN, by=by)
        send_portal_invitation(invitation, token=token, mandates=speaks_for(person))
    return invitation


def revoke_invitation(*, invitation: PortalInvitation, by: Any, reason: str = "") -> None:
    """Make a link useless, and cancel its mail if it has not left. Raises TransitionError when it is not open."""
    with transaction.atomic():
        lock(invitation.person)
        _revoke(invitation, by=by, reason=reason)


def _revoke(invitation: PortalInvitation, *, by: Any, reason: str) -> None:
    transition(invitation, InvitationState.REVOKED, by=by, reason=reason)
    cancel_queued(key=portal_invitation_key(invitation))


def _opens(invitation: PortalInvitation, person: User) -> bool:
    if not PortalInvitation.objects.pending().filter(pk=invitation.pk).exists():
        return False
    return invitation.reopens if not person.is_active else not was_opened(person)


def living_invitation(token: str) -> PortalInvitation:
    """Return the invitation that a link stands for, with its person, if it would open the account now.

    Raises PortalInvitation.DoesNotExist for a forged link, DeadInvitationError for one that no longer works.
    """
    invitation = PortalInvitation.objects.with_secret(token).select_related("person").get()
    if not _opens(invitation, invitation.person):
        raise DeadInvitationError
    return invitation


def pending_invitation(person: User) -> PortalInvitation | None:
    """Return the invitation that would open this person's account now, if there is one."""
    invitation = PortalInvitation.objects.pending().filter(person=person).first()
    return invitation if invitation and _opens(invitation, person) else None


def accept_invitation(*, invitation: PortalInvitation, password: str | None) -> User:
    """Open the account: set the password, use the invitation up, make the account active; return the person.

    Without a password (entry by ProConnect) the account keeps what it has. Of two at once, one wins: the other gets
    DeadInvitationError, as for a link that is used, too old or revoked.
    """
    # Slow on purpose, so outside the lock.
    hashed = make_password(password) if password is not None else None
    with transaction.atomic():
        person = lock(invitation.person)
        invitation = lock(invitation)
        if not _opens(invitation, person):
            raise DeadInvitationError
        now = database_now()
        try:
            transition(invitation, InvitationState.ACCEPTED, by=person, accepted_at=now)
        except TransitionError as error:
            raise DeadInvitationError from error
        if hashed is not None:
            person.password = hashed
        # The account's inactivity counts from here.
        person.is_active, person.last_login, person.inactivity_warned_at = True, now, None
        person.save(update_fields=["password", "is_active", "last_login", "inactivity_warned_at"])
    return person
