"""The append-only ledger: facts chained by SHA-256, so that a changed, inserted or removed row shows.

A chain alone does not show a cut tail: `head()` is published elsewhere (in each approval's record).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import connection, transaction

from core.clock import database_now
from core.models import LedgerEntry

GENESIS = "0" * 64
# Any constant: writers of the chain take turns behind it until they commit.
LOCK_KEY = 0x4C454447


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, real characters."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def entry_hash(*, number: int, kind: str, payload: Mapping[str, Any], at: str, previous_hash: str) -> str:
    """Return the SHA-256, in hexadecimal, that binds an entry to its content and to the entry before."""
    text = canonical(
        {"number": number, "kind": kind, "payload": payload, "at": at, "previous": previous_hash}
    )
    return hashlib.sha256(text.encode()).hexdigest()


def append(*, kind: str, payload: Mapping[str, Any]) -> LedgerEntry:
    """Add a fact to the ledger and return it.

    Must run in the transaction of the change it tells (RuntimeError otherwise): both stand or neither does. Other
    writers wait until that transaction ends. The payload holds ids, numbers, codes and hashes, never personal data.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A ledger entry is written in the transaction of the change that it records.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])
    last = LedgerEntry.objects.order_by("-number").first()
    number = last.number + 1 if last else 1
    previous_hash = last.hash if last else GENESIS
    at = database_now().astimezone(UTC).isoformat()
    payload = json.loads(canonical(payload))
    return LedgerEntry.objects.create(
        number=number,
        kind=kind,
        payload=payload,
        at=at,
        previous_hash=previous_hash,
        hash=entry_hash(number=number, kind=kind, payload=payload, at=at, previous_hash=previous_hash),
    )


def head() -> tuple[int, str]:
    """Return the number and hash of the last entry (0 and the genesis hash when empty)."""
    last = LedgerEntry.objects.order_by("-number").values_list("number", "hash").first()
    return last or (0, GENESIS)


@dataclass(frozen=True)
class Fault:
    """The first row at which the chain does not hold, and why."""

    number: int
    reason: str


def first_fault() -> Fault | None:
    """Read the whole chain in order and return its first fault, or None when it holds."""
    expected_number, previous_hash = 1, GENESIS
    for entry in _entries():
        if entry.number != expected_number:
            return Fault(expected_number, f"entry {expected_number} is missing (found {entry.number})")
        if entry.previous_hash != previous_hash:
            return Fault(entry.number, "it does not follow the entry before it")
        if entry.hash != entry_hash(
            number=entry.number,
            kind=entry.kind,
            payload=entry.payload,
            at=entry.at,
            previous_hash=entry.previous_hash,
        ):
            return Fault(entry.number, "its content was changed")
        expected_number, previous_hash = entry.number + 1, entry.hash
    return None


def _entries() -> Iterator[LedgerEntry]:
    with transaction.atomic():
        yield from LedgerEntry.objects.order_by("number").iterator(chunk_size=1000)
