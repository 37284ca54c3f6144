"""The process page of a workshop: all its steps, from who is invited to the history."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.templatetags.text import datetime_long
from core.workflow import history
from outbox.models import OutboxEmail
from workshops import services
from workshops.admin_forms import InviteForm, is_open_for_inviting
from workshops.admin_views.common import (
    render_step,
    workshop_of,
)
from workshops.candidates import candidates
from workshops.clashes import warnings_about
from workshops.delays import last_sending_day, short_notice
from workshops.emails import invitation_key
from workshops.enums import LOGGED, Answer, WorkshopState
from workshops.models import CalendarReply, DatePoll, Invitation, Workshop, rules_for


@require_safe
def process_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All steps on one page."""
    workshop = workshop_of(request, pk)
    return process_page(request, workshop, InviteForm(workshop=workshop))


def process_page(
    request: HttpRequest, workshop: Workshop, form: InviteForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render the process page with a form for whom to invite, and what a step adds."""
    undecided = CalendarReply.objects.undecided().defer("raw", "text").order_by("id")
    rows = list(
        workshop.invitations.select_related(
            "organisation", "person", "answered_by", "proxy_organisation"
        ).prefetch_related(Prefetch("replies", queryset=undecided, to_attr="undecided_replies"))
    )
    for row in rows:
        row.workshop = workshop
    standing = [row for row in rows if row.withdrawn_at is None]
    now = timezone.now()
    inviting = is_open_for_inviting(workshop)
    rules = rules_for(workshop.kind)
    return render_step(
        request,
        "process_detail",
        workshop,
        status=status,
        invite_form=form,
        ticked=_ticked(request, workshop, form, rows),
        bodies=candidates(workshop) if inviting else [],
        inviting=inviting,
        unsent=[
            row for row in standing if row.sent_at is None and (row.person is None or row.person.is_active)
        ],
        rows=rows,
        states=_mail_states(rows),
        counts=_counts(standing),
        required=(required := [row for row in standing if row.is_required]),
        required_coming=sum(row.comes for row in required),
        required_absent=[row.name for row in required if row.answer == Answer.EXCUSED],
        notice=short_notice(workshop.starts_at, now, days=rules.convocation_days)
        if workshop.starts_at and inviting
        else "",
        needs=[row for row in standing if row.needs],
        seats_left=services.seats_left(workshop),
        has_sheet=bool(workshop.venue and workshop.venue.host_sheet),
        sheets_sent=sum(row.host_sheet_sent_at is not None for row in standing if row.comes),
        sheet_changed=services.sheet_changed_since(workshop),
        rules=rules,
        warnings=warnings_about(workshop) if inviting else [],
        last_day=last_sending_day(timezone.localdate(workshop.starts_at), rules.convocation_days)
        if workshop.starts_at
        else None,
        movable=workshop.state == WorkshopState.SCHEDULED
        and bool(workshop.starts_at and workshop.starts_at > now),
        cancellable=workshop.state in (WorkshopState.DRAFT, WorkshopState.DATE_POLL)
        or (workshop.state == WorkshopState.SCHEDULED and bool(workshop.ends_at and workshop.ends_at > now)),
        holdable=workshop.state == WorkshopState.SCHEDULED
        and bool(workshop.starts_at and workshop.starts_at <= now),
        log=_log(workshop),
        minutes=getattr(workshop, "minutes", None),
        minutes_possible=workshop.state in (WorkshopState.SCHEDULED, WorkshopState.HELD)
        and bool(workshop.starts_at and workshop.starts_at <= now),
        polled=DatePoll.objects.filter(workshop=workshop).exists(),
        **context,
    )


def _ticked(request: HttpRequest, workshop: Workshop, form: InviteForm, rows: list[Invitation]) -> set[str]:
    if form.is_bound:
        return set(form.typed("mandates"))
    return set() if "nobody" in request.GET else _usual(workshop, rows)


def _usual(workshop: Workshop, rows: list[Invitation]) -> set[str]:
    """Tick, on an empty list, those who are usually called: the chair and titular members of the council."""
    if rows:
        return set()
    form = InviteForm(workshop=workshop)
    usual = form.in_force.council().filter(role__in=("titular", "chair"))
    return {str(pk) for pk in usual.values_list("pk", flat=True)}


def _counts(standing: list[Invitation]) -> list[tuple[str, str, int]]:
    """Return how many there are of each answer, the silent last."""
    order = [Answer.YES, Answer.REPRESENTED, Answer.WAITING, Answer.EXCUSED, Answer.SILENT]
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
        "poll_deadline": lambda entry: (
            _("Date poll: %(old)s → %(new)s") % {"old": _when(entry.from_state), "new": _when(entry.to_state)}
        ),
    }
    words |= {field: lambda entry: str(LOGGED[entry.field]) for field in LOGGED}
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
