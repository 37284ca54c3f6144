"""The minutes for those who attended without an account: the secret link of their invitation opens them."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from core.clock import database_now
from core.http import secret_page
from workshops.minutes.models import Minutes
from workshops.minutes.permissions import can_correct_by_link, is_guest, link_has_expired
from workshops.minutes.views import ask_correction, content_of, corrections_of, pdf_of
from workshops.models.invitations import Invitation
from workshops.models.workshops import Workshop
from workshops.views import invitation_by_link

View = Callable[..., HttpResponse]


def _opened_by_link(view: View) -> View:
    """Find the guest and the minutes of a link, and keep the answer secret; whoever has an account logs in."""

    @wraps(view)
    def answer(request: HttpRequest, token: str, **more: int) -> HttpResponse:
        invitation = invitation_by_link(token)
        minutes = Minutes.objects.filter(workshop=invitation.workshop_id).first()
        if minutes and invitation.person_id and not minutes.is_draft:
            return secret_page(HttpResponseRedirect(minutes.get_absolute_url()))
        if minutes is None or not is_guest(invitation, minutes):
            raise Http404(_("There are no minutes at this address."))
        minutes.workshop = invitation.workshop
        if link_has_expired(minutes, now=database_now()):
            return secret_page(_expired(request, minutes))
        return secret_page(view(request, invitation, minutes, **more))

    return answer


def _expired(request: HttpRequest, minutes: Minutes) -> HttpResponse:
    public = Workshop.objects.public().filter(pk=minutes.workshop_id).exists()
    context = {
        "link_days": settings.MINUTES_LINK_DAYS,
        "public_url": minutes.get_absolute_url() if public else "",
        "user": AnonymousUser(),
    }
    return render(request, "workshops/minutes_expired.html", context, status=410)


@login_not_required
@never_cache
@require_safe
@_opened_by_link
def minutes_by_link(request: HttpRequest, invitation: Invitation, minutes: Minutes) -> HttpResponse:
    """The whole minutes for a guest: to be corrected while the period runs, then as they were approved."""
    context = content_of(minutes, names=True) | {
        "corrections": corrections_of(minutes, may=can_correct_by_link(invitation, minutes)),
        "pdf_url": reverse("workshops:minutes_pdf_by_link", args=[invitation.token]),
        "token": invitation.token,
        # The same page whoever is logged in.
        "user": AnonymousUser(),
    }
    return render(request, "workshops/minutes_detail.html", context)


@login_not_required
@never_cache
@require_safe
@_opened_by_link
def minutes_pdf_by_link(request: HttpRequest, invitation: Invitation, minutes: Minutes) -> HttpResponse:
    """The approved PDF with the names."""
    return pdf_of(request, minutes, names=True)


@login_not_required
@csrf_exempt  # as the invitation's page: the token is the right to ask, and browsers send no origin from here
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_opened_by_link
def correction_add_by_link(
    request: HttpRequest, invitation: Invitation, minutes: Minutes, position: int
) -> HttpResponse:
    """Ask for a correction of a section without an account."""
    late = request.method == "POST" and minutes.is_approved
    if not late and not can_correct_by_link(invitation, minutes):
        raise PermissionDenied
    back = reverse("workshops:minutes_by_link", args=[invitation.token])
    return ask_correction(request, minutes, position, back=back, invitation=invitation)
