"""Votes under real concurrency: threads, each with its own connection."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from core import ledger
from core.clock import database_now
from core.models import LedgerEntry
from core.workflow import TransitionError
from members.models import User
from outbox.models import OutboxEmail
from roadmap.approval import record, services
from roadmap.approval.models import Approval, Ballot, Voter
from roadmap.approval.services import NotOpenError
from roadmap.drafting.models import Version
from tests.helpers.locks import at_once, behind, somebody_waits
from tests.members.factories import MandateFactory, UserFactory
from tests.roadmap.approval.factories import cast, end, make_council, make_version, move, open_vote, voters

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]

THREADS = 20


def fresh(user: User) -> User:
    """The person as another request has them, without what a former one kept."""
    return User.objects.get(pk=user.pk)


def test_twenty_casts_for_one_organisation_count_once() -> None:
    """The double vote of Decidim's CVE-2023-47634: whatever races, one organisation has one voice."""
    approval = open_vote(titulars=1)
    titular = voters(approval)[0]
    people = [titular.person] + [
        MandateFactory(alternate=True, organisation=titular.organisation).person for _ in range(THREADS - 1)
    ]
    choices = ["pour", "contre", "abstention"]
    done = at_once(
        *(
            lambda n=n: cast(approval, titular.organisation, people[n], choices[n % 3], explanation=str(n))
            for n in range(THREADS)
        )
    )
    assert not [outcome for outcome in done if isinstance(outcome, Exception)]
    assert Ballot.objects.count() == THREADS
    counted = services.result(approval)
    assert counted.voted == counted.in_favour + counted.against + counted.abstentions == 1
    # Each replaced the one before it: a single line, in the order of the ledger.
    ballots = list(Ballot.objects.select_related("ledger_entry").order_by("id"))
    assert [ballot.cast_at for ballot in ballots] == sorted(ballot.cast_at for ballot in ballots)
    numbers = [ballot.ledger_entry.number for ballot in ballots]
    assert [ballot.ledger_entry.payload["replaces"] for ballot in ballots] == [None, *numbers[:-1]]
    assert ledger.first_fault() is None


def test_double_click_in_twenty_threads_makes_one_ballot() -> None:
    approval = open_vote(titulars=1)
    titular = voters(approval)[0]
    done = at_once(
        *(lambda: cast(approval, titular.organisation, fresh(titular.person)) for _ in range(THREADS))
    )
    assert sum(not outcome.repeated for outcome in done) == 1
    assert Ballot.objects.count() == LedgerEntry.objects.filter(kind="ballot.cast").count() == 1
    assert OutboxEmail.objects.filter(kind="ballot-receipt").count() == 1


def test_many_organisations_at_once_chain_without_a_gap() -> None:
    approval = open_vote(titulars=THREADS)
    mandates = voters(approval)
    at_once(*(lambda m=m: cast(approval, m.organisation, m.person) for m in mandates))
    assert services.result(approval).voted == THREADS
    assert ledger.head()[0] == THREADS + 1 and ledger.first_fault() is None


def test_cast_while_the_closing_instant_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads cast until they are refused while another closes: what was accepted is in the record, no more."""
    approval = open_vote(titulars=4)
    mandates = voters(approval)
    ended = threading.Event()
    after = approval.closes_at + timedelta(seconds=1)
    monkeypatch.setattr(services, "database_now", lambda: after if ended.is_set() else database_now())
    accepted: list[int] = []

    def vote(mandate: Any) -> None:
        for turn in range(10_000):
            choice = ("pour", "contre")[turn % 2]
            try:
                accepted.append(cast(approval, mandate.organisation, mandate.person, choice).ballot.pk)
            except NotOpenError:
                return
            if len(accepted) >= 40:
                ended.set()
        raise AssertionError("the vote never closed")

    def close() -> None:
        ended.wait(timeout=120)
        services.close_approval(approval=approval)

    done = at_once(*(lambda m=m: vote(m) for m in mandates), close, close)
    assert done == [None] * 6
    assert sorted(accepted) == sorted(Ballot.objects.values_list("pk", flat=True)) and len(accepted) >= 40
    assert ledger.first_fault() is None
    approval.refresh_from_db()
    in_record = {ballot["ledger_number"] for ballot in record.content(approval)["ballots"]}
    assert in_record == {ballot.ledger_entry.number for ballot in services.ballots_that_count(approval)}


def test_ballot_waiting_for_its_lock_is_judged_after_it() -> None:
    """A ballot that arrives in time but gets its row only after the closing is refused."""
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    outcome = behind(
        approval.voters.get(),
        lambda row: end(approval),
        lambda: cast(approval, mandate.organisation, mandate.person),
    )
    assert isinstance(outcome, NotOpenError) and not Ballot.objects.exists()


def test_closing_waits_for_a_ballot_being_written() -> None:
    """A ballot judged in time, whose transaction commits after the closing instant, is in the record."""
    approval = open_vote(titulars=1)
    mandate = voters(approval)[0]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            cast(approval, mandate.organisation, mandate.person, "pour")
            # Seen by the other connection at once: its clock says that the vote has ended.
            at_once(lambda: end(approval))
            closing = pool.submit(
                at_once, lambda: services.close_approval(approval=Approval.objects.get(pk=approval.pk))
            )
            while not (closing.done() or somebody_waits()):
                pass
            assert not closing.done(), "it did not wait"
        (closed,) = closing.result(timeout=120)
    assert getattr(closed, "outcome", closed) == "adopted"


def test_closing_at_once_writes_one_record() -> None:
    approval = end(open_vote(titulars=2))
    done = at_once(*(lambda: services.close_approval(approval=approval) for _ in range(8)))
    assert {one.record_sha256 for one in done} == {Approval.objects.get().record_sha256}
    assert LedgerEntry.objects.filter(kind="approval.closed").count() == 1
    assert OutboxEmail.objects.filter(kind="approval-closed").count() == 3


def test_two_beats_remind_once() -> None:
    approval = open_vote(titulars=3)
    move(approval, closes_in=timedelta(hours=2))
    done = at_once(*(services.send_due_reminders for _ in range(4)))
    assert sum(done) == 3
    assert OutboxEmail.objects.filter(kind="approval-reminder").count() == 3
    assert approval.voters.silent().count() == 3


def test_vote_and_reminder_at_once_never_remind_who_voted() -> None:
    """Whichever comes first, no reminder of an organisation that has voted stays queued."""
    approval = open_vote(titulars=5)
    move(approval, closes_in=timedelta(hours=2))
    mandates = voters(approval)
    done = at_once(
        *(lambda m=m: cast(approval, m.organisation, m.person) for m in mandates), services.send_due_reminders
    )
    assert not [outcome for outcome in done if isinstance(outcome, Exception)]
    assert not OutboxEmail.objects.filter(kind="approval-reminder", state="queued").exists()


def test_opening_one_version_twice_at_once() -> None:
    """One of the two wins; the other is refused by the version's state."""
    make_council(2)
    version, by = make_version(), UserFactory(is_staff=True, is_superuser=True)

    def open_it() -> Approval:
        return services.open_approval(
            version=Version.objects.get(pk=version.pk),
            opens_at=None,
            closes_at=database_now() + timedelta(days=1),
            casting_organisation=None,
            by=by,
        )

    done = at_once(open_it, open_it, open_it)
    assert sum(isinstance(outcome, Approval) for outcome in done) == 1
    assert sum(isinstance(outcome, TransitionError) for outcome in done) == 2
    assert Voter.objects.count() == 2 and OutboxEmail.objects.filter(kind="approval-opened").count() == 2
