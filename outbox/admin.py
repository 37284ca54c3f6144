"""The secretariat's window on what the portal mailed: read, find, send again."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core import workflow
from core.admin import KindFilter, PortalAdmin
from core.kinds import kind_label
from core.templatetags.text import datetime_long
from outbox import permissions, services
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from outbox.showing import as_read, masked


def _is_readable(email: OutboxEmail) -> bool:
    """Tell whether a message may be read here: not what lets in as somebody else, past their vote."""
    return settings.DEMO_ACCOUNTS or not email.opens_account


def _source(email: OutboxEmail, source: str, label: str) -> SafeString | str:
    """Show a part as its source, without secrets: what a mail contains never runs in the admin."""
    if not source or not _is_readable(email):
        return ""
    return format_html(
        '<textarea readonly rows="12" cols="90" aria-label="{}">\n{}</textarea>', label, masked(source)
    )


@admin.register(OutboxEmail)
class OutboxEmailAdmin(PortalAdmin):
    """A list to search and a message to read; the one action sends again."""

    list_display = ("subject", "to", "what", "progress", "created_at")
    list_filter = ("state", KindFilter, "error_class", "created_at")
    search_fields = ("to",)
    ordering = ("-id",)
    search_help_text = _("Search by the recipient’s address.")
    show_full_result_count = False
    actions = ("resend",)
    fieldsets = (
        (None, {"fields": ("subject", "to", "recipient", "what", "created_at", "shown_text")}),
        (_("Delivery"), {"fields": ("state", "attempts", "next_attempt_at", "sent_at", "history")}),
        (_("Failure"), {"fields": ("error_class", "smtp_code", "error_detail")}),
        (
            _("Technical"),
            {
                "classes": ("collapse",),
                "fields": (
                    *("key", "sequence", "language", "claimed_at", "cancel_requested"),
                    *("message_id", "in_reply_to", "reply_to", "way_out"),
                    *("calendar_method", "shown_calendar", "shown_html"),
                ),
            },
        ),
    )
    readonly_fields = ("shown_text", "shown_html", "shown_calendar", "history", "what", "way_out")

    def get_fieldsets(self, request: HttpRequest, obj: OutboxEmail | None = None) -> Any:
        """Speak of a failure where there was one."""
        parts = super().get_fieldsets(request, obj)
        return parts if obj and obj.error_class else [part for part in parts if part[0] != _("Failure")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes a message by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutboxEmail | None = None) -> bool:
        """Nobody edits a message."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutboxEmail | None = None) -> bool:
        """Nobody removes a message."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: OutboxEmail | None = None) -> bool:
        """Those with the permission read."""
        return permissions.can_view_outbox(request.user)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Those with the permission send again (asked by the action)."""
        return permissions.can_resend_email(request.user)

    @admin.display(description=_("kind"), ordering="kind")
    def what(self, email: OutboxEmail) -> str:
        """Say what sort of message it is, in words."""
        return kind_label(email.kind)

    @admin.display(description=_("state"), ordering="state")
    def progress(self, email: OutboxEmail) -> SafeString | str:
        """Say how far it is, and why no further."""
        if not email.error_class:
            return capfirst(email.get_state_display())
        return format_html(
            '{}<br><span class="quiet">{}</span>',
            capfirst(email.get_state_display()),
            email.get_error_class_display(),
        )

    @admin.display(description=_("text"))
    def shown_text(self, email: OutboxEmail) -> SafeString | str:
        """Show the text as the recipient reads it, without their secrets; nothing of what opens their account."""
        if not _is_readable(email):
            return str(_("Not shown: this message opens somebody’s account."))
        return as_read(email.text, language=email.language)

    @admin.display(description=_("HTML"))
    def shown_html(self, email: OutboxEmail) -> SafeString | str:
        """Show the HTML as source."""
        return _source(email, email.html, str(_("HTML")))

    @admin.display(description=_("calendar entry"))
    def shown_calendar(self, email: OutboxEmail) -> SafeString | str:
        """Show the calendar object as source."""
        return _source(email, email.calendar_text, str(_("calendar entry")))

    @admin.display(description=_("unsubscribe address"))
    def way_out(self, email: OutboxEmail) -> str:
        """Show where the recipient refuses this kind, without what makes it theirs."""
        return masked(email.unsubscribe_url) or "—"

    @admin.display(description=_("history"))
    def history(self, email: OutboxEmail) -> SafeString | str:
        """List the state changes with their authors and reasons."""
        labels = dict(EmailState.choices)
        lines = [
            (
                datetime_long(log.at),
                labels.get(log.from_state, log.from_state),  # type: ignore[call-overload]
                labels.get(log.to_state, log.to_state),  # type: ignore[call-overload]
                f"— {log.by}" if log.by else "",
                log.reason,
            )
            for log in workflow.history(email)
        ]
        if not lines:
            return "—"
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{} — {} → {} {} {}</li>", lines))

    @admin.action(description=_("Send again…"), permissions=["resend"])
    def resend(self, request: HttpRequest, emails: QuerySet[OutboxEmail]) -> HttpResponse | None:
        """Ask for a confirmation that warns about messages already sent, then queue them again."""
        if "confirmed" not in request.POST:
            return self._confirmation(request, emails)
        done = 0
        for email in emails.order_by("id"):
            try:
                services.resend_email(email=email, by=request.user)
                done += 1
            except workflow.TransitionError as error:
                self.message_user(request, f"{email}: {error}", messages.WARNING)
        if done:
            text = ngettext(
                "%(count)s message will be sent again.", "%(count)s messages will be sent again.", done
            )
            self.message_user(request, text % {"count": done}, messages.SUCCESS)
        return None

    def _confirmation(self, request: HttpRequest, emails: QuerySet[OutboxEmail]) -> HttpResponse:
        chosen = list(emails.order_by("id"))
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Send again?"),
            "opts": self.model._meta,
            "emails": chosen,
            "already_sent": [email for email in chosen if email.state == EmailState.SENT],
            "resendable": [email for email in chosen if services.is_resendable(email)],
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "outbox/email_resend.html", context)
