"""The page behind an invitation's link."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core.http import secret_page
from members.invitation_forms import OpenAccountForm
from members.invitations import (
    DeadInvitationError,
    accept_invitation,
    living_invitation,
    speaks_for,
)
from members.models import PortalInvitation


@login_not_required
# The secret is the right to act. Under `no-referrer` browsers send no origin that Django could check; what they say of
# the request's source in Sec-Fetch-Site is looked at instead, so that no other site logs its visitors in here.
@csrf_exempt
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept(request: HttpRequest, token: str) -> HttpResponse:
    """Show who is invited; a POST sets the password and logs in. A GET, which link scanners send, changes nothing."""
    try:
        invitation = living_invitation(token)
        if request.method != "POST":
            return _page(request, invitation, OpenAccountForm(person=invitation.person))
        if _comes_from_elsewhere(request):
            return _page(request, invitation, OpenAccountForm(person=invitation.person), status=403)
        form = OpenAccountForm(request.POST, person=invitation.person)
        if not form.is_valid():
            return _page(request, invitation, form, status=422)
        person = accept_invitation(invitation=invitation, password=form.cleaned_data["password1"])
    except (DeadInvitationError, PortalInvitation.DoesNotExist) as error:
        return _dead(request, status=410 if isinstance(error, DeadInvitationError) else 404)
    with override(person.language):
        space = reverse("member-space")
    record_authentication(request, person, "password", email=person.email)
    # By allauth, which asks for the second factor of an account that is opened again.
    return secret_page(perform_login(request, person, email_verification="none", redirect_url=space))


def _comes_from_elsewhere(request: HttpRequest) -> bool:
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def _page(
    request: HttpRequest, invitation: PortalInvitation, form: OpenAccountForm, *, status: int = 200
) -> HttpResponse:
    person = invitation.person
    other = request.user.is_authenticated and request.user != person
    context: dict[str, Any] = {
        "invitation": invitation,
        "person": person,
        "mandates": speaks_for(person),
        "form": form,
        "someone_else": str(request.user) if other else "",
        # No logout form: its origin could not be checked from here.
        "user": AnonymousUser(),
    }
    return secret_page(render(request, "members/invitation_accept.html", context, status=status))


def _dead(request: HttpRequest, *, status: int) -> HttpResponse:
    context = {"user": AnonymousUser()}
    return secret_page(render(request, "members/invitation_dead.html", context, status=status))
