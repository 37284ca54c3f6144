"""What people say of the proposed dates, by themselves or by phone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, record
from members.permissions import is_secretariat
from workshops.enums import WorkshopState
from workshops.models.invitations import Invitation
from workshops.polls import emails
from workshops.polls.enums import Choice, ReplySource
from workshops.polls.models import DatePoll, PollAnswer, PollReply
from workshops.services import WorkshopError


@dataclass(frozen=True)
class Reply:
    """A reply that was taken; `unsaid` counts the options of which it says nothing."""

    row: PollReply
    unsaid: int


def reply_to_poll(
    *,
    invitation: Invitation,
    choices: Mapping[int, str],
    by: Any,
    source: str,
    comment: str = "",
    seen_revision: int | None = None,
) -> Reply:
    """Take what somebody says of the options (by their ids), or what the secretariat heard by phone, in place of what
    they said before.

    Judged by the database's clock under the workshop's lock; the secretariat may also record after the deadline, until
    a date is chosen. An option left out has no answer. `seen_revision` is the poll's `revision` on the page that the
    person answered. The log names who recorded it, on whose invitation; reminders not sent yet are dropped; nothing is
    mailed; the same reply again changes nothing. Raises WorkshopError, and PermissionDenied to others than the
    secretariat that record.
    """
    recorded = source == ReplySource.SECRETARIAT
    if recorded and not is_secretariat(by):
        raise PermissionDenied
    comment = comment.strip()
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        fresh = lock(invitation)
        fresh.workshop = workshop
        row = PollReply.objects.filter(invitation=fresh).first()
        refusal = reply_refusal(fresh, row, now=(now := database_now()), recorded=recorded)
        if refusal:
            raise refusal
        poll = DatePoll.objects.get(workshop=workshop)
        if row is None:  # on the list, but not mailed yet: whoever calls is asked by this very call
            row = PollReply(invitation=fresh, sent_at=now)
        if seen_revision is not None and seen_revision != poll.revision:
            raise WorkshopError(
                _("The proposed dates have just changed: please look at them and answer again."),
                code="revised",
            )
        _check(choices, comment)
        known = set(poll.options.values_list("pk", flat=True))
        if not set(choices) <= known:
            raise WorkshopError(_("One of these dates is not proposed in this poll."), code="option")
        unsaid = len(known) - len(choices)
        row.invitation = fresh
        if row.pk and _unchanged(row, poll, choices, comment):
            return Reply(row, unsaid)
        _write(row, choices, comment, source=source, by=by, now=now)
        emails.drop_poll_reminders(fresh)
        return Reply(row, unsaid)


def _check(choices: Mapping[int, str], comment: str) -> None:
    if not choices:
        raise WorkshopError(_("Answer for one date at least, or say that none suits."), code="empty")
    if not set(choices.values()) <= set(Choice.values):
        raise WorkshopError(_("Answer yes, maybe or no."), code="choice")
    if len(comment) > 1000:
        raise WorkshopError(_("This text is too long."), field="comment", code="length")


def _unchanged(row: PollReply, poll: DatePoll, choices: Mapping[int, str], comment: str) -> bool:
    given = dict(row.answers.values_list("option_id", "choice"))
    complete = row.answered_at is not None and (poll.revised_at is None or row.answered_at >= poll.revised_at)
    return complete and (given, row.comment) == (dict(choices), comment)


def _write(
    row: PollReply, choices: Mapping[int, str], comment: str, *, source: str, by: Any, now: datetime
) -> None:
    before = "answered" if row.answered_at else "silent"
    author = by if by is not None and by.is_authenticated else None
    row.answered_at, row.source, row.recorded_by, row.comment = now, source, author, comment
    row.save()
    row.answers.all().delete()
    PollAnswer.objects.bulk_create(
        [PollAnswer(reply=row, option_id=option, choice=choice) for option, choice in choices.items()]
    )
    record(row.invitation, field="poll", source=before, target="answered", by=author, reason=str(source))


def reply_refusal(
    invitation: Invitation, row: PollReply | None, *, now: datetime, recorded: bool = False
) -> WorkshopError | None:
    """Return why a poll takes no reply of somebody at an instant, or None. `recorded`: by the secretariat."""
    workshop = invitation.workshop
    if invitation.withdrawn_at:
        return WorkshopError(_("This invitation was withdrawn."), code="withdrawn")
    if workshop.state == WorkshopState.CANCELLED:
        return WorkshopError(
            _("This workshop is cancelled: there is nothing left to answer."), code="cancelled"
        )
    if workshop.state in (WorkshopState.DRAFT, WorkshopState.DATE_POLL) and row is None and not recorded:
        return WorkshopError(_("You have not been asked for a date."), code="state")
    if workshop.state == WorkshopState.DRAFT:
        return WorkshopError(_("No date poll is open for this workshop."), code="state")
    if workshop.state != WorkshopState.DATE_POLL:
        return WorkshopError(_("The date has been chosen: the poll is closed."), code="chosen")
    poll = DatePoll.objects.get(workshop=workshop)
    if not recorded and poll.answer_by <= now:
        return WorkshopError(_("The deadline to answer has passed."), code="deadline")
    return None
