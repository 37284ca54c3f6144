"""The secretariat's pages of a date poll: propose, open, follow, choose."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.clock import database_now
from workshops.admin_views.common import REFUSALS, page_of, render_step, workshop_of
from workshops.models import Workshop
from workshops.polls import services
from workshops.polls.enums import PollStage, ReplySource
from workshops.polls.forms import DeadlineForm, ReplyForm, reply_form
from workshops.polls.models import DatePoll, PollReply
from workshops.polls.proposals import Draft
from workshops.polls.ranking import results
from workshops.services import WorkshopError


def poll_page(workshop: Workshop) -> str:
    """Return the address of a workshop's poll in the administration."""
    return reverse("admin:workshops_workshop_poll", args=[workshop.pk])


def _poll_of(workshop: Workshop) -> DatePoll:
    poll = DatePoll.objects.filter(workshop=workshop).select_related("chosen__venue__organisation").first()
    if poll is None:
        raise Http404(_("This workshop has no date poll yet."))
    poll.workshop = workshop
    return poll


def _do(request: HttpRequest, workshop: Workshop, act: Callable[[], str]) -> HttpResponse:
    """Run a one-button action, say what came of it on the poll's page, and go back there."""
    try:
        messages.success(request, act())
    except REFUSALS as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(poll_page(workshop))


@require_safe
def poll(request: HttpRequest, pk: int) -> HttpResponse:
    """What is proposed, who can when, and which date suits best; a workshop without a poll is led to propose."""
    workshop = workshop_of(request, pk)
    found = DatePoll.objects.filter(workshop=workshop).exists()
    if not found:
        return HttpResponseRedirect(reverse("admin:workshops_workshop_poll_edit", args=[pk]))
    current, now = _poll_of(workshop), database_now()
    shown = results(current, now=now)
    context: dict[str, Any] = {
        "poll": current,
        "stage": current.stage(now),
        "results": shown,
        "unasked": [line.invitation for line in shown.lines if line.reply is None],
        "invited": len(shown.lines),
    }
    return render_step(request, "poll_detail", workshop, **context)


@require_http_methods(["GET", "HEAD", "POST"])
def poll_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose: slots × sites, the matrix with what speaks against each, then save."""
    workshop = workshop_of(request, pk)
    current = DatePoll.objects.filter(workshop=workshop).first()
    if current:
        current.workshop = workshop
        if current.stage(database_now()) in (PollStage.CHOSEN, PollStage.CANCELLED):
            raise PermissionDenied(_("This workshop no longer looks for a date."))
    draft = Draft(workshop, current, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and "more" not in request.POST:
        if not draft.is_valid():
            status = 422
        elif draft.is_confirmed() and _save(request, draft):
            return HttpResponseRedirect(poll_page(workshop))
        elif draft.form.errors:
            status = 422
    return render_step(request, "poll_edit", workshop, status=status, draft=draft, poll=current)


def _save(request: HttpRequest, draft: Draft) -> bool:
    try:
        told = services.save_poll(
            workshop=draft.workshop,
            proposals=draft.kept(),
            answer_by=draft.form.cleaned_data["answer_by"],
            by=request.user,
        )
    except WorkshopError as error:
        draft.form.add_error(error.field or None, str(error))
        return False
    text = ngettext("Saved: %(count)s person is told.", "Saved: %(count)s people are told.", told)
    messages.success(request, text % {"count": told} if told else _("The proposed dates are saved."))
    return True


@require_POST
def poll_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask everybody on the list."""
    workshop = workshop_of(request, pk)

    def act() -> str:
        asked = services.open_poll(workshop=workshop, by=request.user)
        text = ngettext(
            "The poll is open: %(count)s person is asked.",
            "The poll is open: %(count)s people are asked.",
            asked,
        )
        return text % {"count": asked}

    return _do(request, workshop, act)


@require_POST
def poll_ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask those who came on the list since."""
    workshop = workshop_of(request, pk)

    def act() -> str:
        asked = services.ask_newcomers(workshop=workshop, by=request.user)
        return ngettext("%(count)s person is asked.", "%(count)s people are asked.", asked) % {"count": asked}

    return _do(request, workshop, act)


@require_POST
def poll_choose(request: HttpRequest, pk: int, option: int) -> HttpResponse:
    """Schedule and invite, in one click."""
    workshop = workshop_of(request, pk)
    try:
        sent = services.choose_option(workshop=workshop, option=option, by=request.user)
    except REFUSALS as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(poll_page(workshop))
    text = ngettext(
        "Scheduled: %(count)s invitation is on its way.",
        "Scheduled: %(count)s invitations are on their way.",
        sent.count,
    )
    messages.success(request, text % {"count": sent.count})
    if sent.notice:
        messages.warning(request, sent.notice)
    return HttpResponseRedirect(page_of(workshop))


@require_http_methods(["GET", "HEAD", "POST"])
def poll_deadline(request: HttpRequest, pk: int) -> HttpResponse:
    """Give more time."""
    workshop = workshop_of(request, pk)
    current = _poll_of(workshop)
    form = DeadlineForm(request.POST or None, initial={"answer_by": current.answer_by})
    status = 200
    if request.method == "POST":
        if form.is_valid() and _extend(request, workshop, form):
            return HttpResponseRedirect(poll_page(workshop))
        status = 422
    return render_step(request, "poll_deadline", workshop, status=status, form=form, poll=current)


def _extend(request: HttpRequest, workshop: Workshop, form: DeadlineForm) -> bool:
    try:
        services.extend_deadline(workshop=workshop, answer_by=form.cleaned_data["answer_by"], by=request.user)
    except WorkshopError as error:
        form.add_error(error.field or None, str(error))
        return False
    messages.success(request, _("The deadline is extended; reminders follow it."))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def poll_reply(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Record the reply that somebody gave by phone."""
    workshop = workshop_of(request, pk)
    current = _poll_of(workshop)
    rows = workshop.invitations.standing().select_related("person", "organisation")
    person = get_object_or_404(rows, pk=invitation)
    person.workshop = workshop
    options = list(current.options.select_related("venue__organisation", "venue__commune"))
    form, status = reply_form(PollReply.objects.filter(invitation=person).first(), current, options), 200
    if request.method == "POST":
        form = ReplyForm(request.POST, options=options)
        if form.is_valid() and _record(request, person, form):
            return HttpResponseRedirect(poll_page(workshop))
        status = 422
    form.fields["comment"].label = _("What the person said")
    form.fields["none"].label = _("None of these dates suits")
    return render_step(request, "poll_reply", workshop, status=status, form=form, invitation=person)


def _record(request: HttpRequest, person: Any, form: ReplyForm) -> bool:
    try:
        reply = services.reply_to_poll(
            invitation=person,
            choices=form.choices(),
            by=request.user,
            source=ReplySource.SECRETARIAT,
            comment=form.cleaned_data["comment"],
            seen_revision=form.cleaned_data["revision"],
        )
    except WorkshopError as error:
        form.add_error(error.field or None, str(error))
        return False
    messages.success(request, _("The reply of %(name)s is recorded.") % {"name": person.current_name})
    if reply.unsaid:
        text = ngettext(
            "%(count)s date is without an answer.",
            "%(count)s dates are without an answer.",
            reply.unsaid,
        )
        messages.info(request, text % {"count": reply.unsaid})
    return True


def poll_paths(admin_view: Callable[..., Any]) -> list[Any]:
    """Return the pages' addresses, for the workshops' admin."""
    pages: dict[str, Callable[..., Any]] = {
        "": poll,
        "edit/": poll_edit,
        "open/": poll_open,
        "ask/": poll_ask,
        "deadline/": poll_deadline,
        "choose/<int:option>/": poll_choose,
        "invitations/<int:invitation>/": poll_reply,
    }
    return [
        path(f"<int:pk>/poll/{step}", admin_view(view), name=f"workshops_workshop_{view.__name__}")
        for step, view in pages.items()
    ]
