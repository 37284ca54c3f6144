"""The append-only ledger: facts chained by SHA-256, so that a changed, inserted or removed row shows.

A chain alone does not show a cut tail, nor a row elsewhere that no longer is what its entry told: `head()` is published
elsewhere (in each approval's record and mails), and the apps add checks of their own rows with `@cross_check`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, NoReturn

from django.db import connection, transaction

from core.clock import database_now
from core.models import LedgerEntry

GENESIS = "0" * 64
# Any constant: writers of the chain take turns behind it until they commit.
LOCK_KEY = 0x4C454447


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, real characters."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def entry_hash(*, number: int, kind: str, payload: Mapping[str, Any], at: str, previous_hash: str) -> str:
    """Return the SHA-256, in hexadecimal, that binds an entry to its content and to the entry before."""
    return sha256(
        canonical({"number": number, "kind": kind, "payload": payload, "at": at, "previous": previous_hash})
    )


def append(*, kind: str, payload: Mapping[str, Any]) -> LedgerEntry:
    """Add a fact to the ledger and return it.

    Must run in the transaction of the change it tells (RuntimeError otherwise): both stand or neither does. Other
    writers wait until that transaction ends, so take other locks first. The payload holds ids, whole numbers, codes and
    hashes, never personal data, and no float (ValueError): PostgreSQL's jsonb does not keep how one was written.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A ledger entry is written in the transaction of the change that it records.")
    payload = json.loads(canonical(payload), parse_float=_refuse_float, parse_constant=_refuse_float)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
    number, previous_hash = head()
    number += 1
    at = database_now().astimezone(UTC).isoformat()
    return LedgerEntry.objects.create(
        number=number,
        kind=kind,
        payload=payload,
        at=at,
        previous_hash=previous_hash,
        hash=entry_hash(number=number, kind=kind, payload=payload, at=at, previous_hash=previous_hash),
    )


def _refuse_float(text: str) -> NoReturn:
    raise ValueError(f"A ledger entry holds no float: {text}.")


def head() -> tuple[int, str]:
    """Return the number and hash of the last entry (0 and the genesis hash when empty)."""
    last = LedgerEntry.objects.order_by("-number").values_list("number", "hash").first()
    return last or (0, GENESIS)


@dataclass(frozen=True)
class Fault:
    """The first row that does not hold, and why."""

    row: str
    reason: str

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"


CrossCheck = Callable[[], Iterator[Fault]]
_cross_checks: list[CrossCheck] = []


def cross_check(check: CrossCheck) -> CrossCheck:
    """Register a check of an app's own rows against the ledger (decorator); it yields what does not hold."""
    if check not in _cross_checks:
        _cross_checks.append(check)
    return check


def first_fault() -> Fault | None:
    """Read the whole chain in order, then run the apps' checks; return the first fault, or None when all holds.

    All of it sees one instant of the database, so that what is written meanwhile cannot look like a fault.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _first_broken_link() or next((fault for check in _cross_checks for fault in check()), None)


def _first_broken_link() -> Fault | None:
    expected_number, previous_hash = 1, GENESIS
    for entry in LedgerEntry.objects.order_by("number").iterator(chunk_size=1000):
        row = f"ledger entry {entry.number}"
        if entry.number != expected_number:
            return Fault(f"ledger entry {expected_number}", f"missing, {entry.number} comes next")
        if entry.previous_hash != previous_hash:
            return Fault(row, "it does not follow the entry before it")
        if entry.hash != entry_hash(
            number=entry.number,
            kind=entry.kind,
            payload=entry.payload,
            at=entry.at,
            previous_hash=entry.previous_hash,
        ):
            return Fault(row, "its content was changed")
        expected_number, previous_hash = entry.number + 1, entry.hash
    return None
