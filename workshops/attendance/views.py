"""Signing in at the door: with an account, or by the link of one's invitation."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.http import secret_page
from members.attempts import RETRY_AFTER, may_try, tried
from workshops.attendance.forms import SignInForm
from workshops.attendance.models import Attendance
from workshops.attendance.services import check_in
from workshops.models import Invitation
from workshops.services import WorkshopError
from workshops.views import invitation_by_link

GONE = frozenset({"withdrawn", "cancelled", "late", "approved"})


def wants_json(request: HttpRequest) -> bool:
    """Tell whether the page's own script asks: it sends again what the network lost, and shows what came of it."""
    return request.headers.get("Accept") == "application/json"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def attendance_sign(request: HttpRequest, slug: str) -> HttpResponse:
    """Sign in with one's account; the code may come by the address of the QR code, and still waits for the button."""
    rows = Invitation.objects.sent().select_related("workshop__venue__organisation", "organisation")
    invitation = get_object_or_404(rows, workshop__slug=slug, person=request.user)
    return _sign(request, invitation, by=request.user, csrf=True)


@login_not_required
@csrf_exempt  # as the invitation's page: the token is the right to sign, and browsers send no origin from here
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def attendance_sign_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by the invitation's link, without an account."""
    return secret_page(_sign(request, invitation_by_link(token), by=None, csrf=False))


def _sign(request: HttpRequest, invitation: Invitation, *, by: Any, csrf: bool) -> HttpResponse:
    form = SignInForm(initial={"code": request.GET.get("code", "")[:20], "key": uuid4()})
    status, headers = 200, {}
    if request.method == "POST":
        form = SignInForm(request.POST)
        status = _take(request, form, invitation, by)
        headers = {"Retry-After": str(RETRY_AFTER)} if status == 429 else {}
        if wants_json(request):
            answer = {"ok": status == 200, "message": first_error(form)}
            return JsonResponse(answer, status=status, headers=headers)
        if status == 200:
            return HttpResponseRedirect(request.path)
    context = {
        "invitation": invitation,
        "workshop": invitation.workshop,
        "form": form,
        "csrf": csrf,
        "arrival": Attendance.objects.standing().filter(invitation=invitation).first(),
    }
    if not csrf:
        context["user"] = AnonymousUser()
    return HttpResponse(
        render_to_string("workshops/attendance_sign.html", context, request), status=status, headers=headers
    )


def _take(request: HttpRequest, form: SignInForm, invitation: Invitation, by: Any) -> int:
    """Hand the form to the service and return the status to answer with; errors are put where they belong."""
    if not form.is_valid():
        return 422
    if not may_try(request, action="door_code", key=str(invitation.pk)):
        message = _("Too many wrong codes. Wait five minutes, or tell the secretariat that you are there.")
        form.add_error("code", message)
        return 429
    status = _check_in(form, invitation, by)
    tried(request, action="door_code", key=str(invitation.pk), wrong="code" in form.errors)
    return status


def _check_in(form: SignInForm, invitation: Invitation, by: Any) -> int:
    data = form.cleaned_data
    try:
        check_in(
            invitation=invitation, code=data["code"], by=by, key=data["key"], arrived_at=data["arrived_at"]
        )
    except WorkshopError as error:
        form.add_error(error.field or None, str(error))
        return 422 if error.field else 410 if error.code in GONE else 409
    return 200


def first_error(form: Any) -> str:
    """Return what to show of a form's errors where there is room for one; nothing when there is none."""
    return next((str(message) for messages in form.errors.values() for message in messages), "")
