"""Every public page, for search engines: the same list in French and in English."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import override

from members.models import Body
from roadmap.actions.models import Action
from roadmap.approval.models import Approval
from roadmap.drafting.models import Version
from showcase.models import CompanyPage
from workshops.minutes.enums import MinutesState
from workshops.models import Minutes, Workshop

FIXED = (
    *(
        "home",
        "showcase:company_list",
        "roadmap:roadmap_home",
        "actions:action_list",
        "workshops:workshop_list",
        "members:body_list",
    ),
    *("legal-notice", "accessibility", "ecodesign", "privacy", "sitemap", "contact"),
)
# The protocol's limit is 50,000 addresses a file, and each page has two.
MOST = 24_000


class Page(NamedTuple):
    """A page in both languages, and when it last changed (if that is known)."""

    french: str
    english: str
    changed: date | None


def _paths() -> Iterator[tuple[str, date | None]]:
    """Yield the French paths."""
    for name in FIXED:
        yield reverse(name), None
    companies = CompanyPage.objects.published().order_by("id").values_list("organisation__slug", "updated_at")
    for slug, changed in companies[:MOST]:
        yield reverse("showcase:company_detail", args=[slug]), localdate(changed)
    for slug, changed in Action.objects.public().order_by("id").values_list("slug", "updated_at")[:MOST]:
        yield reverse("actions:action_detail", args=[slug]), localdate(changed)
    for slug in Workshop.objects.public().order_by("id").values_list("slug", flat=True)[:MOST]:
        yield reverse("workshops:workshop_detail", args=[slug]), None
    minutes = Minutes.objects.filter(state=MinutesState.APPROVED, workshop__in=Workshop.objects.public())
    for slug, approved in minutes.order_by("id").values_list("workshop__slug", "approved_at")[:MOST]:
        yield reverse("workshops:minutes_detail", args=[slug]), approved and localdate(approved)
    for slug in Body.objects.values_list("slug", flat=True):
        yield reverse("members:body_detail", args=[slug]), None
    for number, adopted in Version.objects.adopted().values_list("number", "adopted_on"):
        yield reverse("roadmap:version_detail", args=[number]), adopted
    votes = Approval.objects.ended().order_by("id").values_list("id", "closed_at", "closes_at")
    for pk, closed, closes in votes:
        yield reverse("roadmap:approval_detail", args=[pk]), localdate(closed or closes)


def public_pages() -> list[Page]:
    """Return the public pages, seven queries whatever their number."""
    with override("fr"):
        paths = list(_paths())[:MOST]
    return [
        Page(f"{settings.SITE_URL}{path}", f"{settings.SITE_URL}/en{path}", changed)
        for path, changed in paths
    ]
