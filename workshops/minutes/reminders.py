"""Reminders to those who carry decisions out: what is due and not yet marked, whenever the beat asks.

The mark is the outbox row: unique for a decision, a person and a delay. Of several delays that have passed only the
newest counts; one that had passed when the minutes were circulated reminds nobody.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.timezone import get_default_timezone

from core.clock import database_now
from core.each import each
from core.workflow import lock
from members.enums import MandateRole
from members.models import Mandate, User
from outbox.models import OutboxEmail
from workshops.minutes import emails
from workshops.minutes.enums import DecisionState
from workshops.minutes.models import Decision

# Reminders leave in the morning, Paris time.
MORNING = time(8)


def send_due_reminders() -> int:
    """Queue every reminder of a decision that is due now, each in a transaction of its own; return how many."""
    now = database_now()
    longest = max([0, *settings.DECISION_REMINDER_DAYS])
    rows = Decision.objects.circulated().open().filter(due_on__lte=(now + timedelta(days=longest + 1)).date())
    return each(rows.with_owner().order_by("id"), lambda decision: remind_decision(decision, now=now))


def remind_decision(decision: Decision, *, now: datetime) -> int:
    """Queue a decision's reminder if one is due and not marked, and return to how many people.

    Who carries it out and by when is read under the decision's lock: the secretariat may just have changed it.
    """
    if newest_due(decision, now=now) is None:
        return 0
    with transaction.atomic():
        lock(decision)
        fresh = Decision.objects.with_owner().get(pk=decision.pk)
        due = newest_due(fresh, now=database_now())
        if due is None or fresh.state != DecisionState.OPEN:
            return 0
        kind, late = due
        marked = OutboxEmail.objects.filter(key=emails.decision_key(fresh), kind=kind)
        told = set(marked.values_list("recipient", flat=True))
        people = [person for person in owners_of(fresh) if person.pk not in told]
        return sum(emails.send_decision_reminder(fresh, person, kind=kind, late=late) for person in people)


def newest_due(decision: Decision, *, now: datetime) -> tuple[str, bool] | None:
    """Return the kind of the delay that passed last, and whether the decision is late by then."""
    circulated_at = decision.minutes.circulated_at
    if decision.due_on is None or circulated_at is None:
        return None
    delays = [(-days, f"{emails.DECISION_DUE}-{days}d") for days in settings.DECISION_REMINDER_DAYS]
    delays += [(days, f"{emails.DECISION_LATE}-{days}d") for days in settings.DECISION_LATE_DAYS]
    zone = get_default_timezone()
    passed = [
        (at, kind, days > 0)
        for days, kind in delays
        if circulated_at
        < (at := datetime.combine(decision.due_on + timedelta(days=days), MORNING, zone))
        <= now
    ]
    if not passed:
        return None
    _at, kind, late = max(passed)
    return kind, late


def owners_of(decision: Decision) -> Iterable[User]:
    """Return who is reminded: the person in charge, or else the titulars of the organisation in charge."""
    if decision.person:
        return [decision.person]
    mandates = Mandate.objects.council().current().filter(organisation=decision.organisation_id)
    titulars = mandates.filter(role=MandateRole.TITULAR).select_related("person").order_by("id")
    return [mandate.person for mandate in titulars]
