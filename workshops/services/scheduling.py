"""What happens to a workshop: scheduled, moved, cancelled, held."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, record, transition
from workshops import emails
from workshops.enums import WorkshopState
from workshops.models import Venue, Workshop
from workshops.services.errors import WorkshopError, lock_recipients
from workshops.services.seats import check_seats_at, seats_at


def schedule_workshop(*, workshop: Workshop, by: Any) -> Workshop:
    """Put a draft in the agenda: it holds its venue from now on. Nobody is mailed.

    Raises WorkshopError (no dates, past, venue taken) and TransitionError.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        _check_dates(fresh.starts_at, fresh.ends_at, fresh.answer_by, now=now)
        check_deadline(fresh.answer_by, now=now)
        _hold_venue(fresh, fresh.venue, fresh.starts_at, fresh.ends_at)
        return _occupying(fresh, WorkshopState.SCHEDULED, by=by)


def reschedule_workshop(
    *,
    workshop: Workshop,
    starts_at: datetime,
    ends_at: datetime,
    venue: Venue | None,
    answer_by: datetime | None,
    by: Any,
    reason: str = "",
) -> int:
    """Move a scheduled workshop in time or place, and return how many people are told.

    SEQUENCE rises, every invited person gets an update of the same calendar entry, messages not sent yet are dropped.
    Answers stay; when the dates changed they are asked for again (`Invitation.needs_answer`). At a venue with fewer
    seats the workshop has no more; one with fewer than there are people confirmed is refused. A change of `answer_by`
    alone is written and mails nobody. Raises WorkshopError.
    """
    with transaction.atomic():
        old = lock(workshop)
        now = database_now()
        if old.state != WorkshopState.SCHEDULED:
            raise WorkshopError(_("Only a scheduled workshop can be moved."), code="state")
        if old.starts_at and old.starts_at <= now:
            raise WorkshopError(_("This workshop has begun: it can no longer be moved."), code="started")
        _check_dates(starts_at, ends_at, answer_by, now=now)
        _hold_venue(old, venue, starts_at, ends_at)
        fresh = lock(workshop)
        dates_changed = (fresh.starts_at, fresh.ends_at) != (starts_at, ends_at)
        if dates_changed or answer_by != fresh.answer_by:
            check_deadline(answer_by, now=now)
        elsewhere = fresh.venue_id != (venue.pk if venue else None)
        moved = dates_changed or elsewhere
        if elsewhere:
            check_seats_at(fresh, venue)
            fresh.capacity = seats_at(fresh, venue)
        fresh.starts_at, fresh.ends_at, fresh.venue, fresh.answer_by = starts_at, ends_at, venue, answer_by
        fresh.sequence += moved
        if dates_changed:
            fresh.moved_at, fresh.moves = now, fresh.moves + 1
        _save_occupying(fresh)
        if not moved:
            return 0
        if dates_changed:
            record(
                fresh,
                field="starts_at",
                source=_iso(old.starts_at),
                target=_iso(starts_at),
                by=by,
                reason=reason,
            )
        if old.venue_id != fresh.venue_id:
            record(
                fresh,
                field="venue",
                source=str(old.venue_id or ""),
                target=str(fresh.venue_id or ""),
                by=by,
                reason=reason,
            )
        if old.capacity != fresh.capacity:
            record(fresh, field="capacity", source=str(old.capacity), target=str(fresh.capacity), by=by)
        invitations = lock_recipients(fresh)
        if dates_changed:
            fresh.invitations.sent().update(asked_sequence=fresh.sequence)
        emails.drop_queued(invitations)
        for invitation in invitations:
            emails.send_update(invitation, now=now, dates_changed=dates_changed, old=old)
        return len(invitations)


def cancel_workshop(*, workshop: Workshop, reason: str, by: Any) -> int:
    """Cancel a workshop for all, and return how many people are told.

    SEQUENCE rises; every invited person gets a CANCEL of the whole entry; messages not sent yet are dropped. A draft,
    which nobody has seen, leaves the public agenda too. Raises WorkshopError (no reason, over) and TransitionError.
    """
    if not reason.strip():
        raise WorkshopError(
            _("Say why: the reason is mailed to the people invited."), field="reason", code="reason"
        )
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        if fresh.state == WorkshopState.SCHEDULED and fresh.ends_at and fresh.ends_at <= now:
            raise WorkshopError(_("This workshop is over: it can no longer be cancelled."), code="over")
        fresh = transition(
            fresh,
            WorkshopState.CANCELLED,
            by=by,
            reason=reason.strip(),
            cancelled_reason=reason.strip(),
            sequence=fresh.sequence + 1,
            is_public=fresh.is_public and fresh.state == WorkshopState.SCHEDULED,
            updated_at=now,
        )
        invitations = lock_recipients(fresh)
        emails.drop_queued(invitations)
        for invitation in invitations:
            emails.send_cancellation(invitation, now=now)
        return len(invitations)


def mark_held(*, workshop: Workshop, by: Any) -> Workshop:
    """Record that a workshop took place. Raises WorkshopError before its start, and TransitionError."""
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        if fresh.starts_at and fresh.starts_at > now:
            raise WorkshopError(_("This workshop has not begun yet."), code="not-begun")
        return transition(fresh, WorkshopState.HELD, by=by, updated_at=now)


def _check_dates(
    starts_at: datetime | None, ends_at: datetime | None, answer_by: datetime | None, *, now: datetime
) -> None:
    if starts_at is None or ends_at is None:
        field = "ends_at" if starts_at else "starts_at"
        raise WorkshopError(_("A scheduled workshop has a start and an end."), field=field, code="no-dates")
    if starts_at <= now:
        raise WorkshopError(_("This date is past."), field="starts_at", code="past")
    if ends_at <= starts_at:
        raise WorkshopError(_("The workshop must end after it starts."), field="ends_at", code="order")
    if answer_by and answer_by > starts_at:
        raise WorkshopError(
            _("The deadline to answer must be before the start."), field="answer_by", code="deadline"
        )


def check_deadline(answer_by: datetime | None, *, now: datetime) -> None:
    """Raise WorkshopError for a deadline that nobody who is asked now could meet."""
    if answer_by and answer_by <= now:
        message = _("The deadline to answer is past: give a later one, or none.")
        raise WorkshopError(message, field="answer_by", code="past-deadline")


def _hold_venue(
    workshop: Workshop, venue: Venue | None, starts_at: datetime | None, ends_at: datetime | None
) -> None:
    """Take the host's turn, then check that the venue is free; the database's constraint stands behind."""
    if venue is None or starts_at is None or ends_at is None:
        return
    rooms = Venue.objects.filter(organisation=venue.organisation_id).order_by("pk")
    list(rooms.select_for_update(of=("self",), no_key=True))
    others = Workshop.objects.exclude(pk=workshop.pk)
    clash = others.clashing_with(venue_id=venue.pk, starts_at=starts_at, ends_at=ends_at).first()
    if clash:
        raise WorkshopError(clash_message(clash), field="venue", code="venue")


def clash_message(clash: Workshop | None = None) -> str:
    """Return what to say about a venue that another workshop holds."""
    if clash is None:
        return _("Another workshop holds this venue at that time.")
    return _("“%(title)s” holds this venue at that time.") % {"title": clash}


def _occupying(workshop: Workshop, state: WorkshopState, *, by: Any) -> Workshop:
    try:
        with transaction.atomic():
            return transition(workshop, state, by=by, updated_at=database_now())
    except IntegrityError as error:
        raise _venue_taken(error) from error


def _save_occupying(workshop: Workshop) -> None:
    try:
        with transaction.atomic():
            workshop.save()
    except IntegrityError as error:
        raise _venue_taken(error) from error


def _venue_taken(error: IntegrityError) -> Exception:
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name == "workshop_venue_free":
        return WorkshopError(clash_message(), field="venue", code="venue")
    return error


def _iso(instant: datetime | None) -> str:
    return instant.isoformat(timespec="minutes") if instant else ""
