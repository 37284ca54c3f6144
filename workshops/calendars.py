"""What people put in their calendar: the public agenda, the workshops they are invited to, one invitation."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from core.templatetags.text import localized_text
from members.models import User
from outbox.calendar import Event, build_publish
from workshops.emails import event_description, organizer, private_place, public_place
from workshops.enums import PUBLIC_STATES, Answer, WorkshopState
from workshops.models import Invitation, Workshop
from workshops.models.workshops import open_decisions_each
from workshops.permissions import can_see_access

# What a calendar keeps of the past.
FEED_LENGTH = 300


def public_calendar(workshops: Iterable[Workshop]) -> str:
    """Return the feed of these workshops in the active language, the same text as long as nothing changes."""
    return build_publish([_event(workshop) for workshop in workshops], _("Workshops — Positive Industry"))


def personal_calendar(person: User, holds: Iterable[Event] = ()) -> str:
    """Return the feed of the workshops that a person is invited to and has not declined, in the active language.

    The way into the host's site is there for those who come alone. Nobody's name is in it (RFC 5545, PUBLISH). `holds`
    are the entries that date polls add (workshops.polls.calendars).
    """
    rows = (
        Invitation.objects.sent()
        .filter(
            Q(answer__in=(Answer.YES, Answer.WAITING))
            | Q(pk__in=Invitation.objects.unanswered().values("pk")),
            person=person,
        )
        .filter(workshop__state__in=PUBLIC_STATES, workshop__starts_at__isnull=False)
        .select_related("workshop__venue__organisation", "workshop__venue__commune")
        .prefetch_related("workshop__agenda")
        .order_by("-workshop__starts_at", "-id")
    )
    chosen = list(rows[:FEED_LENGTH])
    still_open = open_decisions_each([row.workshop for row in chosen])
    own = [_own_event(row, still_open.get(row.workshop_id, ())) for row in chosen]
    return build_publish([*own, *holds], _("My workshops — Positive Industry"))


def invitation_event(invitation: Invitation) -> str:
    """Return one invitation as a person saves it in a calendar, in the active language."""
    event = _own_event(invitation, invitation.workshop.open_decisions)
    return build_publish([event], localized_text(invitation.workshop, "title"))


def _own_event(invitation: Invitation, decisions: Iterable[Any]) -> Event:
    workshop = invitation.workshop
    event = _event(workshop, decisions)
    lines = [event.description]
    if workshop.venue and can_see_access(invitation):
        lines += [
            _("%(title)s: %(text)s") % {"title": title, "text": text}
            for title, text in workshop.venue.host_sheet
        ]
    if waits := invitation.answer == Answer.WAITING:
        lines.insert(0, _("You are on the waiting list."))
    if invitation.needs_answer and workshop.state == WorkshopState.SCHEDULED:
        lines.insert(0, _("Your answer is expected."))
    moments = (workshop.updated_at, invitation.answered_at, invitation.promoted_at)
    changed = max(moment for moment in moments if moment)
    return replace(
        event,
        description="\n".join(lines),
        location=private_place(workshop),
        dtstamp=changed,
        last_modified=changed,
        # A seat that may come: the calendar shows it as not sure.
        status="TENTATIVE" if waits and event.status == "CONFIRMED" else event.status,
    )


def _event(workshop: Workshop, decisions: Iterable[Any] = ()) -> Event:
    if workshop.starts_at is None or workshop.ends_at is None:
        raise ValueError("A workshop without dates is in no calendar.")
    description = event_description(workshop, decisions)
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
