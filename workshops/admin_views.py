"""The secretariat's process page of a workshop: who is invited, send, answers, move and cancel."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.templatetags.text import datetime_long
from core.workflow import TransitionError, history
from members.models import Mandate
from outbox.models import OutboxEmail
from workshops import services
from workshops.admin_forms import CancelForm, InviteForm, MoveForm, PhonedAnswerForm, is_open_for_inviting
from workshops.candidates import candidates, not_chosen
from workshops.delays import last_sending_day, short_notice
from workshops.emails import invitation_key
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.guests import parse_guests
from workshops.models import Invitation, Workshop
from workshops.permissions import can_run_workshops

REFUSALS = (services.WorkshopError, TransitionError)


def _workshop(request: HttpRequest, pk: int) -> Workshop:
    """Return the workshop of a process page, for whoever may run it."""
    if not can_run_workshops(request.user):
        raise PermissionDenied
    return get_object_or_404(Workshop.objects.with_place(), pk=pk)


def _invitation(request: HttpRequest, pk: int, invitation: int) -> Invitation:
    workshop = _workshop(request, pk)
    row = get_object_or_404(workshop.invitations.select_related("person", "organisation"), pk=invitation)
    row.workshop = workshop
    return row


def _page(workshop: Workshop) -> str:
    return reverse("admin:workshops_workshop_process", args=[workshop.pk])


def _render(
    request: HttpRequest, name: str, workshop: Workshop, *, status: int = 200, **context: Any
) -> HttpResponse:
    shared = {
        **admin.site.each_context(request),
        "opts": Workshop._meta,
        "workshop": workshop,
        "process_url": _page(workshop),
        "title": workshop.title_fr,
    }
    return render(request, f"admin/workshops/{name}.html", shared | context, status=status)


def _do(request: HttpRequest, workshop: Workshop, act: Callable[[], str]) -> HttpResponse:
    """Run a one-button action, say what came of it on the process page, and go back there."""
    try:
        messages.success(request, act())
    except REFUSALS as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(_page(workshop))


def _rehearse(act: Callable[[], int]) -> int:
    """Run a service and undo it: the exact errors, and the exact number of mails, before anybody confirms."""
    with transaction.atomic():
        count = act()
        transaction.set_rollback(True)
    return count


# --- The page -------------------------------------------------------------------------------------------------------


@require_safe
def process_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All steps on one page."""
    workshop = _workshop(request, pk)
    return _process_page(request, workshop, InviteForm(workshop=workshop))


def _process_page(
    request: HttpRequest, workshop: Workshop, form: InviteForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    rows = list(workshop.invitations.select_related("organisation", "person", "answered_by"))
    for row in rows:
        row.workshop = workshop
    standing = [row for row in rows if row.withdrawn_at is None]
    now = timezone.now()
    inviting = is_open_for_inviting(workshop)
    return _render(
        request,
        "process_detail",
        workshop,
        status=status,
        invite_form=form,
        ticked=set(form.typed("mandates")) if form.is_bound else _usual(workshop, rows),
        ticked_bodies=set(form.typed("bodies")),
        bodies=candidates(workshop) if inviting else [],
        inviting=inviting,
        unsent=[row for row in standing if row.sent_at is None],
        rows=rows,
        states=_mail_states(rows),
        counts=_counts(standing),
        notice=short_notice(workshop.starts_at, now) if workshop.starts_at and inviting else "",
        last_day=last_sending_day(timezone.localdate(workshop.starts_at)) if workshop.starts_at else None,
        movable=workshop.state == WorkshopState.SCHEDULED
        and bool(workshop.starts_at and workshop.starts_at > now),
        cancellable=workshop.state in (WorkshopState.DRAFT, WorkshopState.DATE_POLL)
        or (workshop.state == WorkshopState.SCHEDULED and bool(workshop.ends_at and workshop.ends_at > now)),
        holdable=workshop.state == WorkshopState.SCHEDULED
        and bool(workshop.starts_at and workshop.starts_at <= now),
        log=_log(workshop),
        **context,
    )


def _usual(workshop: Workshop, rows: list[Invitation]) -> set[str]:
    """Tick, on an empty list, those who are usually called: the chair and titular members of the council."""
    if rows:
        return set()
    form = InviteForm(workshop=workshop)
    usual = form.in_force.council().filter(role__in=("titular", "chair"))
    return {str(pk) for pk in usual.values_list("pk", flat=True)}


def _counts(standing: list[Invitation]) -> list[tuple[str, str, int]]:
    """Return how many there are of each answer, the silent last."""
    order = [Answer.YES, Answer.EXCUSED, Answer.REPRESENTED, Answer.SILENT]
    return [
        (answer.value, str(answer.label), sum(row.answer == answer for row in standing)) for answer in order
    ]


def _log(workshop: Workshop) -> list[dict[str, Any]]:
    """Return what happened to the workshop, in words."""
    states = dict(WorkshopState.choices)
    words: dict[str, Callable[[Any], str]] = {
        "state": lambda entry: f"{states.get(entry.from_state)} → {states.get(entry.to_state)}",
        "starts_at": lambda entry: f"{_when(entry.from_state)} → {_when(entry.to_state)}",
        "venue": lambda entry: _("New venue"),
        "invited_at": lambda entry: _("First invitations sent"),
    }
    return [
        {"at": entry.at, "by": entry.by, "reason": entry.reason, "what": words[entry.field](entry)}
        for entry in history(workshop)
        if entry.field in words
    ]


def _when(iso: str) -> str:
    return datetime_long(datetime.fromisoformat(iso)) if iso else "—"


def _mail_states(rows: list[Invitation]) -> dict[int, OutboxEmail]:
    """Return the latest e-mail to each person."""
    keys = {invitation_key(row): row.pk for row in rows}
    mails = OutboxEmail.objects.filter(key__in=keys).order_by("id")
    light = mails.only("key", "kind", "state", "error_class", "sent_at", "created_at")
    return {keys[mail.key]: mail for mail in light}


# --- 1. Who is invited ------------------------------------------------------------------------------------------------


@require_POST
def process_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Preview exactly who is about to be put on the list and who is left out; then do it."""
    workshop = _workshop(request, pk)
    form = InviteForm(request.POST, workshop=workshop)
    if not form.is_valid():
        return _process_page(request, workshop, form, status=422)
    chosen = form.chosen_mandates()
    if "confirm" not in request.POST:
        return _process_page(request, workshop, form, preview=_preview(workshop, form, chosen))
    data = form.cleaned_data
    return _do(
        request,
        workshop,
        lambda: _add(workshop, chosen, data["guests"], data["guests_language"], request.user),
    )


def _preview(workshop: Workshop, form: InviteForm, chosen: list[Mandate]) -> dict[str, Any]:
    known = {email.lower() for email in workshop.invitations.standing().values_list("email", flat=True)}
    people: dict[int, Mandate] = {}
    for mandate in chosen:
        people.setdefault(mandate.person_id, mandate)
    new = [mandate for mandate in people.values() if mandate.person.email.lower() not in known]
    guests, _bad = parse_guests(form.cleaned_data["guests"])
    new_guests = [guest for guest in guests if guest.email.lower() not in known]
    return {
        "mandates": new,
        "guests": new_guests,
        "total": len(new) + len(new_guests),
        "already": len(people) + len(guests) - len(new) - len(new_guests),
        "left_out": not_chosen(candidates(workshop), {mandate.pk for mandate in chosen}),
        "hidden": [
            (name, value)
            for name in ("bodies", "mandates", "guests", "guests_language")
            for value in form.typed(name)
        ],  # fmt: skip
    }


def _add(workshop: Workshop, chosen: list[Mandate], guests: str, language: str, by: Any) -> str:
    with transaction.atomic():
        added = services.add_invitees(workshop=workshop, mandates=chosen, by=by)
        added += services.add_guests(workshop=workshop, text=guests, by=by, language=language or "fr")
    text = ngettext("%(count)s person added to the list.", "%(count)s people added to the list.", len(added))
    return text % {"count": len(added)}


# --- 2. Schedule and send ---------------------------------------------------------------------------------------------


@require_POST
def process_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the workshop in the agenda without inviting."""
    workshop = _workshop(request, pk)

    def act() -> str:
        services.schedule_workshop(workshop=workshop, by=request.user)
        return _("The workshop is in the agenda and holds its venue.")

    return _do(request, workshop, act)


@require_POST
def process_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the invitations not sent yet; a draft is scheduled in the same transaction."""
    workshop = _workshop(request, pk)

    def act() -> str:
        with transaction.atomic():
            if workshop.state == WorkshopState.DRAFT:
                services.schedule_workshop(workshop=workshop, by=request.user)
            sent = services.send_invitations(workshop=workshop, by=request.user)
        if sent.notice:
            messages.warning(request, sent.notice)
        text = ngettext(
            "%(count)s invitation is on its way.", "%(count)s invitations are on their way.", sent.count
        )
        return text % {"count": sent.count}

    return _do(request, workshop, act)


# --- 3. Answers -------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def process_answer(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Record the answer that somebody gave by phone."""
    row = _invitation(request, pk, invitation)
    given = "" if row.answer == Answer.SILENT else row.answer
    initial = {"answer": given, "represented_by": row.represented_by, "comment": row.comment}
    form = PhonedAnswerForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _record(request, row, form):
            return HttpResponseRedirect(_page(row.workshop))
        status = 422
    return _render(request, "process_answer", row.workshop, status=status, invitation=row, form=form)


def _record(request: HttpRequest, row: Invitation, form: Form) -> bool:
    data = form.cleaned_data
    try:
        services.answer_invitation(
            invitation=row,
            answer=data["answer"],
            by=request.user,
            source=AnswerSource.SECRETARIAT,
            represented_by=data["represented_by"],
            comment=data["comment"],
        )
    except services.WorkshopError as error:
        form.add_error(error.field or None, str(error))
        return False
    messages.success(request, _("The answer of %(name)s is recorded.") % {"name": row.name})
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def process_withdraw(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Take one person off the list, after a confirmation."""
    row = _invitation(request, pk, invitation)
    if request.method != "POST":
        return _render(request, "process_withdraw", row.workshop, invitation=row)

    def act() -> str:
        services.withdraw_invitation(invitation=row, by=request.user)
        return _("%(name)s is no longer invited.") % {"name": row.name}

    return _do(request, row.workshop, act)


# --- 4. Move, cancel, hold --------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def process_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the workshop; a confirmation says how many mails go before they do."""
    workshop = _workshop(request, pk)
    names = ("starts_at", "ends_at", "venue", "answer_by")
    form = MoveForm(request.POST or None, initial={name: getattr(workshop, name) for name in names})

    def act() -> int:
        data = form.cleaned_data
        changes = {name: data[name] for name in names}
        return services.reschedule_workshop(
            workshop=workshop, by=request.user, reason=data["reason"], **changes
        )

    return _confirmed_form(request, workshop, form, act, "process_move", _moved)


@require_http_methods(["GET", "HEAD", "POST"])
def process_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel the workshop; a confirmation says how many mails go before they do."""
    workshop = _workshop(request, pk)
    form = CancelForm(request.POST or None)

    def act() -> int:
        return services.cancel_workshop(
            workshop=workshop, by=request.user, reason=form.cleaned_data["reason"]
        )

    return _confirmed_form(request, workshop, form, act, "process_cancel", _cancelled)


def _moved(count: int) -> str:
    return ngettext("Moved: %(count)s person is told.", "Moved: %(count)s people are told.", count) % {
        "count": count
    }


def _cancelled(count: int) -> str:
    text = ngettext("Cancelled: %(count)s person is told.", "Cancelled: %(count)s people are told.", count)
    return text % {"count": count}


def _confirmed_form(
    request: HttpRequest,
    workshop: Workshop,
    form: Form,
    act: Callable[[], int],
    template: str,
    done: Callable[[int], str],
) -> HttpResponse:
    """Form, then what would happen, then do it."""
    if request.method != "POST":
        return _render(request, template, workshop, form=form)
    confirmed = "confirm" in request.POST
    if form.is_valid():
        try:
            count = act() if confirmed else _rehearse(act)
        except services.WorkshopError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except TransitionError as error:
            form.add_error(None, str(error))
        else:
            if not confirmed:
                return _render(request, template, workshop, form=form, confirm=True, count=count)
            messages.success(request, done(count))
            return HttpResponseRedirect(_page(workshop))
    return _render(request, template, workshop, status=422, form=form)


@require_POST
def process_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the workshop took place."""
    workshop = _workshop(request, pk)

    def act() -> str:
        services.mark_held(workshop=workshop, by=request.user)
        return _("The workshop is marked as held.")

    return _do(request, workshop, act)
