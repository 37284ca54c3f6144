"""The secretariat's lists and sheets; what happens to a workshop goes through its process page."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin import LockedAdmin, PortalTabularInline
from core.templatetags.text import date_long, day_long, iso, localized, time_long
from core.widgets import InstantInput
from workshops import admin_views, services
from workshops.admin_forms import AgendaItemForm, DocumentForm, WorkshopForm
from workshops.admin_forms.fields import ParisInstantField
from workshops.admin_registers import KindRulesAdmin, SeriesAdmin, VenueAdmin
from workshops.attendance import admin_views as attendance_views
from workshops.attendance.presence import turnout
from workshops.delays import last_sending_day, short_notice
from workshops.enums import UNCALLED_STATES, WorkshopState
from workshops.minutes import admin as minutes_admin  # noqa: F401 - registers its models
from workshops.models import AgendaItem, Document, Workshop, rules_for
from workshops.polls.admin_views import poll_paths
from workshops.replies import admin as replies_admin  # noqa: F401  (registers its own)

__all__ = ["KindRulesAdmin", "SeriesAdmin", "VenueAdmin", "WorkshopAdmin"]

# Owned by the process page once the workshop is in the agenda.
MOVED_BY_SERVICE = ("starts_at", "ends_at", "venue", "answer_by")


class AgendaItemInline(PortalTabularInline):
    """The agenda's lines."""

    model = AgendaItem
    form = AgendaItemForm
    extra = 1
    fields = ("position", "title_fr", "title_en", "minutes")


class DocumentInline(PortalTabularInline):
    """The documents; a file is kept under a random name and read through a view that asks who reads."""

    model = Document
    form = DocumentForm
    extra = 1
    fields = ("position", "title_fr", "title_en", "audience", "file")


class WhenFilter(admin.SimpleListFilter):
    """Which workshops are to come."""

    title = _("when")
    parameter_name = "quand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice."""
        return [("a-venir", _("To come"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Workshop]) -> QuerySet[Workshop]:
        """Keep those that are not over."""
        return queryset.upcoming() if self.value() == "a-venir" else queryset  # type: ignore[attr-defined, no-any-return]


@admin.register(Workshop)
class WorkshopAdmin(LockedAdmin):
    """Workshops with their answers at a glance."""

    form = WorkshopForm
    change_list_template = "admin/workshops/workshop_change_list.html"
    change_form_template = "admin/workshops/workshop_change_form.html"
    inlines = (AgendaItemInline, DocumentInline)
    list_display = (*("title", "state", "when_and_where", "answers", "follow"),)
    list_filter = (WhenFilter, "state", "kind", "series", "axis", "starts_at")
    list_select_related = ("venue__organisation", "series")
    search_fields = ("title_fr", "title_en", "venue__name", "venue__organisation__name")
    ordering = ("-starts_at", "-id")
    autocomplete_fields = ("venue", "series")
    formfield_overrides = {
        **LockedAdmin.formfield_overrides,
        models.DateTimeField: {"form_class": ParisInstantField, "widget": InstantInput},
    }
    fieldsets = (
        (None, {"fields": ("kind", "series", "title_fr", "title_en", "axis", "state", "slug")}),
        (
            _("When and where"),
            {
                "fields": (
                    *("starts_at", "ends_at", "host", "venue", "capacity"),
                    *("answer_by", "convocation", "organiser"),
                ),
                "description": _(
                    "Times are in Paris time. Once scheduled, a workshop is moved from its process page."
                ),
            },
        ),
        (_("Objectives"), {"fields": ("objectives_fr", "objectives_en")}),
        (_("Publication"), {"fields": ("is_public", "is_demo", "outcome_fr", "outcome_en")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workshop]:
        """With the numbers of answers."""
        return super().get_queryset(request).with_counts()  # type: ignore[attr-defined, no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: Workshop | None = None) -> tuple[str, ...]:
        """State and address are the portal's; dates and venue too once they are in people's calendars."""
        fixed = ("state", "slug", "convocation")
        if obj is None or obj.state == WorkshopState.DRAFT:
            return fixed
        return (*fixed, *MOVED_BY_SERVICE)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Save all or nothing: the disk knows no transaction, so that files of a save that fails are taken off it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except BaseException:
            for file in getattr(request, "new_files", ()):
                if file and file._committed:
                    file.storage.delete(file.name)
            raise

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        """Remember which files are about to be written."""
        if formset.model is Document:
            request.new_files = [row.instance.file for row in formset.forms if row.instance._state.adding]
        super().save_formset(request, form, formset, change)

    def save_model(self, request: HttpRequest, obj: Workshop, form: Any, change: bool) -> None:
        """Save; seats that were added go to the waiting list in the same transaction."""
        super().save_model(request, obj, form, change)
        services.fill_seats(workshop=obj)

    def get_fieldsets(self, request: HttpRequest, obj: Workshop | None = None) -> Any:
        """The host is chosen together with the venue, so not once the venue is fixed."""
        if "venue" not in self.get_readonly_fields(request, obj):
            return super().get_fieldsets(request, obj)
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "host"]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    @admin.display(description=_("last day to send"))
    def convocation(self, workshop: Workshop) -> str:
        """Show until when people can be called with the whole delay of the workshop's kind."""
        if not workshop.kind:
            return "—"
        days = rules_for(workshop.kind).convocation_days
        delay = ngettext("%(count)s clear day", "%(count)s clear days", days) % {"count": days}
        if workshop.starts_at is None:
            return delay
        day = day_long(last_sending_day(timezone.localdate(workshop.starts_at), days))
        warning = (
            short_notice(workshop.starts_at, timezone.now(), days=days) if not workshop.invited_at else ""
        )
        return f"{day} ({delay})" + (f". {warning}" if warning else "")

    def has_delete_permission(self, request: HttpRequest, obj: Workshop | None = None) -> bool:
        """Only a draft disappears; the rest is cancelled."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.state == WorkshopState.DRAFT)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Drafts are deleted one by one: a list's action would not look at each state."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_add(self, request: HttpRequest, obj: Workshop, post_url_continue: str | None = None) -> Any:
        """After a new workshop comes who is invited to it."""
        answer = super().response_add(request, obj, post_url_continue)
        if "_save" in request.POST and answer.status_code == 302:
            return HttpResponseRedirect(reverse("admin:workshops_workshop_process", args=[obj.pk]))
        return answer

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Propose whoever creates it as the organiser."""
        return {"organiser": request.user.pk, **super().get_changeform_initial_data(request)}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An organiser is of the secretariat."""
        if db_field.name == "organiser":
            kwargs["queryset"] = db_field.related_model.objects.filter(is_staff=True, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("workshop"), ordering="title_fr")
    def title(self, workshop: Workshop) -> SafeString:
        """Show the title, then the kind and the series."""
        series = f" · {workshop.series}" if workshop.series else ""
        kind = workshop.get_kind_display()
        return format_html(
            '{}<br><span class="quiet">{}{}</span>', localized(workshop, "title"), kind, series
        )

    @admin.display(description=_("start"), ordering="starts_at")
    def when_and_where(self, workshop: Workshop) -> SafeString | str:
        """Show the start, then the host."""
        host = workshop.venue.organisation.name if workshop.venue else ""
        if workshop.starts_at is None:
            return host or gettext("To be set")
        day, hour = date_long(workshop.starts_at), time_long(workshop.starts_at)
        return format_html(
            '<time datetime="{}"><span>{}</span> <span>{}</span></time>{}',
            iso(workshop.starts_at),
            day,
            hour,
            format_html('<br><span class="quiet">{}</span>', host) if host else "",
        )

    @admin.display(description=_("answers"), ordering="silent")
    def answers(self, workshop: Any) -> SafeString | str:
        """Show how many come, or came; then who has not answered, does not come, or waits for a seat."""
        if workshop.state in UNCALLED_STATES:
            return turnout(workshop)
        others = [
            (_("without an answer: %(count)s"), workshop.silent),
            (_("represented: %(count)s"), workshop.represented),
            (_("excused: %(count)s"), workshop.excused),
            (_("waiting list: %(count)s"), workshop.waiting),
        ]
        said = [(text % {"count": count},) for text, count in others if count]
        return format_html(
            "{}{}", turnout(workshop), format_html_join("", '<br><span class="quiet">{}</span>', said)
        )

    @admin.display(description=_("follow-up"))
    def follow(self, workshop: Workshop) -> SafeString:
        """Link to the process page."""
        url = reverse("admin:workshops_workshop_process", args=[workshop.pk])
        return format_html('<a href="{}">{}</a>', url, _("Follow"))

    def get_urls(self) -> list[Any]:
        """Add the process page and its steps."""
        steps: dict[str, Callable[..., Any]] = {
            "": admin_views.process_detail,
            "invite/": admin_views.process_invite,
            "schedule/": admin_views.process_schedule,
            "send/": admin_views.process_send,
            "move/": admin_views.process_move,
            "cancel/": admin_views.process_cancel,
            "hold/": admin_views.process_hold,
            "duplicate/": admin_views.process_duplicate,
            "series/": admin_views.process_series,
            "host-sheet/": admin_views.process_host_sheet,
            "arrivals/": attendance_views.process_arrivals,
            "arrivals/walk-in/": attendance_views.process_walk_in,
            "arrivals/undo/": attendance_views.process_take_back,
            "arrivals/<int:invitation>/": attendance_views.process_arrive,
            "sheet.pdf": attendance_views.process_sheet,
            "door/": attendance_views.process_door,
            "door/qr.svg": attendance_views.process_door_qr,
            "invitations/<int:invitation>/answer/": admin_views.process_answer,
            "invitations/<int:invitation>/require/": admin_views.process_require,
            "invitations/<int:invitation>/withdraw/": admin_views.process_withdraw,
        }
        own = [
            path(
                f"<int:pk>/process/{step}",
                self.admin_site.admin_view(view),
                name="workshops_workshop_" + (view.__name__ if step else "process"),
            )
            for step, view in steps.items()
        ]
        own.append(
            path(
                "calendar/",
                self.admin_site.admin_view(admin_views.workshop_calendar),
                name="workshops_workshop_calendar",
            )
        )
        own.append(
            path(
                "statistics/",
                self.admin_site.admin_view(attendance_views.workshop_statistics),
                name="workshops_workshop_statistics",
            )
        )
        return own + poll_paths(self.admin_site.admin_view) + super().get_urls()
