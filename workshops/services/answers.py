"""The answers to invitations, and what a person's space shows of them."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import history, lock, transition
from members.permissions import is_secretariat
from workshops import emails
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import Invitation, InvitationQuerySet, Workshop
from workshops.services.errors import WorkshopError, lock_recipients


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
    if answer not in Answer.values or answer in (Answer.SILENT, Answer.WAITING):
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
