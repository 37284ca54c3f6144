"""How django-allauth behaves here: closed signup, mails through the outbox, secrets encrypted."""

import base64
import hashlib
import secrets
from io import BytesIO
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from members.backends import may_reset_password
from members.models import User
from outbox.services import queue_email, render_email

RESET_LINK = "account/email/password_reset_key"


def _what_happened(template_prefix: str) -> str:
    """Say in the active language what allauth's notice is about."""
    sentences = {
        "password_changed": _("The password was changed."),
        "password_set": _("A password was chosen."),
        "password_reset": _("A new password was chosen by a link sent by e-mail."),
        "totp_activated": _("An authenticator app was added."),
        "totp_deactivated": _("The authenticator app was removed."),
        "webauthn_added": _("A passkey was added."),
        "webauthn_removed": _("A passkey was removed."),
        "recovery_codes_generated": _("New recovery codes were made; the former ones no longer work."),
    }
    return sentences.get(template_prefix.rsplit("/", 1)[-1], _("How one logs in was changed."))


def lock_account(person: User) -> User:
    """Lock the row of an account that is in use, and return it fresh: a change of one's own waits for an erasure.

    Call in a transaction. Raises PermissionDenied when the account was closed or erased since the request came in.
    """
    fresh = User.objects.select_for_update(no_key=True).filter(pk=person.pk, is_active=True).first()
    if fresh is None:
        raise PermissionDenied(_("This account has just been closed."))
    return fresh


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts exist by the secretariat's invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False

    def set_password(self, user: User, password: str) -> None:
        """Write the password and nothing else: what the request read of the account may be older than an erasure."""
        user.set_password(password)
        with transaction.atomic():
            lock_account(user)
            user.save(update_fields=["password"])

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Go back to the account's page."""
        return reverse("mfa_index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Lead to the portal's own name, whatever the request says of its host."""
        uid, _dash, token = key.partition("-")
        return settings.SITE_URL + reverse("account_reset_password_from_key", args=(uid, token))

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Queue the link, to an account that may have one; `user` may be nobody's (see ResetPasswordForm)."""
        if user.pk and not may_reset_password(user):
            return
        with override(user.language):
            url = self.get_reset_password_from_key_url(f"{context['uid']}-{context['key']}")
        self.send_mail(RESET_LINK, user.email, {**context, "password_reset_url": url})

    def send_notification_mail(
        self, template_prefix: str, user: User, context: Any = None, email: str | None = None
    ) -> None:
        """Tell a person that how one logs in to their account was changed."""
        self.send_mail(template_prefix, user.email, {**(context or {}), "user": user})

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue allauth's message in the outbox, in the person's language: a reset link, or a notice of a change."""
        user: User = context.get("user") or User.objects.get(email__iexact=email)
        kind = template_prefix.rsplit("/", 1)[-1]
        template = "password_reset_key" if template_prefix == RESET_LINK else "account_notice"
        with override(user.language):
            context = {
                "user": user,
                "url": context.get("password_reset_url", ""),
                "event": _what_happened(template_prefix),
            }
        subject, text, html = render_email(f"members/{template}", context, language=user.language)
        with transaction.atomic():
            queue_email(
                key=f"account:{secrets.token_hex(8)}",
                kind=f"account-{kind.replace('_', '-')}",
                to=email,
                subject=subject,
                text=text,
                html=html,
                language=user.language,
                recipient=user,
            )


def _keys() -> MultiFernet:
    """Return the keys of the second factors' secrets: the settings' key, and those that it replaces."""
    return MultiFernet(
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second-factor:{key}".encode()).digest()))
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def renew_encryption() -> None:
    """Encrypt under the present key what a former one still holds, so that the former one can go."""
    if not settings.SECRET_KEY_FALLBACKS:
        return
    keys = _keys()
    for pk in Authenticator.objects.values_list("pk", flat=True).order_by("pk"):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update(no_key=True).filter(pk=pk).first()
            held = {name: row.data[name] for name in ("secret", "seed") if name in row.data} if row else {}
            if row and held:
                row.data |= {name: keys.rotate(text.encode()).decode() for name, text in held.items()}
                row.save(update_fields=["data"])


class PortalMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: who reads the database, or a backup of it, cannot compute their codes."""

    def encrypt(self, text: str) -> str:
        """Encrypt an app's secret or the recovery codes' seed."""
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Give it back. Raises InvalidToken when the key is no longer among the settings'."""
        return _keys().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """Name the portal in the app."""
        return "Industrie Positive"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the portal in the browser's dialogue."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Industrie Positive"}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Propose a name for a new key."""
        number = user.authenticator_set.filter(type=type).count() + 1
        return pgettext("passkey", "Key %(number)s") % {"number": number}

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code on white: it must be read on a dark page too."""
        import qrcode
        from qrcode.image.svg import SvgPathFillImage

        buffer = BytesIO()
        qrcode.make(url, image_factory=SvgPathFillImage).save(buffer)
        return buffer.getvalue().decode()
