"""Whom an identity of ProConnect lets in: somebody the council knows, for an organisation that they speak for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from core.workflow import lock
from members.addresses import normalise_address
from members.backends import PortalBackend
from members.invitations import DeadInvitationError, accept_invitation, pending_invitation, was_opened
from members.models import Mandate, User


class Refusal(models.TextChoices):
    """Why ProConnect's answer opens nothing; the label is what the person reads."""

    STATE = "state", _("This login did not begin on this device, or it took too long. Begin again.")
    PROOF = "proof", _("ProConnect’s answer could not be verified. Begin again; if it goes on, tell us.")
    UNREACHABLE = "unreachable", _("ProConnect does not answer. Try again in a few minutes.")
    UNVERIFIED = "unverified", _("Your identity provider has not verified your e-mail address.")
    UNKNOWN_PERSON = "unknown-person", _("No account of the portal has your ProConnect e-mail address.")
    UNKNOWN_ORGANISATION = (
        "unknown-organisation",
        _("ProConnect presents you for an organisation that you do not speak for today."),
    )
    OTHER_IDENTITY = (
        "other-identity",
        _(
            "Your account is tied to another ProConnect identity. Log in with that one, or ask the secretariat to"
            " untie it."
        ),
    )
    NOT_INVITED = "not-invited", _("Your account was never opened, and your invitation no longer works.")
    CLOSED = "closed", _("This account can no longer log in. The secretariat can open it again.")


class RefusedError(Exception):
    """ProConnect's answer opens nothing."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def admit(claims: Mapping[str, Any], *, uid: str, idp: str) -> User:
    """Return the person whom verified claims let in; raise RefusedError otherwise.

    First by the identity already tied to an account. Else by an address equal to the account's, together with the SIREN
    of an organisation for which the person has a mandate today: the identity is then tied to the account, one for each
    account. An account never opened, or closed, needs an invitation that still works: it is used up.
    """
    with transaction.atomic():
        tied = SocialAccount.objects.filter(uid=uid).select_related("user").first()
        person = lock(tied.user if tied else _by_address(claims))
        if tied is None:
            _check_organisation(person, claims)
            _check_other_identity(person, uid)
        if not person.is_active or not was_opened(person):
            person = _open(person)
        if not PortalBackend().user_can_authenticate(person):
            raise RefusedError(Refusal.CLOSED)
        SocialAccount.objects.update_or_create(
            provider="proconnect", uid=uid, defaults={"user": person, "extra_data": {"idp_id": idp}}
        )
    return person


def _by_address(claims: Mapping[str, Any]) -> User:
    # ProConnect's identity providers answer for their addresses; one that says it has not verified it is believed.
    if claims.get("email_verified") is False:
        raise RefusedError(Refusal.UNVERIFIED)
    try:
        return User.objects.get(email=normalise_address(str(claims.get("email") or "")))
    except (ValidationError, User.DoesNotExist):
        raise RefusedError(Refusal.UNKNOWN_PERSON) from None


def _check_organisation(person: User, claims: Mapping[str, Any]) -> None:
    # The first nine digits name the organisation, the rest one of its addresses.
    siren = str(claims.get("siret") or "").replace(" ", "")[:9]
    mandates = Mandate.objects.filter(person=person, organisation__siren=siren).current()
    if len(siren) != 9 or not mandates.exists():
        raise RefusedError(Refusal.UNKNOWN_ORGANISATION)


def _check_other_identity(person: User, uid: str) -> None:
    # Under the person's lock: of two first logins at once the second finds the first one's tie.
    if SocialAccount.objects.filter(user=person).exclude(uid=uid).exists():
        raise RefusedError(Refusal.OTHER_IDENTITY)


def _open(person: User) -> User:
    invitation = pending_invitation(person)
    try:
        if invitation:
            return accept_invitation(invitation=invitation, password=None)
    except DeadInvitationError:
        pass
    raise RefusedError(Refusal.NOT_INVITED if person.is_active else Refusal.CLOSED)
