"""Account pages: what they add to django-allauth's views."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.base.views import IndexView
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from members.attempts import RETRY_AFTER
from members.second_factor import must_have_second_factor, where_one_was_going
from members.user_agents import browser_name

View = Callable[..., HttpResponse]

_TOO_OFTEN = {"too_many_login_attempts", "rate_limited"}


def honest_status(view: View) -> View:
    """Give a refused form the status 422, and 429 when it was refused for its frequency."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.method == "POST" and response.status_code == 200:
            context = getattr(response, "context_data", None) or {}
            forms = [context.get("form"), context.get("webauthn_form")]
            errors = [
                error
                for form in forms
                if form is not None
                for listed in form.errors.as_data().values()
                for error in listed
            ]
            if errors:
                response.status_code = 429 if any(error.code in _TOO_OFTEN for error in errors) else 422
        if response.status_code == 429:
            response.headers["Retry-After"] = str(RETRY_AFTER)
        return response

    return answer


class SecurityView(IndexView):  # type: ignore[misc]
    """How one logs in: password, app, passkeys, recovery codes."""

    template_name = "mfa/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether a factor is compulsory, and where the person was going."""
        return {
            **super().get_context_data(**kwargs),
            "is_compulsory": must_have_second_factor(self.request.user),
            "continue_url": where_one_was_going(self.request),
        }


class RecoveryCodesView(ViewRecoveryCodesView):  # type: ignore[misc]
    """The recovery codes; after a first factor, the way on."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say where the person was going."""
        return {**super().get_context_data(**kwargs), "continue_url": where_one_was_going(self.request)}


class SessionsView(ListUserSessionsView):  # type: ignore[misc]
    """Where one is logged in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name each session's browser; this one is there however it was opened."""
        UserSession.objects.create_from_request(self.request)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["rows"] = [(session, browser_name(session.user_agent)) for session in context["sessions"]]
        return context


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Log one of one's own sessions out."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.is_current():
        return redirect("account_logout")
    session.end()
    messages.success(request, _("That session is closed."))
    return redirect("usersessions_list")
