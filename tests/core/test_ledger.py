"""The ledger's chain: what it takes, what it refuses, what it shows when somebody tampered."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from core import ledger
from core.models import LedgerEntry


def append(n: int = 1) -> LedgerEntry:
    """Write n entries in one transaction; return the last."""
    with transaction.atomic():
        for number in range(n):
            entry = ledger.append(kind="test", payload={"number": number, "name": "é ☀"})
    return entry


def as_owner(sql: str) -> None:
    """Change rows with the append-only trigger off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_ledgerentry DISABLE TRIGGER core_ledgerentry_append_only")
        cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_ledgerentry ENABLE TRIGGER core_ledgerentry_append_only")


@pytest.mark.django_db
def test_append_chains_to_the_entry_before() -> None:
    assert ledger.head() == (0, ledger.GENESIS)
    first, second = append(), append()
    assert (first.number, first.previous_hash) == (1, ledger.GENESIS)
    assert (second.number, second.previous_hash) == (2, first.hash)
    assert ledger.head() == (2, second.hash)
    assert ledger.first_fault() is None


@pytest.mark.django_db
def test_entry_reads_back_as_it_was_hashed() -> None:
    """What jsonb stores must give the same canonical text: nested, empty, accents, big numbers, key order."""
    payload = {"z": [3, {"b": None, "a": True}], "a": "", "é": 'œ\u2028\\"', "n": -(10**30), "e": {}, "l": []}
    with transaction.atomic():
        ledger.append(kind="test", payload=payload)
    stored = LedgerEntry.objects.get()
    assert stored.payload == payload and ledger.first_fault() is None


@pytest.mark.django_db
@pytest.mark.parametrize("value", [1.5, 1e300, float("nan"), float("inf")])
def test_append_float_refused(value: float) -> None:
    with pytest.raises(ValueError, match="float"), transaction.atomic():
        ledger.append(kind="test", payload={"deep": [{"value": value}]})
    assert ledger.head()[0] == 0


@pytest.mark.django_db(transaction=True)
def test_append_outside_a_transaction_refused() -> None:
    with pytest.raises(RuntimeError):
        ledger.append(kind="test", payload={})


@pytest.mark.django_db
def test_append_undone_with_its_transaction() -> None:
    append()
    with pytest.raises(KeyError), transaction.atomic():
        ledger.append(kind="test", payload={})
        raise KeyError
    assert append().number == 2 and ledger.first_fault() is None


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE core_ledgerentry SET kind = 'x'", "DELETE FROM core_ledgerentry"])
def test_entry_change_refused_by_database(sql: str) -> None:
    append()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_append_in_threads_leaves_no_gap_nor_fork() -> None:
    line = threading.Barrier(12)

    def work(_n: int) -> None:
        try:
            line.wait(timeout=60)
            for _turn in range(5):
                append(2)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(12)))
    assert ledger.head()[0] == 120 and ledger.first_fault() is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "row", "why"),
    [
        ("""UPDATE core_ledgerentry SET payload = '{"number": 9}' WHERE number = 2""", 2, "content"),
        ("UPDATE core_ledgerentry SET kind = 'other' WHERE number = 3", 3, "content"),
        ("UPDATE core_ledgerentry SET at = '2020-01-01T00:00:00+00:00' WHERE number = 1", 1, "content"),
        ("UPDATE core_ledgerentry SET hash = repeat('a', 64) WHERE number = 2", 2, "content"),
        ("UPDATE core_ledgerentry SET previous_hash = repeat('a', 64) WHERE number = 2", 2, "follow"),
        ("DELETE FROM core_ledgerentry WHERE number = 2", 2, "missing"),
        ("DELETE FROM core_ledgerentry WHERE number = 1", 1, "missing"),
        ("UPDATE core_ledgerentry SET number = number + 1000 WHERE number = 2", 2, "missing"),
    ],
)
def test_first_fault_names_the_row(sql: str, row: int, why: str) -> None:
    append(4)
    as_owner(sql)
    fault = ledger.first_fault()
    assert fault is not None and fault.row == f"ledger entry {row}" and why in fault.reason


@pytest.mark.django_db
def test_first_fault_sees_a_rehashed_entry() -> None:
    """Somebody who recomputes the changed entry's own hash is betrayed by the next one."""
    append(3)
    entry = LedgerEntry.objects.get(number=2)
    payload = {"number": 7}
    forged = ledger.entry_hash(
        number=2, kind=entry.kind, payload=payload, at=entry.at, previous_hash=entry.previous_hash
    )
    as_owner(
        f"UPDATE core_ledgerentry SET payload = '{ledger.canonical(payload)}', hash = '{forged}' WHERE number = 2"
    )
    fault = ledger.first_fault()
    assert fault is not None and fault.row == "ledger entry 3"


@pytest.mark.django_db
def test_first_fault_runs_the_apps_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> Iterator[ledger.Fault]:
        yield ledger.Fault("row 1", "it was changed")

    monkeypatch.setattr(ledger, "_cross_checks", [check])
    assert ledger.first_fault() == ledger.Fault("row 1", "it was changed")


@pytest.mark.django_db(transaction=True)
def test_first_fault_sees_one_instant() -> None:
    """What is committed between the chain's reading and an app's check is not taken for a fault."""
    append()
    seen = []

    def check() -> Iterator[ledger.Fault]:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: (append(), connection.close())).result(timeout=60)
        seen.append(LedgerEntry.objects.count())
        yield from ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "_cross_checks", [check])
        assert ledger.first_fault() is None
    assert seen == [1] and LedgerEntry.objects.count() == 2
