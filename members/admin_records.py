"""Admin pages whose every change is remembered with its author and reason, and read again on a history page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.admin import LockedAdmin
from core.http import conflict, paginate
from members.history import TRACKED, changes_of, readable, record_change, record_removal, snapshot
from members.mandate_forms import reason_field

# What one page of a history shows.
CHANGES_A_PAGE = 50


class RecordedForm(forms.ModelForm[Any]):
    """A form that asks why: compulsory for a change, free for a new row."""

    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:
            self.fields["reason"].required = self.instance.pk is not None


class RecordedAdmin(LockedAdmin):
    """An admin of one of the registers: give it `fields` or `get_fieldsets`, without the reason."""

    form = RecordedForm
    delete_confirmation_template = "admin/members/removal.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the reason at the end, where something may be changed."""
        return self.with_reason(request, obj, super().get_fieldsets(request, obj))

    def with_reason(self, request: HttpRequest, obj: Any, fieldsets: Any) -> Any:
        """Add the reason to some fieldsets."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        if not may or "reason" in flatten_fieldsets(fieldsets):
            return fieldsets
        return [*fieldsets, (None, {"fields": ("reason",)})]

    def get_actions(self, request: HttpRequest) -> Any:
        """Take the bulk removal away: each is confirmed and explained on its own."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Say so when somebody else was faster and the database refuses what the form could still allow."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            return conflict(
                request, _("Somebody else has just written what contradicts this."), back=request.path
            )

    # --- writing ---

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep what was there before, under the row's lock."""
        rows = type(obj)._default_manager.select_for_update(no_key=True, of=("self",))
        form.before = snapshot(rows.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write the change once its lists are saved."""
        super().save_related(request, form, formsets, change)
        record_change(
            form.instance,
            before=form.before,
            after=snapshot(form.instance),
            by=request.user,
            reason=form.cleaned_data.get("reason", ""),
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows below the form, and write what became of each."""
        if formset.model not in TRACKED:
            super().save_formset(request, form, formset, change)
            return
        reason = form.cleaned_data.get("reason", "")
        saved = formset.save(commit=False)
        for row in formset.deleted_objects:
            record_removal(row, by=request.user, reason=reason)
            row.delete()
        for row in saved:
            before = snapshot(formset.model.objects.get(pk=row.pk)) if row.pk else None
            row.save()
            record_change(row, before=before, after=snapshot(row), by=request.user, reason=reason)
        formset.save_m2m()

    # --- removing ---

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Ask why before anything is removed."""
        if request.method == "POST" and not request.POST.get("reason", "").strip():
            messages.error(request, _("Say why: the reason is kept in the history."))
            return HttpResponseRedirect(request.path)
        return super().delete_view(request, object_id, extra_context)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Write the removal, then remove."""
        record_removal(obj, by=request.user, reason=request.POST.get("reason", "")[:1000])
        super().delete_model(request, obj)

    # --- reading ---

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what was changed, when, by whom and why, in words."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        page = paginate(changes_of(obj), request, CHANGES_A_PAGE)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(name)s") % {"name": obj},
            "opts": self.opts,
            "object": obj,
            "page": page,
            "changes": readable(page.object_list),
        }
        return render(request, "admin/members/changes.html", context)
