"""What the agenda's and the process page's templates cannot say alone."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from workshops.delays import short_notice
from workshops.models import Invitation, Venue, Workshop, rules_for
from workshops.services import seats_at

register = template.Library()


@register.filter
def for_workshop(invitations: Mapping[int, Invitation], workshop: Workshop) -> Invitation | None:
    """Return the reader's invitation to a workshop, if there is one."""
    return invitations.get(workshop.pk)


@register.filter
def get_item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return an item of a mapping, if there is one."""
    return mapping.get(key)


@register.filter
def in_text(number: int, texts: Collection[str]) -> bool:
    """Tell whether a number is among texts that a form sent."""
    return str(number) in texts


@register.filter
def percent(value: int | None) -> str:
    """Return a percentage as it is printed in the active language; a dash when there is none."""
    if value is None:
        return "—"
    return f"{value} %" if get_language() == "fr" else f"{value}%"


@register.filter
def duration_short(value: timedelta | None) -> str:
    """Return a duration in its largest unit: minutes, hours up to two days, then days; a dash when there is none."""
    if value is None:
        return "—"
    minutes = round(value.total_seconds() / 60)
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


@register.filter
def notice_if_moved(workshop: Workshop, starts_at: datetime) -> str:
    """Return the warning that moving a workshop to that start gives too little notice; nothing otherwise."""
    return short_notice(starts_at, timezone.now(), days=rules_for(workshop.kind).convocation_days)


@register.filter
def seats_if_moved(workshop: Workshop, venue: Venue | None) -> str:
    """Return the warning that a workshop has fewer seats at a venue; nothing otherwise."""
    seats = seats_at(workshop, venue)
    if seats == workshop.capacity or seats is None:
        return ""
    text = ngettext(
        "This venue has %(seats)s seat: the workshop will have as many, instead of %(capacity)s. Whoever says yes "
        "beyond goes on the waiting list.",
        "This venue has %(seats)s seats: the workshop will have as many, instead of %(capacity)s. Whoever says yes "
        "beyond goes on the waiting list.",
        seats,
    )
    return text % {"seats": seats, "capacity": workshop.capacity}


@register.filter
def hour_change(workshop: Workshop) -> str:
    """Say that the clocks change during a workshop, and how long it lasts; nothing on any other day."""
    if not workshop.starts_at or not workshop.ends_at:
        return ""
    start, end = timezone.localtime(workshop.starts_at), timezone.localtime(workshop.ends_at)
    if start.utcoffset() == end.utcoffset():
        return ""
    hours, minutes = divmod(int((workshop.ends_at - workshop.starts_at).total_seconds()) // 60, 60)
    length = f"{hours}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{minutes:02}" if minutes else "")
    return _("The clocks change meanwhile: it lasts %(length)s.") % {"length": length}
