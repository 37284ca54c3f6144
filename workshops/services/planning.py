"""Workshops made from another one: a copy, or a whole series at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.text import slugify
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, record
from workshops.enums import WorkshopState
from workshops.models import AgendaItem, Invitation, Series, Venue, Workshop
from workshops.services.errors import WorkshopError
from workshops.services.scheduling import clash_message, schedule_workshop

# What a copy takes over; never dates, answers, documents or an outcome.
COPIED = (
    *("kind", "title_fr", "title_en", "series", "axis", "objectives_fr", "objectives_en"),
    *("venue", "capacity", "organiser", "is_public", "is_demo"),
)
LONGEST_SERIES = 12
# Any number of ours, for pg_advisory_xact_lock: addresses are given one at a time.
_SLUGS = 0x41544C53


@dataclass(frozen=True)
class Slot:
    """When a workshop of the series is held."""

    starts_at: datetime
    ends_at: datetime


class SeriesError(WorkshopError):
    """Some dates are not possible; nothing was made. `problems` has a list of sentences for each date."""

    def __init__(self, problems: list[list[str]]) -> None:
        super().__init__("\n".join(text for texts in problems for text in texts), code="series")
        self.problems = problems


def free_slug(title: str) -> str:
    """Return an address part for a title that no workshop has yet, nor gets before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SLUGS])
    base = slugify(title)[:90].strip("-") or "atelier"
    taken = set(Workshop.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken or slug == "agenda":
        number += 1
        slug = f"{base}-{number}"
    return slug


def duplicate_workshop(*, workshop: Workshop, invitees: bool, by: Any) -> Workshop:
    """Make a draft like a workshop, whatever its state: its agenda, venue and, if asked, its list of invited people.

    Never its dates, answers, documents or outcome. Nobody is mailed; the log names who made it, and from which one.
    """
    with transaction.atomic():
        return _copy(lock(workshop), invitees=invitees, by=by)


def plan_series(
    *,
    workshop: Workshop,
    slots: Sequence[Slot],
    series: Series,
    invitees: bool,
    schedule: bool,
    by: Any,
) -> list[Workshop]:
    """Give a draft the first date, make a copy of it for each other one, and return them all: all are made, or none.

    Answers end as long before each date as before the draft's own. With `schedule` they are put in the agenda and hold
    their venue; nobody is mailed. Raises SeriesError with what is wrong of each date, and WorkshopError when it is no
    draft or the number of dates is not possible.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        if fresh.state != WorkshopState.DRAFT:
            raise WorkshopError(_("A series is planned from a draft."), code="state")
        if not 2 <= len(slots) <= LONGEST_SERIES:
            message = _("A series has from 2 to %(most)s dates.") % {"most": LONGEST_SERIES}
            raise WorkshopError(message, code="count")
        if any(problems := slot_problems(fresh, slots)):
            raise SeriesError(problems)
        now = database_now()
        deadlines = [slot_deadline(fresh, slot, now=now) for slot in slots]
        fresh.series = series
        planned = [fresh, *(_copy(fresh, invitees=invitees, by=by) for _slot in slots[1:])]
        for row, slot, deadline in zip(planned, slots, deadlines, strict=True):
            row.starts_at, row.ends_at, row.answer_by = slot.starts_at, slot.ends_at, deadline
            row.save()
        return [schedule_workshop(workshop=row, by=by) for row in planned] if schedule else planned


def slot_deadline(workshop: Workshop, slot: Slot, *, now: datetime) -> datetime | None:
    """Return until when people may answer for a date of the series: as long before it as before the draft's own.

    By Paris's clock: at the same hour even when it changes between. None, until the start, when that is past already.
    """
    if workshop.starts_at is None or workshop.answer_by is None:
        return None
    margin = max(localtime(workshop.starts_at) - localtime(workshop.answer_by), timedelta())
    deadline = localtime(slot.starts_at) - margin
    return deadline if deadline > now else None


def slot_problems(workshop: Workshop, slots: Sequence[Slot]) -> list[list[str]]:
    """Return what is wrong of each date: past, ending before it starts, over another one, in a venue that is taken."""
    now, venue = database_now(), workshop.venue
    found: list[list[str]] = []
    for position, slot in enumerate(slots):
        texts = []
        if slot.starts_at <= now:
            texts.append(_("This date is past."))
        if slot.ends_at <= slot.starts_at:
            texts.append(_("The workshop must end after it starts."))
        elif any(_overlap(slot, other) for other in slots[:position]):
            texts.append(_("This date overlaps another one of the list."))
        elif venue and (clash := _taken(workshop, venue, slot)):
            texts.append(clash_message(clash))
        found.append(texts)
    return found


def _overlap(one: Slot, other: Slot) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _taken(workshop: Workshop, venue: Venue, slot: Slot) -> Workshop | None:
    rows = Workshop.objects.exclude(pk=workshop.pk)
    return rows.clashing_with(venue_id=venue.pk, starts_at=slot.starts_at, ends_at=slot.ends_at).first()


def _copy(workshop: Workshop, *, invitees: bool, by: Any) -> Workshop:
    copy = Workshop.objects.create(
        slug=free_slug(workshop.title_fr), **{name: getattr(workshop, name) for name in COPIED}
    )
    lines = ("position", "title_fr", "title_en", "minutes")
    AgendaItem.objects.bulk_create(
        AgendaItem(workshop=copy, **{name: getattr(line, name) for name in lines})
        for line in workshop.agenda.all()
    )
    if invitees:
        # Not those whom a colleague named: they answered for somebody. Under today's names and addresses.
        rows = workshop.invitations.standing().reachable().filter(is_stand_in=False).select_related("person")
        people = {row.current_email.lower(): row for row in rows.order_by("-person_id", "id")}
        Invitation.objects.bulk_create(
            Invitation(
                workshop=copy,
                person=row.person,
                organisation_id=row.organisation_id,
                name=row.current_name,
                email=row.current_email,
                language=row.mail_language,
                is_required=row.is_required,
            )
            for row in sorted(people.values(), key=lambda row: row.pk)
        )
    record(copy, field="made_from", source=str(workshop.pk), target=str(copy.pk), by=by)
    return copy
