"""A member's own space: what awaits them, their data, their calendar."""

import hashlib
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.http import conflict, secret_page
from core.workflow import TransitionError
from industrie_positive.personal_data import SHOWN, export, tables
from members.models import CalendarFeed, ErasureRequest, Mandate
from members.permissions import can_see_directory
from members.privacy import ErasureError, obstacles, open_request, request_erasure, withdraw_erasure
from members.space_forms import ErasureForm
from roadmap.actions.models import Action
from roadmap.approval.services import pending_for
from roadmap.drafting.services import open_consultations
from showcase.services import pages_to_confirm
from workshops.calendars import personal_calendar
from workshops.minutes.services import corrections_awaiting, decisions_awaiting
from workshops.polls.calendars import holds_of
from workshops.polls.queries import answered_polls, awaiting_polls
from workshops.services import awaiting_answer, upcoming_invitations


@require_safe
def member_space(request: HttpRequest) -> HttpResponse:
    """What awaits the person, their mandates and their coming workshops; also clear to somebody without a mandate."""
    user: Any = request.user
    context = {
        "invitations": awaiting_answer(user),
        "polls": awaiting_polls(user),
        "answered_polls": answered_polls(user),
        "voters": pending_for(user),
        "consultations": open_consultations(user),
        "corrections": corrections_awaiting(user),
        "decisions": decisions_awaiting(user),
        "pages": pages_to_confirm(user),
        "upcoming": upcoming_invitations(user).select_related("workshop__axis", "workshop__venue__commune"),
        "mandates": Mandate.objects.filter(person=user)
        .current()
        .select_related("organisation", "body")
        .order_by("id"),
        "piloted": Action.objects.public().filter(pilot=user).order_by("number"),
        "sees_directory": can_see_directory(user),
    }
    return render(request, "member_space.html", context)


@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The person's calendar under its secret address: calendars have no cookie."""
    feed = CalendarFeed.objects.filter(token=token, person__is_active=True).select_related("person").first()
    if feed is None:
        raise Http404(_("There is no calendar at this address; a new one may have taken its place."))
    text = personal_calendar(feed.person, holds_of(feed.person))
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="mes-ateliers.ics"'
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return secret_page(get_conditional_response(request, etag=etag, response=response) or response)


@require_safe
@never_cache
def data_show(request: HttpRequest) -> HttpResponse:
    """All that is held about the person."""
    user: Any = request.user
    context = {
        "tables": tables(user),
        "shown": SHOWN,
        "erasure": open_request(user),
        "answered": ErasureRequest.objects.filter(person=user).exclude(refusal="").first(),
    }
    return render(request, "members/data_show.html", context)


@require_safe
@never_cache
def data_export(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    return JsonResponse(
        export(request.user),  # type: ignore[arg-type]
        json_dumps_params={"ensure_ascii": False, "indent": 1},
        headers={"Content-Disposition": 'attachment; filename="mes-donnees.json"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def erasure_request(request: HttpRequest) -> HttpResponse:
    """Ask to be erased: what that means (GET), then the request (POST)."""
    user: Any = request.user
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            request_erasure(person=user, message=form.cleaned_data["message"], by=user)
        except ErasureError as error:
            return conflict(request, str(error), back=request.path)
        messages.success(request, _("Your request is with the secretariat, which answers within a month."))
        return redirect("data_show")
    context = {"form": form, "obstacles": obstacles(user), "erasure": open_request(user)}
    return render(request, "members/erasure_request.html", context, status=422 if form.errors else 200)


@require_POST
def erasure_withdraw(request: HttpRequest) -> HttpResponse:
    """Take the request back."""
    user: Any = request.user
    waiting = open_request(user)
    try:
        if waiting:
            withdraw_erasure(request=waiting, by=user)
            messages.success(request, _("Your request is taken back: nothing is erased."))
    except TransitionError as error:
        return conflict(request, str(error))
    return redirect("data_show")
