"""What every admin of the portal inherits; and the ledger in the administration site: to be read, by nobody written.

`PortalAdmin` for a model, `PortalTabularInline` and `PortalStackedInline` for the rows below it, `ReadOnlyAdmin` and
`LockedAdmin` where they fit. tests/industrie_positive/test_admin_pages.py walks them all.
"""

import json
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, models
from django.forms import TimeField
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.kinds import kind_label
from core.models import LedgerEntry
from core.templatetags.text import date_long, datetime_long, iso, localized, time_long
from core.widgets import (
    DayField,
    DayInput,
    InstantField,
    InstantInput,
    NamedAutocomplete,
    NamedAutocompleteMultiple,
    NumberInput,
    TimeOfDayInput,
)
from core.workflow import lock

# What the address of a list may ask about a field that is one of its filters.
FILTER_LOOKUPS = ("", "__exact", "__id__exact", "__isnull", "__gte", "__lt")
DATE_LOOKUPS = ("__year", "__month", "__day", "__gte", "__lt")


class _PortalFields(BaseModelAdmin[Any]):
    """Search boxes with a name; dates, times and numbers in the browser's own fields, one for each."""

    formfield_overrides = {
        models.DateTimeField: {"form_class": InstantField, "widget": InstantInput},
        models.DateField: {"form_class": DayField, "widget": DayInput},
        models.TimeField: {"form_class": TimeField, "widget": TimeOfDayInput},
        models.IntegerField: {"widget": NumberInput(attrs={"class": "vIntegerField"})},
        models.DecimalField: {"widget": NumberInput},
    }

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer no deletion beside a field: who chooses an organiser does not mean to delete a person."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = False
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Search with a box that has a name."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", NamedAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Search with a box that has a name."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", NamedAutocompleteMultiple(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class PortalTabularInline(_PortalFields, admin.TabularInline[Any, Any]):
    """Rows below a form, one a line (templates/admin/edit_inline/tabular.html)."""

    extra = 0


class PortalStackedInline(_PortalFields, admin.StackedInline[Any, Any]):
    """Rows below a form, one after the other."""

    extra = 0


class PortalAdmin(_PortalFields, admin.ModelAdmin[Any]):
    """A model in the administration site: titles in words, and no address that asks what the page does not offer."""

    list_per_page = 50
    # Look-ups that links of ours use, besides those of the filters and of the date hierarchy.
    lookups: tuple[str, ...] = ()

    def get_list_display(self, request: HttpRequest) -> Any:
        """Write the dates of the columns as the house does: 1er octobre 2019 à 14 h 30."""
        kinds = {field.name: field for field in self.opts.fields if isinstance(field, models.DateField)}
        columns = super().get_list_display(request)
        return [_dated(kinds[str(name)]) if name in kinds else name for name in columns]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let the address of the list ask what its filters ask, and nothing else.

        Django allows any look-up on the model's own columns: letter by letter, `?text__startswith=` would tell what no
        page shows.
        """
        return lookup in self._lookups(request)

    def _lookups(self, request: HttpRequest | None) -> set[str]:
        allowed = set(self.lookups)
        filters: Any = self.get_list_filter(request) if request else self.list_filter
        for item in filters:
            if isinstance(item, type):
                allowed.add(item.parameter_name)  # type: ignore[attr-defined]
            else:
                path = item if isinstance(item, str) else item[0]
                allowed |= {f"{path}{ending}" for ending in FILTER_LOOKUPS}
        if self.date_hierarchy:
            allowed |= {f"{self.date_hierarchy}{ending}" for ending in DATE_LOOKUPS}
        return allowed

    # --- titles: Django's « Modification de atelier » knows neither gender nor elision ---

    @property
    def names(self) -> tuple[Any, Any]:
        """Return what one row is, and what the list holds; another app's model is given names here."""
        return capfirst(self.opts.verbose_name), capfirst(self.opts.verbose_name_plural)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Call the list by what it lists."""
        plural = self.names[1]
        return super().changelist_view(request, {"title": plural, "plural": plural, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Call the page by its row, with what it is above."""
        obj, (name, plural) = kwargs.get("obj"), self.names
        kicker = name if obj else gettext("New entry")
        context |= {"title": str(obj) if obj else name, "subtitle": None, "kicker": kicker, "plural": plural}
        response = super().render_change_form(request, context, *args, **kwargs)
        if context.get("errors"):
            # As every other page of the portal does; Django says 200.
            response.status_code = 422
        return response

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Say what is about to go."""
        context = {"kicker": gettext("Delete"), "plural": self.names[1], **(extra_context or {})}
        return super().delete_view(request, object_id, context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Say whose history it is."""
        name, plural = self.names
        context = {"kicker": name, "plural": plural, **(extra_context or {})}
        return super().history_view(request, object_id, context)


def _dated(field: Any) -> Any:
    """Return a column of the list that shows a field's day or instant."""

    @admin.display(description=field.verbose_name, ordering=field.name)
    def column(row: Any) -> SafeString | str:
        value = getattr(row, field.name)
        if not value:
            return "—"
        time = time_long(value) if isinstance(value, datetime) else ""
        parts = format_html_join(
            " ", "<span>{}</span>", ((part,) for part in (date_long(value), time) if part)
        )
        return format_html('<time datetime="{}">{}</time>', iso(value), parts)

    column.__name__ = field.name
    return column


def in_language(field: str, description: Any) -> Any:
    """Return a column of a list that shows <field>_fr or <field>_en: the reader's, French where there is no English."""

    @admin.display(description=description, ordering=f"{field}_fr")
    def column(row: Any) -> SafeString | str:
        return localized(row, field)

    column.__name__ = field
    return column


class KindFilter(admin.SimpleListFilter):
    """By kind, in words (core.kinds)."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the kinds that there are."""
        kinds = model_admin.model._default_manager.order_by().values_list("kind", flat=True).distinct()
        return sorted(((kind, kind_label(kind)) for kind in kinds), key=lambda choice: choice[1].casefold())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Keep what was chosen; what is no kind keeps nothing."""
        if self.value() is None:
            return queryset
        known = self.value() in dict(self.lookup_choices)
        return queryset.filter(kind=self.value()) if known else queryset.none()


class ReadOnlyAdmin(PortalAdmin):
    """Lists and shows rows; nobody adds, changes or deletes one here, administrators included."""

    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class LockedAdmin(PortalAdmin):
    """Saves a row as it is when nobody else can change it.

    A form's save writes every column: without the lock, a state that a service changed after the page's query would be
    written back as it was.
    """

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row; to a POST only once its row is locked (Django's view holds a transaction by then)."""
        found = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST" or not connection.in_atomic_block:
            return found
        with suppress(ObjectDoesNotExist):
            lock(found)
        # Read after the lock: the admin's own query may group or join, which no lock can.
        return super().get_object(request, object_id, from_field)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The append-only ledger, the newest first."""

    list_display = ("number", "what", "written_at", "short_hash")
    list_filter = (KindFilter,)
    search_fields = ("=number", "hash")
    search_help_text = _("Search by number or by the beginning of a hash.")
    ordering = ("-number",)
    fields = ("number", "what", "written_at", "content", "previous_hash", "hash")
    readonly_fields = fields

    @admin.display(description=_("fact"), ordering="kind")
    def what(self, entry: LedgerEntry) -> str:
        """Say what happened, in words."""
        return kind_label(entry.kind)

    @admin.display(description=_("at"), ordering="number")
    def written_at(self, entry: LedgerEntry) -> SafeString:
        """Write the instant for people."""
        at = datetime.fromisoformat(entry.at)
        return format_html('<time datetime="{}">{}</time>', iso(at), datetime_long(at))

    @admin.display(description=_("hash"))
    def short_hash(self, entry: LedgerEntry) -> SafeString:
        """Show the hash's beginning, as receipts do."""
        return format_html("<code>{}…</code>", entry.hash[:16])

    @admin.display(description=_("content"))
    def content(self, entry: LedgerEntry) -> SafeString:
        """Show what the hash is over: codes, ids, hashes."""
        written = {"at": entry.at, "kind": entry.kind, **entry.payload}
        return format_html("<pre>{}</pre>", json.dumps(written, indent=2, ensure_ascii=False))
