"""Wishes to be erased: the secretariat's page. The erasing joins all apps, so the page is here."""

from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import PortalAdmin
from core.http import conflict, row_number
from core.workflow import TransitionError, history
from industrie_positive.erasure import erase
from industrie_positive.personal_data import tables
from members.enums import ErasureState
from members.invitations import ERASED_DOMAIN
from members.models import ErasureRequest
from members.permissions import can_handle_erasure
from members.privacy import ErasureError, obstacles, open_request, refuse_erasure, request_erasure


class _Line(NamedTuple):
    at: datetime
    label: str
    by: Any


class HandlingForm(forms.Form):
    """Erase, said twice, or refuse, with a reason."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[("refuse", gettext_lazy("Refuse")), ("erase", gettext_lazy("Erase for ever"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason of the refusal, mailed to the person"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sure = forms.BooleanField(
        label=gettext_lazy("I have checked who asks; this cannot be undone"), required=False
    )

    def clean(self) -> dict[str, Any]:
        """Ask for what the decision needs."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("decision") == "refuse" and not data.get("reason"):
            self.add_error("reason", _("Give the reason: the person will receive it."))
        if data.get("decision") == "erase" and not data.get("sure"):
            self.add_error("sure", _("Confirm: what is erased cannot be brought back."))
        return data


class PaperForm(forms.ModelForm[ErasureRequest]):
    """A request that came by letter or by mail."""

    def clean_person(self) -> Any:
        """Refuse what the service would: somebody erased, or a second open request."""
        person = self.cleaned_data["person"]
        if person.email.endswith(ERASED_DOMAIN):
            raise forms.ValidationError(_("This person has been erased."))
        if open_request(person):
            raise forms.ValidationError(_("This person has an open request already."))
        return person


@admin.register(ErasureRequest)
class ErasureRequestAdmin(PortalAdmin):
    """Wishes to be erased, asked in the space or on paper; a request's page is where it is handled."""

    form = PaperForm
    list_display = ("person", "state", "created_at", "handled_at", "number")
    list_filter = ("state",)
    list_select_related = ("person",)
    search_fields = ("person__last_name", "person__first_name", "person__email")
    search_help_text = gettext_lazy("Search by name or e-mail address.")
    autocomplete_fields = ("person",)
    fields = ("person", "message")

    def has_delete_permission(self, request: HttpRequest, obj: ErasureRequest | None = None) -> bool:
        """Keep them: they say under which pseudonym the record goes on."""
        return False

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so when the person was erased, or asked, after the form was judged."""
        try:
            return super().add_view(request, *args, **kwargs)
        except ErasureError as error:
            return conflict(request, str(error), back=request.path)

    def save_model(self, request: HttpRequest, obj: ErasureRequest, form: Any, change: bool) -> None:
        """Write a request that came on paper or by mail, as the service does."""
        made = request_erasure(person=obj.person, message=obj.message, by=request.user)
        obj.pk, obj.state = made.pk, made.state

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what the person's data are, and decide."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(ErasureRequest.objects.select_related("person"), pk=row_number(object_id))
        allowed = can_handle_erasure(request.user, row.person) and row.state == ErasureState.OPEN
        if request.method == "POST" and not allowed:
            raise PermissionDenied
        form = HandlingForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            return self._decide(request, row, form.cleaned_data)
        states = dict(ErasureState.choices)
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "row": row,
            "form": form if allowed else None,
            "obstacles": obstacles(row.person) if row.state == ErasureState.OPEN else [],
            "held": tables(row.person) if row.state == ErasureState.OPEN else [],
            "history": [
                _Line(log.at, str(states.get(log.to_state, log.to_state)), log.by) for log in history(row)
            ],
        }
        status = 422 if form.errors else 200
        return render(request, "admin/members/erasure_handle.html", context, status=status)

    def _decide(self, request: HttpRequest, row: ErasureRequest, data: dict[str, Any]) -> HttpResponse:
        try:
            if data["decision"] == "erase":
                done = erase(request=row, by=request.user)
                text = _("Erased: the record keeps “%(name)s”.") % {"name": done.person}
            else:
                refuse_erasure(request=row, by=request.user, reason=data["reason"])
                text = _("Refused: the person receives the reason.")
        except (ErasureError, TransitionError) as error:
            return conflict(request, str(error), back=request.path)
        messages.success(request, text)
        return HttpResponseRedirect(reverse("admin:members_erasurerequest_changelist"))
