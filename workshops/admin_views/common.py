"""What the steps of the process page share: who may, where it is, say what came of it, confirm before it is done."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.workflow import TransitionError
from workshops import services
from workshops.models import Invitation, Workshop
from workshops.permissions import can_run_workshops

REFUSALS = (services.WorkshopError, TransitionError)


def workshop_of(request: HttpRequest, pk: int) -> Workshop:
    """Return the workshop of a process page, for whoever may run it."""
    if not can_run_workshops(request.user):
        raise PermissionDenied
    return get_object_or_404(Workshop.objects.with_place(), pk=pk)


def invitation_of(request: HttpRequest, pk: int, invitation: int) -> Invitation:
    """Return an invitation of a workshop, for whoever may run it."""
    workshop = workshop_of(request, pk)
    row = get_object_or_404(workshop.invitations.select_related("person", "organisation"), pk=invitation)
    row.workshop = workshop
    return row


def page_of(workshop: Workshop) -> str:
    """Return the process page's address."""
    return reverse("admin:workshops_workshop_process", args=[workshop.pk])


STEPS = {
    "process_detail": _("Invite, follow"),
    "process_move": _("Move"),
    "process_cancel": _("Cancel the workshop"),
    "process_series": _("Plan a series"),
    "process_duplicate": _("Duplicate"),
    "process_answer": _("Record an answer"),
    "process_withdraw": _("Withdraw"),
    "process_arrivals": _("Arrivals"),
    "process_door": _("Code at the door"),
    "poll_detail": _("Date poll"),
    "poll_edit": _("Propose dates"),
    "poll_deadline": _("Extend the deadline"),
    "poll_reply": _("Record a reply"),
}


def render_step(
    request: HttpRequest, name: str, workshop: Workshop, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a step of the process with what all of them show."""
    shared = {
        **admin.site.each_context(request),
        "opts": Workshop._meta,
        "workshop": workshop,
        "process_url": page_of(workshop),
        "title": str(workshop),
        "kicker": STEPS[name],
    }
    return render(request, f"admin/workshops/{name}.html", shared | context, status=status)


def do(request: HttpRequest, workshop: Workshop, act: Callable[[], str]) -> HttpResponse:
    """Run a one-button action, say what came of it on the process page, and go back there."""
    try:
        messages.success(request, act())
    except REFUSALS as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(page_of(workshop))


def rehearse(act: Callable[[], int]) -> int:
    """Run a service and undo it: the exact errors, and the exact number of mails, before anybody confirms."""
    with transaction.atomic():
        count = act()
        transaction.set_rollback(True)
    return count


def confirmed_form(
    request: HttpRequest,
    workshop: Workshop,
    form: Form,
    act: Callable[[], int],
    template: str,
    done: Callable[[int], str],
) -> HttpResponse:
    """Form, then what would happen, then do it."""
    if request.method != "POST":
        return render_step(request, template, workshop, form=form)
    confirmed = "confirm" in request.POST
    if form.is_valid():
        try:
            count = act() if confirmed else rehearse(act)
        except services.WorkshopError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except TransitionError as error:
            form.add_error(None, str(error))
        else:
            if not confirmed:
                return render_step(request, template, workshop, form=form, confirm=True, count=count)
            messages.success(request, done(count))
            return HttpResponseRedirect(page_of(workshop))
    return render_step(request, template, workshop, status=422, form=form)
