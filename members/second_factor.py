"""The second factor, without which staff do not enter the administration site."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.http import safe_next
from members.backends import DEMO_DOMAIN

_NEXT = "second_factor_next"
# Recovery codes stand in for a factor; they are none.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def must_have_second_factor(user: Any) -> bool:
    """Tell whether a person enters the administration with a second factor only.

    The setting that spares the demo accounts spares nobody else; core.checks refuses it in production.
    """
    if not user.is_authenticated or not user.is_staff:
        return False
    return settings.STAFF_SECOND_FACTOR or not user.email.endswith(DEMO_DOMAIN)


def has_second_factor(user: Any) -> bool:
    """Tell whether a person has a factor besides the password; asked once a request."""
    if not hasattr(user, "_has_second_factor"):
        user._has_second_factor = user.authenticator_set.filter(type__in=FACTORS).exists()
    return bool(user._has_second_factor)


def lacks_second_factor(user: Any) -> bool:
    """Tell whether a person must set a factor up before going on."""
    return must_have_second_factor(user) and not has_second_factor(user)


def lead_to_second_factor(request: HttpRequest) -> HttpResponse:
    """Send to the page where a factor is set up, and remember where the person was going."""
    request.session[_NEXT] = safe_next(request, reverse("admin:index"))
    messages.info(
        request, _("Administration needs a second proof that it is you: set up an app or a passkey first.")
    )
    return redirect("mfa_index")


def where_one_was_going(request: HttpRequest) -> str:
    """Return the page that asked for the factor, once there is one; else nothing."""
    target: str = request.session.get(_NEXT, "")
    return target if target and has_second_factor(request.user) else ""
