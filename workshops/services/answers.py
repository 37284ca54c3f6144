"""The answers to invitations, and what a person's space shows of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, transition
from members.models import Organisation, User
from members.permissions import is_secretariat
from workshops import emails
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import Invitation, InvitationQuerySet, Workshop
from workshops.services.errors import WorkshopError
from workshops.services.hosting import mark_sheet
from workshops.services.mailbag import Mailbag
from workshops.services.representation import (
    call_colleague,
    check_colleague,
    check_proxy,
    check_stand_in,
    release_colleague,
    tell_holders,
)
from workshops.services.seats import is_full, settle


@dataclass(frozen=True)
class _Given:
    """An answer as the person gives it, or gave it: whether it waits for a seat is not theirs to say."""

    answer: str
    represented_by: str
    representative: User | None
    proxy_organisation: Organisation | None
    comment: str
    needs: str

    @property
    def takes_seat(self) -> bool:
        """Whether the person comes, or a colleague without an invitation of their own."""
        if self.answer == Answer.REPRESENTED:
            return self.representative is None and self.proxy_organisation is None
        return self.answer == Answer.YES


def answer_invitation(
    *,
    invitation: Invitation,
    answer: str,
    by: Any,
    source: str,
    represented_by: str = "",
    representative: User | None = None,
    proxy_organisation: Organisation | None = None,
    comment: str | None = None,
    needs: str | None = None,
    seen_moves: int | None = None,
) -> Invitation:
    """Take a person's answer, or the one that the secretariat took by phone, and return the invitation.

    Judged by the database's clock under the workshop's and the invitation's locks; the secretariat may also record
    after the deadline. `seen_moves` is the workshop's `moves` on the page that the person answered: if it moved
    meanwhile the answer is refused. A comment or needs of None stay as they were.

    A yes to a full workshop waits. In the same transaction: a colleague with an account is invited (or no longer), an
    organisation that gets or loses a proxy is told, whoever counted on this person is asked again, a freed seat goes to
    the first in the queue. The log names who recorded it, on whose invitation. A confirmation is mailed and reminders
    that no longer fit are dropped; the same answer again changes nothing. Raises WorkshopError.
    """
    recorded = source == AnswerSource.SECRETARIAT
    if recorded and not is_secretariat(by):
        raise PermissionDenied
    author = by if by is not None and by.is_authenticated else None
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        before = lock(invitation)
        before.workshop = workshop
        now = database_now()
        if refusal := answer_refusal(before, now=now, recorded=recorded):
            raise refusal
        if seen_moves is not None and seen_moves != workshop.moves:
            message = _("The dates have just changed: please look at them and answer again.")
            raise WorkshopError(message, code="moved")
        given = _clean(
            before,
            _Given(
                answer,
                represented_by,
                representative,
                proxy_organisation,
                before.comment if comment is None else comment,
                before.needs if needs is None else needs,
            ),
        )
        if not before.needs_answer and (given == _given(before) or _repeats(before, answer, source)):
            return before
        mails = Mailbag()
        fresh = _record(before, given, by=author, source=source, now=now, mails=mails)
        _tell_others(before, fresh, by=author, now=now, mails=mails)
        settle(workshop, now=now, mails=mails)
        mails.send(workshop)
        return fresh


def _clean(invitation: Invitation, given: _Given) -> _Given:
    """Return the answer without what does not belong to it. Raises WorkshopError at the field that is wrong."""
    answer = given.answer
    if answer not in Answer.values or answer in (Answer.SILENT, Answer.WAITING):
        raise WorkshopError(_("Choose an answer."), field="answer", code="answer")
    represented = answer == Answer.REPRESENTED
    name = given.represented_by.strip() if represented else ""
    colleague = given.representative if represented else None
    holder = given.proxy_organisation if represented else None
    check_stand_in(invitation, answer)
    if represented:
        _check_representation(invitation, name, colleague, holder)
    if len(name) > 170 or len(given.comment) > 1000 or len(given.needs) > 300:
        lengths = {
            "represented_by": len(name) > 170,
            "comment": len(given.comment) > 1000,
            "needs": len(given.needs) > 300,
        }
        field = next(field for field, too_long in lengths.items() if too_long)
        raise WorkshopError(_("This text is too long."), field=field, code="length")
    if colleague:
        name = colleague.get_full_name()
    cleaned = _Given(answer, name, colleague, holder, given.comment.strip(), given.needs.strip())
    # What the host need not know is not kept.
    return cleaned if cleaned.takes_seat else _Given(answer, name, colleague, holder, cleaned.comment, "")


def _check_representation(
    invitation: Invitation, name: str, colleague: User | None, holder: Organisation | None
) -> None:
    chosen = [choice for choice in (name, colleague, holder) if choice]
    if not chosen:
        raise WorkshopError(_("Say who represents you."), field="represented_by", code="represented")
    if len(chosen) > 1:
        message = _("Choose one only: a colleague of the list, a name, or another organisation.")
        raise WorkshopError(message, field="represented_by", code="represented")
    if colleague:
        check_colleague(invitation, colleague)
    if holder:
        check_proxy(invitation, holder)


def _given(invitation: Invitation) -> _Given:
    """Return the answer that stands, as the person gave it."""
    answer = invitation.answer
    if answer == Answer.WAITING:
        answer = Answer.REPRESENTED if invitation.represented_by else Answer.YES
    return _Given(
        answer,
        invitation.represented_by,
        invitation.representative,
        invitation.proxy_organisation,
        invitation.comment,
        invitation.needs,
    )


def _repeats(invitation: Invitation, answer: str, source: str) -> bool:
    """Tell whether a calendar only says again what its entry says: a represented person's is "declined"."""
    return (
        source == AnswerSource.CALENDAR
        and answer == Answer.EXCUSED
        and invitation.answer == Answer.REPRESENTED
    )


def _record(
    before: Invitation, given: _Given, *, by: Any, source: str, now: datetime, mails: Mailbag
) -> Invitation:
    """Write the answer and what it means for the person's seat."""
    workshop = before.workshop
    waits = given.takes_seat and not before.comes and is_full(workshop)
    fresh = transition(
        before,
        Answer.WAITING if waits else given.answer,
        by=by,
        reason=str(source),
        represented_by=given.represented_by,
        representative=given.representative,
        proxy_organisation=given.proxy_organisation,
        comment=given.comment,
        needs=given.needs,
        waiting_since=(before.waiting_since or now) if waits else None,
        promoted_at=before.promoted_at if before.comes and given.takes_seat else None,
        answered_at=now,
        answered_by=by,
        answer_source=source,
    )
    fresh.workshop = workshop
    emails.drop_silent_reminders(fresh)
    if not fresh.comes:
        emails.drop_attending_reminders(fresh)
    mails.add(fresh, lambda invitation: emails.send_answer_receipt(invitation, now=now))
    mails.add(fresh, lambda invitation: mark_sheet(invitation, now=now))
    return fresh


def _tell_others(before: Invitation, fresh: Invitation, *, by: Any, now: datetime, mails: Mailbag) -> None:
    """Call or release the colleague, tell the organisation that holds, or no longer holds, the proxy."""
    workshop = fresh.workshop
    if fresh.representative and fresh.representative_id != before.representative_id:
        call_colleague(
            workshop,
            giver=fresh,
            colleague=fresh.representative,
            waiting_since=before.waiting_since or now,
            by=by,
            now=now,
            mails=mails,
        )
    if before.representative_id != fresh.representative_id:
        release_colleague(workshop, person_id=before.representative_id, by=by, now=now, mails=mails)
    if before.proxy_organisation_id != fresh.proxy_organisation_id:
        for holder, begins in ((before.proxy_organisation, False), (fresh.proxy_organisation, True)):
            if holder:
                tell_holders(workshop, holder=holder, giver=fresh, given=begins, mails=mails)


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


def forget_needs() -> int:
    """Delete what people said they need (access, diet) some days after the meeting; return how many."""
    over = database_now() - timedelta(days=settings.NEEDS_KEEP_DAYS)
    told = Invitation.objects.exclude(needs="")
    return told.filter(
        Q(workshop__ends_at__lt=over)
        | Q(workshop__state=WorkshopState.CANCELLED, workshop__updated_at__lt=over)
        | Q(withdrawn_at__lt=over)
    ).update(needs="")
