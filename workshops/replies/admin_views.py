"""The sheet of a reply: what arrived, why it waits, what may be done with it."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.workflow import TransitionError, history
from workshops.models import CalendarReply, Workshop
from workshops.permissions import can_run_workshops
from workshops.replies import services
from workshops.replies.enums import ReplyCause, ReplyState
from workshops.replies.forms import ApplyForm, DiscardForm
from workshops.services import WorkshopError


def _reply(request: HttpRequest, pk: int) -> CalendarReply:
    """Return the reply of a sheet, for whoever may decide about it."""
    if not can_run_workshops(request.user):
        raise PermissionDenied
    rows = CalendarReply.objects.select_related("invitation__workshop", "invitation__organisation", "person")
    return get_object_or_404(rows, pk=pk)


@require_safe
def reply_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a reply; while it is undecided, the two forms."""
    reply = _reply(request, pk)
    return _sheet(request, reply, ApplyForm(reply=reply), DiscardForm())


def _sheet(
    request: HttpRequest, reply: CalendarReply, apply: ApplyForm, discard: DiscardForm, *, status: int = 200
) -> HttpResponse:
    states, causes = dict(ReplyState.choices), dict(ReplyCause.choices)
    log = [
        {
            "at": entry.at,
            "by": entry.by,
            "state": states.get(entry.to_state, entry.to_state),
            "reason": ""
            if entry.reason in causes or entry.reason.startswith("invitation:")
            else entry.reason,
        }
        for entry in history(reply)
    ]
    context = {
        **admin.site.each_context(request),
        "opts": CalendarReply._meta,
        "title": str(reply),
        "reply": reply,
        "workshop": _workshop(reply),
        "apply_form": apply,
        "discard_form": discard,
        "has_candidates": apply.fields["invitation"].queryset.exists(),  # type: ignore[attr-defined]
        "log": log,
    }
    return render(request, "admin/workshops/calendarreply_detail.html", context, status=status)


def _workshop(reply: CalendarReply) -> Workshop | None:
    if reply.invitation:
        return reply.invitation.workshop
    return Workshop.objects.filter(uid=reply.uid).first() if reply.uid else None


@require_POST
def reply_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the reply as somebody's answer."""
    reply = _reply(request, pk)
    form = ApplyForm(request.POST, reply=reply)
    if form.is_valid():
        chosen = form.cleaned_data["invitation"]
        try:
            services.apply_reply(
                reply=reply, invitation=chosen, answer=form.cleaned_data["answer"], by=request.user
            )
        except WorkshopError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except TransitionError as error:
            return _decided(request, reply, error)
        else:
            return _done(request, _("The answer of %(name)s is recorded.") % {"name": chosen.current_name})
    return _sheet(request, reply, form, DiscardForm(), status=422)


@require_POST
def reply_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the reply aside."""
    reply = _reply(request, pk)
    form = DiscardForm(request.POST)
    if form.is_valid():
        try:
            services.discard_reply(reply=reply, reason=form.cleaned_data["reason"], by=request.user)
        except WorkshopError as error:
            form.add_error("reason", str(error))
        except TransitionError as error:
            return _decided(request, reply, error)
        else:
            return _done(request, _("The message is set aside."))
    return _sheet(request, reply, ApplyForm(reply=reply), form, status=422)


def _done(request: HttpRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return HttpResponseRedirect(reverse("admin:workshops_calendarreply_changelist"))


def _decided(request: HttpRequest, reply: CalendarReply, error: TransitionError) -> HttpResponse:
    """Somebody else was quicker: say so on the sheet, which no longer asks."""
    messages.error(request, str(error))
    return HttpResponseRedirect(reverse("admin:workshops_calendarreply_change", args=[reply.pk]))
