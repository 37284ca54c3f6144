"""What else is on the same day: warnings, read before saving or sending. A taken room is an error, not a warning."""

import hashlib
from collections.abc import Collection
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from core.templatetags.text import time_range
from workshops.enums import WorkshopKind, WorkshopState
from workshops.models import Invitation, Workshop

COUNCIL_KINDS = (WorkshopKind.SESSION, WorkshopKind.WORKSHOP_COUNCIL)


def days_of(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """Return the bounds of the days in Paris that a time touches."""
    zone = timezone.get_current_timezone()
    last = timezone.localdate(ends_at - timedelta(microseconds=1)) + timedelta(days=1)
    return (
        datetime.combine(timezone.localdate(starts_at), time(), tzinfo=zone),
        datetime.combine(last, time(), tzinfo=zone),
    )


def warnings_about(workshop: Workshop, *, required: Collection[str] | None = None) -> list[str]:
    """Return what the secretariat should know before a workshop, saved or not, takes its date and place.

    Everything else of the same day, with what it shares: host, organiser, series, council, required people (by default
    the workshop's own; `required` are addresses). And a capacity above the venue's. Three queries.
    """
    found = []
    venue = workshop.venue
    if workshop.capacity and venue and venue.capacity and workshop.capacity > venue.capacity:
        found.append(
            _("The workshop has %(capacity)s seats, its venue %(venue)s.")
            % {"capacity": workshop.capacity, "venue": venue.capacity}
        )
    if workshop.starts_at is None or workshop.ends_at is None:
        return found
    first, last = days_of(workshop.starts_at, workshop.ends_at)
    rows = Workshop.objects.filter(starts_at__lt=last, ends_at__gt=first).exclude(pk=workshop.pk)
    others = list(
        rows.exclude(state=WorkshopState.CANCELLED)
        .select_related("venue__organisation")
        .order_by("starts_at", "id")
    )
    if required is None:
        own = (
            workshop.invitations.standing().filter(is_required=True)
            if workshop.pk
            else Invitation.objects.none()
        )
        required = [email.lower() for email in own.values_list("email", flat=True)]
    common = _common_people(others, required)
    return found + [_line(workshop, other, common.get(other.pk, [])) for other in others]


def _common_people(others: list[Workshop], required: Collection[str]) -> dict[int, list[str]]:
    """Return the names of the required people whom other workshops require too."""
    found: dict[int, list[str]] = {}
    if others and required:
        rows = Invitation.objects.standing().filter(workshop__in=others, is_required=True).order_by("name")
        for workshop, name, email in rows.values_list("workshop_id", "name", "email"):
            if email.lower() in required:
                found.setdefault(workshop, []).append(name)
    return found


def _line(workshop: Workshop, other: Workshop, people: list[str]) -> str:
    reasons = []
    if workshop.venue and other.venue and workshop.venue.organisation_id == other.venue.organisation_id:
        reasons.append(_("same host"))
    if workshop.organiser_id and workshop.organiser_id == other.organiser_id:
        reasons.append(_("same organiser"))
    if workshop.series_id and workshop.series_id == other.series_id:
        reasons.append(_("same series"))
    if workshop.kind in COUNCIL_KINDS and other.kind in COUNCIL_KINDS:
        reasons.append(_("the council meets already"))
    if people:
        reasons.append(_("required at both: %(names)s") % {"names": ", ".join(people)})
    text = _("The same day, %(time)s: “%(title)s” (%(state)s)") % {
        "time": time_range(other.starts_at, other.ends_at),
        "title": str(other),
        "state": other.get_state_display(),
    }
    return f"{text} — {', '.join(reasons)}" if reasons else text


def digest(warnings: list[str]) -> str:
    """Return a mark of these warnings: whoever saves all the same has seen these and no others."""
    return hashlib.sha256("\n".join(warnings).encode()).hexdigest()[:16]
