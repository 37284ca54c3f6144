"""Every kind of calendar object we write, line by line, as two independent parsers read it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vobject

from outbox.calendar import Attendee, Event, Organizer, build_cancel, build_publish, build_request
from tests.outbox.readers import ical_js
from tests.outbox.test_calendar import EVENT, HOSTILE, check_lines, unfolded

# RFC 5545: at most one of each; what of them each kind of ours may hold.
ONCE = {
    "UID",
    "SEQUENCE",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "CREATED",
    "LAST-MODIFIED",
    "SUMMARY",
    "DESCRIPTION",
}
ONCE |= {"LOCATION", "URL", "STATUS", "TRANSP", "ORGANIZER"}
LINE = re.compile(
    r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*))*):(.*)'
)
NIGHTS = {
    "winter": (datetime(2027, 1, 12, 8, tzinfo=UTC), datetime(2027, 1, 12, 10, tzinfo=UTC)),
    "summer": (datetime(2027, 7, 12, 8, tzinfo=UTC), datetime(2027, 7, 12, 10, tzinfo=UTC)),
    "into spring": (datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 3, tzinfo=UTC)),
    "spring's day": (datetime(2027, 3, 28, 8, tzinfo=UTC), datetime(2027, 3, 28, 10, tzinfo=UTC)),
    "first ambiguous hour": (
        datetime(2027, 10, 31, 0, 30, tzinfo=UTC),
        datetime(2027, 10, 31, 3, tzinfo=UTC),
    ),
    "second ambiguous hour": (
        datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
        datetime(2027, 10, 31, 3, tzinfo=UTC),
    ),
    "autumn's day": (datetime(2027, 10, 31, 8, tzinfo=UTC), datetime(2027, 10, 31, 10, tzinfo=UTC)),
}
KINDS: dict[str, Any] = {
    "request": build_request,
    "update": lambda event: build_request(replace(event, sequence=event.sequence + 1)),
    "answered": lambda event: build_request(
        replace(event, attendee=Attendee("Léa", "lea@example.org", "ACCEPTED", False))
    ),
    "cancelled for all": lambda event: build_cancel(event, whole_event=True),
    "one uninvited": lambda event: build_cancel(event, whole_event=False),
    "feed": lambda event: build_publish([event, replace(event, uid="b@x", status="CANCELLED")], "Agenda ; é"),
    "held dates": lambda event: build_publish([replace(event, status="TENTATIVE")], "Mes dates"),
}


def lines_of(text: str) -> Iterator[tuple[tuple[str, ...], str, str, str]]:
    """Each logical line in its component; balanced, and of RFC 5545's form."""
    check_lines(text)
    path: list[str] = []
    for line in unfolded(text)[:-1]:
        found = LINE.fullmatch(line)
        assert found, line
        name, parameters, value = found.groups()
        if name == "END":
            assert path.pop() == value
        else:
            yield tuple(path), name, parameters, value
        if name == "BEGIN":
            path.append(value)
    assert path == []


def check_text(text: str, event: Event) -> None:
    """What no parser says: order, repetitions, one zone exactly where it is used, nobody named in a feed."""
    lines = list(lines_of(text))
    head = [name for path, name, _p, _v in lines if path == ("VCALENDAR",) and name != "BEGIN"]
    assert len(head) == len(set(head)) and {"PRODID", "VERSION", "CALSCALE", "METHOD"} <= set(head)
    zones = [
        value for path, name, _p, value in lines if path == ("VCALENDAR", "VTIMEZONE") and name == "TZID"
    ]
    used = {parameters for _path, _name, parameters, _value in lines if "TZID=" in parameters}
    assert used <= {";TZID=Europe/Paris"} and zones == (["Europe/Paris"] if used else [])
    rules = [
        name for path, name, _p, _v in lines if path[1:2] == ("VTIMEZONE",) and name in ("RRULE", "RDATE")
    ]
    assert rules == ["RRULE"] * 2 * len(zones)
    events = 0
    for index, (path, name, _parameters, value) in enumerate(lines):
        if path == ("VCALENDAR",) and (name, value) == ("BEGIN", "VEVENT"):
            own = []
            for inner, inner_name, _p, _v in lines[index + 1 :]:
                if inner != ("VCALENDAR", "VEVENT"):
                    break
                own.append(inner_name)
            assert set(own) - ONCE <= {"ATTENDEE"} and len(own) == len(set(own)), own
            assert {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER"} <= set(own)
            assert ("ATTENDEE" in own) == ("METHOD:PUBLISH" not in unfolded(text))
            events += 1
    assert events >= 1


def by_name(lines: list[list[Any]]) -> dict[str, list[Any]]:
    found = {line[0]: line for line in lines}
    assert len(found) == len(lines), "a property stands twice"
    return found


def clean(text: str) -> str:
    """The same words on one line, as a reader may compare them."""
    return " ".join(text.split())


def check_ical_js(read: dict[str, Any], text: str, event: Event) -> None:
    head, (first, *_rest) = by_name(read["lines"]), read["events"]
    own = by_name(first["lines"])
    method = head["method"][3]
    assert f"METHOD:{method}" in unfolded(text)
    assert (first["start"], first["end"]) == (event.start.timestamp(), event.end.timestamp())
    assert own["uid"][3] == event.uid and clean(own["summary"][3]) == clean(event.summary)
    assert own["dtstamp"][3] == event.dtstamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert own["organizer"][3] == f"mailto:{event.organizer[1]}"
    if method != "PUBLISH":
        assert own["attendee"][3] == f"mailto:{Attendee(*event.attendee).email}"  # type: ignore[misc]


def check_vobject(text: str, event: Event) -> None:
    calendar = vobject.readOne(text)
    first = calendar.vevent_list[0]
    assert (first.dtstart.value, first.dtend.value) == (event.start, event.end)
    assert (first.uid.value, clean(first.summary.value)) == (event.uid, clean(event.summary))
    assert first.dtstamp.value == event.dtstamp
    assert first.organizer.value == f"mailto:{event.organizer[1]}"
    if calendar.method.value == "PUBLISH":
        assert "attendee" not in first.contents
    else:
        assert first.attendee.value == f"mailto:{Attendee(*event.attendee).email}"  # type: ignore[misc]


def test_every_kind_at_every_time_of_the_year_is_read_alike() -> None:
    cases = [(kind, replace(EVENT, start=start, end=end)) for kind in KINDS for start, end in NIGHTS.values()]
    texts = [KINDS[kind](event) for kind, event in cases]
    for (kind, event), text, read in zip(cases, texts, ical_js(texts=texts), strict=True):
        check_text(text, event)
        check_ical_js(read, text, event)
        check_vobject(text, event)
        statuses = [by_name(one["lines"]).get("status", [None] * 4)[3] for one in read["events"]]
        assert statuses == {
            "cancelled for all": ["CANCELLED"],
            "one uninvited": [None],
            "feed": ["CONFIRMED", "CANCELLED"],
            "held dates": ["TENTATIVE"],
        }.get(kind, ["CONFIRMED"])


def test_october_s_two_hours_are_told_apart_by_both() -> None:
    start = NIGHTS["first ambiguous hour"][0]
    texts = [
        build_request(replace(EVENT, start=begins, end=begins + timedelta(hours=2)))
        for begins in (start, start + timedelta(hours=1))
    ]
    first, second = ical_js(texts=texts)
    assert second["events"][0]["start"] - first["events"][0]["start"] == 3600
    assert all("DTSTART:202710" in text and "TZID=Europe/Paris:" not in text for text in texts)


@pytest.mark.parametrize(
    "field", ["uid", "summary", "description", "location", "url", "organizer", "attendee", "name"]
)
def test_no_words_of_a_field_reach_another_one(field: str) -> None:
    """Control characters, NUL, U+0085, U+2028, quotes, folds in the middle of a character: in each field."""
    values = [*HOSTILE, "x" * 71 + "é🌞" * 40, "\\n\\;\\,", 'CN=";X=1:mailto:max@example.org"']
    events, texts = [], []
    for value in values:
        changes: dict[str, Any] = {field: value}
        if field == "uid":
            changes = {"uid": "a" + value}
        elif field == "url":
            changes = {"url": "https://example.org/" + value}
        elif field == "organizer":
            changes = {"organizer": Organizer(value, "conseil@example.org")}
        elif field in ("attendee", "name"):
            changes = {"attendee": Attendee(value, "lea@example.org")}
        event = replace(EVENT, **changes)
        for kind in KINDS:
            events.append(event)
            texts.append(build_publish([event], value) if field == "name" else KINDS[kind](event))
    plain = by_name(ical_js(texts=[build_request(EVENT)])[0]["events"][0]["lines"])
    for event, text, read in zip(events, texts, ical_js(texts=texts), strict=True):
        check_text(text, event)
        own = by_name(read["events"][0]["lines"])
        assert set(own) <= set(plain)
        assert own["organizer"][3] == "mailto:conseil@example.org"
        assert own.get("attendee", [0, 0, 0, "mailto:lea@example.org"])[3] == "mailto:lea@example.org"
        calendar = vobject.readOne(text)
        assert {name.upper() for name in calendar.vevent_list[0].contents} == {name.upper() for name in own}
        if field in ("summary", "description", "location"):
            words = own.get(field, ["", "", "", ""])[3]
            assert clean(words) == clean(getattr(calendar.vevent_list[0], field).value if words else "")
            bare = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\s]", "", getattr(event, field))
            assert re.sub(r"\s", "", words) == bare
