"""Votes: open, cast, count, close, remind.

Locks, always in this order: version, approval, voters (by id), outbox rows, the ledger's chain. Every voter has a row
from the opening, so a first ballot has something to lock; the clock is read under that lock, and the closing takes all
of them: a ballot is either judged in time and in the record, or refused.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import ledger, workflow
from core.clock import database_now
from core.each import each
from core.kinds import name_kinds
from core.templatetags.text import datetime_long
from members.enums import COUNCIL, MandateRole
from members.models import Mandate, Organisation, Seat, User
from members.permissions import is_secretariat, voting_organisation_ids
from outbox.services import cancel_queued
from roadmap.approval import counting, emails, record
from roadmap.approval.counting import Result
from roadmap.approval.enums import Choice, Outcome
from roadmap.approval.models import (
    EXPLANATION_MAX_LENGTH,
    Approval,
    Ballot,
    Voter,
)
from roadmap.approval.permissions import can_follow_approval, can_open_approval
from roadmap.approval.record import utc
from roadmap.drafting.enums import VersionStatus
from roadmap.drafting.models import Version
from roadmap.drafting.services import text_sha256 as hash_of_text

OPENED, CAST, CLOSED = "approval.opened", "ballot.cast", "approval.closed"
name_kinds(
    {
        OPENED: gettext_lazy("Vote opened"),
        CAST: gettext_lazy("Ballot cast"),
        CLOSED: gettext_lazy("Vote closed"),
    }
)


class ApprovalError(Exception):
    """The vote is not in a state that allows this. The message is for the reader."""


class NotOpenError(ApprovalError):
    """A ballot before the opening or after the closing."""


class OtherTextError(ApprovalError):
    """A ballot for a text that is not the one put to the vote."""


# --- Opening ------------------------------------------------------------------------------------------------


def electorate_on(day: date) -> list[Organisation]:
    """Return the organisations with a titular on the council on a day: those that would vote."""
    titulars = Mandate.objects.council().on(day).filter(role=MandateRole.TITULAR)
    return list(Organisation.objects.filter(pk__in=titulars.values("organisation")).order_by("sort_name"))


def seats_without_titular(day: date) -> list[Organisation]:
    """Return the organisations that sit on the council on a day without a titular: they would not vote."""
    seated = Seat.objects.on(day).filter(body__slug=COUNCIL)
    mandated = Mandate.objects.council().on(day)
    return list(
        Organisation.objects.filter(
            Q(pk__in=seated.values("organisation")) | Q(pk__in=mandated.values("organisation"))
        )
        .exclude(pk__in=mandated.filter(role=MandateRole.TITULAR).values("organisation"))
        .order_by("sort_name")
    )


def voices_by_organisation(
    organisations: Sequence[Organisation], day: date
) -> list[tuple[Organisation, list[User]]]:
    """Return each organisation with its active titular and alternates of a day, in the order given."""
    people: dict[int, list[User]] = {organisation.pk: [] for organisation in organisations}
    for person, carried in Mandate.objects.voices(people, day=day).items():
        for organisation in carried:
            people[organisation.pk].append(person)
    return [(organisation, people[organisation.pk]) for organisation in organisations]


def open_approval(
    *,
    version: Version,
    opens_at: datetime | None,
    closes_at: datetime,
    casting_organisation: Organisation | None,
    by: Any,
) -> Approval:
    """Put a version to the vote and return the approval. There is no way back.

    Moves the version to "vote", freezes its text's hash, the electorate (organisations with a titular on the council on
    the opening day, in Paris) and both instants; an opening instant that is blank or past means now. Writes the ledger,
    mails every titular and alternate. Raises PermissionDenied, TransitionError (the version's state), or ApprovalError:
    consultation still open, dates in disorder, nobody to vote, a casting organisation that does not vote.
    """
    if not can_open_approval(by):
        raise PermissionDenied(_("Only the secretariat opens a vote."))
    with transaction.atomic():
        version = workflow.lock(version)
        now = database_now()
        opens_at = max(opens_at or now, now)
        if closes_at <= opens_at:
            raise ApprovalError(_("The vote closes after it opens, and not in the past."))
        consultation = getattr(version, "consultation", None)
        if consultation and consultation.closes_at > now:
            until = {"when": datetime_long(consultation.closes_at)}
            raise ApprovalError(
                _("The consultation on this version is open until %(when)s: the vote opens after.") % until
            )
        electorate = electorate_on(timezone.localdate(opens_at))
        if not electorate:
            raise ApprovalError(
                _("No organisation has a titular member on the council that day: nobody could vote.")
            )
        if casting_organisation and casting_organisation not in electorate:
            raise ApprovalError(_("The organisation with the casting vote must be among the voters."))
        version = workflow.transition(
            version, VersionStatus.VOTE, by=by, published_at=version.published_at or now
        )
        approval = Approval.objects.create(
            version=version,
            opens_at=opens_at,
            closes_at=closes_at,
            text_sha256=hash_of_text(version),
            electorate_size=len(electorate),
            casting_organisation=casting_organisation,
            opened_by=by,
        )
        Voter.objects.bulk_create(
            Voter(approval=approval, organisation=organisation, organisation_name=organisation.name)
            for organisation in electorate
        )
        people = Mandate.objects.voices(
            [organisation.pk for organisation in electorate], day=timezone.localdate(opens_at)
        )
        emails.queue_opened(approval, people=people)
        ledger.append(kind=OPENED, payload=opening_facts(approval, [o.pk for o in electorate], by=by))
    return approval


def opening_facts(approval: Approval, organisation_ids: Sequence[int], *, by: Any = None) -> dict[str, Any]:
    """Return what the ledger says of an opening; without `by`, what must still be true of it later."""
    facts = {
        "approval": approval.pk,
        "version": approval.version_id,
        "text_sha256": approval.text_sha256,
        "opens_at": utc(approval.opens_at),
        "closes_at": utc(approval.closes_at),
        "electorate": sorted(organisation_ids),
        "casting_organisation": approval.casting_organisation_id,
    }
    return facts | {"by": by.pk} if by else facts


# --- Casting ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cast:
    """What became of a ballot: the one that now counts, the one it replaced, whether it was there already."""

    ballot: Ballot
    replaced: Ballot | None = None
    repeated: bool = False


def cast_ballot(
    *,
    approval: Approval,
    organisation: Organisation,
    choice: str,
    explanation: str,
    by: Any,
    text_sha256: str,
) -> Cast:
    """Cast an organisation's ballot, or replace it, and say what happened.

    Locks the organisation's voter row, then judges the opening hours by the database's clock. The same ballot again by
    the same person (a double click, a retry) changes nothing: `repeated` is True and no row is written. Otherwise
    writes the ballot and its ledger entry, cancels the organisation's reminders that are not sent, mails a receipt to
    the caster and word of it, never how it reads, to the organisation's other voices. Raises ValidationError (choice,
    explanation), PermissionDenied (not this organisation's titular or alternate today, of the secretariat, or not in
    the electorate), NotOpenError, OtherTextError.
    """
    explanation = _clean_ballot(choice, explanation)
    with transaction.atomic():
        row = Voter.objects.select_for_update(of=("self",), no_key=True).filter(
            approval=approval, organisation=organisation
        )
        locked = row.first()
        # Read after the lock, not joined to it: a row that waited for its lock would bring its neighbours' old state.
        approval, now = Approval.objects.select_related("version").get(pk=approval.pk), database_now()
        voter = _admitted(locked, organisation, by=by, day=timezone.localdate(now))
        refuse_unless_open(approval, now)
        if text_sha256 != approval.text_sha256:
            raise OtherTextError(_("This ballot was for another text than the one put to the vote."))
        voter.approval = approval
        previous = voter.ballots.select_related("cast_by", "ledger_entry").order_by("-id").first()
        same = ("choice", choice), ("explanation", explanation), ("cast_by_id", by.pk)
        if previous and all(getattr(previous, name) == value for name, value in same):
            return Cast(previous, repeated=True)
        cancel_queued(key=emails.reminder_key(voter), kind=emails.REMINDER)
        ballot = _write_ballot(
            Ballot(
                voter=voter,
                choice=choice,
                explanation=explanation,
                nonce=secrets.token_hex(16),
                cast_by=by,
                cast_at=now,
                text_sha256=text_sha256,
            ),
            previous,
        )
        emails.queue_receipt(ballot, approval=approval)
        if previous and previous.cast_by_id != by.pk:
            emails.queue_replaced(ballot, previous=previous, approval=approval)
        told = {by.pk, previous.cast_by_id if previous else None}
        for person in Mandate.objects.voices([organisation.pk], day=timezone.localdate(now)):
            if person.pk not in told:
                emails.queue_cast(ballot, person=person, approval=approval)
    return Cast(ballot, replaced=previous)


def _clean_ballot(choice: str, explanation: str) -> str:
    if choice not in Choice.values:
        raise ValidationError({"choice": _("Choose for, against or abstention.")})
    explanation = explanation.strip()
    if len(explanation) > EXPLANATION_MAX_LENGTH:
        raise ValidationError(
            {
                "explanation": _("The explanation has %(limit)s characters at most.")
                % {"limit": EXPLANATION_MAX_LENGTH}
            }
        )
    return explanation


def _admitted(voter: Voter | None, organisation: Organisation, *, by: Any, day: date) -> Voter:
    # Asked again here, not taken from what the request kept: a mandate may have ended meanwhile.
    mandated = (
        by.is_active
        and Mandate.objects.council().voting().on(day).filter(person=by, organisation=organisation).exists()
    )
    # Who can write mandates could otherwise make themselves an organisation's alternate, vote, and end the mandate.
    if is_secretariat(by):
        raise PermissionDenied(_("The secretariat runs the vote and does not take part in it."))
    if not mandated:
        raise PermissionDenied(
            _("Only the titular or an alternate member of %(organisation)s may cast its ballot.")
            % {"organisation": organisation.name}
        )
    if voter is None:
        raise PermissionDenied(
            _("%(organisation)s is not among the voters: it had no titular member when the vote opened.")
            % {"organisation": organisation.name}
        )
    return voter


def refuse_unless_open(approval: Approval, now: datetime) -> None:
    """Raise NotOpenError before the opening and from the closing instant on."""
    if now < approval.opens_at:
        raise NotOpenError(_("The vote is not open yet: no ballot was recorded."))
    # closed_at too: should the clock be set back, what the record says stays.
    if now >= approval.closes_at or approval.closed_at:
        raise NotOpenError(_("The vote is closed: your ballot came after the closing and was not recorded."))


def _write_ballot(ballot: Ballot, previous: Ballot | None) -> Ballot:
    ballot.ledger_entry = ledger.append(
        kind=CAST,
        payload={
            "approval": ballot.voter.approval_id,
            "voter": ballot.voter_id,
            "organisation": ballot.voter.organisation_id,
            "cast_by": ballot.cast_by_id,
            "ballot_sha256": ballot_sha256(ballot),
            "replaces": previous.ledger_entry.number if previous else None,
            "replaces_ballot_of": previous.cast_by_id if previous else None,
        },
    )
    ballot.save(force_insert=True)
    return ballot


def ballot_sha256(ballot: Ballot) -> str:
    """Return the hash by which the ledger holds a ballot without telling what it says."""
    return ledger.sha256(
        ledger.canonical(
            {
                "voter": ballot.voter_id,
                "choice": ballot.choice,
                "explanation": ballot.explanation,
                "cast_by": ballot.cast_by_id,
                "cast_at": utc(ballot.cast_at),
                "text_sha256": ballot.text_sha256,
                "nonce": ballot.nonce,
            }
        )
    )


# --- Counting -----------------------------------------------------------------------------------------------


def ballots_that_count(approval: Approval) -> list[Ballot]:
    """Return each organisation's last ballot, in the order of their names."""
    latest = Ballot.objects.filter(voter__approval=approval).latest_of_each()
    return sorted(
        latest.select_related("voter__organisation", "cast_by", "ledger_entry"),
        key=lambda ballot: ballot.voter.organisation.sort_name,
    )


def result(approval: Approval, ballots: Sequence[Ballot] | None = None) -> Result:
    """Count an approval's ballots (those given, or each organisation's last) and say what they decide."""
    if ballots is None:
        ballots = ballots_that_count(approval)
    return counting.count(
        electorate=approval.electorate_size,
        voices={ballot.voter.organisation_id: ballot.choice for ballot in ballots},
        casting=approval.casting_organisation_id,
    )


def settled_ballots(approval: Approval) -> list[Ballot]:
    """Return the final ballots of a vote past its closing instant, waiting for those still being written."""
    with transaction.atomic():
        _lock_voters(approval)
        return ballots_that_count(approval)


def _lock_voters(approval: Approval) -> list[Voter]:
    return list(
        Voter.objects.select_for_update(of=("self",), no_key=True).filter(approval=approval).order_by("id")
    )


# --- Closing ------------------------------------------------------------------------------------------------


def close_approval(*, approval: Approval, by: Any = None) -> Approval:
    """Write the record of a vote that has ended and return the approval; nothing is done when it is written.

    Only past the closing instant by the database's clock (NotOpenError before); `by` is None for the scheduler, else
    the secretariat (PermissionDenied for others). Waits for ballots being written, stores the record and its hash,
    writes the ledger, moves the version to adopted or not adopted (adopted on the day of the closing, in Paris), mails
    the result with the ledger's head to the organisations' voices and to the secretariat. Harmless twice, or at once.
    """
    if by is not None and not can_follow_approval(by):
        raise PermissionDenied(_("Only the secretariat has the record written."))
    with transaction.atomic():
        version = workflow.lock(approval.version)
        fresh = workflow.lock(approval)
        if fresh.closed_at:
            return fresh
        now = database_now()
        if now < fresh.closes_at:
            raise NotOpenError(_("The vote is still open."))
        voters = _lock_voters(fresh)
        ballots = ballots_that_count(fresh)
        counted = result(fresh, ballots)
        people = Mandate.objects.voices(
            [voter.organisation_id for voter in voters], day=timezone.localdate(now)
        )
        fresh.closed_at, fresh.outcome = now, counted.outcome
        adopted = counted.outcome == Outcome.ADOPTED
        version = workflow.transition(
            version,
            VersionStatus.ADOPTED if adopted else VersionStatus.NOT_ADOPTED,
            by=by,
            adopted_on=timezone.localdate(fresh.closes_at) if adopted else None,
        )
        fresh.version = version
        fresh.record = ledger.canonical(
            record.build(fresh, voters=voters, ballots=ballots, counted=counted, head=ledger.head())
        )
        fresh.record_sha256 = ledger.sha256(fresh.record)
        fresh.save(update_fields=["closed_at", "outcome", "record", "record_sha256"])
        entry = ledger.append(kind=CLOSED, payload=closing_facts(fresh))
        emails.queue_closed(fresh, result=counted, head=(entry.number, entry.hash), people=people)
    return fresh


def closing_facts(approval: Approval) -> dict[str, Any]:
    """Return what the ledger says of a closing."""
    return {
        "approval": approval.pk,
        "outcome": approval.outcome,
        "record_sha256": approval.record_sha256,
        "text_sha256": approval.text_sha256,
    }


# --- Reminders ----------------------------------------------------------------------------------------------


def send_due_reminders() -> int:
    """Remind, in every open vote, the voices of the organisations that have not voted; return how many mails.

    Only the newest reminder that is due (settings.APPROVAL_REMINDER_HOURS before closing, after the opening), each once
    for a person: the outbox refuses a second. Safe to run twice, late, or at once.
    """
    written = 0
    for approval in Approval.objects.open().select_related("version"):
        hours = due_reminder(approval, database_now())
        if hours is not None:
            written += each(approval.voters.silent(), partial(_remind, approval=approval, hours=hours))
    return written


def due_reminder(approval: Approval, now: datetime) -> int | None:
    """Return the newest reminder whose instant has come since the opening, in hours before closing, or None."""
    if not approval.opens_at <= now < approval.closes_at:
        return None
    due = [
        hours
        for hours in settings.APPROVAL_REMINDER_HOURS
        if approval.opens_at < approval.closes_at - timedelta(hours=hours) <= now
    ]
    return min(due, default=None)


def _remind(voter: Voter, *, approval: Approval, hours: int) -> int:
    with transaction.atomic():
        # Under the lock that a ballot takes: whoever votes now either is seen, or cancels what we write.
        locked = workflow.lock(voter)
        now = database_now()
        if locked.ballots.exists() or now >= approval.closes_at:
            return 0
        locked.approval = approval
        people = Mandate.objects.voices([locked.organisation_id], day=timezone.localdate(now))
        return sum(
            emails.queue_reminder(locked, approval=approval, person=person, hours=hours) for person in people
        )


# --- What awaits somebody -----------------------------------------------------------------------------------


def pending_for(user: Any) -> list[Voter]:
    """Return what the person still has to vote: voters (with `.approval.version`) of open votes, silent, theirs."""
    organisations = voting_organisation_ids(user)
    if not organisations:
        return []
    return list(
        Voter.objects.silent()
        .filter(approval__in=Approval.objects.open(), organisation__in=organisations)
        .select_related("approval__version", "organisation")
        .order_by("approval__closes_at", "organisation_name")
    )
