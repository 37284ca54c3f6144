"""Change requests on the roadmap: made from a meeting's decision, on its sheet; answered in their list."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import ReadOnlyAdmin
from core.http import row_number
from core.workflow import TransitionError
from roadmap.drafting.forms import RequestForm, SettleRequestForm, explain
from roadmap.drafting.models import ChangeRequest
from roadmap.drafting.permissions import can_handle_change_requests
from roadmap.drafting.services import create_change_request, settle_change_request
from workshops.minutes.admin_views import render_sheet
from workshops.minutes.outcomes import Outcome, Trace, register
from workshops.models import Decision

TITLE = gettext_lazy("Change request on the roadmap")


def request_of_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a change request of a decision."""
    decision = get_object_or_404(Decision.objects.with_owner(), pk=pk)
    if not can_handle_change_requests(request.user) or decision.minutes.is_draft:
        raise PermissionDenied
    form = RequestForm(request.POST if request.method == "POST" else None, decision=decision)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                create_change_request(decision=decision, by=request.user, **form.cleaned_data)
            except ValidationError as error:
                status = explain(form, error)
            else:
                messages.success(request, _("The change is asked of whoever writes the working version."))
                return HttpResponseRedirect(reverse("admin:workshops_decision_change", args=[pk]))
    return render_sheet(
        request,
        "outcome_add",
        ChangeRequest,
        TITLE,
        decision.minutes,
        status=status,
        decision=decision,
        form=form,
    )


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    """What decisions ask to change in the roadmap, for whoever writes the working version."""

    list_display = ("text", "label", "decision", "state")
    list_filter = ("state",)
    list_select_related = ("decision__minutes__workshop",)
    search_fields = ("text", "label")
    ordering = ("-id",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Say what became of a request, with the reason."""
        if not can_handle_change_requests(request.user):
            raise PermissionDenied
        rows = ChangeRequest.objects.select_related("decision__minutes__workshop")
        asked = get_object_or_404(rows, pk=row_number(object_id))
        form = SettleRequestForm(request.POST if request.method == "POST" else None)
        status = 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    settle_change_request(asked=asked, by=request.user, **form.cleaned_data)
                except TransitionError as error:
                    status = explain(form, error)
                else:
                    self.message_user(request, _("Saved."), messages.SUCCESS)
                    return HttpResponseRedirect(request.path)
        context = {"decision": asked.decision, "asked": asked, "form": form}
        return render_sheet(
            request, "change_request", ChangeRequest, TITLE, asked.decision.minutes, status=status, **context
        )

    def get_urls(self) -> list[URLPattern]:
        """Add the page that makes one of a decision."""
        page = path(
            "decisions/<int:pk>/",
            self.admin_site.admin_view(request_of_decision),
            name="roadmap_changerequest_of_decision",
        )
        return [page, *super().get_urls()]


def _traces(decision: Decision) -> list[Trace]:
    return [
        Trace(
            f"{asked.text} (§ {asked.label})" if asked.label else asked.text,
            reverse("admin:roadmap_changerequest_change", args=[asked.pk]),
            str(asked.get_state_display()),
        )
        for asked in decision.change_requests.all()
    ]


def _address(decision: Decision) -> str:
    return reverse("admin:roadmap_changerequest_of_decision", args=[decision.pk])


register(Outcome("request", TITLE, _traces, RequestForm, _address))
