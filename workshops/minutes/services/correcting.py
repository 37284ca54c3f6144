"""Corrections: opened by the circulation, asked by those who attended, decided by the secretariat."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from core.clock import database_now
from core.seen import mark
from core.workflow import lock, transition
from members.enums import Language
from members.models import Organisation
from members.permissions import council_mandates
from workshops.attendance.models import Attendance
from workshops.enums import Answer, WorkshopState
from workshops.minutes import emails
from workshops.minutes.enums import CorrectionState, MinutesState
from workshops.minutes.models import CORRECTION_MAX_LENGTH, Correction, Minutes, MinutesSection
from workshops.minutes.permissions import (
    attendees_of,
    can_correct_by_link,
    can_correct_minutes,
    can_write_minutes,
    guests_of,
)
from workshops.minutes.services.errors import MinutesError, refuse_approved
from workshops.models.invitations import Invitation
from workshops.models.rules import rules_for
from workshops.models.workshops import Workshop


def circulate_minutes(*, minutes: Minutes, by: Any) -> Minutes:
    """Send a draft to those who attended and take their corrections for as many days as the kind's rules say.

    Each of them gets a mail. Raises MinutesError (workshop not held, nobody chaired, a decision without an owner or a
    due date, nothing written) and TransitionError.
    """
    with transaction.atomic():
        workshop = lock(minutes.workshop)
        fresh = lock(minutes)
        now = database_now()
        if workshop.state != WorkshopState.HELD:
            message = _(
                "First say that the workshop took place: button “It took place” under “Invite, follow”."
            )
            raise MinutesError(message, code="not-held")
        if not (fresh.chair and fresh.secretary):
            field = "secretary" if fresh.chair else "chair"
            raise MinutesError(_("Say who chaired and who was the secretary."), field=field, code="head")
        if not fresh.sections.exclude(text_fr="").exists() and not fresh.decisions.exists():
            raise MinutesError(_("Nothing is written yet."), code="empty")
        check_decisions(fresh)
        days = rules_for(workshop.kind).corrections_days
        fresh = transition(
            fresh,
            MinutesState.CORRECTIONS,
            by=by,
            circulated_at=now,
            corrections_close_at=now + timedelta(days=days),
        )
        fresh.workshop = workshop
        for reader in (*attendees_of(workshop), *guests_of(workshop)):
            emails.send_circulated(fresh, reader)
        return fresh


def check_decisions(minutes: Minutes) -> None:
    """Raise MinutesError naming the decisions that lack an owner or a due date."""
    numbers = [str(number) for number in minutes.decisions.incomplete().values_list("number", flat=True)]
    if numbers:
        raise MinutesError(
            _("These decisions lack an owner or a due date: %(numbers)s.") % {"numbers": ", ".join(numbers)},
            code="incomplete",
        )


def propose_correction(
    *,
    section: MinutesSection,
    language: str,
    seen: str,
    proposed: str = "",
    comment: str = "",
    by: Any = None,
    invitation: Invitation | None = None,
) -> Correction:
    """Take a correction of a section from somebody who attended, and return it.

    `invitation` is a guest's, whose link is their right to ask. `seen` is the mark of the text that its author read.
    Judged by the database's clock under the minutes' lock. Raises PermissionDenied, MinutesError (closed, nothing
    asked, too long, the text changed meanwhile).
    """
    proposed, comment = proposed.strip(), comment.strip()
    with transaction.atomic():
        minutes = lock(section.minutes)
        allowed = can_correct_by_link(invitation, minutes) if invitation else can_correct_minutes(by, minutes)
        if not allowed:
            if minutes.is_approved:
                raise MinutesError(_("These minutes are approved: they take no correction."), code="closed")
            raise PermissionDenied
        if minutes.corrections_close_at is None or database_now() >= minutes.corrections_close_at:
            raise MinutesError(_("The corrections are closed."), code="closed")
        row = lock(section)
        language = language if language in Language.values else Language.FRENCH
        current = getattr(row, f"text_{language}")
        proposed = "" if proposed == current else proposed
        if not proposed and not comment:
            raise MinutesError(_("Change the text, or write a remark."), field="proposed", code="empty")
        if len(proposed) > CORRECTION_MAX_LENGTH or len(comment) > 2000:
            field = "proposed" if len(proposed) > CORRECTION_MAX_LENGTH else "comment"
            raise MinutesError(_("This text is too long."), field=field, code="length")
        if seen != mark(current):
            raise MinutesError(
                _("The text has just changed: look at it as it is now, and correct it again."), code="moved"
            )
        return Correction.objects.create(
            section=row,
            author=None if invitation else by,
            invitation=invitation,
            organisation=invitation.organisation if invitation else _spoken_for(by, minutes.workshop),
            language=language,
            original=current,
            proposed=proposed,
            comment=comment,
        )


def _spoken_for(user: Any, workshop: Workshop) -> Organisation | None:
    """Return the organisation for which somebody was invited, or else sits on the council."""
    invitation = Invitation.objects.sent().filter(person=user, workshop=workshop).first()
    if invitation and invitation.organisation:
        return invitation.organisation
    mandates = council_mandates(user)
    return mandates[0].organisation if mandates else None


def accept_correction(
    *, correction: Correction, text: str, seen: str, reason: str = "", by: Any
) -> Correction:
    """Write a text into the corrected section, mark the correction as accepted and mail its author; return it.

    `text` is the section's text from now on (the proposal, or as the secretariat words it), `seen` the mark of the
    one that the page showed: if it changed meanwhile, nothing is written. Raises PermissionDenied, MinutesError and
    TransitionError.
    """
    if not can_write_minutes(by):
        raise PermissionDenied
    with transaction.atomic():
        section = _lock_section(correction)
        if mark(getattr(section, f"text_{correction.language}")) != seen:
            raise MinutesError(
                _("The section has changed meanwhile: look at its text as it is now, and decide again."),
                code="moved",
            )
        fresh = _decide(correction, CorrectionState.ACCEPTED, reason, by)
        setattr(section, f"text_{fresh.language}", text.strip())
        section.save(update_fields=[f"text_{fresh.language}"])
        emails.send_correction_decided(fresh)
        return fresh


def reject_correction(*, correction: Correction, reason: str, by: Any) -> Correction:
    """Refuse a correction, with the reason that its author is mailed; return it. Raises as `accept_correction`."""
    if not can_write_minutes(by):
        raise PermissionDenied
    if not reason.strip():
        raise MinutesError(_("Give the reason: the author will receive it."), field="reason", code="reason")
    with transaction.atomic():
        _lock_section(correction)
        fresh = _decide(correction, CorrectionState.REJECTED, reason, by)
        emails.send_correction_decided(fresh)
        return fresh


def _lock_section(correction: Correction) -> MinutesSection:
    refuse_approved(lock(correction.section.minutes))
    return lock(correction.section)


def _decide(correction: Correction, state: CorrectionState, reason: str, by: Any) -> Correction:
    reason = reason.strip()[:2000]
    return transition(correction, state, by=by, reason=reason, status_reason=reason)


def corrections_awaiting(user: Any) -> "QuerySet[Minutes]":
    """Return the minutes that a person may correct now, the first to close first."""
    answered = Invitation.objects.sent().filter(answer__in=(Answer.REPRESENTED, Answer.EXCUSED))
    mine = answered.filter(Q(person=user.pk) | Q(representative=user.pk)).values("workshop")
    came = Attendance.objects.standing().filter(person=user.pk).values("workshop")
    return (
        Minutes.objects.filter(state=MinutesState.CORRECTIONS, corrections_close_at__gt=Now())
        .filter(Q(workshop__in=mine) | Q(workshop__in=came))
        .select_related("workshop")
        .order_by("corrections_close_at", "id")
    )
