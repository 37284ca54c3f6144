"""The ledger in the administration site: to be read, by nobody written."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.models import LedgerEntry


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
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


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The append-only ledger, the newest first."""

    list_display = ("number", "kind", "at", "hash")
    list_filter = ("kind",)
    search_fields = ("=number", "hash")
    ordering = ("-number",)
    fields = ("number", "kind", "at", "content", "previous_hash", "hash")
    readonly_fields = fields

    @admin.display(description=_("content"))
    def content(self, entry: LedgerEntry) -> SafeString:
        """Show the payload: ids and hashes."""
        return format_html("<pre>{}</pre>", json.dumps(entry.payload, indent=2, ensure_ascii=False))
