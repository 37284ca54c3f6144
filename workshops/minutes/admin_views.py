"""The secretariat's pages of the minutes: typed during the meeting, circulated, approved; a decision, a correction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.clock import database_now
from core.http import row_number
from core.seen import send_again
from core.workflow import TransitionError, history
from workshops.minutes import services
from workshops.minutes.enums import DecisionState
from workshops.minutes.forms import (
    CorrectionDecisionForm,
    DecisionForm,
    HeadForm,
    ReasonForm,
    SectionForm,
    SettleForm,
)
from workshops.minutes.models import Correction, Decision, Minutes
from workshops.minutes.outcomes import outcomes
from workshops.minutes.permissions import can_write_minutes
from workshops.minutes.record import lists_of, owner_label, quorum_of, quorum_sentence
from workshops.minutes.services import DecisionFields, MinutesConflictError, MinutesError
from workshops.minutes.services.writing import HEAD
from workshops.models.workshops import Workshop

REFUSALS = (MinutesError, TransitionError)


@dataclass
class Part:
    """A part of the minutes on the page: its form, the state it was opened on, and another's text in a conflict."""

    key: str
    title: str
    form: BaseForm
    base: str
    decisions: list[tuple[Decision, str]] = field(default_factory=list)
    theirs: dict[str, str] | None = None
    mine: dict[str, str] | None = None


def _allowed(request: HttpRequest) -> None:
    if not can_write_minutes(request.user):
        raise PermissionDenied


def _minutes(request: HttpRequest, pk: int) -> Minutes:
    _allowed(request)
    return get_object_or_404(Minutes.objects.select_related("workshop"), pk=pk)


def render_sheet(
    request: HttpRequest,
    name: str,
    model: Any,
    title: str | Promise,
    minutes: Minutes,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Answer with a page around the minutes: a sheet of `model`, also one that a decision became in another app."""
    shared = {
        **admin.site.each_context(request),
        "opts": model._meta,
        "title": title,
        "minutes": minutes,
        "workshop": minutes.workshop,
    }
    return render(request, f"admin/workshops/minutes/{name}.html", shared | context, status=status)


def edit_address(minutes: Minutes) -> str:
    """Return the address of the page where the minutes are typed."""
    return reverse("admin:workshops_minutes_change", args=[minutes.pk])


@require_POST
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a workshop's minutes and open them."""
    _allowed(request)
    workshop = get_object_or_404(Workshop, pk=pk)
    try:
        minutes = services.create_minutes(workshop=workshop, by=request.user)
    except MinutesError as error:
        messages.error(request, str(error))
        known = Minutes.objects.filter(workshop=workshop).first()
        back = edit_address(known) if known else reverse("admin:workshops_workshop_process", args=[pk])
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(edit_address(minutes))


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Type the minutes; what several type at once is kept, or shown side by side (409)."""
    minutes = _minutes(request, pk)
    if minutes.is_approved:
        return _page(request, minutes, [], status=409 if request.method == "POST" else 200)
    parts = _parts(minutes, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, minutes, parts)
    if not all(part.form.is_valid() for part in parts):
        return _page(request, minutes, parts, status=422)
    try:
        services.save_minutes(
            minutes=minutes,
            parts={part.key: part.form.cleaned_data for part in parts},
            bases={part.key: part.base for part in parts},
            by=request.user,
        )
        return _next_step(request, minutes)
    except MinutesConflictError as error:
        for part in parts:
            _show_conflict(part, error)
        return _page(request, minutes, parts, status=409, refusal=str(error))
    except MinutesError as error:
        status = 409 if error.code in ("removed", "approved") else 422
        return _page(request, minutes, parts, status=status, refusal=str(error))


def _parts(minutes: Minutes, data: QueryDict | None = None) -> list[Part]:
    """Return what is typed, as it is saved or (`data`) as it was sent; nothing once approved."""
    if minutes.is_approved:
        return []
    rows: list[tuple[str, Any, Any, tuple[str, ...]]] = [(HEAD, minutes, HeadForm, services.HEAD_FIELDS)]
    sections = minutes.sections.all()
    rows += [(str(row.pk), row, SectionForm, services.SECTION_FIELDS) for row in sections]
    decisions = list(minutes.decisions.with_owner())
    parts = []
    for key, row, form_class, fields in rows:
        base = services.fingerprint(services.values_of(row, fields))
        title = "" if key == HEAD else str(row)
        form = form_class(data, instance=row, prefix=f"part-{key}")
        if data is not None:
            base = data.get(f"part-{key}-base", "")
        own = [(found, owner_label(found, names=True)) for found in decisions if str(found.section_id) == key]
        parts.append(Part(key, title, form, base, own))
    return parts


def _show_conflict(part: Part, error: MinutesConflictError) -> None:
    for conflict in error.conflicts:
        if conflict.part == part.key:
            part.theirs, part.mine = conflict.theirs, part.form.cleaned_data
            part.base = services.fingerprint(conflict.theirs)


def _next_step(request: HttpRequest, minutes: Minutes) -> HttpResponse:
    """Do what the pressed button asked beside saving."""
    asked = request.POST
    address = edit_address(minutes)
    if "add" in asked:
        section = services.add_section(minutes=minutes, title_fr=asked.get("new_title", ""), by=request.user)
        return HttpResponseRedirect(f"{address}#part-{section.pk}")
    if number := row_number(asked.get("remove", "")):
        section = get_object_or_404(minutes.sections, pk=number)
        services.remove_section(section=section, by=request.user)
    elif number := row_number(asked.get("decide", "")):
        add = reverse("admin:workshops_minutes_decision_add", args=[minutes.pk])
        return HttpResponseRedirect(f"{add}?section={number}")
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(address)


def _page(
    request: HttpRequest,
    minutes: Minutes,
    parts: list[Part],
    *,
    status: int = 200,
    refusal: str = "",
    reason_form: ReasonForm | None = None,
) -> HttpResponse:
    lists, quorum = lists_of(minutes), quorum_of(minutes)
    pending = Correction.objects.pending().filter(section__minutes=minutes).with_people()
    closes_at = minutes.corrections_close_at
    decisions = [(row, owner_label(row, names=True)) for row in minutes.decisions.with_owner()]
    return render_sheet(
        request,
        "edit",
        Minutes,
        _("Minutes: %(title)s") % {"title": minutes.workshop},
        minutes,
        status=status,
        parts=parts,
        refusal=refusal,
        lists=[(standing.label, lines) for standing, lines in lists.items()],
        quorum=quorum_sentence(quorum) if quorum else "",
        decisions=decisions,
        loose=[pair for pair in decisions if pair[0].section_id is None],
        pending=list(pending),
        corrections_over=bool(closes_at and closes_at <= database_now()),
        reason_form=reason_form or ReasonForm(),
        log=[row for row in history(minutes) if row.field == "state"],
        states=dict(Minutes._meta.get_field("state").flatchoices),
    )


@require_POST
def circulate(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the corrections to those who attended."""
    minutes = _minutes(request, pk)
    try:
        services.circulate_minutes(minutes=minutes, by=request.user)
    except REFUSALS as error:
        return _page(request, minutes, _parts(minutes), status=409, refusal=str(error))
    messages.success(request, _("The minutes are circulated: those who attended may ask for corrections."))
    return HttpResponseRedirect(edit_address(minutes))


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock and publish the minutes."""
    minutes = _minutes(request, pk)
    form = ReasonForm(request.POST)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        services.approve_minutes(minutes=minutes, by=request.user, reason=reason)
    except REFUSALS as error:
        minutes.refresh_from_db()
        return _page(
            request,
            minutes,
            _parts(minutes),
            status=409,
            refusal=str(error),
            reason_form=form,
        )
    messages.success(request, _("The minutes are approved, locked and published."))
    return HttpResponseRedirect(edit_address(minutes))


# --- decisions ---


@require_http_methods(["GET", "HEAD", "POST"])
def decision_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a decision."""
    minutes = _minutes(request, pk)
    form = DecisionForm(
        request.POST if request.method == "POST" else None,
        minutes=minutes,
        initial={"section": row_number(request.GET.get("section", "")) or None},
    )
    status = 200
    if request.method == "POST":
        status = _save_decision(request, minutes, form, None)
        if status == 302:
            messages.success(request, _("The decision is noted."))
            section = form.cleaned_data["section"]
            anchor = f"#part-{section.pk}" if section else ""
            return HttpResponseRedirect(f"{edit_address(minutes)}{anchor}")
    title = _("Note a decision")
    return render_sheet(
        request,
        "decision_add",
        Decision,
        title,
        minutes,
        status=status,
        form=form,
    )


def _save_decision(
    request: HttpRequest, minutes: Minutes, form: DecisionForm, decision: Decision | None
) -> int:
    def save() -> None:
        fields = DecisionFields(**form.cleaned_data)
        services.save_decision(minutes=minutes, decision=decision, fields=fields, by=request.user)

    return _done(form, save)


def decision_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """A decision: its text while it may change, what became of it, what it became elsewhere."""
    _allowed(request)
    decision = get_object_or_404(Decision.objects.with_owner(), pk=pk)
    minutes = decision.minutes
    asked = request.POST if request.method == "POST" else {}
    initial = {name: getattr(decision, name) for name in DecisionFields.__dataclass_fields__}
    form = DecisionForm(
        request.POST if "save" in asked else None, minutes=minutes, decision=decision, initial=initial
    )
    settle = SettleForm(request.POST if "settle" in asked else None)
    reopen = ReasonForm(request.POST if "reopen" in asked else None)
    status, address = 200, reverse("admin:workshops_decision_change", args=[pk])
    if "save" in asked:
        status = _save_decision(request, minutes, form, decision)
    elif "remove" in asked:
        return _remove_decision(request, decision)
    elif settle.is_bound or reopen.is_bound:
        status = _settle(request, decision, settle if settle.is_bound else reopen)
    if status == 302:
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(address)
    decision.refresh_from_db(fields=["state", "closed_at"])
    states = dict(DecisionState.choices)
    return render_sheet(
        request,
        "decision_sheet",
        Decision,
        _("Decision %(reference)s") % {"reference": decision.reference},
        minutes,
        status=status,
        decision=decision,
        owner=owner_label(decision, names=True),
        form=None if minutes.is_approved else form,
        settle=settle if decision.state == DecisionState.OPEN and not minutes.is_draft else None,
        reopen=reopen if decision.state != DecisionState.OPEN else None,
        outcomes=[
            {
                "title": outcome.title,
                "traces": outcome.traces(decision),
                "form": outcome.form(decision=decision),
                "url": outcome.url(decision),
            }
            for outcome in outcomes()
        ],
        log=[(row, states.get(row.to_state, "")) for row in history(decision) if row.field == "state"],
    )


def _settle(request: HttpRequest, decision: Decision, form: SettleForm | ReasonForm) -> int:
    change = services.settle_decision if isinstance(form, SettleForm) else services.reopen_decision
    return _done(form, lambda: change(decision=decision, by=request.user, **form.cleaned_data))


def _done(form: BaseForm, change: Callable[[], object]) -> int:
    """Do what a form asks and return the page's status; a refusal goes to its field, or above the form."""
    if not form.is_valid():
        return 422
    try:
        change()
    except MinutesError as error:
        form.add_error(error.field or None, str(error))
        return 422 if error.field else 409
    except TransitionError as error:
        form.add_error(None, str(error))
        return 409
    return 302


def _remove_decision(request: HttpRequest, decision: Decision) -> HttpResponse:
    minutes = decision.minutes
    try:
        services.remove_decision(decision=decision, by=request.user)
        messages.success(request, _("The decision is removed."))
    except MinutesError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(edit_address(minutes))


# --- corrections ---


def correction_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """A correction, marked word by word: accept it (as it is or worded otherwise) or reject it with a reason."""
    _allowed(request)
    correction = get_object_or_404(Correction.objects.with_people(), pk=pk)
    initial = {
        "text": correction.proposed if correction.replaces else correction.current,
        "seen": services.mark(correction.current),
    }
    form = CorrectionDecisionForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = _decide_correction(request, correction, form)
        if status == 302:
            messages.success(request, _("Decided; the author is mailed."))
            return HttpResponseRedirect(edit_address(correction.section.minutes))
        correction = Correction.objects.with_people().get(pk=pk)
        if status == 409:
            # What was typed stays; accepted again, it goes over the text as it is shown now.
            send_again(form, seen=services.mark(correction.current))
    return render_sheet(
        request,
        "correction_sheet",
        Correction,
        _("Correction of “%(section)s”") % {"section": correction.section},
        correction.section.minutes,
        status=status,
        correction=correction,
        form=form,
        refusal=" ".join(map(str, form.non_field_errors())),
    )


def _decide_correction(request: HttpRequest, correction: Correction, form: CorrectionDecisionForm) -> int:
    def decide() -> None:
        data = form.cleaned_data
        if "accept" in request.POST:
            services.accept_correction(correction=correction, by=request.user, **data)
        else:
            services.reject_correction(correction=correction, reason=data["reason"], by=request.user)

    return _done(form, decide)
