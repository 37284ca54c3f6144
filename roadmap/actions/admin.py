"""The secretariat's side of the flagship actions: their text, their milestones, and their status with its reason."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin import LockedAdmin, PortalTabularInline, in_language
from core.workflow import TransitionError, history, record
from roadmap.actions.admin_tasks import task_of_decision
from roadmap.actions.forms import StatusForm
from roadmap.actions.models import Action, ActionTask, Milestone
from roadmap.actions.permissions import can_change_status
from roadmap.actions.services import change_status

TITLE = in_language("title", _("title"))


class MilestoneInline(PortalTabularInline):
    """The dated steps."""

    model = Milestone


class TaskInline(PortalTabularInline):
    """What is to be done, with the way back to the decision that asked for it."""

    model = ActionTask
    fields = ("title", "owner", "due_on", "done_at", "source")
    readonly_fields = ("source",)
    autocomplete_fields = ("owner",)

    @admin.display(description=_("decision"))
    def source(self, task: ActionTask) -> str:
        """Link the decision's sheet."""
        if task.decision is None:
            return "—"
        url = reverse("admin:workshops_decision_change", args=[task.decision_id])
        return format_html('<a href="{}">{}</a>', url, task.decision.reference)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ActionTask]:
        """With the decisions that are linked."""
        return super().get_queryset(request).select_related("decision__minutes__workshop")


@admin.register(Action)
class ActionAdmin(LockedAdmin):
    """Flagship actions; the status changes on a page of its own, with a reason."""

    list_display = ("number", TITLE, "axis", "theme", "status", "lead", "is_public", "updated_at")
    list_display_links = ("number", TITLE)
    list_filter = ("status", "axis", "theme", "is_public", "firm_commitment")
    list_select_related = ("axis", "lead")
    search_fields = ("title_fr", "title_en", "lead__name")
    ordering = ("number",)
    autocomplete_fields = ("lead", "partners", "pilot")
    readonly_fields = ("status", "updated_at")
    inlines = (MilestoneInline, TaskInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "number",
                    "slug",
                    "axis",
                    "theme",
                    "status",
                    "firm_commitment",
                    "is_public",
                    "is_demo",
                )
            },
        ),
        (_("In French"), {"fields": ("title_fr", "summary_fr", "description_fr")}),
        (_("In English"), {"fields": ("title_en", "summary_en", "description_en")}),
        (_("Who"), {"fields": ("lead", "partners", "pilot")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Action | None = None) -> tuple[str, ...]:
        """Keep the slug once given: it is the public page's address."""
        return ("slug", "status", "updated_at") if obj else ("status", "updated_at")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Action | None = None) -> Any:
        """Make the slug from the title, the first time only."""
        return {} if obj else {"slug": ("title_fr",)}

    def save_model(self, request: HttpRequest, obj: Action, form: Any, change: bool) -> None:
        """Log the first status with its author."""
        super().save_model(request, obj, form, change)
        if not change:
            record(obj, field="status", source="", target=obj.status, by=request.user)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Keep who marked a task as done."""
        for row in formset.save(commit=False):
            if isinstance(row, ActionTask):
                by: Any = row.done_by or request.user
                row.done_by = by if row.done_at else None
            row.save()
        for row in formset.deleted_objects:
            row.delete()

    def get_urls(self) -> list[URLPattern]:
        """Add the page that changes the status."""
        page = path(
            "<int:pk>/status/", self.admin_site.admin_view(self.status_view), name="roadmap_action_status"
        )
        task = path(
            "decisions/<int:pk>/", self.admin_site.admin_view(task_of_decision), name="roadmap_action_task"
        )
        return [page, task, *super().get_urls()]

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the new status and its reason; 422 with what was typed when something lacks, 409 when it moved."""
        action = get_object_or_404(Action, pk=pk)
        if not can_change_status(request.user):
            raise PermissionDenied
        form = StatusForm(request.POST or None, action=action)
        status = 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    change_status(action=action, by=request.user, **form.cleaned_data)
                except TransitionError as error:
                    status = 409
                    form.add_error(None, str(error))
                else:
                    self.message_user(request, gettext("The status is changed."), messages.SUCCESS)
                    return HttpResponseRedirect(reverse("admin:roadmap_action_change", args=[pk]))
        context = self._status_context(request, action, form)
        return TemplateResponse(request, "admin/roadmap/action/status.html", context, status=status)

    def _status_context(self, request: HttpRequest, action: Action, form: StatusForm) -> dict[str, Any]:
        labels = dict(Action._meta.get_field("status").flatchoices)
        changes = [
            {
                "log": log,
                "source": labels.get(log.from_state, ""),
                "target": labels.get(log.to_state, log.to_state),
            }
            for log in history(action)
        ]
        return {
            **self.admin_site.each_context(request),
            "title": gettext("Change the status"),
            "opts": self.opts,
            "action": action,
            "form": form,
            "changes": changes,
        }
