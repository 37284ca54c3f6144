"""Reminders: what is due and not yet marked, whenever and however often the beat asks.

The delays are those of the workshop's kind (`KindRules`), read at each turn. The mark is the outbox row itself: unique
for a person, a workshop, a delay and the workshop's dates. Of several delays that have passed only the newest counts: a
portal that was down for a week does not send three at once; and a delay that the secretariat has just changed finds
the reminder that went out since its instant.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localtime

from core.clock import database_now
from core.each import each
from core.workflow import lock
from members.enums import MailChoice
from members.notifications import refusers
from outbox.models import OutboxEmail
from workshops import emails
from workshops.enums import Answer, WorkshopState
from workshops.models import Invitation, InvitationQuerySet, Workshop, rules_for
from workshops.services import lock_recipients


def send_due_reminders() -> int:
    """Queue every reminder that is due now, each workshop in a transaction of its own, and return how many."""
    now = database_now()
    coming = Workshop.objects.filter(
        state=WorkshopState.SCHEDULED, starts_at__gt=now, invited_at__isnull=False
    )
    return each(coming.order_by("starts_at", "id"), remind_workshop)


def remind_workshop(workshop: Workshop) -> int:
    """Queue a workshop's due reminders and return how many.

    To the silent, by the deadline to answer; to those who come, by the start. Nobody is reminded of a delay that had
    passed when they were invited, when the dates moved or, for those who come, when they answered.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        if fresh.state != WorkshopState.SCHEDULED or not fresh.starts_at or fresh.starts_at <= now:
            return 0
        rules = rules_for(fresh.kind)
        return _remind_silent(fresh, rules.silent_days, now) + _remind_attending(
            fresh, rules.attending_hours, now
        )


def newest_due(delays: Sequence[timedelta], end: datetime, now: datetime) -> tuple[int, datetime] | None:
    """Return the delay (its position) that passed last before `now`, and when; by Paris's clock, so 7 days before
    14:00 is at 14:00 even when the hour changed in between.
    """
    due = [(localtime(end) - delay, position) for position, delay in enumerate(delays)]
    passed = [(at, position) for at, position in due if at <= now]
    if not passed or end <= now:
        return None
    at, position = max(passed)
    return position, at


def _remind_silent(workshop: Workshop, days: Sequence[int], now: datetime) -> int:
    deadline = workshop.answer_deadline
    due = newest_due([timedelta(days=count) for count in days], deadline, now) if deadline else None
    if due is None:
        return 0
    position, due_at = due
    kinds = emails.REMINDER_SILENT, emails.silent_reminder_kind(days[position])
    rows = workshop.invitations.sent().unanswered().exclude(person__in=refusers(MailChoice.REMINDER_SILENT))
    return _queue(
        workshop, rows, kinds, due_at, lambda row: emails.send_silent_reminder(row, days=days[position])
    )


def _remind_attending(workshop: Workshop, hours: Sequence[int], now: datetime) -> int:
    start = workshop.starts_at
    due = newest_due([timedelta(hours=count) for count in hours], start, now) if start else None
    if due is None:
        return 0
    position, due_at = due
    kinds = emails.REMINDER_ATTENDING, emails.attending_reminder_kind(hours[position])
    rows = (
        workshop.invitations.sent()
        .filter(answer=Answer.YES, answered_at__lte=due_at)
        # Whoever got a seat since then was told how to come; on the host sheet's day it says all.
        .exclude(promoted_at__gt=due_at)
        .exclude(host_sheet_sent_at__date=localtime(due_at).date())
        .exclude(person__in=refusers(MailChoice.REMINDER_ATTENDING))
    )
    return _queue(
        workshop, rows, kinds, due_at, lambda row: emails.send_attending_reminder(row, hours=hours[position])
    )


def _queue(
    workshop: Workshop,
    rows: InvitationQuerySet,
    kinds: tuple[str, str],
    due_at: datetime,
    send: Callable[[Invitation], bool],
) -> int:
    """Send to those whom neither this reminder nor another of its family has reached since it is due."""
    family, kind = kinds
    if workshop.moved_at and workshop.moved_at > due_at:
        return 0
    # Whoever's account is closed has left: a change of the entry they hold reaches them, a reminder does not.
    chosen = rows.filter(sent_at__lte=due_at).reachable()
    keys = {emails.invitation_key(row) for row in chosen}
    reminded = OutboxEmail.objects.filter(
        Q(kind=kind) | Q(kind__startswith=f"{family}-", created_at__gte=due_at),
        key__in=keys,
        sequence=workshop.moves,
    )
    marked = set(reminded.values_list("key", flat=True))
    if not keys - marked:
        return 0
    return sum(
        send(row) for row in lock_recipients(workshop, chosen) if emails.invitation_key(row) not in marked
    )
