"""The messages about accounts: one function each, a row of the outbox, in the person's language."""

import secrets
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from core.kinds import name_kinds
from members.models import Mandate, PortalInvitation, User
from outbox.services import queue_email, render_email

# An account-… message opens an account: the outbox does not show it to the secretariat.
PORTAL_INVITATION = "account-invitation"
ADDRESS_CHANGED = "address-changed"
name_kinds(
    {
        PORTAL_INVITATION: _("Invitation to the portal"),
        ADDRESS_CHANGED: _("Change of an e-mail address"),
        # What is left of account-…: allauth's notices (members.accounts) tell themselves in their subject.
        "account": _("Security of an account"),
        "account-password-reset-key": _("Link to choose a password"),
        "account-inactivity": _("Warning to an unused account"),
        "erasure-requested": _("Request to be erased received"),
        "erasure-refused": _("Request to be erased refused"),
        "erasure-done": _("Erasure done"),
    }
)


def portal_invitation_key(invitation: PortalInvitation) -> str:
    """Return the outbox key of what is mailed for an invitation."""
    return f"portal-invitation:{invitation.pk}"


def portal_invitation_link(token: str, language: str) -> str:
    """Return the address that opens the account, in the reader's language."""
    with override(language):
        return f"{settings.SITE_URL}{reverse('portal_invitation_accept', args=[token])}"


def send_portal_invitation(invitation: PortalInvitation, *, token: str, mandates: Sequence[Mandate]) -> None:
    """Queue the link that opens the account. Login mails cannot be refused: no unsubscribe address."""
    person = invitation.person
    context = {
        "person": person,
        "invitation": invitation,
        "mandates": mandates,
        "link": portal_invitation_link(token, person.language),
    }
    subject, text, html = render_email("members/portal_invitation", context, language=person.language)
    queue_email(
        key=portal_invitation_key(invitation),
        kind=PORTAL_INVITATION,
        to=invitation.email,
        subject=subject,
        text=text,
        html=html,
        language=person.language,
        recipient=person,
    )


def send_address_changed(person: User, *, former: str) -> None:
    """Tell the former address that the account has another one now, so that its holder can object."""
    subject, text, html = render_email(
        "members/address_changed", {"person": person}, language=person.language
    )
    queue_email(
        key=f"address-changed:{secrets.token_hex(8)}",
        kind=ADDRESS_CHANGED,
        to=former,
        subject=subject,
        text=text,
        html=html,
        language=person.language,
        recipient=person,
    )
