"""Reminders: due and not yet marked, to the silent only, in nobody's inbox twice."""

from datetime import timedelta

import pytest

from core.clock import database_now
from outbox.models import OutboxEmail
from roadmap.approval import emails, services
from roadmap.approval.models import Approval
from tests.helpers.failing import fails_first
from tests.members.factories import MandateFactory
from tests.roadmap.approval.factories import cast, end, make_version, move, open_vote, voters

pytestmark = pytest.mark.django_db

HOURS = (168, 72, 24, 3)


@pytest.fixture(autouse=True)
def hours(settings) -> None:
    settings.APPROVAL_REMINDER_HOURS = list(HOURS)


def reminders(**fields: object) -> list[tuple[str, int]]:
    """Whom the outbox reminds, of which reminder."""
    rows = OutboxEmail.objects.filter(kind="approval-reminder", **fields)
    return sorted(rows.values_list("to", "sequence"))


def test_due_reminder_at_each_instant() -> None:
    approval = Approval(opens_at=database_now(), closes_at=database_now() + timedelta(days=10))

    def due(**before: float) -> int | None:
        return services.due_reminder(approval, approval.closes_at - timedelta(**before))

    assert due(hours=169) is None
    assert due(hours=168) == 168 and due(hours=72.01) == 168
    assert due(hours=72) == 72 and due(hours=23.9) == 24 and due(hours=3) == 3 and due(seconds=1) == 3
    assert due(hours=0) is None and due(hours=-1) is None


def test_due_reminder_never_dates_from_before_the_opening() -> None:
    """A vote of two days does not remind of its seventh day at the opening."""
    approval = Approval(opens_at=database_now(), closes_at=database_now() + timedelta(days=2))
    assert services.due_reminder(approval, approval.opens_at + timedelta(minutes=1)) is None
    assert services.due_reminder(approval, approval.closes_at - timedelta(hours=24)) == 24


def test_reminders_to_voices_of_the_silent_only() -> None:
    approval = open_vote(titulars=2)
    voted, silent = voters(approval)
    alternate = MandateFactory(alternate=True, organisation=silent.organisation).person
    MandateFactory(observer=True, organisation=silent.organisation)
    MandateFactory(alternate=True, organisation=voted.organisation)
    cast(approval, voted.organisation, voted.person)
    move(approval, closes_in=timedelta(hours=20))
    assert services.send_due_reminders() == 2
    assert reminders() == sorted([(silent.person.email, 24), (alternate.email, 24)])
    assert silent.organisation.name in OutboxEmail.objects.get(to=alternate.email).subject


def test_reminders_missed_are_not_made_up_for() -> None:
    """After a week without a scheduler only the newest goes out."""
    approval = open_vote(titulars=1)
    move(approval, closes_in=timedelta(hours=2))
    services.send_due_reminders()
    assert [sequence for _, sequence in reminders()] == [3]


def test_reminders_run_twice_send_once() -> None:
    approval = open_vote(titulars=2)
    move(approval, closes_in=timedelta(hours=70))
    assert (services.send_due_reminders(), services.send_due_reminders()) == (2, 0)
    move(approval, closes_in=timedelta(hours=10))
    assert services.send_due_reminders() == 2
    assert len(reminders()) == 4 and len(set(reminders())) == 4


def test_reminders_none_before_opening_nor_after_closing() -> None:
    approval = open_vote(titulars=1)
    move(approval, opens_in=timedelta(hours=1), closes_in=timedelta(hours=2))
    assert services.send_due_reminders() == 0
    assert services.send_due_reminders() == 0 and end(approval)
    assert services.send_due_reminders() == 0 and reminders() == []


def test_reminder_queued_is_cancelled_by_the_ballot() -> None:
    approval = open_vote(titulars=2)
    one, two = voters(approval)
    move(approval, closes_in=timedelta(hours=70))
    services.send_due_reminders()
    cast(approval, one.organisation, one.person)
    assert reminders(state="cancelled") == [(one.person.email, 72)]
    assert reminders(state="queued") == [(two.person.email, 72)]
    move(approval, closes_in=timedelta(hours=2))
    assert services.send_due_reminders() == 1


def test_reminder_looks_again_at_write_time() -> None:
    """The list of the silent was read before the ballot; the ballot is seen under the lock."""
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    move(approval, closes_in=timedelta(hours=2))
    stale = approval.voters.silent().get()
    cast(approval, mandate.organisation, mandate.person)
    assert services._remind(stale, approval=approval, hours=3) == 0 and reminders() == []


def test_reminders_of_a_person_with_two_organisations() -> None:
    """One for each organisation that has not voted; voting for one leaves the other's."""
    person = MandateFactory().person
    MandateFactory(person=person)
    approval = open_vote(version=make_version())
    move(approval, closes_in=timedelta(hours=2))
    assert services.send_due_reminders() == 2
    first = voters(approval)[0]
    cast(approval, first.organisation, person)
    assert len(reminders(state="queued")) == 1


def test_an_organisation_whose_reminder_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    approval = open_vote(titulars=2)
    move(approval, closes_in=timedelta(hours=20))
    fails_first(monkeypatch, emails, "queue_reminder")
    assert [services.send_due_reminders() for _ in range(3)] == [1, 1, 0]
