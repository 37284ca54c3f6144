"""Who is invited to a workshop, and the sending of the invitations."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, record
from members.enums import Language
from members.models import Mandate, User
from workshops import emails
from workshops.delays import short_notice
from workshops.enums import WorkshopState
from workshops.guests import Guest, parse_guests
from workshops.models import Invitation, PollReply, Workshop, rules_for
from workshops.services.errors import GuestListError, WorkshopError, lock_recipients
from workshops.services.mailbag import Mailbag
from workshops.services.representation import release_colleague, take_off, tell_holders
from workshops.services.scheduling import check_deadline
from workshops.services.seats import ask_anew, settle

INVITING_STATES = (WorkshopState.DRAFT, WorkshopState.DATE_POLL, WorkshopState.SCHEDULED)


@dataclass(frozen=True)
class Sent:
    """What a sending did: how many invitations left, and the warning when the delay is short."""

    count: int
    notice: str


def add_invitees(
    *, workshop: Workshop, mandates: Iterable[Mandate], by: Any, required: bool = False
) -> list[Invitation]:
    """Put people on the list by their mandates, and return the new invitations; nothing is mailed yet.

    People already on the list are left as they are, but whoever a colleague named is invited for themselves; somebody
    whose invitation was withdrawn is invited anew. Somebody with several mandates is invited once. Raises WorkshopError
    when the workshop no longer takes invitations.
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
                is_required=required,
                by=by,
            )
            for mandate in mandates
            if mandate.person.is_active
        ]
        return [invitation for invitation in added if invitation]


def add_guests(
    *, workshop: Workshop, text: str, by: Any, language: str = Language.FRENCH, required: bool = False
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
            _add_guest(
                fresh, guest, accounts.get(guest.email.lower()), language=language, required=required, by=by
            )
            for guest in guests
        ]
        return [invitation for invitation in added if invitation]


def _add_guest(
    workshop: Workshop, guest: Guest, person: User | None, *, language: str, required: bool, by: Any
) -> Invitation | None:
    name, email = (person.get_full_name(), person.email) if person else (guest.name, guest.email)
    return _add(
        workshop,
        name=name,
        email=email,
        language=person.language if person else language,
        person=person,
        is_required=required,
        by=by,
    )


def _lock_for_inviting(workshop: Workshop) -> Workshop:
    fresh = lock(workshop)
    if fresh.state not in INVITING_STATES:
        raise WorkshopError(_("This workshop no longer takes invitations."), code="state")
    if fresh.starts_at and fresh.starts_at <= database_now():
        raise WorkshopError(_("This date is past."), code="past")
    return fresh


def _add(workshop: Workshop, *, email: str, is_required: bool, by: Any, **fields: Any) -> Invitation | None:
    """Add somebody under the workshop's lock; None when they are on the list."""
    same = Q(email__iexact=email)
    if person := fields.get("person"):
        # Also under the address that they had when they were invited.
        same |= Q(person=person)
    known = workshop.invitations.filter(same).order_by("withdrawn_at").last()
    if known is None:
        return Invitation.objects.create(workshop=workshop, email=email, is_required=is_required, **fields)
    if known.withdrawn_at is None:
        if known.is_stand_in:
            # Invited for themselves from now on: they stay when the colleague comes after all.
            known.is_stand_in = False
            known.save(update_fields=["is_stand_in"])
            record(known, field="is_stand_in", source="named", target="invited", by=by)
        return None
    # A calendar takes the new entry only when its SEQUENCE is above that of the CANCEL.
    workshop.sequence += 1
    workshop.save(update_fields=["sequence", "updated_at"])
    if workshop.state == WorkshopState.DATE_POLL:
        # What they said before they were taken off counts no more: they are asked again.
        PollReply.objects.filter(invitation=known).delete()
    # First, while it is withdrawn: the proxy that it gave may be another one's by now.
    known = ask_anew(known, by=by)
    known.withdrawn_at = known.sent_at = known.host_sheet_sent_at = None
    known.is_stand_in, known.is_required = False, is_required
    known.save(update_fields=["withdrawn_at", "sent_at", "host_sheet_sent_at", "is_stand_in", "is_required"])
    record(known, field="withdrawn_at", source="withdrawn", target="invited", by=by)
    return known


def withdraw_invitation(*, invitation: Invitation, by: Any) -> None:
    """Take one person off the list; the workshop goes on.

    If the invitation was sent and the workshop is to come, SEQUENCE rises and that person alone gets a CANCEL of their
    entry; messages not sent yet are dropped. Their seat goes to the first who waits, the colleague whom they named is
    released, those who counted on them are asked again. An invitation never sent is removed, but that of somebody who
    was asked for a date: their link says so. Raises WorkshopError when it is already withdrawn.
    """
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        now = database_now()
        fresh = lock(invitation)
        if fresh.withdrawn_at:
            raise WorkshopError(_("This invitation is already withdrawn."), code="withdrawn")
        polled = PollReply.objects.filter(invitation=fresh).exists()
        if fresh.sent_at is None and fresh.answered_at is None and not polled:
            fresh.delete()
            return
        mails = Mailbag()
        if workshop.state != WorkshopState.SCHEDULED or not workshop.starts_at or workshop.starts_at <= now:
            fresh.withdrawn_at = now
            fresh.save(update_fields=["withdrawn_at"])
            record(fresh, field="withdrawn_at", source="invited", target="withdrawn", by=by)
            if polled:
                emails.drop_queued([fresh])
            return
        take_off(workshop, fresh, by=by, now=now, mails=mails)
        release_colleague(workshop, person_id=fresh.representative_id, by=by, now=now, mails=mails)
        if fresh.proxy_organisation:
            tell_holders(workshop, holder=fresh.proxy_organisation, giver=fresh, given=False, mails=mails)
        settle(workshop, now=now, mails=mails)
        mails.send(workshop)


def require_invitee(*, invitation: Invitation, required: bool, by: Any) -> Invitation:
    """Say that the meeting should, or need not, have a person. Nobody is mailed; the log names who decided.

    Raises WorkshopError when the invitation is withdrawn or the workshop over or cancelled.
    """
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        fresh = lock(invitation)
        if fresh.withdrawn_at:
            raise WorkshopError(_("This invitation is withdrawn."), code="withdrawn")
        if workshop.state not in INVITING_STATES:
            raise WorkshopError(_("This workshop no longer takes invitations."), code="state")
        if fresh.is_required != required:
            fresh.is_required = required
            fresh.save(update_fields=["is_required"])
            words = ("optional", "required")
            record(fresh, field="is_required", source=words[not required], target=words[required], by=by)
        return fresh


def send_invitations(*, workshop: Workshop, by: Any) -> Sent:
    """Mail the invitations (for a session: the convocations) that were not sent yet, but to closed accounts.

    The rows of the outbox are written in the same transaction; a second call, even at the same time, finds nothing left
    to send. Raises WorkshopError for a draft, a cancelled or a past workshop, and when the deadline to answer is past.
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
        invitations = lock_recipients(fresh, fresh.invitations.standing().reachable().filter(sent_at=None))
        if invitations:
            check_deadline(fresh.answer_by, now=now)
        for invitation in invitations:
            invitation.sent_at = now
            emails.send_invitation(invitation, now=now)
        Invitation.objects.filter(pk__in=[row.pk for row in invitations]).update(
            sent_at=now, asked_sequence=fresh.sequence
        )
        if invitations and fresh.invited_at is None:
            fresh.invited_at = now
            fresh.save(update_fields=["invited_at"])
            record(fresh, field="invited_at", source="", target="sent", by=by)
        notice = short_notice(fresh.starts_at, now, days=rules_for(fresh.kind).convocation_days)
        return Sent(len(invitations), notice if invitations else "")
