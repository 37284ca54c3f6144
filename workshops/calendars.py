"""What everybody may put in their calendar: the public agenda, without anybody's name."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.translation import gettext as _

from core.templatetags.text import localized_text
from outbox.calendar import Event, build_publish
from workshops.emails import event_description, organizer, public_place
from workshops.enums import WorkshopState
from workshops.models import Workshop


def public_calendar(workshops: Iterable[Workshop]) -> str:
    """Return the feed of these workshops in the active language, the same text as long as nothing changes."""
    return build_publish([_event(workshop) for workshop in workshops], _("Workshops — Positive Industry"))


def _event(workshop: Workshop) -> Event:
    if workshop.starts_at is None or workshop.ends_at is None:
        raise ValueError("A workshop without dates is in no calendar.")
    description = event_description(workshop)
    if workshop.is_demo:
        description = "\n".join([_("Demonstration dates: the exact dates are not known."), description])
    return Event(
        uid=workshop.uid,
        sequence=workshop.sequence,
        # Not the instant of the download, which would give each answer another ETag.
        dtstamp=workshop.updated_at,
        last_modified=workshop.updated_at,
        start=workshop.starts_at,
        end=workshop.ends_at,
        summary=localized_text(workshop, "title"),
        description=description,
        location=public_place(workshop),
        url=settings.SITE_URL + workshop.get_absolute_url(),
        organizer=organizer(),
        status="CANCELLED" if workshop.state == WorkshopState.CANCELLED else "CONFIRMED",
    )
