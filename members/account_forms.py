"""The account forms that differ from django-allauth's."""

from textwrap import wrap
from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AuthReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.forms import Field, Form
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from members.addresses import normalise_address
from members.backends import may_reset_password
from members.models import User
from outbox.services import wake_worker


def _as_kept(address: str) -> str:
    """Return what was typed as the portal keeps it; what it would never keep finds no account and says no more."""
    try:
        return normalise_address(address)
    except ValidationError:
        return address


def _limit_name(form: Form) -> None:
    field = form.fields["name"]
    field.validators.append(MaxLengthValidator(80))
    field.widget.attrs["maxlength"] = 80


class NamedOnce:
    """A form whose fields are named once, by their labels: a placeholder that repeats one only takes its place."""

    fields: dict[str, Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class LoginForm(NamedOnce, account.LoginForm):  # type: ignore[misc]
    """Log in by address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say it in the portal's words."""
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")

    def clean_login(self) -> str:
        """Find the account however its address is typed."""
        return _as_kept(super().clean_login())


class ResetPasswordForm(NamedOnce, account.ResetPasswordForm):  # type: ignore[misc]
    """Ask for a link to choose a new password. Whoever asks learns nothing: not by the page, nor by its time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say it in the portal's words."""
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")

    def clean_email(self) -> str:
        """Keep the accounts that somebody has opened, and not closed since."""
        self.cleaned_data["email"] = _as_kept(self.cleaned_data["email"])
        email: str = super().clean_email()
        self.users: list[User] = [user for user in self.users if may_reset_password(user)]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Queue the link; where there is no account, do the same work and leave nothing of it."""
        if self.users:
            sent: str = super().save(request, **kwargs)
            return sent
        email: str = self.cleaned_data["email"]
        nobody = User(pk=0, email=email, language=get_language() or "fr")
        with transaction.atomic():
            self.users = [nobody]
            super().save(request, **kwargs)
            transaction.set_rollback(True)
        wake_worker()
        return email


class ResetLinkForm(account.UserTokenForm):  # type: ignore[misc]
    """What a reset link must be to open anything."""

    def clean(self) -> Any:
        """Refuse the link of an account that was closed after it was sent."""
        cleaned = super().clean()
        if not may_reset_password(self.reset_user):
            raise get_adapter().validation_error("invalid_password_reset")
        return cleaned


class ChangePasswordForm(NamedOnce, account.ChangePasswordForm):  # type: ignore[misc]
    """Change the password, the present one given."""


class NewPasswordForm(NamedOnce, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """Choose a password behind a reset link."""


class ReauthenticateForm(NamedOnce, account.ReauthenticateForm):  # type: ignore[misc]
    """Give the password again before something delicate."""


class CodeForm(NamedOnce, AuthenticateForm):  # type: ignore[misc]
    """Give a code of the second factor at login."""


class CodeAgainForm(NamedOnce, AuthReauthenticateForm):  # type: ignore[misc]
    """Give a code of the second factor before something delicate."""


class AddPasskeyForm(NamedOnce, AddWebAuthnForm):  # type: ignore[misc]
    """Register a passkey: by default one that logs in by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this key")
        _limit_name(self)
        self.fields["name"].help_text = _("To know it again: “office computer”, “my phone”.")
        self.fields["passwordless"].label = _("Log in with this key alone, without the password")
        self.fields["passwordless"].help_text = _("The device then asks for a fingerprint, a face or a PIN.")
        self.fields["passwordless"].initial = True


class RenamePasskeyForm(NamedOnce, EditWebAuthnForm):  # type: ignore[misc]
    """Give a passkey another name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this key")
        _limit_name(self)


class ActivateAppForm(NamedOnce, ActivateTOTPForm):  # type: ignore[misc]
    """Prove that the app has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("The six figures that the app shows")
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autocapitalize": "off"}

    @property
    def key_in_groups(self) -> str:
        """Return the secret as one copies it by hand; apps pass over the spaces."""
        return " ".join(wrap(self.secret, 4))
