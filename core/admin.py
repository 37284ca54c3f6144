"""What the apps' admins share, and the ledger in the administration site: to be read, by nobody written."""

import json
from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from core.models import LedgerEntry
from core.workflow import lock


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


class LockedAdmin(admin.ModelAdmin[Any]):
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
