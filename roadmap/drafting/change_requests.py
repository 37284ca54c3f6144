"""A meeting's decision becomes a change request on the roadmap: made from the decision's sheet, answered here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import ReadOnlyAdmin
from core.http import row_number
from core.workflow import TransitionError, transition
from roadmap.drafting.enums import ChangeRequestState, VersionStatus
from roadmap.drafting.models import Block, ChangeRequest
from roadmap.drafting.permissions import can_handle_change_requests
from workshops.minutes.outcomes import Outcome, Trace, register
from workshops.models import Decision


def create_change_request(*, decision: Decision, text: str, label: str, by: Any) -> ChangeRequest:
    """Ask for a change of the roadmap in the name of a decision; return the request.

    Raises PermissionDenied, and ValidationError (nothing asked, no such passage in the working version, asked already).
    """
    if not can_handle_change_requests(by):
        raise PermissionDenied
    blocks = Block.objects.filter(version__status=VersionStatus.WORKING, label=label)
    if label and not blocks.exists():
        raise ValidationError({"label": _("The working version has no passage of this number.")})
    asked = ChangeRequest(decision=decision, text=text.strip(), label=label)
    asked.full_clean()
    try:
        with transaction.atomic():
            asked.save()
    except IntegrityError as error:
        raise ValidationError(_("This decision asks for a change of this passage already.")) from error
    return asked


def settle_change_request(*, asked: ChangeRequest, state: str, reason: str, by: Any) -> ChangeRequest:
    """Say what became of a change request, with the reason; return it.

    Raises PermissionDenied, ValidationError without a reason, TransitionError when it was answered already.
    """
    if not can_handle_change_requests(by):
        raise PermissionDenied
    reason = reason.strip()[:2000]
    if not reason:
        raise ValidationError(_("Give the reason."), code="reason")
    return transition(asked, state, by=by, reason=reason, status_reason=reason)


class RequestForm(forms.Form):
    """What to change, and where."""

    text = forms.CharField(
        label=gettext_lazy("Change asked"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    label = forms.CharField(
        label=gettext_lazy("Passage"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("Its number in the working version (1, 1.2 or 1.2.3); blank: the whole text."),
    )

    def __init__(self, data: Any = None, *, decision: Decision) -> None:
        super().__init__(data, initial={"text": decision.text_fr}, prefix="request")


class SettleRequestForm(forms.Form):
    """What became of it, and why."""

    state = forms.ChoiceField(
        label=gettext_lazy("What became of it"),
        choices=[
            (state.value, state.label) for state in (ChangeRequestState.TAKEN, ChangeRequestState.DECLINED)
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


def request_of_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a change request of a decision."""
    decision = get_object_or_404(Decision.objects.with_owner(), pk=pk)
    if not can_handle_change_requests(request.user) or decision.minutes.is_draft:
        raise PermissionDenied
    form = RequestForm(request.POST if request.method == "POST" else None, decision=decision)
    if request.method == "POST" and form.is_valid():
        try:
            create_change_request(decision=decision, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            _explain(form, error)
        else:
            messages.success(request, _("The change is asked of whoever writes the working version."))
            return HttpResponseRedirect(reverse("admin:workshops_decision_change", args=[pk]))
    return _render(request, decision, form, "outcome_add", _("Change request on the roadmap"))


def _explain(form: forms.Form, error: ValidationError) -> None:
    named = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for field, texts in named.items():
        for text in texts:
            form.add_error(field if field in form.fields else None, text)


def _render(
    request: HttpRequest, decision: Decision, form: forms.Form | None, name: str, title: str, **more: Any
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "opts": ChangeRequest._meta,
        "title": title,
        "decision": decision,
        "minutes": decision.minutes,
        "workshop": decision.minutes.workshop,
        "form": form,
        **more,
    }
    status = more.get("status", 422 if form and form.errors else 200)
    return render(request, f"admin/workshops/minutes/{name}.html", context, status=status)


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
                    form.add_error(None, str(error))
                    status = 409
                else:
                    self.message_user(request, _("Saved."), messages.SUCCESS)
                    return HttpResponseRedirect(request.path)
        title = _("Change request on the roadmap")
        return _render(request, asked.decision, form, "change_request", title, asked=asked, status=status)

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


register(Outcome("request", gettext_lazy("Change request on the roadmap"), _traces, RequestForm, _address))
