"""The secretariat's list of what came in, and its sheet."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core.admin import ReadOnlyAdmin
from core.http import row_number
from outbox.models import Heartbeat
from workshops.models import CalendarReply
from workshops.permissions import can_run_workshops
from workshops.replies import admin_views
from workshops.replies.models import URGENCY
from workshops.replies.services import MAILBOX


@admin.register(CalendarReply)
class CalendarReplyAdmin(ReadOnlyAdmin):
    """What is to be decided first; the sheet decides."""

    change_list_template = "admin/workshops/calendarreply_list.html"
    list_display = ("shown", "shown_state", "sender", "cause", "received_at")
    list_filter = ("state", "received_at")
    search_fields = ("sender", "sender_name", "attendee", "invitation__name")
    ordering = (URGENCY.asc(), "-id")  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarReply]:
        """Without the bytes."""
        return super().get_queryset(request).defer("raw", "text")

    def has_view_permission(self, request: HttpRequest, obj: CalendarReply | None = None) -> bool:
        """Those who run workshops."""
        return can_run_workshops(request.user)

    @admin.display(description=_("message"))
    def shown(self, reply: CalendarReply) -> str:
        """Show the subject, or that there is none."""
        return str(reply)

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, reply: CalendarReply) -> str:
        """Show the state, with a capital."""
        return capfirst(reply.get_state_display())

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add how the mailbox is doing."""
        beat = Heartbeat.objects.filter(name=MAILBOX).first()
        mailbox = {"on": bool(settings.INBOUND_MAILBOX), "read_at": beat.at if beat else None}
        days = settings.INBOUND_RETENTION_DAYS
        return super().changelist_view(
            request, {"mailbox": mailbox, "retention_days": days, **(extra_context or {})}
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the sheet."""
        return admin_views.reply_detail(request, row_number(object_id))

    def get_urls(self) -> list[Any]:
        """Add the two decisions."""
        own = [
            path(
                f"<int:pk>/{verb}/",
                self.admin_site.admin_view(view),
                name=f"workshops_calendarreply_{verb}",
            )
            for verb, view in (("apply", admin_views.reply_apply), ("discard", admin_views.reply_discard))
        ]
        return own + super().get_urls()
