"""Minutes, decisions and corrections in the administration site: lists, and pages of their own."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from core.http import row_number
from core.templatetags.text import localized_text
from workshops.minutes import admin_views
from workshops.minutes.enums import CorrectionState, DecisionState
from workshops.minutes.models import Correction, Decision, Minutes
from workshops.minutes.record import owner_label


@admin.register(Minutes)
class MinutesAdmin(ReadOnlyAdmin):
    """Minutes, the latest meeting first; each opens the page where it is typed."""

    list_display = ("workshop", "state", "corrections_close_at", "pending", "approved_at")
    list_filter = ("state", "workshop__kind", "workshop__series")
    list_select_related = ("workshop",)
    search_fields = ("workshop__title_fr", "workshop__title_en")
    ordering = ("-workshop__starts_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Minutes]:
        """With the number of corrections to be decided."""
        waiting = Q(sections__corrections__state=CorrectionState.PENDING)
        return super().get_queryset(request).annotate(waiting=Count("sections__corrections", filter=waiting))

    @admin.display(description=_("corrections to be decided"), ordering="waiting")
    def pending(self, minutes: Any) -> int:
        """Show how many corrections wait."""
        return int(minutes.waiting)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page where the minutes are typed."""
        return admin_views.edit(request, row_number(object_id))

    def get_urls(self) -> list[URLPattern]:
        """Add the steps."""
        steps = {
            "create/<int:pk>/": ("create", admin_views.create),
            "<int:pk>/circulate/": ("circulate", admin_views.circulate),
            "<int:pk>/approve/": ("approve", admin_views.approve),
            "<int:pk>/decisions/add/": ("decision_add", admin_views.decision_add),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"workshops_minutes_{name}")
            for route, (name, view) in steps.items()
        ]
        return [*own, *super().get_urls()]


class DueFilter(admin.SimpleListFilter):
    """Which open decisions are late."""

    title = _("due date")
    parameter_name = "echeance"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the one choice."""
        return [("retard", _("Late"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Decision]) -> QuerySet[Decision]:
        """Keep the late ones."""
        if self.value() != "retard":
            return queryset
        return queryset.filter(state=DecisionState.OPEN, due_on__lt=timezone.localdate())


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Decisions of all meetings, the first due first."""

    list_display = ("reference", "short", "owner", "due_on", "state")
    list_display_links = ("reference", "short")
    list_filter = (
        "state",
        DueFilter,
        "minutes__workshop__kind",
        ("organisation", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("person", "organisation", "minutes__workshop")
    search_fields = ("text_fr", "text_en", "organisation__name", "person__last_name")
    ordering = ("due_on", "id")

    @admin.display(description=_("decision"))
    def short(self, decision: Decision) -> str:
        """Give the beginning of the text."""
        return truncatechars(localized_text(decision, "text"), 100)

    @admin.display(description=_("in charge"), ordering="organisation__sort_name")
    def owner(self, decision: Decision) -> str:
        """Say who carries it out."""
        return owner_label(decision, names=True) or "—"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The decision's sheet."""
        return admin_views.decision_sheet(request, row_number(object_id))


@admin.register(Correction)
class CorrectionAdmin(ReadOnlyAdmin):
    """Corrections that attendees ask for, those to be decided first."""

    list_display = ("section", "workshop", "who", "organisation", "state", "created_at")
    list_filter = ("state",)
    list_select_related = ("section__minutes__workshop", "author", "invitation__person", "organisation")
    search_fields = (
        "section__title_fr",
        "section__title_en",
        "author__last_name",
        "invitation__name",
        "organisation__name",
    )
    ordering = ("-state", "id")

    @admin.display(description=_("author"))
    def who(self, correction: Correction) -> str:
        """Name the person, or the guest."""
        return correction.author_name

    @admin.display(description=_("workshop"))
    def workshop(self, correction: Correction) -> str:
        """Say in the minutes of which meeting."""
        return str(correction.section.minutes)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The correction, marked word by word."""
        return admin_views.correction_sheet(request, row_number(object_id))
