"""What workshops refer to, in the administration site: venues, series, the rules of each kind."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin import LockedAdmin, PortalAdmin
from workshops.admin_forms import KindRulesForm, VenueForm
from workshops.models import KindRules, Series, Venue


@admin.register(Venue)
class VenueAdmin(PortalAdmin):
    """Rooms and members' sites."""

    form = VenueForm
    list_display = ("name", "organisation", "commune", "is_site", "capacity")
    list_filter = ("commune",)
    list_select_related = ("organisation", "commune")
    search_fields = ("name", "organisation__name", "address")
    autocomplete_fields = ("organisation", "commune")
    ordering = ("organisation__sort_name", "name")


@admin.register(Series)
class SeriesAdmin(PortalAdmin):
    """Workshops that belong together."""

    list_display = ("name_fr", "name_en", "workshop_count")
    search_fields = ("name_fr", "name_en")
    ordering = ("name_fr",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Series]:
        """With the number of workshops."""
        return super().get_queryset(request).annotate(count=Count("workshops"))  # type: ignore[no-any-return]

    @admin.display(description=_("workshops"), ordering="count")
    def workshop_count(self, series: Any) -> int:
        """Show how many workshops it has."""
        return int(series.count)


@admin.register(KindRules)
class KindRulesAdmin(LockedAdmin):
    """Delays and reminders of each kind of workshop."""

    form = KindRulesForm
    list_display = (
        "kind",
        "convocation_days",
        "silent_days",
        "attending_hours",
        "proxies_allowed",
        "corrections_days",
    )
    fieldsets = (
        (
            None,
            {
                "fields": ("kind",),
                "description": _(
                    "A kind without rules of its own follows the portal’s settings. A change counts at once, for the "
                    "workshops already called too; nobody is reminded twice for one date because of it."
                ),
            },
        ),
        (_("Convocation"), {"fields": ("convocation_days",)}),
        (_("Reminders"), {"fields": ("silent_days", "attending_hours")}),
        (_("The meeting and its minutes"), {"fields": ("proxies_allowed", "corrections_days")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: KindRules | None = None) -> tuple[str, ...]:
        """Rules do not move from kind to kind."""
        return ("kind",) if obj else ()
