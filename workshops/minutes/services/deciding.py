"""Decisions: written with the minutes, then carried out."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, record, transition
from members.models import Mandate, Organisation, User
from outbox.services import cancel_queued
from workshops.minutes.emails import decision_key
from workshops.minutes.enums import DecisionState
from workshops.minutes.models import Decision, DecisionQuerySet, Minutes, MinutesSection
from workshops.minutes.permissions import can_finish_decision, can_write_minutes, decisions_of
from workshops.minutes.services.errors import MinutesError, refuse_approved


@dataclass(frozen=True)
class DecisionFields:
    """What a decision says."""

    text_fr: str
    text_en: str = ""
    section: MinutesSection | None = None
    person: User | None = None
    organisation: Organisation | None = None
    due_on: date | None = None


def save_decision(
    *, minutes: Minutes, fields: DecisionFields, by: Any, decision: Decision | None = None
) -> Decision:
    """Add a decision (the next number), or change one, before the approval; return it.

    A person with one mandate on the council brings their organisation along. Raises MinutesError: no text, a section of
    other minutes, once circulated an owner or a due date that lacks, once approved anything.
    """
    if not fields.text_fr.strip():
        raise MinutesError(_("Write the decision."), field="text_fr", code="text")
    with transaction.atomic():
        fresh = lock(minutes)
        refuse_approved(fresh)
        if fields.section and fields.section.minutes_id != fresh.pk:
            raise MinutesError(_("Choose a section of these minutes."), field="section", code="section")
        row = lock(decision) if decision else Decision(minutes=fresh, number=_next_number(fresh))
        row.minutes = fresh
        row.text_fr, row.text_en = fields.text_fr.strip(), fields.text_en.strip()
        row.section, row.person, row.due_on = fields.section, fields.person, fields.due_on
        row.organisation = fields.organisation or _own_organisation(fields.person)
        _check_date(row)
        if not fresh.is_draft:
            _check_complete(row)
        row.save()
        record(row, field="text", source="", target="saved", by=by)
        return row


def _next_number(minutes: Minutes) -> int:
    return (minutes.decisions.aggregate(last=Max("number"))["last"] or 0) + 1


def _own_organisation(person: User | None) -> Organisation | None:
    if person is None:
        return None
    mandates = Mandate.objects.council().current().filter(person=person).select_related("organisation")
    organisations = {mandate.organisation for mandate in mandates}
    return organisations.pop() if len(organisations) == 1 else None


def _check_complete(decision: Decision) -> None:
    if not (decision.person_id or decision.organisation_id):
        raise MinutesError(_("Say who carries this decision out."), field="person", code="owner")
    if not decision.due_on:
        raise MinutesError(_("Give the date by which it is carried out."), field="due_on", code="due")


def _check_date(decision: Decision) -> None:
    held_at = decision.minutes.workshop.starts_at
    if decision.due_on and held_at and decision.due_on < timezone.localdate(held_at):
        raise MinutesError(_("This date is before the meeting."), field="due_on", code="due")


def remove_decision(*, decision: Decision, by: Any) -> None:
    """Remove a decision while nobody but the secretariat has read it. Raises MinutesError once circulated."""
    with transaction.atomic():
        fresh = lock(decision.minutes)
        if not fresh.is_draft:
            raise MinutesError(
                _("These minutes are circulated: the decision can be dropped, with a reason."),
                code="circulated",
            )
        row = lock(decision)
        record(fresh, field="text", source="", target="decision removed", by=by, reason=row.text_fr[:500])
        row.delete()


def settle_decision(*, decision: Decision, state: str, reason: str, by: Any) -> Decision:
    """Mark a decision as done or dropped, with the reason in its log; return it.

    Who carries it out may say that it is done, the secretariat both. Reminders not sent yet are dropped. Raises
    PermissionDenied, MinutesError (no reason, minutes not circulated) and TransitionError.
    """
    may = can_write_minutes(by) or (state == DecisionState.DONE and can_finish_decision(by, decision))
    if not may:
        raise PermissionDenied
    if state not in (DecisionState.DONE, DecisionState.DROPPED):
        raise MinutesError(_("Choose what became of it."), field="state", code="state")
    if not reason.strip():
        raise MinutesError(_("Say in a few words what became of it."), field="reason", code="reason")
    with transaction.atomic():
        minutes = lock(decision.minutes)
        if minutes.is_draft:
            raise MinutesError(_("Circulate the minutes first."), code="draft")
        fresh = transition(decision, state, by=by, reason=reason.strip()[:2000], closed_at=database_now())
        cancel_queued(key=decision_key(fresh))
        return fresh


def reopen_decision(*, decision: Decision, reason: str, by: Any) -> Decision:
    """Open a decision that was closed by mistake; return it. Raises PermissionDenied, MinutesError, TransitionError."""
    if not can_write_minutes(by):
        raise PermissionDenied
    if not reason.strip():
        raise MinutesError(_("Say why it is open again."), field="reason", code="reason")
    with transaction.atomic():
        # The database's guard reads the minutes too: locked after the decision, they meet whoever settles it.
        lock(decision.minutes)
        return transition(decision, DecisionState.OPEN, by=by, reason=reason.strip()[:2000], closed_at=None)


def decisions_awaiting(user: Any) -> DecisionQuerySet:
    """Return the open decisions that a person carries out, the first due first."""
    return decisions_of(user).open().with_owner().order_by("due_on", "id")
