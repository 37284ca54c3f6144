"""What the agenda's and the process page's templates cannot say alone."""

from collections.abc import Collection, Mapping
from typing import Any

from django import template

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
