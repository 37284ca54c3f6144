"""Log lines: one JSON object each, and nothing in them that names a person or opens a door."""

import json
import logging
import secrets
import sys
from typing import Any

import pytest
from django.db import IntegrityError

from core.logging import JsonFormatter, scrub
from core.models import LedgerEntry


def written(message: str, *args: object, **extra: Any) -> dict[str, Any]:
    record = logging.LogRecord(
        "django.request", logging.WARNING, __file__, 1, message, args, extra.pop("exc_info", None)
    )
    for name, value in extra.items():
        setattr(record, name, value)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    fields: dict[str, Any] = json.loads(line)
    return fields


def test_line_holds_when_how_grave_who_and_what() -> None:
    line = written("Not Found: %s", "/vitrine/é/", status_code=404, data={"ids": [1, 2]})
    assert (line["level"], line["logger"], line["status"], line["ids"]) == (
        "warning",
        "django.request",
        404,
        [1, 2],
    )
    assert line["message"] == "Not Found: /vitrine/é/"
    assert line["at"].endswith("+00:00")


def test_tokens_addresses_and_queries_are_left_out() -> None:
    token = secrets.token_urlsafe(32)
    line = written("Gone: /en/invitations/%s/?q=Jean+Dupont to jean.dupont@example.org", token)
    assert line["message"] == "Gone: /en/invitations/[token]/ to [email]"


@pytest.mark.django_db
def test_traceback_does_not_tell_the_row_that_the_database_refused() -> None:
    """PostgreSQL quotes the whole row in the detail of its refusal."""
    try:
        LedgerEntry.objects.create(
            number=0, kind="Jean Dupont", payload={}, at="x", previous_hash="", hash="h"
        )
    except IntegrityError:
        line = written("Internal Server Error: /", exc_info=sys.exc_info())
    traceback = line["traceback"]
    assert "ledgerentry_number_from_one" in traceback and "IntegrityError" in traceback
    assert traceback.count("[detail]") == 2 and "Dupont" not in traceback


def test_detail_is_left_out_of_a_message_and_of_all_its_lines() -> None:
    text = "refused\nDETAIL:  Failing row contains (Jean\n\nDupont).\n"
    assert scrub(text) == "refused\n[detail]"
    assert "Jean" not in scrub(repr(ValueError(text)))
