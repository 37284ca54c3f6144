"""Clear days: neither the sending day nor the meeting day counts."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

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
    assert (
        short_notice(datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 3, 2, 22, 59, tzinfo=UTC), days=5)
        == ""
    )


def test_short_notice_counts_days_by_the_paris_calendar() -> None:
    # 23:30 UTC on 2 March is 00:30 on 3 March in Paris: one day less.
    notice = short_notice(
        datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 3, 2, 23, 30, tzinfo=UTC), days=5
    )
    assert "4" in notice and "5" in notice
    assert "2 mars 2026" in notice


@pytest.mark.parametrize(
    ("sent", "given"),
    [
        # A day in Paris, its last and first second: winter, summer, around the nights that change hours.
        (datetime(2026, 1, 9, 22, 59, 59, tzinfo=UTC), 5),
        (datetime(2026, 1, 9, 23, 0, 0, tzinfo=UTC), 4),
        (datetime(2026, 7, 9, 21, 59, 59, tzinfo=UTC), 5),
        (datetime(2026, 7, 9, 22, 0, 0, tzinfo=UTC), 4),
        (datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC), 5),
        (datetime(2026, 3, 28, 23, 0, 0, tzinfo=UTC), 4),
        (datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), 4),
        (datetime(2026, 3, 29, 22, 0, 0, tzinfo=UTC), 3),
        (datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC), 5),
        (datetime(2026, 10, 24, 22, 0, 0, tzinfo=UTC), 4),
        (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), 4),
        (datetime(2026, 10, 25, 23, 0, 0, tzinfo=UTC), 3),
    ],
)
def test_short_notice_turns_at_midnight_in_paris(sent: datetime, given: int) -> None:
    day = {1: date(2026, 1, 15), 7: date(2026, 7, 15), 3: date(2026, 4, 3), 10: date(2026, 10, 30)}[
        sent.month
    ]
    for meeting in (time(0, 0), time(9, 0), time(23, 59)):
        starts_at = datetime.combine(day, meeting, tzinfo=ZoneInfo("Europe/Paris"))
        assert short_notice(starts_at, sent, days=given) == ""
        assert f"{given} jour" in short_notice(starts_at, sent, days=given + 1)


def test_short_notice_of_less_than_an_emergency_asks_says_so() -> None:
    start = datetime(2026, 6, 10, 9, tzinfo=UTC)
    assert "urgence" in short_notice(start, start - timedelta(days=1), days=5)
    assert "urgence" not in short_notice(start, start - timedelta(days=2), days=5)
    assert short_notice(start, start - timedelta(hours=1), days=0) == ""
