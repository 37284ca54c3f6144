"""Rows handled each for itself."""

import pytest

from core.each import each
from core.models import LedgerEntry


def test_a_row_that_fails_is_logged_by_its_number_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = []

    def act(row: LedgerEntry) -> int:
        seen.append(row.pk)
        if row.pk == 2:
            raise ValueError
        return row.pk

    assert each([LedgerEntry(pk=1), LedgerEntry(pk=2), LedgerEntry(pk=3)], act) == 4
    assert seen == [1, 2, 3]
    (record,) = caplog.records
    assert record.getMessage() == "core.LedgerEntry 2 was passed over"
    assert record.levelname == "ERROR" and record.exc_info
