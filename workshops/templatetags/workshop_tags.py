"""What the agenda's templates cannot say alone."""

from collections.abc import Mapping

from django import template

from workshops.models import Invitation, Workshop

register = template.Library()


@register.filter
def for_workshop(invitations: Mapping[int, Invitation], workshop: Workshop) -> Invitation | None:
    """Return the reader's invitation to a workshop, if there is one."""
    return invitations.get(workshop.pk)
