"""Seats and the waiting list: a seat that is freed goes to the first who waits, in the same transaction.

A seat is taken by whoever comes, and by a colleague without an account who comes for somebody. Whoever says yes to a
full workshop waits; the queue is in the order of the answers, required people first. All of it happens under the
workshop's lock, and a deferred trigger (`workshops.seat_triggers`) refuses a commit with more people than seats.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.clock import database_now
from core.workflow import lock, transition
from workshops import emails
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import Invitation, Venue, Workshop
from workshops.services.errors import WorkshopError
from workshops.services.hosting import mark_sheet
from workshops.services.mailbag import Mailbag


def seats_left(workshop: Workshop) -> int | None:
    """Return how many seats are free; None when as many as come may come."""
    if workshop.capacity is None:
        return None
    return max(workshop.capacity - workshop.invitations.coming().count(), 0)


def seats_at(workshop: Workshop, venue: Venue | None) -> int | None:
    """Return how many seats a workshop would have at a venue: its own, but no more than there are."""
    if workshop.capacity is None or venue is None or venue.capacity is None:
        return workshop.capacity
    return min(workshop.capacity, venue.capacity)


def check_seats_at(workshop: Workshop, venue: Venue | None) -> None:
    """Raise WorkshopError when more people are confirmed than a venue has seats: nobody loses theirs by a move."""
    confirmed = workshop.invitations.coming().count()
    if venue is None or venue.capacity is None or confirmed <= venue.capacity:
        return
    message = ngettext(
        "%(count)s person is confirmed and this venue has fewer seats (%(seats)s).",
        "%(count)s people are confirmed and this venue has fewer seats (%(seats)s).",
        confirmed,
    )
    way = _("Choose a larger one, or first see with some of them who gives up their seat.")
    text = message % {"count": confirmed, "seats": venue.capacity}
    raise WorkshopError(f"{text} {way}", field="venue", code="seats")


def is_full(workshop: Workshop) -> bool:
    """Tell whether the next yes will wait."""
    return seats_left(workshop) == 0


def queue_rank(invitation: Invitation) -> int | None:
    """Return the invitation's place in the queue, from 1; None when it is not in it (withdrawn, just promoted)."""
    queue = list(invitation.workshop.invitations.queue().values_list("pk", flat=True))
    return queue.index(invitation.pk) + 1 if invitation.pk in queue else None


def fill_seats(*, workshop: Workshop) -> None:
    """Give away the seats that a change made elsewhere has freed (more seats, an erased person).

    Promotes the first of the queue and asks again those whose colleague or proxy is gone, with their mails.
    """
    with transaction.atomic():
        mails = Mailbag()
        fresh = lock(workshop)
        settle(fresh, now=database_now(), mails=mails)
        mails.send(fresh)


def settle(workshop: Workshop, *, now: datetime, mails: Mailbag) -> None:
    """Make a workshop to come whole again after any change, under its lock.

    First those whose colleague or proxy does not come are asked again, then free seats go to the queue.
    """
    if workshop.state != WorkshopState.SCHEDULED or not workshop.starts_at or workshop.starts_at <= now:
        return
    _ask_again(workshop, now=now, mails=mails)
    left = seats_left(workshop)
    for row in workshop.invitations.queue()[:left]:
        _promote(row, now=now, mails=mails)


def _promote(row: Invitation, *, now: datetime, mails: Mailbag) -> None:
    """Give a seat to somebody who waits; their answer keeps its date, its author is the freed seat."""
    promoted = transition(
        row,
        # Whoever waits for a colleague's seat is represented by that colleague.
        Answer.REPRESENTED if row.represented_by else Answer.YES,
        by=None,
        reason=str(AnswerSource.PROMOTION),
        answer_source=AnswerSource.PROMOTION,
        waiting_since=None,
        promoted_at=now,
    )
    mails.add(promoted, lambda invitation: emails.send_promotion(invitation, now=now))
    mails.add(promoted, lambda invitation: mark_sheet(invitation, now=now))


def _ask_again(workshop: Workshop, *, now: datetime, mails: Mailbag) -> None:
    rows = list(workshop.invitations.standing().select_related("proxy_organisation").order_by("id"))
    for row in rows:
        if row.answer != Answer.REPRESENTED or not _is_broken(row, rows):
            continue
        former = row.representation
        asked = ask_anew(row, by=None)
        mails.add(asked, lambda invitation, who=former: emails.send_asked_again(invitation, who=who, now=now))  # type: ignore[misc]


def ask_anew(row: Invitation, *, by: Any) -> Invitation:
    """Forget an answer that no longer holds, so that the person is asked again: the log keeps it. Mails nobody."""
    if row.answer == Answer.SILENT:
        return row
    return transition(
        row,
        Answer.SILENT,
        by=by,
        reason="asked-again",
        represented_by="",
        representative=None,
        proxy_organisation=None,
        waiting_since=None,
        promoted_at=None,
        answered_at=None,
        answered_by=None,
        answer_source="",
    )


def _is_broken(row: Invitation, rows: list[Invitation]) -> bool:
    """Tell whether nobody comes for a represented person any more."""
    if row.representative_id is not None:
        theirs = [other for other in rows if other.person_id == row.representative_id]
        return all(other.answer in (Answer.EXCUSED, Answer.REPRESENTED) for other in theirs)
    if row.proxy_organisation_id is not None:
        return not any(may_hold_proxy(other, row.proxy_organisation_id) for other in rows)
    return False


def may_hold_proxy(row: Invitation, organisation: int) -> bool:
    """Tell whether an invitation lets an organisation speak for another one: called, not excused, not away itself."""
    return (
        row.organisation_id == organisation
        and row.sent_at is not None
        and row.withdrawn_at is None
        and row.answer != Answer.EXCUSED
        and row.proxy_organisation_id is None
    )
