"""Clear days: neither the sending day nor the meeting day counts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from workshops.delays import clear_days, last_sending_day, short_notice


@pytest.mark.parametrize(
    ("sent_on", "held_on", "expected"),
    [
        (date(2026, 3, 2), date(2026, 3, 8), 5),
        (date(2026, 3, 2), date(2026, 3, 3), 0),
        (date(2026, 3, 2), date(2026, 3, 2), 0),
        (date(2026, 3, 2), date(2026, 3, 1), 0),
        (date(2026, 1, 29), date(2026, 2, 4), 5),  # over a month's end
        (date(2028, 2, 26), date(2028, 3, 3), 5),  # a leap year: 27, 28, 29 February, 1, 2 March
        (date(2027, 2, 26), date(2027, 3, 3), 4),
        (date(2026, 12, 28), date(2027, 1, 3), 5),  # over the year's end
        (date(2026, 3, 26), date(2026, 4, 1), 5),  # over the night of 28 to 29 March, an hour short
        (date(2026, 10, 22), date(2026, 10, 28), 5),  # over the night of 24 to 25 October, an hour long
    ],
)
def test_clear_days_count_whole_days_between(sent_on: date, held_on: date, expected: int) -> None:
    assert clear_days(sent_on, held_on) == expected


@pytest.mark.parametrize(
    "held_on", [date(2026, 3, 3), date(2027, 1, 2), date(2026, 10, 26), date(2028, 3, 1)]
)
def test_last_sending_day_leaves_the_delay_whole_and_no_later_day_does(held_on: date) -> None:
    last = last_sending_day(held_on, 5)
    assert clear_days(last, held_on) == 5
    assert clear_days(last + timedelta(days=1), held_on) == 4


def test_short_notice_silent_when_the_delay_holds() -> None:
    assert short_notice(datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 3, 2, 22, 59, tzinfo=UTC)) == ""


def test_short_notice_counts_days_by_the_paris_calendar() -> None:
    # 23:30 UTC on 2 March is 00:30 on 3 March in Paris: one day less.
    notice = short_notice(datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert "4" in notice and "5" in notice
    assert "2 mars 2026" in notice
