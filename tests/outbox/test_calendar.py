"""Calendar objects: what they say, read back by a parser, and how their lines are written."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from outbox.calendar import (
    Attendee,
    Event,
    Organizer,
    build_cancel,
    build_publish,
    build_request,
    fold_line,
)

PARIS = ZoneInfo("Europe/Paris")
EVENT = Event(
    uid="workshop-12@portail.example.org",
    sequence=3,
    dtstamp=datetime(2027, 2, 1, 7, 5, 9, tzinfo=UTC),
    start=datetime(2027, 3, 1, 9, tzinfo=PARIS),
    end=datetime(2027, 3, 1, 11, 30, tzinfo=PARIS),
    summary="Atelier-conseil : énergie, eau ; déchets",
    description="Ordre du jour :\n1. Énergie\n2. Eau",
    location="Fonderie de la Mosson, 12 rue de l'Écusson",
    url="https://portail.example.org/ateliers/energie/?a=1,2;b",
    organizer=Organizer("Conseil de l'Industrie Positive", "conseil@example.org"),
    attendee=Attendee("Léa O'Neil", "lea@example.org"),
    created=datetime(2027, 1, 1, tzinfo=UTC),
    last_modified=datetime(2027, 2, 1, tzinfo=UTC),
)


def read(text: str) -> tuple[icalendar.Calendar, icalendar.Event]:
    """Check the lines, parse, return the calendar and its only event."""
    check_lines(text)
    calendar = icalendar.Calendar.from_ical(text)
    assert isinstance(calendar, icalendar.Calendar)
    (event,) = calendar.walk("VEVENT")
    assert event.errors == [] and calendar.errors == []
    return calendar, event


def check_lines(text: str) -> None:
    """RFC 5545: CRLF, at most 75 octets a line, no control character, no character cut in two."""
    assert text.endswith("\r\n")
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)
    assert "\r" not in text.replace("\r\n", "") and "\n" not in text.replace("\r\n", "")
    for line in text.encode().split(b"\r\n"):
        assert len(line) <= 75
        line.decode()


def unfolded(text: str) -> list[str]:
    """The logical lines."""
    return text.replace("\r\n ", "").split("\r\n")


def test_build_request_says_everything_a_calendar_needs() -> None:
    calendar, event = read(build_request(EVENT))
    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (EVENT.uid, 3, "CONFIRMED")
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (EVENT.start, EVENT.end)
    assert event["DTSTAMP"].dt == EVENT.dtstamp
    assert (event["SUMMARY"], event["DESCRIPTION"]) == (EVENT.summary, EVENT.description)
    assert (event["LOCATION"], event["URL"]) == (EVENT.location, EVENT.url)
    assert (event["CREATED"].dt, event["LAST-MODIFIED"].dt) == (EVENT.created, EVENT.last_modified)
    assert event["ORGANIZER"] == "mailto:conseil@example.org"
    assert event["ORGANIZER"].params["CN"] == "Conseil de l'Industrie Positive"
    assert event["ATTENDEE"] == "mailto:lea@example.org"
    assert dict(event["ATTENDEE"].params) == {
        "CN": "Léa O'Neil",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }


def test_build_request_is_the_same_text_at_every_call() -> None:
    assert build_request(EVENT) == build_request(EVENT)


def test_build_request_keeps_an_answer_already_given() -> None:
    accepted = replace(EVENT, attendee=("Léa", "lea@example.org", "ACCEPTED", False))
    _calendar, event = read(build_request(accepted))
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"


def test_build_cancel_of_the_whole_event_cancels_it() -> None:
    calendar, event = read(build_cancel(EVENT, whole_event=True))
    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert (event["UID"], event["SEQUENCE"]) == (EVENT.uid, EVENT.sequence)
    assert event["ATTENDEE"] == "mailto:lea@example.org"
    assert "PARTSTAT" not in event["ATTENDEE"].params and "RSVP" not in event["ATTENDEE"].params


def test_build_cancel_of_one_invitation_does_not_cancel_the_event() -> None:
    calendar, event = read(build_cancel(EVENT, whole_event=False))
    assert calendar["METHOD"] == "CANCEL"
    assert "STATUS" not in event
    assert (event["UID"], event["ATTENDEE"]) == (EVENT.uid, "mailto:lea@example.org")


@pytest.mark.parametrize("build", [build_request, lambda event: build_cancel(event, whole_event=True)])
def test_an_invitation_or_cancellation_without_attendee_is_refused(build: Any) -> None:
    with pytest.raises(ValueError):
        build(replace(EVENT, attendee=None))


def test_build_publish_names_nobody_invited_and_says_when_to_come_back() -> None:
    other = replace(EVENT, uid="workshop-13@portail.example.org", status="CANCELLED")
    text = build_publish([EVENT, other], "Agenda du conseil")
    check_lines(text)
    calendar = icalendar.Calendar.from_ical(text)
    assert (calendar["METHOD"], calendar["X-WR-CALNAME"]) == ("PUBLISH", "Agenda du conseil")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in unfolded(text)
    assert "X-PUBLISHED-TTL:PT1H" in unfolded(text)
    assert [event["STATUS"] for event in calendar.walk("VEVENT")] == ["CONFIRMED", "CANCELLED"]
    assert "ATTENDEE" not in text and "lea" not in text
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_build_publish_of_nothing_is_an_empty_calendar() -> None:
    text = build_publish([], "Agenda")
    check_lines(text)
    assert icalendar.Calendar.from_ical(text).walk("VEVENT") == []


def test_the_zone_is_one_of_rules_and_stands_before_the_event() -> None:
    lines = unfolded(build_request(EVENT))
    assert lines.count("BEGIN:VTIMEZONE") == lines.count("TZID:Europe/Paris") == 1
    assert lines.index("END:VTIMEZONE") < lines.index("BEGIN:VEVENT")
    assert len([line for line in lines if line.startswith("RRULE:FREQ=YEARLY")]) == 2
    assert not any(line.startswith("RDATE") for line in lines)
    assert "DTSTART;TZID=Europe/Paris:20270301T090000" in lines


@pytest.mark.parametrize("year", [1996, 2026, 2027, 2031, 2040])
def test_the_zones_rules_give_the_same_hours_as_the_tz_database(year: int) -> None:
    calendar = icalendar.Calendar.from_ical(build_request(EVENT))
    (zone,) = calendar.walk("VTIMEZONE")
    rules = zone.to_tz(lookup_tzid=False)
    hour = datetime(year, 1, 1, 12)
    while hour.year == year:
        assert hour.replace(tzinfo=rules).utcoffset() == hour.replace(tzinfo=PARIS).utcoffset(), hour
        hour += timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "lines"),
    [
        # The hour that Paris's clocks show twice, told apart by its instant.
        (
            (2027, 10, 31, 0, 30),
            (2027, 10, 31, 2, 30),
            {"DTSTART:20271031T003000Z", "DTEND:20271031T023000Z"},
        ),
        (
            (2027, 10, 31, 1, 30),
            (2027, 10, 31, 2, 30),
            {"DTSTART:20271031T013000Z", "DTEND:20271031T023000Z"},
        ),
        (
            (2027, 10, 30, 22, 0),
            (2027, 10, 31, 0, 15),
            {"DTSTART:20271030T220000Z", "DTEND:20271031T001500Z"},
        ),
        # Around it, local time.
        (
            (2027, 10, 30, 23, 59),
            (2027, 10, 31, 2, 0),
            {"DTSTART;TZID=Europe/Paris:20271031T015900", "DTEND;TZID=Europe/Paris:20271031T030000"},
        ),
        # Spring's missing hour: 00:59Z is 01:59, 01:00Z is 03:00.
        (
            (2027, 3, 28, 0, 59),
            (2027, 3, 28, 1, 0),
            {"DTSTART;TZID=Europe/Paris:20270328T015900", "DTEND;TZID=Europe/Paris:20270328T030000"},
        ),
    ],
)
def test_the_nights_of_the_clock_change(
    start: tuple[int, ...], end: tuple[int, ...], lines: set[str]
) -> None:
    begins, ends = datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC)  # type: ignore[misc, arg-type]
    text = build_request(replace(EVENT, start=begins, end=ends))
    assert lines <= set(unfolded(text))
    _calendar, event = read(text)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (begins, ends)
    assert ("BEGIN:VTIMEZONE" in text) == ("TZID=" in text)


HOSTILE = [
    "a\r\nATTENDEE:mailto:max@example.org",
    "a\nEND:VEVENT\nBEGIN:VEVENT",
    "a\rb",
    "a\0b\x0bc\x0cd\x1be\x7ff",
    "a\u0085b\u2028c\u2029d",
    "a\ud800b",
    'a "quoted"; b: c, d \\ e ^n ^\'',
    "é" * 300,
    "🌞" * 100,
    "x" * 74 + "é",
    "",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_breaks_out_of_its_line(value: str) -> None:
    hostile = replace(
        EVENT,
        uid=EVENT.uid + value,
        summary=value,
        description=value,
        location=value,
        url="https://example.org/" + value,
        organizer=Organizer(value, "conseil@example.org"),
        attendee=Attendee(value, "lea@example.org"),
    )
    safe = replace(EVENT, attendee=Attendee("Léa", "lea@example.org"))
    for text, ordinary in (
        (build_request(hostile), build_request(safe)),
        (build_cancel(hostile, whole_event=True), build_cancel(safe, whole_event=True)),
        (build_publish([hostile], value), build_publish([safe], "Agenda")),
    ):
        calendar, event = read(text)
        _calendar, expected = read(ordinary)
        assert set(event) | {"DESCRIPTION", "LOCATION"} == set(expected)
        assert len(calendar.walk()) == 5
        if "ATTENDEE" in event:
            assert event["ATTENDEE"] == "mailto:lea@example.org"


def test_a_text_keeps_its_words_and_paragraphs() -> None:
    description = "Ligne 1 ; « a, b » \\ c\r\n\r\nLigne 2\tfin é🌞"
    _calendar, event = read(build_request(replace(EVENT, description=description)))
    assert event["DESCRIPTION"] == description.replace("\r\n", "\n")


@pytest.mark.parametrize("address", ["pas une adresse", "lea@example.org\r\nX-EVIL:1", "", 'a"b:c;d@x'])
def test_a_bad_address_neither_raises_nor_breaks_the_entry(address: str) -> None:
    text = build_request(replace(EVENT, attendee=Attendee("Léa", address)))
    _calendar, event = read(text)
    assert str(event["ATTENDEE"]).startswith("mailto:")
    assert "X-EVIL" not in event


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": datetime(2027, 3, 1, 9)},
        {"dtstamp": datetime(2027, 3, 1, 9)},
        {"end": EVENT.start},
        {"uid": ""},
    ],
)
def test_an_event_that_no_calendar_could_show_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(EVENT, **wrong)


@pytest.mark.parametrize("char", ["a", "é", "€", "🏭", "\t"], ids=["1", "2", "3", "4", "tab"])
def test_fold_line_keeps_the_text_whole_and_no_line_over_75_octets(char: str) -> None:
    size = len(char.encode())
    # Every alignment of characters of 1 to 4 octets against the limit, and lines of exactly as many octets as allowed.
    for before in range(80):
        line = "x" * before + char * 90
        folded = fold_line(line)
        first, *others = folded.split("\r\n")
        assert "".join([first, *(other[1:] for other in others)]) == line
        assert all(other.startswith(" ") for other in others)
        assert all(75 - size < len(piece.encode()) <= 75 for piece in [first, *others][:-1])
        assert 0 < len([first, *others][-1].encode()) <= 75
    assert fold_line("x" * 75) == "x" * 75 and fold_line("x" * 76) == "x" * 75 + "\r\n x"
    assert fold_line("") == ""
