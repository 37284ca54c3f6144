"""The minutes' page and PDF, a correction, a decision for whoever carries it out."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.clock import database_now
from core.http import anonymous_page_cache, conflict
from core.seen import send_again
from core.workflow import TransitionError, history
from members.permissions import is_secretariat
from workshops.enums import DocumentAudience
from workshops.minutes import services
from workshops.minutes.enums import DecisionState, MinutesState
from workshops.minutes.forms import CorrectionForm, DoneForm
from workshops.minutes.models import Correction, Decision, Minutes, MinutesSection
from workshops.minutes.permissions import (
    can_correct_minutes,
    can_finish_decision,
    can_read_decision,
    can_read_minutes,
    is_attendee,
    sees_names,
)
from workshops.minutes.record import lists_of, organisations_of, owner_label, quorum_of, quorum_sentence
from workshops.minutes.services import MinutesError
from workshops.models.invitations import Invitation


def _readable(request: HttpRequest, slug: str) -> Minutes | HttpResponse:
    """Return the minutes of a workshop for whoever may read them; the way to log in for who might."""
    rows = Minutes.objects.select_related("workshop__venue__organisation", "workshop__venue__commune")
    minutes = rows.filter(workshop__slug=slug).first()
    if minutes and can_read_minutes(request.user, minutes):
        return minutes
    if minutes and minutes.state == MinutesState.CORRECTIONS and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    raise Http404(_("There are no minutes at this address."))


@login_not_required
@require_safe
@anonymous_page_cache()
def minutes_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The minutes: organisations and decisions for everybody, the whole for the council and those who attended."""
    minutes = _readable(request, slug)
    if isinstance(minutes, HttpResponse):
        return minutes
    names = not minutes.is_approved or sees_names(request.user, minutes)
    may = can_correct_minutes(request.user, minutes)
    context = content_of(minutes, names=names) | {
        "corrections": corrections_of(minutes, may=may),
        "pdf_url": reverse("workshops:minutes_pdf", args=[slug]),
        "token": "",
    }
    return render(request, "workshops/minutes_detail.html", context)


def content_of(minutes: Minutes, *, names: bool) -> dict[str, Any]:
    """Return what the page shows of minutes, with the names of people or without."""
    lists, quorum = lists_of(minutes), quorum_of(minutes)
    return {
        "minutes": minutes,
        "workshop": minutes.workshop,
        "names": names,
        "lists": [(standing.label, lines) for standing, lines in lists.items() if lines],
        "organisations": [
            (standing.label, lines) for standing, lines in organisations_of(lists).items() if lines
        ],
        "quorum": quorum_sentence(quorum) if quorum else "",
        "decisions": [
            (decision, owner_label(decision, names=names)) for decision in minutes.decisions.with_owner()
        ],
        "sections": minutes.sections.all() if names else [],
    }


def corrections_of(minutes: Minutes, *, may: bool) -> dict[str, Any] | None:
    """Return what is asked section by section, and whether the reader, who `may` ask, still can; None once approved."""
    if minutes.state != MinutesState.CORRECTIONS:
        return None
    closes_at = minutes.corrections_close_at
    rows = Correction.objects.filter(section__minutes=minutes).with_people()
    return {
        "rows": list(rows),
        "is_open": bool(may and closes_at and database_now() < closes_at),
        "closes_at": closes_at,
    }


@login_not_required
@require_safe
@anonymous_page_cache()
def minutes_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The PDF as the approval published it: with names or without, in the reader's language or else in French."""
    minutes = _readable(request, slug)
    if isinstance(minutes, HttpResponse):
        return minutes
    return pdf_of(request, minutes, names=sees_names(request.user, minutes))


def pdf_of(request: HttpRequest, minutes: Minutes, *, names: bool) -> HttpResponse:
    """Hand over the published file in the reader's language. Raises Http404 before the approval."""
    audience = DocumentAudience.INVITED if names else DocumentAudience.PUBLIC
    files = {row.language: row for row in minutes.files.filter(audience=audience)}
    found = files.get((get_language() or "fr")[:2]) or files.get("fr")
    if found is None:
        raise Http404(_("The PDF is published when the minutes are approved."))
    response = HttpResponse(bytes(found.content), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="compte-rendu-{minutes.workshop.slug}.pdf"'
    response["Content-Language"] = found.language
    response["ETag"] = f'"{found.sha256[:32]}"'
    if names:
        response["Cache-Control"] = "private, no-cache"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


@require_http_methods(["GET", "HEAD", "POST"])
def correction_add(request: HttpRequest, slug: str, position: int) -> HttpResponse:
    """Ask for a correction of a section: the text to change, a remark, or both."""
    minutes = _readable(request, slug)
    if isinstance(minutes, HttpResponse):
        return minutes
    # Whoever typed while the minutes were approved is told so by the service, beside what they typed.
    late = request.method == "POST" and minutes.is_approved and is_attendee(request.user, minutes.workshop)
    if not late and not can_correct_minutes(request.user, minutes):
        raise PermissionDenied
    return ask_correction(request, minutes, position, back=minutes.get_absolute_url())


def ask_correction(
    request: HttpRequest, minutes: Minutes, position: int, *, back: str, invitation: Invitation | None = None
) -> HttpResponse:
    """Show, or take, the correction of a section: of whoever is logged in, or of a guest."""
    section = get_object_or_404(minutes.sections, position=position)
    section.minutes = minutes
    language = _language_of(section)
    current = getattr(section, f"text_{language}")
    closes_at = minutes.corrections_close_at
    if request.method != "POST" and closes_at and database_now() >= closes_at:
        return conflict(request, _("The corrections are closed."), back=back)
    form = CorrectionForm(
        request.POST if request.method == "POST" else None,
        initial={"proposed": current, "seen": services.mark(current)},
    )
    status = 200
    if request.method == "POST":
        status = _propose(request, section, language, form, invitation)
        if status == 302:
            messages.success(request, _("Your correction is with the secretariat; the others see it too."))
            return HttpResponseRedirect(f"{back}#section-{position}")
    now = getattr(section, f"text_{language}")
    moved = now != current
    context = {
        "minutes": minutes,
        "workshop": minutes.workshop,
        "section": section,
        "form": form,
        "is_closed": status == 409 and not moved,
        "back": back,
        "csrf": invitation is None,
        "current": now if moved else "",
        "typed": form.data.get("proposed", "") if moved else "",
    }
    if invitation:
        context["user"] = AnonymousUser()
    return render(request, "workshops/correction_add.html", context, status=status)


def _language_of(section: MinutesSection) -> str:
    """Correct the text that the page showed: the reader's language if it is written."""
    language = (get_language() or "fr")[:2]
    return language if getattr(section, f"text_{language}", "") else "fr"


def _propose(
    request: HttpRequest,
    section: MinutesSection,
    language: str,
    form: CorrectionForm,
    invitation: Invitation | None,
) -> int:
    """Hand a correction to the service; return the status to answer with, 302 when it is taken."""
    if not form.is_valid():
        return 422
    try:
        services.propose_correction(
            section=section,
            language=language,
            by=request.user,
            invitation=invitation,
            **form.cleaned_data,
        )
    except MinutesError as error:
        form.add_error(error.field or None, str(error))
        if error.code != "moved":
            return 409 if error.code == "closed" else 422
        # What was typed stays; sent again, it is a correction of the text as it is now.
        section.refresh_from_db(fields=[f"text_{language}"])
        send_again(form, seen=services.mark(getattr(section, f"text_{language}")))
        return 409
    return 302


@require_http_methods(["GET", "HEAD", "POST"])
def decision_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A decision: where it comes from, its state; its owner says here that it is done."""
    decision = get_object_or_404(Decision.objects.with_owner(), pk=pk)
    if not can_read_decision(request.user, decision):
        raise Http404(_("There is no decision at this address."))
    mine = can_finish_decision(request.user, decision)
    form = DoneForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if not mine:
            raise PermissionDenied
        status = _finish(request, decision, form)
        if status == 302:
            messages.success(request, _("The decision is marked as done. Thank you."))
            return HttpResponseRedirect(decision.get_absolute_url())
    context = {
        "decision": decision,
        "workshop": decision.minutes.workshop,
        "owner": owner_label(decision, names=True),
        "form": form if mine and decision.state == DecisionState.OPEN else None,
        "refusal": " ".join(map(str, form.non_field_errors())) if status == 409 else "",
        "log": [(row, DecisionState(row.to_state).label) for row in history(decision).filter(field="state")],
        "is_staff": is_secretariat(request.user),
    }
    return render(request, "workshops/decision_detail.html", context, status=status)


def _finish(request: HttpRequest, decision: Decision, form: DoneForm) -> int:
    if not form.is_valid():
        return 422
    try:
        services.settle_decision(
            decision=decision, state=DecisionState.DONE, reason=form.cleaned_data["reason"], by=request.user
        )
    except (MinutesError, TransitionError) as error:
        form.add_error(None, str(error))
        decision.refresh_from_db()
        return 409
    return 302
