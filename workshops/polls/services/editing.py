"""What a poll proposes and until when, and who is asked. All of it under the workshop's lock."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, record, transition
from workshops.emails import drop_queued
from workshops.enums import WorkshopState
from workshops.models.workshops import Workshop
from workshops.polls import emails
from workshops.polls.models import DatePoll, PollOption, PollReply
from workshops.services import WorkshopError, lock_recipients

MAX_OPTIONS = 50


class Proposal(NamedTuple):
    """A slot at a venue (its id), or at a place to be set."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int | None


def save_poll(*, workshop: Workshop, proposals: Iterable[Proposal], answer_by: datetime, by: Any) -> int:
    """Write what a poll proposes, and return how many people are told.

    A draft's poll is written and nobody is told. Of an open one, options that stay keep their answers, those that go
    lose them; everybody asked is mailed the new list and messages not sent yet are dropped. Raises WorkshopError:
    nothing, too much, twice the same, past, in the wrong order, a deadline that is past or too late, a date chosen.
    """
    wanted = list(dict.fromkeys(proposals))
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        if fresh.state not in (WorkshopState.DRAFT, WorkshopState.DATE_POLL):
            raise WorkshopError(_("This workshop no longer looks for a date."), code="state")
        _check(wanted, answer_by, now=now)
        poll, _created = DatePoll.objects.get_or_create(workshop=fresh, defaults={"answer_by": answer_by})
        poll.workshop = fresh
        changed = _write_options(poll, wanted)
        if poll.answer_by != answer_by:
            _move_deadline(poll, answer_by, now=now, by=by)
        if not changed or fresh.state == WorkshopState.DRAFT:
            return 0
        poll.revision += 1
        poll.revised_at = now
        poll.save(update_fields=["revision", "revised_at"])
        record(fresh, field="poll_options", source=str(poll.revision - 1), target=str(poll.revision), by=by)
        asked = fresh.invitations.standing().reachable().filter(poll_reply__isnull=False)
        rows = lock_recipients(fresh, asked)
        drop_queued(rows)
        for row in rows:
            emails.send_poll_update(row)
        return len(rows)


def _write_options(poll: DatePoll, wanted: list[Proposal]) -> bool:
    """Make these the poll's options; tell whether anything changed."""
    kept = {Proposal(row.starts_at, row.ends_at, row.venue_id): row for row in poll.options.all()}
    gone = [row.pk for proposal, row in kept.items() if proposal not in wanted]
    new = [proposal for proposal in wanted if proposal not in kept]
    poll.options.filter(pk__in=gone).delete()
    PollOption.objects.bulk_create([PollOption(poll=poll, **proposal._asdict()) for proposal in new])
    return bool(gone or new)


def open_poll(*, workshop: Workshop, by: Any) -> int:
    """Start the search for a date and return how many people are asked.

    The workshop leaves its draft, its own dates are emptied (the poll finds them), and everybody on the list is mailed
    in this transaction, in their language. Raises WorkshopError (nothing to propose, nobody to ask, past) and
    TransitionError.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        poll = DatePoll.objects.filter(workshop=fresh).first()
        if poll is None:
            raise WorkshopError(_("Propose at least one date."), code="empty")
        now = database_now()
        options = poll.options.values_list("starts_at", "ends_at", "venue_id")
        _check([Proposal(*row) for row in options], poll.answer_by, now=now)
        fresh = transition(
            fresh, WorkshopState.DATE_POLL, by=by, starts_at=None, ends_at=None, updated_at=now
        )
        poll.deadline_set_at = now
        poll.save(update_fields=["deadline_set_at"])
        asked = _ask(fresh, now=now)
        if not asked:
            raise WorkshopError(_("Nobody is on the list: put people on it first."), code="nobody")
        return asked


def ask_newcomers(*, workshop: Workshop, by: Any) -> int:
    """Mail the poll to those who came on the list after its opening, and return how many.

    Twice at the same time mails each once. Raises WorkshopError when the poll is not open.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        poll = running_poll(fresh)
        if poll.answer_by <= now:
            raise WorkshopError(_("The deadline has passed: extend it first."), code="deadline")
        return _ask(fresh, now=now)


def _ask(workshop: Workshop, *, now: datetime) -> int:
    rows = lock_recipients(workshop, workshop.invitations.standing().reachable().filter(poll_reply=None))
    PollReply.objects.bulk_create([PollReply(invitation=row, sent_at=now) for row in rows])
    for row in rows:
        emails.send_poll(row)
    return len(rows)


def extend_deadline(*, workshop: Workshop, answer_by: datetime, by: Any) -> DatePoll:
    """Give more time to answer, even once the deadline has passed; nobody is mailed but by the reminders to come.

    Raises WorkshopError when the poll does not run, or the new deadline is not later, past or after the first date.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        poll = running_poll(fresh)
        if answer_by <= poll.answer_by:
            raise WorkshopError(
                _("The new deadline must be later than the present one."), field="answer_by", code="order"
            )
        coming = poll.options.filter(starts_at__gt=now).values_list("starts_at", flat=True)
        _check_deadline(answer_by, list(coming), now=now)
        _move_deadline(poll, answer_by, now=now, by=by)
        return poll


def running_poll(workshop: Workshop) -> DatePoll:
    """Return the poll of a locked workshop that looks for its date. Raises WorkshopError."""
    poll = DatePoll.objects.filter(workshop=workshop).first()
    if poll is None or workshop.state != WorkshopState.DATE_POLL:
        message = (
            _("The date has been chosen: the poll is closed.")
            if workshop.starts_at
            else _("No date poll is open for this workshop.")
        )
        raise WorkshopError(message, code="state")
    poll.workshop = workshop
    return poll


def _move_deadline(poll: DatePoll, answer_by: datetime, *, now: datetime, by: Any) -> None:
    old, poll.answer_by = poll.answer_by, answer_by
    if poll.workshop.state == WorkshopState.DATE_POLL:
        poll.extensions += 1
        poll.deadline_set_at = now
        record(
            poll.workshop, field="poll_deadline", source=old.isoformat(), target=answer_by.isoformat(), by=by
        )
    poll.save(update_fields=["answer_by", "extensions", "deadline_set_at"])


def _check(proposals: list[Proposal], answer_by: datetime, *, now: datetime) -> None:
    if not proposals:
        raise WorkshopError(_("Propose at least one date."), code="empty")
    if len(proposals) > MAX_OPTIONS:
        message = _("That is %(count)s proposals: %(max)s at most.")
        raise WorkshopError(message % {"count": len(proposals), "max": MAX_OPTIONS}, code="many")
    for proposal in proposals:
        if proposal.ends_at <= proposal.starts_at:
            raise WorkshopError(_("The workshop must end after it starts."), code="order")
        if proposal.starts_at <= now:
            raise WorkshopError(_("One of the proposed dates is past: take it out."), code="past")
    _check_deadline(answer_by, [proposal.starts_at for proposal in proposals], now=now)


def _check_deadline(answer_by: datetime, starts: list[datetime], *, now: datetime) -> None:
    if answer_by <= now:
        raise WorkshopError(_("This deadline is past."), field="answer_by", code="past")
    if starts and answer_by > min(starts):
        raise WorkshopError(
            _("The deadline to answer is before the first proposed date."), field="answer_by", code="deadline"
        )
