"""A meeting's decision becomes a task of an action, from its sheet, which says what became of it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.text import date_long
from roadmap.actions.forms import TaskForm
from roadmap.actions.models import ActionTask
from roadmap.actions.permissions import can_change_status
from roadmap.actions.services import add_task
from workshops.minutes.admin_views import render_sheet
from workshops.minutes.outcomes import Outcome, Trace, register
from workshops.models import Decision


def task_of_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a decision a task of an action; its owner and due date come along."""
    decision = get_object_or_404(Decision.objects.with_owner(), pk=pk)
    if not can_change_status(request.user) or decision.minutes.is_draft:
        raise PermissionDenied
    form = TaskForm(request.POST if request.method == "POST" else None, decision=decision)
    if request.method == "POST" and form.is_valid():
        try:
            add_task(decision=decision, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            messages.success(request, _("The decision is a task of the action."))
            return HttpResponseRedirect(reverse("admin:workshops_decision_change", args=[pk]))
    title, status = _("Task of an action"), 422 if form.errors else 200
    return render_sheet(
        request,
        "outcome_add",
        ActionTask,
        title,
        decision.minutes,
        status=status,
        decision=decision,
        form=form,
    )


def _traces(decision: Decision) -> list[Trace]:
    tasks = decision.action_tasks.select_related("action")
    return [
        Trace(
            str(task.action),
            reverse("admin:roadmap_action_change", args=[task.action_id]),
            _("done on %(day)s") % {"day": date_long(task.done_at)} if task.done_at else _("to do"),
        )
        for task in tasks
    ]


def _address(decision: Decision) -> str:
    return reverse("admin:roadmap_action_task", args=[decision.pk])


register(Outcome("task", gettext_lazy("Task of a flagship action"), _traces, TaskForm, _address))
