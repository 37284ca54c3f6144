"""Login by ProConnect: begin, come back; and leave it when leaving the portal."""

import logging
from typing import Any
from urllib.parse import urlencode

from allauth.account import views as account
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import activate, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from requests import RequestException

from core.http import safe_next
from members.proconnect.adapter import proconnect_is_on
from members.proconnect.matching import Refusal, RefusedError, admit
from members.proconnect.provider import SECRET_LENGTH, ProConnectProvider
from members.proconnect.tokens import ProofError

logger = logging.getLogger(__name__)

# In the session: what ends ProConnect's own session, and the question asked of it at that moment.
SESSION_END = "proconnect_end"
SESSION_LEAVING = "proconnect_leaving"

STATUS = {Refusal.UNREACHABLE: 502, Refusal.STATE: 400, Refusal.PROOF: 400}


def _provider(request: HttpRequest) -> ProConnectProvider:
    if not proconnect_is_on():
        raise Http404
    return get_adapter(request).get_provider(request, ProConnectProvider.id)


@login_not_required
@never_cache
@require_safe
def proconnect_login(request: HttpRequest) -> HttpResponse:
    """Send the browser to ProConnect. By a link: the CSP lets forms lead nowhere else."""
    provider = _provider(request)
    if request.user.is_authenticated:
        return redirect(safe_next(request, reverse("member-space")))
    try:
        return provider.begin(request, next_url=safe_next(request, ""))
    except (OAuth2Error, RequestException, ValueError, KeyError) as error:
        return _refuse(request, Refusal.UNREACHABLE, error)


@login_not_required
@never_cache
@require_safe
def proconnect_callback(request: HttpRequest) -> HttpResponse:
    """Take ProConnect's answer: verify it, find the person, log them in. It makes no account."""
    provider = _provider(request)
    try:
        state = provider.unstash_redirect_state(request, request.GET.get("state", ""))
    except PermissionDenied:
        return _refuse(request, Refusal.STATE)
    _speak(request, state)
    if request.GET.get("error") == "access_denied":
        return redirect("account_login")
    try:
        server = provider.get_oauth2_adapter(request)
        claims, id_token = server.exchange(request, state)
        end = {"id_token": id_token, "url": server.openid_config.get("end_session_endpoint", "")}
        request.session[SESSION_END] = end
        login = _matched(request, provider, claims)
    except RequestException as error:
        return _refuse(request, Refusal.UNREACHABLE, error)
    except (OAuth2Error, ValueError, KeyError) as error:
        return _refuse(request, Refusal.PROOF, error)
    except RefusedError as error:
        return _refuse(request, error.refusal)
    login.state.update(state)
    response: HttpResponse = complete_social_login(request, login)
    # Again: a session that was somebody else's is emptied before the login.
    request.session[SESSION_END] = end
    return response


def _speak(request: HttpRequest, state: dict[str, Any]) -> None:
    """Go on in the language in which the login began: ProConnect knows one address only."""
    activate(state.get("language") or settings.LANGUAGE_CODE)
    request.LANGUAGE_CODE = state.get("language") or settings.LANGUAGE_CODE


def _matched(request: HttpRequest, provider: ProConnectProvider, claims: dict[str, Any]) -> SocialLogin:
    """Tie the identity to the person it lets in, and return allauth's login of it, which finds that tie."""
    login: SocialLogin = provider.sociallogin_from_response(request, claims)
    admit(claims, uid=login.account.uid, idp=login.account.extra_data["idp_id"])
    return login


def _refuse(request: HttpRequest, refusal: Refusal, error: Exception | None = None) -> HttpResponse:
    """Say why nothing was opened. The log has the reason, and nothing of the person."""
    detail = str(error) if isinstance(error, ProofError) else type(error).__name__ if error else "-"
    logger.warning("ProConnect refused: %s (%s)", refusal.value, detail)
    end = request.session.get(SESSION_END)
    context = {"refusal": refusal, "leave_url": _leave_url(request, end) if end else ""}
    return render(request, "members/proconnect_refused.html", context, status=STATUS.get(refusal, 403))


# --- Leaving --------------------------------------------------------------------------------------------------------


def _leave_url(request: HttpRequest, end: dict[str, str]) -> str:
    """Return the address that ends ProConnect's session and comes back; keep the question asked with it."""
    if not end.get("url"):
        return ""
    state = get_random_string(SECRET_LENGTH)
    request.session[SESSION_LEAVING] = state
    with override(settings.LANGUAGE_CODE):
        back = f"{settings.SITE_URL}{reverse('proconnect_logged_out')}"
    query = {"id_token_hint": end["id_token"], "state": state, "post_logout_redirect_uri": back}
    return f"{end['url']}?{urlencode(query)}"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Log out of the portal, then of ProConnect if one came in by it.

    The last step is a page that goes on by itself: the CSP forbids a form, and what it is redirected to, to leave us.
    """
    end = request.session.get(SESSION_END)
    response: HttpResponse = account.logout(request)
    if not end or request.user.is_authenticated or not proconnect_is_on():
        return response
    url = _leave_url(request, end)
    if not url:
        return response
    page = render(request, "members/proconnect_leaving.html", {"leave_url": url})
    page["Refresh"] = f"0; url={url}"
    return page


@login_not_required
@never_cache
@require_safe
def proconnect_logged_out(request: HttpRequest) -> HttpResponse:
    """Come back from ProConnect's logout."""
    if not proconnect_is_on():
        raise Http404
    asked = request.session.pop(SESSION_LEAVING, "")
    request.session.pop(SESSION_END, None)
    if asked and asked == request.GET.get("state", ""):
        messages.success(request, _("You are logged out, of ProConnect too."))
    return HttpResponseRedirect(reverse("home"))
