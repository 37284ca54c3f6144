"""The first page of the administration site: what waits for the secretariat, and the lists in the order of its work."""

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

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
    parts: list[tuple[str, Any, str, str]] = [
        (
            "workshops.change_workshop",
            Workshop.objects.upcoming().filter(state="scheduled"),
            _("workshops to come"),
            "workshops_workshop",
        ),
        (
            "workshops.view_calendarreply",
            CalendarReply.objects.undecided(),
            _("calendar replies to decide"),
            "workshops_calendarreply",
        ),
        (
            "workshops.view_correction",
            Correction.objects.pending(),
            _("corrections of minutes to decide"),
            "workshops_correction",
        ),
        (
            "roadmap.view_comment",
            Comment.objects.unanswered(),
            _("comments without answer"),
            "roadmap_comment",
        ),
        ("roadmap.view_approval", Approval.objects.open(), _("votes under way"), "roadmap_approval"),
        (
            "showcase.change_companypage",
            CompanyPage.objects.filter(state=PageState.DRAFT),
            _("company pages to publish"),
            "showcase_companypage",
        ),
        (
            "members.view_erasurerequest",
            ErasureRequest.objects.filter(state="open"),
            _("erasure requests to answer"),
            "members_erasurerequest",
        ),
        (
            "outbox.view_outboxemail",
            OutboxEmail.objects.filter(state=EmailState.FAILED),
            _("e-mails that failed"),
            "outbox_outboxemail",
        ),
    ]
    asked = {
        "workshops_workshop": "?state__exact=scheduled",
        "workshops_correction": "?state__exact=pending",
        "roadmap_comment": "?reponse=non",
        "showcase_companypage": "?state__exact=draft",
        "members_erasurerequest": "?state__exact=open",
        "outbox_outboxemail": "?state__exact=failed",
    }
    return [
        Waiting(rows.count(), label, reverse(f"admin:{name}_changelist") + asked.get(name, ""))
        for right, rows, label, name in parts
        if request.user.has_perm(right)
    ]


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
