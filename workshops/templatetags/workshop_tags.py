"""What the agenda's and the process page's templates cannot say alone."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django import template
from django.utils.translation import get_language, ngettext

from workshops.models import Invitation, Workshop

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
