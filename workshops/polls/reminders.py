"""Reminders of date polls: what is due and not yet marked, whenever and however often the beat asks.

The delays are those of the reminders to the silent of the workshop's kind, counted back from the poll's deadline. The
mark is the outbox row: unique for a person, a delay and a deadline.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from core.clock import database_now
from core.each import each
from core.workflow import lock
from members.enums import MailChoice
from members.notifications import refusers
from outbox.models import OutboxEmail
from workshops.emails import invitation_key
from workshops.enums import WorkshopState
from workshops.models.invitations import Invitation
from workshops.models.rules import rules_for
from workshops.models.workshops import Workshop
from workshops.polls import emails
from workshops.polls.models import DatePoll, PollReply
from workshops.reminders import newest_due
from workshops.services import lock_recipients


def send_due_reminders() -> int:
    """Queue every reminder that is due now, each poll in a transaction of its own, and return how many."""
    open_now = DatePoll.objects.filter(
        workshop__state=WorkshopState.DATE_POLL, answer_by__gt=database_now()
    ).select_related("workshop")
    return each(open_now.order_by("answer_by", "id"), lambda poll: remind_poll(poll.workshop))


def remind_poll(workshop: Workshop) -> int:
    """Queue a poll's due reminders and return how many.

    Nobody is reminded of a delay that had passed when they were asked or when the deadline was set.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        poll = DatePoll.objects.filter(workshop=fresh).first()
        if poll is None or fresh.state != WorkshopState.DATE_POLL:
            return 0
        delays = rules_for(fresh.kind).silent_days
        due = newest_due([timedelta(days=days) for days in delays], poll.answer_by, now)
        if due is None or (poll.deadline_set_at and poll.deadline_set_at > due[1]):
            return 0
        position, due_at = due
        owed = PollReply.objects.running().unanswered().filter(sent_at__lte=due_at)
        chosen = (
            Invitation.objects.filter(workshop=fresh, poll_reply__in=owed)
            .exclude(person__in=refusers(MailChoice.REMINDER_SILENT))
            .reachable()
        )
        keys = {invitation_key(row) for row in chosen}
        # Delays that the secretariat has just changed find the reminder that went out since this one is due.
        reminded = OutboxEmail.objects.filter(
            Q(kind=emails.reminder_kind(delays[position]))
            | Q(kind__startswith=f"{emails.REMINDER}-", created_at__gte=due_at),
            key__in=keys,
            sequence=poll.extensions,
        )
        marked = set(reminded.values_list("key", flat=True))
        if not keys - marked:
            return 0
        return sum(
            emails.send_poll_reminder(row, days=delays[position])
            for row in lock_recipients(fresh, chosen)
            if invitation_key(row) not in marked
        )
