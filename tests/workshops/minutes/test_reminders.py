"""Whoever carries a decision out is reminded at the right time, once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from members.enums import MailChoice
from members.notifications import refuse
from outbox.models import OutboxEmail
from tests.helpers.failing import fails_first
from tests.members.factories import MandateFactory, UserFactory
from tests.workshops.minutes.factories import circulated, draft
from workshops.minutes import emails, services
from workshops.minutes.models import Decision, Minutes
from workshops.minutes.reminders import newest_due, owners_of, send_due_reminders
from workshops.minutes.tasks import remind_decisions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def delays(settings):
    settings.DECISION_REMINDER_DAYS = [7, 1]
    settings.DECISION_LATE_DAYS = [1, 15]


def due(days, *, minutes=None, **fields):
    """Return a decision due in so many days, of minutes circulated long ago."""
    minutes = minutes or circulated()
    Minutes.objects.update(circulated_at=timezone.now() - timedelta(days=90))
    Decision.objects.update(due_on=timezone.localdate() + timedelta(days=days), **fields)
    return minutes.decisions.with_owner().get()


def kinds():
    return list(
        OutboxEmail.objects.filter(kind__startswith="decision").order_by("id").values_list("kind", flat=True)
    )


def test_each_delay_reminds_once_and_only_the_newest_of_those_missed():
    owner = UserFactory()
    decision = due(30, person=owner)
    assert send_due_reminders() == 0
    due(-20, minutes=decision.minutes)
    remind_decisions()
    remind_decisions()
    assert kinds() == ["decision-late-15d"]
    row = OutboxEmail.objects.get(kind="decision-late-15d")
    assert row.recipient == owner and row.unsubscribe_url and decision.text_fr in row.text


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 2, 6, 59, tzinfo=UTC), None),
        (datetime(2026, 3, 3, 6, 59, tzinfo=UTC), None),
        (datetime(2026, 3, 3, 7, 0, tzinfo=UTC), ("decision-due-7d", False)),
        (datetime(2026, 3, 9, 7, 0, tzinfo=UTC), ("decision-due-1d", False)),
        (datetime(2026, 3, 10, 12, 0, tzinfo=UTC), ("decision-due-1d", False)),
        (datetime(2026, 3, 11, 7, 0, tzinfo=UTC), ("decision-late-1d", True)),
        # The clocks change on 29 March: eight in Paris is six in London from then on.
        (datetime(2026, 3, 25, 6, 59, tzinfo=UTC), ("decision-late-1d", True)),
        (datetime(2026, 3, 25, 7, 0, tzinfo=UTC), ("decision-late-15d", True)),
    ],
)
def test_a_delay_passes_at_eight_in_paris(now, expected):
    minutes = Minutes(circulated_at=datetime(2026, 1, 1, tzinfo=UTC))
    decision = Decision(minutes=minutes, due_on=datetime(2026, 3, 10).date())
    assert newest_due(decision, now=now) == expected


def test_a_delay_that_had_passed_at_the_circulation_reminds_nobody():
    minutes = Minutes(circulated_at=datetime(2026, 3, 5, tzinfo=UTC))
    decision = Decision(minutes=minutes, due_on=datetime(2026, 3, 10).date())
    assert newest_due(decision, now=datetime(2026, 3, 8, 12, tzinfo=UTC)) is None


def test_an_organisations_titulars_are_reminded_not_its_observers():
    decision = due(-2)
    titular = MandateFactory(organisation=decision.organisation)
    MandateFactory(organisation=decision.organisation, observer=True)
    assert list(owners_of(decision)) == [titular.person]
    assert send_due_reminders() == 1


def test_done_refused_closed_and_drafts_remind_nobody(people):
    owner = UserFactory()
    decision = due(-2, person=owner)
    refuse(owner, MailChoice.DECISION_DUE)
    assert send_due_reminders() == 0
    Decision.objects.update(person=UserFactory(is_active=False))
    assert send_due_reminders() == 0
    Decision.objects.update(person=UserFactory())
    services.settle_decision(decision=decision, state="done", reason="Fait.", by=people["secretariat"])
    written = draft()
    Decision.objects.filter(minutes=written).update(
        due_on=timezone.localdate() - timedelta(days=2), person=UserFactory()
    )
    assert send_due_reminders() == 0 and kinds() == []


def test_a_decision_done_drops_the_reminder_that_waits(people):
    decision = due(-2, person=UserFactory())
    assert send_due_reminders() == 1
    services.settle_decision(decision=decision, state="done", reason="Fait.", by=people["secretariat"])
    assert OutboxEmail.objects.get(kind="decision-late-1d").state == "cancelled"


def test_a_decision_that_fails_holds_up_no_other_and_has_its_turn_again(monkeypatch):
    for _ in range(2):
        due(-20, person=UserFactory())
    fails_first(monkeypatch, emails, "send_decision_reminder")
    assert (send_due_reminders(), send_due_reminders(), send_due_reminders()) == (1, 1, 0)
