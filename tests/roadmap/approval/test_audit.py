"""verify_ledger: quiet on an honest vote, names the first bad row on a tampered one."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from core import ledger
from core.models import LedgerEntry
from roadmap.approval import services
from roadmap.approval.models import Approval, Ballot
from tests.members.factories import UserFactory
from tests.roadmap.approval.factories import cast, open_vote, tamper, voters

pytestmark = pytest.mark.django_db


def verify() -> str:
    """Run the command; return what it says when all holds."""
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    return out.getvalue()


def fault() -> str:
    """Run the command, which must exit 1; return what it says."""
    with pytest.raises(CommandError) as failure:
        verify()
    assert failure.value.returncode == 1
    return str(failure.value)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Approval:
    """A closed vote: two ballots of one organisation, one of another, one silent. Its dates are those in the ledger."""
    approval = open_vote(titulars=3)
    one, two, _silent = voters(approval)
    cast(approval, one.organisation, one.person, "contre")
    cast(approval, one.organisation, one.person, "pour")
    cast(approval, two.organisation, two.person, "pour", explanation="Utile")
    with monkeypatch.context() as patch:
        patch.setattr(services, "database_now", lambda: approval.closes_at + timedelta(seconds=1))
        return services.close_approval(approval=approval)


def test_verify_empty_ledger() -> None:
    assert "0 entries" in verify()


def test_verify_open_vote_holds() -> None:
    approval = open_vote(titulars=2)
    mandate = voters(approval)[0]
    cast(approval, mandate.organisation, mandate.person)
    number, head_hash = ledger.head()
    assert verify().strip().endswith(f"{number} entries, head {head_hash}")


def test_verify_closed_vote_holds(closed: Approval) -> None:
    assert "5 entries" in verify() and closed.outcome == "adopted"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE roadmap_ballot SET choice = 'contre' WHERE id = %s",
        "UPDATE roadmap_ballot SET explanation = 'Inutile' WHERE id = %s",
        "UPDATE roadmap_ballot SET cast_at = cast_at - interval '1 second' WHERE id = %s",
        "UPDATE roadmap_ballot SET nonce = repeat('0', 32) WHERE id = %s",
        "UPDATE roadmap_ballot SET text_sha256 = repeat('0', 64) WHERE id = %s",
        "UPDATE roadmap_ballot SET voter_id = (SELECT max(id) FROM roadmap_voter) WHERE id = %s",
        "UPDATE roadmap_ballot SET cast_by_id = (SELECT max(id) FROM members_user) WHERE id = %s",
    ],
)
def test_verify_names_a_changed_ballot(closed: Approval, sql: str) -> None:
    UserFactory()
    ballot = Ballot.objects.order_by("id")[1]
    tamper(sql, [ballot.pk], table="roadmap_ballot")
    assert f"ballot {ballot.pk}:" in fault()


def test_verify_names_a_removed_ballot(closed: Approval) -> None:
    ballot = Ballot.objects.select_related("ledger_entry").order_by("id")[1]
    tamper("DELETE FROM roadmap_ballot WHERE id = %s", [ballot.pk], table="roadmap_ballot")
    assert f"ledger entry {ballot.ledger_entry.number}: its ballot is missing" in fault()


def test_verify_names_a_ballot_pointed_at_another_entry(closed: Approval) -> None:
    first = Ballot.objects.order_by("id")[0]
    tamper(
        "UPDATE roadmap_ballot SET ledger_entry_id = (SELECT id FROM core_ledgerentry WHERE number = 1) WHERE id = %s",
        [first.pk],
        table="roadmap_ballot",
    )
    assert f"ballot {first.pk}: it is not what ledger entry 1 says" in fault()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("closes_at = closes_at - interval '1 second'", "ledger entry 1 says"),
        ("text_sha256 = repeat('0', 64)", "ledger entry 1 says"),
        ("casting_organisation_id = (SELECT min(organisation_id) FROM roadmap_voter)", "ledger entry 1 says"),
        ("outcome = 'rejected'", "ledger entry 5 says"),
        ("record = replace(record, 'pour', 'contre')", "hash was published"),
        ("record_sha256 = repeat('0', 64)", "hash was published"),
    ],
)
def test_verify_names_a_changed_approval(closed: Approval, change: str, why: str) -> None:
    tamper(f"UPDATE roadmap_approval SET {change}", table="roadmap_approval")
    said = fault()
    assert f"approval {closed.pk}:" in said and why in said


def test_verify_names_a_rewritten_record(closed: Approval) -> None:
    """Record and hash changed together: the ledger's entry of the closing still holds the published hash."""
    forged = closed.record.replace("Utile", "Nul")
    tamper(
        "UPDATE roadmap_approval SET record = %s, record_sha256 = %s",
        [forged, ledger.sha256(forged)],
        table="roadmap_approval",
    )
    assert "ledger entry 5 says" in fault()


def test_verify_names_a_changed_text(closed: Approval) -> None:
    tamper("UPDATE roadmap_block SET body_fr = 'Autre' WHERE body_fr <> ''", table="roadmap_block")
    assert f"approval {closed.pk}: the text is no longer" in fault()


def test_verify_names_a_changed_electorate(closed: Approval) -> None:
    silent = closed.voters.silent().get()
    tamper("DELETE FROM roadmap_voter WHERE id = %s", [silent.pk], table="roadmap_voter")
    assert f"approval {closed.pk}: it is not what ledger entry 1 says" in fault()


def test_verify_sees_a_tail_cut_before_the_record_head(closed: Approval) -> None:
    """The last ballot and everything after it are gone from both tables: only the published head tells."""
    last = Ballot.objects.order_by("id").last()
    tamper("DELETE FROM roadmap_ballot WHERE id = %s", [last.pk], table="roadmap_ballot")
    tamper("DELETE FROM core_ledgerentry WHERE number >= 4", table="core_ledgerentry")
    said = fault()
    assert ledger._first_broken_link() is None, "the chain alone holds"
    assert f"approval {closed.pk}: the ledger no longer holds entry 4" in said


def test_verify_sees_a_cut_closing(closed: Approval) -> None:
    tamper("DELETE FROM core_ledgerentry WHERE kind = 'approval.closed'", table="core_ledgerentry")
    assert "its closing is not in the ledger" in fault()


def test_verify_sees_a_reopened_vote(closed: Approval) -> None:
    tamper(
        "UPDATE roadmap_approval SET closed_at = NULL, outcome = '', record = '', record_sha256 = ''",
        table="roadmap_approval",
    )
    assert "says that it is closed" in fault()


def test_verify_sees_a_chain_rewritten_after_the_record(closed: Approval) -> None:
    """Somebody changes a ballot, its entry and every later hash: the head in the record no longer matches."""
    ballot = Ballot.objects.select_related("ledger_entry", "voter").order_by("id")[1]
    ballot.choice = "abstention"
    tamper(
        "UPDATE roadmap_ballot SET choice = 'abstention' WHERE id = %s", [ballot.pk], table="roadmap_ballot"
    )
    previous = ""
    for entry in LedgerEntry.objects.order_by("number"):
        payload = dict(entry.payload)
        if entry.pk == ballot.ledger_entry_id:
            payload["ballot_sha256"] = services.ballot_sha256(ballot)
        previous = previous or entry.previous_hash
        new = ledger.entry_hash(
            number=entry.number, kind=entry.kind, payload=payload, at=entry.at, previous_hash=previous
        )
        tamper(
            "UPDATE core_ledgerentry SET payload = %s, previous_hash = %s, hash = %s WHERE id = %s",
            [json.dumps(payload), previous, new, entry.pk],
            table="core_ledgerentry",
        )
        previous = new
    said = fault()
    assert ledger._first_broken_link() is None, "the chain alone holds"
    assert "the ledger no longer holds entry 4, the head that its record published" in said
