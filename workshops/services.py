"""What happens to a workshop, its invitations and their answers. Nobody else writes these states.

Locks are always taken in this order: workshop, venue, invitation, e-mails.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import history, lock, record, transition
from members.enums import Language
from members.models import Mandate, User
from members.permissions import is_secretariat
from workshops import emails
from workshops.delays import short_notice
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.guests import BadLine, Guest, parse_guests
from workshops.models import Invitation, InvitationQuerySet, Venue, Workshop

INVITING_STATES = (WorkshopState.DRAFT, WorkshopState.SCHEDULED)


class WorkshopError(Exception):
    """A rule refuses the change. The message is for the reader; `field` names the form's field, `code` the rule."""

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.field, self.code = field, code


class GuestListError(WorkshopError):
    """Some lines of a guest list are no guests; nothing was written."""

    def __init__(self, lines: list[BadLine]) -> None:
        super().__init__("\n".join(str(line) for line in lines), field="guests", code="guests")
        self.lines = lines


@dataclass(frozen=True)
class Sent:
    """What a sending did: how many invitations left, and the warning when the delay is short."""

    count: int
    notice: str


# --- The workshop ---------------------------------------------------------------------------------------------------


def schedule_workshop(*, workshop: Workshop, by: Any) -> Workshop:
    """Put a draft in the agenda: it holds its venue from now on. Nobody is mailed.

    Raises WorkshopError (no dates, past, venue taken) and TransitionError.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        _check_dates(fresh.starts_at, fresh.ends_at, fresh.answer_by, now=database_now())
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
    Answers stay; when the dates changed they are asked for again (`Invitation.needs_answer`). A change of `answer_by`
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
        moved = dates_changed or fresh.venue_id != (venue.pk if venue else None)
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
        invitations = lock_recipients(fresh)
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
            _("The deadline to answer is before the start."), field="answer_by", code="deadline"
        )


def _hold_venue(
    workshop: Workshop, venue: Venue | None, starts_at: datetime | None, ends_at: datetime | None
) -> None:
    """Take the venue's turn, then check that it is free; the database's constraint stands behind."""
    if venue is None or starts_at is None or ends_at is None:
        return
    lock(venue)
    others = Workshop.objects.exclude(pk=workshop.pk)
    clash = others.clashing_with(venue_id=venue.pk, starts_at=starts_at, ends_at=ends_at).first()
    if clash:
        raise WorkshopError(clash_message(clash), field="venue", code="venue")


def clash_message(clash: Workshop | None = None) -> str:
    """Return what to say about a venue that another workshop holds."""
    if clash is None:
        return _("Another workshop holds this venue at that time.")
    return _("“%(title)s” holds this venue at that time.") % {"title": clash.title_fr}


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


def lock_recipients(workshop: Workshop, invitations: InvitationQuerySet | None = None) -> list[Invitation]:
    """Return the invitations to mail (by default all that were sent), locked, with what their messages show."""
    chosen = workshop.invitations.sent() if invitations is None else invitations
    loaded = Workshop.objects.select_related(
        "venue__organisation", "venue__commune", "axis"
    ).prefetch_related("agenda")
    shared = loaded.get(pk=workshop.pk)
    rows = list(chosen.select_related("person").select_for_update(of=("self",), no_key=True).order_by("id"))
    for invitation in rows:
        invitation.workshop = shared
    return rows


# --- Who is invited -------------------------------------------------------------------------------------------------


def add_invitees(*, workshop: Workshop, mandates: Iterable[Mandate], by: Any) -> list[Invitation]:
    """Put people on the list by their mandates, and return the new invitations; nothing is mailed yet.

    People already on the list are left as they are; somebody whose invitation was withdrawn is invited anew. Somebody
    with several mandates is invited once. Raises WorkshopError when the workshop no longer takes invitations.
    """
    with transaction.atomic():
        fresh = _lock_for_inviting(workshop)
        added = [
            _add(
                fresh,
                name=mandate.person.get_full_name(),
                email=mandate.person.email,
                language=mandate.person.language,
                person=mandate.person,
                organisation_id=mandate.organisation_id,
                by=by,
            )
            for mandate in mandates
            if mandate.person.is_active
        ]
        return [invitation for invitation in added if invitation]


def add_guests(
    *, workshop: Workshop, text: str, by: Any, language: str = Language.FRENCH
) -> list[Invitation]:
    """Put outside guests on the list, one a line, and return the new invitations; nothing is mailed yet.

    An address that belongs to an account invites that person. Raises GuestListError naming every bad line, and
    WorkshopError; then nothing is written.
    """
    guests, bad = parse_guests(text)
    if bad:
        raise GuestListError(bad)
    with transaction.atomic():
        fresh = _lock_for_inviting(workshop)
        accounts = {
            person.email: person
            for person in User.objects.filter(
                email__in=[guest.email.lower() for guest in guests], is_active=True
            )
        }
        added = [
            _add_guest(fresh, guest, accounts.get(guest.email.lower()), language, by) for guest in guests
        ]
        return [invitation for invitation in added if invitation]


def _add_guest(
    workshop: Workshop, guest: Guest, person: User | None, language: str, by: Any
) -> Invitation | None:
    if person is None:
        return _add(workshop, name=guest.name, email=guest.email, language=language, by=by)
    name = person.get_full_name()
    return _add(workshop, name=name, email=person.email, language=person.language, person=person, by=by)


def _lock_for_inviting(workshop: Workshop) -> Workshop:
    fresh = lock(workshop)
    if fresh.state not in INVITING_STATES:
        raise WorkshopError(_("This workshop no longer takes invitations."), code="state")
    if fresh.starts_at and fresh.starts_at <= database_now():
        raise WorkshopError(_("This date is past."), code="past")
    return fresh


def _add(workshop: Workshop, *, email: str, by: Any, **fields: Any) -> Invitation | None:
    """Add somebody under the workshop's lock; None when they are on the list."""
    known = workshop.invitations.filter(email__iexact=email).first()
    if known is None:
        return Invitation.objects.create(workshop=workshop, email=email, **fields)
    if known.withdrawn_at is None:
        return None
    # A calendar takes the new entry only when its SEQUENCE is above that of the CANCEL.
    workshop.sequence += 1
    workshop.save(update_fields=["sequence", "updated_at"])
    known.withdrawn_at = known.sent_at = None
    known.save(update_fields=["withdrawn_at", "sent_at"])
    record(known, field="withdrawn_at", source="withdrawn", target="invited", by=by)
    return known


def withdraw_invitation(*, invitation: Invitation, by: Any) -> None:
    """Take one person off the list; the others and the workshop are untouched.

    If the invitation was sent and the workshop is to come, SEQUENCE rises and that person alone gets a CANCEL of their
    entry; messages not sent yet are dropped. An invitation never sent is removed. Raises WorkshopError when it is
    already withdrawn.
    """
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        now = database_now()
        fresh = lock(invitation)
        if fresh.withdrawn_at:
            raise WorkshopError(_("This invitation is already withdrawn."), code="withdrawn")
        if fresh.sent_at is None and fresh.answered_at is None:
            fresh.delete()
            return
        fresh.withdrawn_at = now
        fresh.save(update_fields=["withdrawn_at"])
        record(fresh, field="withdrawn_at", source="invited", target="withdrawn", by=by)
        if workshop.state != WorkshopState.SCHEDULED or not workshop.starts_at or workshop.starts_at <= now:
            return
        workshop.sequence += 1
        workshop.save(update_fields=["sequence", "updated_at"])
        rows = lock_recipients(workshop, Invitation.objects.filter(pk=fresh.pk))
        emails.drop_queued(rows)
        for row in rows:
            emails.send_withdrawal(row, now=now)


def send_invitations(*, workshop: Workshop, by: Any) -> Sent:
    """Mail the invitations (for a session: the convocations) that were not sent yet.

    The rows of the outbox are written in the same transaction; a second call, even at the same time, finds nothing left
    to send. Raises WorkshopError for a draft, a cancelled or a past workshop.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        if fresh.state == WorkshopState.CANCELLED:
            raise WorkshopError(_("This workshop is cancelled."), code="cancelled")
        if fresh.state != WorkshopState.SCHEDULED or fresh.starts_at is None:
            raise WorkshopError(_("Schedule the workshop before you invite."), code="state")
        if fresh.starts_at <= now:
            raise WorkshopError(_("This date is past."), field="starts_at", code="past")
        invitations = lock_recipients(fresh, fresh.invitations.standing().filter(sent_at=None))
        for invitation in invitations:
            invitation.sent_at = now
            emails.send_invitation(invitation, now=now)
        Invitation.objects.filter(pk__in=[row.pk for row in invitations]).update(sent_at=now)
        if invitations and fresh.invited_at is None:
            fresh.invited_at = now
            fresh.save(update_fields=["invited_at"])
            record(fresh, field="invited_at", source="", target="sent", by=by)
        return Sent(len(invitations), short_notice(fresh.starts_at, now) if invitations else "")


# --- Answers --------------------------------------------------------------------------------------------------------


def answer_invitation(
    *,
    invitation: Invitation,
    answer: str,
    by: Any,
    source: str,
    represented_by: str = "",
    comment: str = "",
    seen_moves: int | None = None,
) -> Invitation:
    """Take a person's answer, or the one that the secretariat took by phone, and return the invitation.

    Judged by the database's clock under the workshop's and the invitation's locks; the secretariat may also record
    after the deadline. `seen_moves` is the workshop's `moves` on the page that the person answered: if it moved
    meanwhile the answer is refused. The log names who recorded it, on whose invitation. A confirmation is mailed and
    reminders that no longer fit are dropped; the same answer again changes nothing. Raises WorkshopError.
    """
    recorded = source == AnswerSource.SECRETARIAT
    if recorded and not is_secretariat(by):
        raise PermissionDenied
    represented_by = represented_by.strip() if answer == Answer.REPRESENTED else ""
    comment = comment.strip()
    _check_answer(answer, represented_by, comment)
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        fresh = lock(invitation)
        fresh.workshop = workshop
        refusal = answer_refusal(fresh, now=(now := database_now()), recorded=recorded)
        if refusal:
            raise refusal
        if seen_moves is not None and seen_moves != workshop.moves:
            message = _("The dates have just changed: please look at them and answer again.")
            raise WorkshopError(message, code="moved")
        given = (answer, represented_by, comment)
        if not fresh.needs_answer and given == (fresh.answer, fresh.represented_by, fresh.comment):
            return fresh
        fresh = transition(
            fresh,
            answer,
            by=by if by is not None and by.is_authenticated else None,
            reason=str(source),
            represented_by=represented_by,
            comment=comment,
            answered_at=now,
            answered_by=by if by is not None and by.is_authenticated else None,
            answer_source=source,
        )
        emails.drop_silent_reminders(fresh)
        if not fresh.comes:
            emails.drop_attending_reminders(fresh)
        for row in lock_recipients(workshop, Invitation.objects.filter(pk=fresh.pk)):
            emails.send_answer_receipt(row, number=history(row).count())
        return fresh


def _check_answer(answer: str, represented_by: str, comment: str) -> None:
    if answer not in Answer.values or answer == Answer.SILENT:
        raise WorkshopError(_("Choose an answer."), field="answer", code="answer")
    if answer == Answer.REPRESENTED and not represented_by:
        raise WorkshopError(_("Say who represents you."), field="represented_by", code="represented")
    if len(represented_by) > 170 or len(comment) > 1000:
        field = "comment" if len(comment) > 1000 else "represented_by"
        raise WorkshopError(_("This text is too long."), field=field, code="length")


def answer_refusal(invitation: Invitation, *, now: datetime, recorded: bool = False) -> WorkshopError | None:
    """Return why an invitation takes no answer at an instant, or None. `recorded`: by the secretariat."""
    workshop = invitation.workshop
    if invitation.withdrawn_at:
        return WorkshopError(_("This invitation was withdrawn."), code="withdrawn")
    if workshop.state == WorkshopState.CANCELLED:
        return WorkshopError(
            _("This workshop is cancelled: there is nothing left to answer."), code="cancelled"
        )
    if workshop.state != WorkshopState.SCHEDULED or invitation.sent_at is None:
        return WorkshopError(_("This workshop takes no answers."), code="state")
    if not recorded and workshop.starts_at and workshop.starts_at <= now:
        return WorkshopError(_("This workshop has begun: answers are closed."), code="started")
    if not recorded and workshop.answer_by and workshop.answer_by <= now:
        return WorkshopError(_("The deadline to answer has passed."), code="deadline")
    return None


# --- What a person's space shows ------------------------------------------------------------------------------------


def awaiting_answer(user: Any) -> InvitationQuerySet:
    """Return the person's invitations that still (or, moved, again) ask for an answer, the next workshop first."""
    rows = Invitation.objects.answerable().unanswered().filter(person=user)
    return rows.select_related("workshop__venue__organisation").order_by("workshop__starts_at", "id")


def upcoming_invitations(user: Any) -> InvitationQuerySet:
    """Return the person's invitations to workshops that are on and not over, the next first."""
    rows = Invitation.objects.sent().filter(person=user, workshop__in=Workshop.objects.upcoming().order_by())
    return (
        rows.filter(workshop__state=WorkshopState.SCHEDULED)
        .select_related("workshop__venue__organisation")
        .order_by("workshop__starts_at", "id")
    )
