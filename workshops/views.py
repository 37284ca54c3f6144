"""The public agenda, and the page where people answer their invitation."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from core.clock import database_now
from core.http import anonymous_page_cache, paginate, secret_page
from core.seen import send_again
from workshops.agenda import filtered, read_filters, same_series, visible_workshops
from workshops.attendance.services import signing_is_open
from workshops.calendars import FEED_LENGTH, invitation_event, public_calendar
from workshops.document_views import documents_for, invited_documents
from workshops.emails import private_place
from workshops.enums import Answer, AnswerSource, WorkshopKind, WorkshopState
from workshops.forms import AnswerForm
from workshops.models import Invitation, Workshop
from workshops.permissions import can_see_access
from workshops.polls.queries import is_asked, suggested_answer
from workshops.polls.views import poll_by_token
from workshops.services import WorkshopError, answer_invitation, answer_refusal, is_full, queue_rank

PER_PAGE = 18
# A link that leads nowhere any more: 410. What may be mended (another answer, a call to the secretariat): 409.
GONE = frozenset({"withdrawn", "cancelled", "started", "state"})


@login_not_required
@require_safe
@anonymous_page_cache("type", "annee", "serie", "page")
def workshop_list(request: HttpRequest) -> HttpResponse:
    """The agenda: what comes, then what was."""
    rows = visible_workshops(request.user)
    filters = read_filters(request.GET, rows)
    page = paginate(filtered(rows, filters).prefetch_related("minutes__decisions"), request, PER_PAGE)
    return render(
        request,
        "workshops/workshop_list.html",
        {
            "upcoming": [row for row in page.object_list if not row.is_past],
            "past": [row for row in page.object_list if row.is_past],
            "page": page,
            "kinds": WorkshopKind.choices,
            "filters": filters,
            "my_answers": _my_answers(request.user),
        },
    )


def _my_answers(user: Any) -> dict[int, Invitation]:
    if not user.is_authenticated:
        return {}
    mine = Invitation.objects.sent().filter(person=user).select_related("workshop")
    return {invitation.workshop_id: invitation for invitation in mine}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@anonymous_page_cache()
def workshop_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A workshop's public part; an invited person who is logged in answers here."""
    if is_asked(request.user, slug):
        return redirect("workshops:poll_answer", slug)
    rows = Workshop.objects.visible_to(request.user).with_place().prefetch_related("agenda")
    workshop = get_object_or_404(rows, slug=slug)
    invitation = _own_invitation(request.user, workshop)
    if request.method == "POST":
        if invitation is None:
            return _not_invited(request)
        form, status = _take_answer(request, invitation, source=AnswerSource.PORTAL, by=request.user)
        if status == 200:
            messages.success(request, _("Your answer is recorded."))
            return HttpResponseRedirect(f"{request.path}#answer")
        # What was refused is shown beside the state as it is now.
        workshop.refresh_from_db(fields=["state", "starts_at", "ends_at", "answer_by", "moves", "moved_at"])
    else:
        form, status = None, 200
    context = _answer_context(invitation, form) if invitation else {"invitation": None}
    return render(
        request,
        "workshops/workshop_detail.html",
        {
            "workshop": workshop,
            "agenda": workshop.agenda.all(),
            "documents": documents_for(request.user, workshop, invitation),
            "series": same_series(request.user, workshop),
            **context,
        },
        status=status,
    )


def _not_invited(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.path)


def _own_invitation(user: Any, workshop: Workshop) -> Invitation | None:
    if not user.is_authenticated:
        return None
    invitation = Invitation.objects.sent().filter(person=user, workshop=workshop).first()
    if invitation:
        invitation.workshop = workshop
    return invitation


def _take_answer(
    request: HttpRequest, invitation: Invitation, *, source: AnswerSource, by: Any
) -> tuple[AnswerForm, int]:
    """Hand a posted answer to the service; return the form and the status to answer with."""
    form = AnswerForm(request.POST, invitation=invitation)
    if not form.is_valid():
        return form, 422
    seen = form.cleaned_data["moves"]
    try:
        answer_invitation(invitation=invitation, by=by, source=source, seen_moves=seen, **form.given())
    except WorkshopError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        if error.field:
            return form, 422
        return form, 410 if error.code in GONE and source == AnswerSource.MAIL_LINK else 409
    return form, 200


def _answer_context(invitation: Invitation, form: AnswerForm | None) -> dict[str, Any]:
    """Return what the answer's fragment shows: the state, the form if there is still something to answer."""
    workshop = invitation.workshop
    now = database_now()
    refusal = answer_refusal(invitation, now=now)
    if form is not None and form.is_bound:
        # Whoever answers again answers for the dates that this page shows.
        send_again(form, moves=str(workshop.moves))
    # Nobody waits any more for what is over or cancelled.
    waits = invitation.answer == Answer.WAITING and (refusal is None or refusal.code == "deadline")
    suggestion = "" if form or refusal else suggested_answer(invitation)
    if not form and not refusal:
        form = AnswerForm(invitation=invitation)
        form.initial["answer"] = suggestion or form.initial["answer"]
    return {
        "invitation": invitation,
        "refusal": refusal,
        "answer_form": form,
        "from_poll": bool(suggestion),
        # Whoever has answered sees where they stand; the form is behind a click.
        "settled": not (invitation.needs_answer or refusal or (form and form.is_bound)),
        "full": is_full(workshop) and not invitation.comes,
        "rank": queue_rank(invitation) if waits else None,
        "signing": signing_is_open(workshop, now=now),
        "place": private_place(workshop),
        "host_sheet": workshop.venue.host_sheet if workshop.venue and can_see_access(invitation) else [],
    }


def invitation_by_link(token: str) -> Invitation:
    """Return the invitation that a mail's link opens. Raises Http404, with a message for the reader."""
    rows = Invitation.objects.filter(sent_at__isnull=False).select_related(
        "workshop__venue__organisation", "workshop__venue__commune", "workshop__axis"
    )
    invitation = rows.filter(token=token).first()
    if invitation is None:
        raise Http404(
            _("This link opens no invitation: copy it whole from the e-mail, or call the secretariat.")
        )
    return invitation


@login_not_required
@csrf_exempt  # the token is the right to answer; under `no-referrer` browsers send no origin that could be checked
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_answer(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a mail's link. A GET, which link scanners send, changes nothing; a POST answers."""
    if (poll := poll_by_token(request, token)) is not None:
        return poll
    invitation = invitation_by_link(token)
    form, status = None, 200
    if request.method == "POST":
        form, status = _take_answer(request, invitation, source=AnswerSource.MAIL_LINK, by=None)
        if status == 200:
            return secret_page(HttpResponseRedirect(f"{request.path}?ok=1"))
        invitation = invitation_by_link(token)
    context = _answer_context(invitation, form)
    refusal = context["refusal"]
    if status == 200 and refusal and refusal.code in GONE:
        status = 410
    context |= {
        "workshop": invitation.workshop,
        "agenda": invitation.workshop.agenda.all(),
        "documents": invited_documents(invitation),
        "just_answered": "ok" in request.GET,
        # The same page whoever is logged in; and no logout form, whose origin could not be checked from here.
        "user": AnonymousUser(),
    }
    return secret_page(render(request, "workshops/invitation_answer.html", context, status=status))


@login_not_required
@never_cache
@require_safe
def invitation_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The invited person's own entry, with the way in for those who come: the token is the right to it."""
    rows = Invitation.objects.sent().filter(
        workshop__state=WorkshopState.SCHEDULED, workshop__starts_at__isnull=False
    )
    invitation = get_object_or_404(rows.select_related("workshop"), token=token)
    return secret_page(_calendar_response(invitation_event(invitation), "invitation.ics"))


@login_not_required
@require_safe
@anonymous_page_cache()
def workshop_feed(request: HttpRequest) -> HttpResponse:
    """The public agenda, for calendars to subscribe to."""
    rows = Workshop.objects.public().with_place().prefetch_related("agenda").order_by("-starts_at", "-id")
    return _calendar_response(public_calendar(rows[:FEED_LENGTH]), "industrie-positive.ics")


@login_not_required
@require_safe
@anonymous_page_cache()
def workshop_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """One public workshop, for whoever wants it in their calendar."""
    rows = (
        Workshop.objects.public()
        .exclude(state=WorkshopState.CANCELLED)
        .with_place()
        .prefetch_related("agenda")
    )
    return _calendar_response(public_calendar([get_object_or_404(rows, slug=slug)]), f"{slug}.ics")


def _calendar_response(text: str, name: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )
