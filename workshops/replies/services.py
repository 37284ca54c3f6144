"""Takes in what came by mail: keeps it, handles it, lets the secretariat decide the rest, forgets it in time.

Locks are taken in this order: reply, workshop, invitation, e-mails.
"""

import hashlib
import logging
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import override

from core import workflow
from core.clock import database_now
from core.models import TransitionLog
from members.models import User
from outbox.cleaning import clean_text
from outbox.inbound import InboundMail, UnreadableMail, read_mail
from outbox.itip import CalendarAnswer
from workshops import emails
from workshops.enums import Answer, AnswerSource, WorkshopState
from workshops.models import CalendarReply, CalendarReplyQuerySet, Invitation, InvitationQuerySet
from workshops.replies.enums import ReplyCause, ReplyState
from workshops.replies.judging import TENTATIVE, Judgement, judge
from workshops.services import WorkshopError, answer_invitation, answer_refusal, lock_recipients

logger = logging.getLogger(__name__)

# The sign of life of the mailbox's reading.
MAILBOX = "mailbox"
ANSWERS = {"ACCEPTED": Answer.YES, "DECLINED": Answer.EXCUSED}
# The rank of a candidate that only the workshop speaks for.
ANYBODY = 3
# What asks nothing of anybody any more: a calendar that says no to what was cancelled.
_CLOSED = ("withdrawn", "cancelled")


class Outcome(NamedTuple):
    """What becomes of a reply, and why."""

    state: ReplyState
    cause: str = ""
    detail: str = ""


def receive_mail(raw: bytes, is_cut: bool = False) -> None:
    """Keep a mail, committed when this returns (outside a transaction); one already kept changes nothing."""
    row = CalendarReply(digest=hashlib.sha256(raw).hexdigest(), raw=raw, is_cut=is_cut)
    CalendarReply.objects.bulk_create([row], ignore_conflicts=True)


def handle_received() -> int:
    """Handle what was received, in the order of arrival, and return how many.

    Each in a transaction of its own, so that one that fails holds up no other: it is quarantined, or waits for the next
    turn when the database is the reason. Any number of workers may run at once.
    """
    handled = 0
    put_off: set[int] = set()
    while (pk := _handle_next(put_off)) is not None:
        handled += pk not in put_off
    return handled


def _handle_next(put_off: set[int]) -> int | None:
    pk = None
    try:
        with transaction.atomic():
            reply = _next_received(put_off)
            if reply is None:
                return None
            pk = reply.pk
            _handle(reply)
    except Exception as error:  # neither a fault of ours nor the database's may stop the others' answers
        if pk is None:
            raise
        logger.error("Calendar reply %s was not handled: %s", pk, type(error).__name__)
        put_off.add(pk)
        if not isinstance(error, (OperationalError, InterfaceError)):
            _set_failed_aside(pk)
    return pk


def _next_received(put_off: Collection[int]) -> CalendarReply | None:
    rows = CalendarReply.objects.filter(state=ReplyState.RECEIVED).exclude(pk__in=put_off).order_by("id")
    return rows.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def _set_failed_aside(pk: int) -> None:
    with transaction.atomic():
        rows = CalendarReply.objects.filter(pk=pk, state=ReplyState.RECEIVED)
        reply = rows.select_for_update(of=("self",), no_key=True).first()
        if reply is not None:
            said: dict[str, Any] = {}
            with suppress(UnreadableMail):
                said = _said(read_mail(bytes(reply.raw or b"")), Judgement())
            _settle(reply, Outcome(ReplyState.QUARANTINED, ReplyCause.FAILED), **said)


def _handle(reply: CalendarReply) -> None:
    """Read, judge and settle one reply, whose row is locked."""
    try:
        mail = read_mail(bytes(reply.raw or b""))
    except UnreadableMail:
        _settle(reply, Outcome(ReplyState.QUARANTINED, ReplyCause.UNREADABLE))
        return
    found = judge(mail, is_cut=reply.is_cut)
    outcome = Outcome(ReplyState.QUARANTINED, found.cause) if found.cause else _take(found, mail)
    _settle(reply, outcome, **_said(mail, found))


def _settle(reply: CalendarReply, outcome: Outcome, **said: Any) -> None:
    undecided = outcome.state in (ReplyState.QUARANTINED, ReplyState.NOTED)
    workflow.transition(
        reply,
        outcome.state,
        by=None,
        reason=str(outcome.cause),
        cause=outcome.cause,
        detail=outcome.detail[:300],
        raw=reply.raw if undecided else None,
        **said,
    )


def _said(mail: InboundMail, found: Judgement) -> dict[str, Any]:
    """Return what the sheet shows of a mail."""
    said: dict[str, Any] = {
        "sender": mail.sender,
        "sender_name": mail.sender_name,
        "subject": mail.subject,
        "text": mail.text,
        "is_automatic": mail.is_automatic,
        "invitation": found.invitation,
        "person": found.invitation.person if found.invitation else _account(mail.sender),
    }
    if found.answer:
        respondents = found.answer.respondents
        said |= {
            "method": found.answer.method[:20],
            "uid": found.answer.uid,
            "sequence": found.answer.sequence,
            "dtstamp": found.answer.dtstamp,
            "attendee": respondents[0].email if respondents else "",
            "partstat": respondents[0].partstat if respondents else "",
            "comment": found.answer.comment,
        }
    return said


def _account(address: str) -> User | None:
    return User.objects.filter(email__iexact=address).first() if address else None


def _take(found: Judgement, mail: InboundMail) -> Outcome:
    """Take the answer of the person whom everything says it is from, and return what became of it."""
    answer, invitation = found.answer, found.invitation
    if answer is None or invitation is None:
        raise ValueError("Nothing to take.")
    workshop = workflow.lock(invitation.workshop)
    fresh = workflow.lock(invitation)
    fresh.workshop = workshop
    with override(fresh.mail_language):
        return _take_locked(fresh, answer, mail)


def _take_locked(fresh: Invitation, answer: CalendarAnswer, mail: InboundMail) -> Outcome:
    now, workshop = database_now(), fresh.workshop
    if answer.sequence > workshop.sequence:
        return Outcome(ReplyState.QUARANTINED, ReplyCause.SEQUENCE)
    if not _is_newest(fresh, answer, mail, now):
        return Outcome(ReplyState.IGNORED, ReplyCause.REPEATED)
    partstat = answer.respondents[0].partstat
    refusal = answer_refusal(fresh, now=now)
    if refusal:
        if partstat == "DECLINED" and refusal.code in _CLOSED:
            return Outcome(ReplyState.IGNORED, ReplyCause.MOOT)
        return _refuse(fresh, mail, str(refusal))
    if answer.sequence < fresh.asked_sequence:
        _tell(fresh, mail, former_dates=True)
        return Outcome(ReplyState.IGNORED, ReplyCause.OLD_DATES)
    if partstat == TENTATIVE:
        return Outcome(ReplyState.NOTED, ReplyCause.TENTATIVE)
    try:
        # In a savepoint: a refusal undoes what was begun, and is itself recorded.
        with transaction.atomic():
            answer_invitation(
                invitation=fresh,
                answer=ANSWERS[partstat],
                by=None,
                source=AnswerSource.CALENDAR,
                comment=answer.comment or None,
            )
    except WorkshopError as error:
        return _refuse(fresh, mail, str(error))
    return Outcome(ReplyState.APPLIED)


def _is_newest(invitation: Invitation, answer: CalendarAnswer, mail: InboundMail, now: datetime) -> bool:
    """Tell whether this is newer than what was seen, and remember it: (SEQUENCE, DTSTAMP) only rises.

    An instant to come, of a calendar whose clock is wrong, counts as now: it must not outrank all later answers.
    """
    stamp = (answer.sequence, min(answer.dtstamp or mail.date or now, now))
    if invitation.reply_dtstamp is not None and stamp <= (
        invitation.reply_sequence or 0,
        invitation.reply_dtstamp,
    ):
        return False
    Invitation.objects.filter(pk=invitation.pk).update(reply_sequence=stamp[0], reply_dtstamp=stamp[1])
    return True


def _refuse(invitation: Invitation, mail: InboundMail, why: str) -> Outcome:
    _tell(invitation, mail, why=why)
    return Outcome(ReplyState.QUARANTINED, ReplyCause.REFUSED, why)


def _tell(invitation: Invitation, mail: InboundMail, **context: Any) -> None:
    """Tell the person invited, at their own address, that the answer does not count; once a version of the workshop.

    Never in answer to a machine: two of them would go on for ever.
    """
    if mail.is_automatic:
        return
    for row in lock_recipients(invitation.workshop, Invitation.objects.filter(pk=invitation.pk)):
        emails.send_reply_refused(row, **context)


# --- What the secretariat decides ---


def candidates(reply: CalendarReply) -> InvitationQuerySet:
    """Return the invitations whose answer this may be: its workshop's and its sender's, the likeliest first."""
    addresses = [address for address in (reply.attendee, reply.sender) if address]
    own = Q(pk=reply.invitation_id)
    for address in addresses:
        own |= Q(email__iexact=address) | Q(person__email__iexact=address)
    same_meeting = Q(workshop__uid=reply.uid) if reply.uid else Q(pk__in=[])
    open_ones = Q(workshop__state=WorkshopState.SCHEDULED, workshop__ends_at__gt=Now())
    rank = Case(
        When(Q(pk=reply.invitation_id), then=Value(0)),
        When(own & same_meeting, then=Value(1)),
        When(own, then=Value(2)),
        default=Value(ANYBODY),
    )
    rows = Invitation.objects.sent().filter(open_ones, own | same_meeting)
    rows = rows.select_related("workshop", "organisation", "person").annotate(rank=rank)
    return rows.order_by("rank", "workshop__starts_at", "name", "id")


def apply_reply(*, reply: CalendarReply, invitation: Invitation, answer: str, by: Any) -> CalendarReply:
    """Record a reply as somebody's answer, as the secretariat records one by phone; the log names both.

    The answer's own effects are `answer_invitation`'s (receipt, waiting list). Raises WorkshopError, and
    TransitionError when it is decided already; then nothing is written.
    """
    with transaction.atomic():
        fresh = workflow.lock(reply)
        done = workflow.transition(
            fresh,
            ReplyState.APPLIED,
            by=by,
            reason=f"invitation:{invitation.pk}",
            raw=None,
            invitation=invitation,
            person=invitation.person,
        )
        answer_invitation(
            invitation=invitation,
            answer=answer,
            by=by,
            source=AnswerSource.SECRETARIAT,
            comment=fresh.comment or None,
        )
    return done


def discard_reply(*, reply: CalendarReply, reason: str, by: Any) -> CalendarReply:
    """Set a reply aside, with the reason in the log. Raises WorkshopError without one, and TransitionError."""
    reason = clean_text(reason).strip()
    if not reason:
        raise WorkshopError(_("Say why you set it aside."), field="reason", code="reason")
    return workflow.transition(reply, ReplyState.DISCARDED, by=by, reason=reason[:500], raw=None)


# --- In time ---


def forget_old() -> int:
    """Delete what came in longer ago than INBOUND_RETENTION_DAYS, with its log, and return how many."""
    age = timedelta(days=settings.INBOUND_RETENTION_DAYS)
    rows = CalendarReply.objects.filter(received_at__lt=database_now() - age)
    return forget(rows)


def forget(rows: CalendarReplyQuerySet) -> int:
    """Delete replies and what the log says of them."""
    with transaction.atomic():
        chosen = list(rows.order_by("id").select_for_update(of=("self",)).values_list("pk", flat=True))
        kind = ContentType.objects.get_for_model(CalendarReply)
        TransitionLog.objects.filter(content_type=kind, object_id__in=chosen).delete()
        CalendarReply.objects.filter(pk__in=chosen).delete()
    return len(chosen)
