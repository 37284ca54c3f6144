"""The first page of the administration site: what waits for the secretariat, and the lists in the order of its work."""

from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from members.models import ErasureRequest
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from roadmap.approval.models import Approval
from roadmap.drafting.models import Comment
from showcase.enums import PageState
from showcase.models import CompanyPage
from workshops.models import CalendarReply, Correction, Workshop

# The apps in the order of the work; what only administrators see goes together, last.
ORDER = ("workshops", "roadmap", "members", "showcase", "network")
TECHNICAL = ("outbox", "core", "auth", "mfa", "socialaccount")


class Waiting(NamedTuple):
    """So many of something to deal with, and where."""

    number: int
    label: str
    url: str


def waiting(request: HttpRequest) -> list[Waiting]:
    """Return what the person may deal with, each with its number."""
    parts: list[tuple[str, Any, Any, str]] = [
        (
            "workshops.change_workshop",
            Workshop.objects.upcoming().filter(state="scheduled"),
            ngettext_lazy("workshop to come", "workshops to come"),
            "workshops_workshop",
        ),
        (
            "workshops.view_calendarreply",
            CalendarReply.objects.undecided(),
            ngettext_lazy("calendar reply to decide", "calendar replies to decide"),
            "workshops_calendarreply",
        ),
        (
            "workshops.view_correction",
            Correction.objects.pending(),
            ngettext_lazy("correction of minutes to decide", "corrections of minutes to decide"),
            "workshops_correction",
        ),
        (
            "roadmap.view_comment",
            Comment.objects.unanswered(),
            ngettext_lazy("comment without answer", "comments without answer"),
            "roadmap_comment",
        ),
        (
            "roadmap.view_approval",
            Approval.objects.open(),
            ngettext_lazy("vote under way", "votes under way"),
            "roadmap_approval",
        ),
        (
            "showcase.change_companypage",
            CompanyPage.objects.filter(state=PageState.DRAFT),
            ngettext_lazy("company page to publish", "company pages to publish"),
            "showcase_companypage",
        ),
        (
            "members.view_erasurerequest",
            ErasureRequest.objects.filter(state="open"),
            ngettext_lazy("erasure request to answer", "erasure requests to answer"),
            "members_erasurerequest",
        ),
        (
            "outbox.view_outboxemail",
            OutboxEmail.objects.filter(state=EmailState.FAILED),
            ngettext_lazy("e-mail that failed", "e-mails that failed"),
            "outbox_outboxemail",
        ),
    ]
    asked = {
        "workshops_workshop": "?quand=a-venir&state__exact=scheduled",
        "workshops_correction": "?state__exact=pending",
        "roadmap_comment": "?reponse=non",
        "showcase_companypage": "?state__exact=draft",
        "members_erasurerequest": "?state__exact=open",
        "outbox_outboxemail": "?state__exact=failed",
    }
    found = [
        (rows.count(), label, name) for right, rows, label, name in parts if request.user.has_perm(right)
    ]
    return [
        Waiting(number, str(label % number), reverse(f"admin:{name}_changelist") + asked.get(name, ""))
        for number, label, name in found
    ]


class Done(NamedTuple):
    """Something that the person did: to what, of which kind, when, and where it is if it still is."""

    name: str
    kind: str
    at: datetime
    url: str | None


def done_last(user: Any, most: int = 8) -> list[Done]:
    """Return what the person did last; a row that still exists is called as the reader's language calls it."""
    entries: list[Any] = list(LogEntry.objects.filter(user=user).select_related("content_type")[:most])
    names: dict[tuple[int, str], str] = {}
    for kind in {entry.content_type for entry in entries}:
        if kind and (model := kind.model_class()):
            ids = [entry.object_id for entry in entries if entry.content_type == kind]
            rows = model._default_manager.in_bulk(ids)
            names |= {(kind.pk, str(pk)): str(row) for pk, row in rows.items()}
    found = []
    for entry in entries:
        name = names.get((entry.content_type_id, entry.object_id))
        url = entry.get_admin_url() if name else None
        kind = capfirst(entry.content_type.name) if entry.content_type else ""
        found.append(Done(name or entry.object_repr, kind, entry.action_time, url))
    return found


def in_order(apps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort the apps by the work, and put the technical ones' lists together."""
    by_label = {app["app_label"]: app for app in apps}
    first = [by_label.pop(label) for label in ORDER if label in by_label]
    technical = [by_label.pop(label) for label in TECHNICAL if label in by_label]
    if technical:
        models = [model for app in technical for model in app["models"]]
        last = technical[0] | {"name": _("Messages, accounts, register"), "app_url": "", "models": models}
        return [*first, *by_label.values(), last]
    return [*first, *by_label.values()]
