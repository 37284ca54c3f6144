"""Reads what calendars answer (iTIP REPLY, RFC 5546), whoever wrote it and however freely.

Only the lines that an answer needs are looked at: a time zone that nobody knows, or a line that cannot be read, is the
writer's own business.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from icalendar.parser import Contentlines

from core.typed import clean_typed
from outbox.cleaning import clean_line, clean_text

COMMENT_LENGTH = 1000
_MAX_TEXT = 256 * 1024
_NUMBER = re.compile(r"\d{1,9}")


class UnreadableCalendar(Exception):
    """What calls itself a calendar object is none."""


@dataclass(frozen=True)
class Respondent:
    """An ATTENDEE of an answer; addresses are in lower case, `delegation` tells that somebody stands for somebody."""

    email: str
    partstat: str
    delegation: bool = False


@dataclass(frozen=True)
class CalendarAnswer:
    """What one VEVENT says. `dtstamp` is None when it is missing or no UTC instant; `sequence` is 0 when missing."""

    method: str
    uid: str
    sequence: int
    dtstamp: datetime | None
    respondents: tuple[Respondent, ...]
    organizer: str
    comment: str
    is_occurrence: bool


def read_answers(text: str, *, method: str = "") -> list[CalendarAnswer]:
    """Return what the VEVENTs of a calendar object say, without repetitions.

    `method` is the MIME part's parameter, for an object that has no METHOD of its own. Raises UnreadableCalendar when
    there is no VCALENDAR, it is too long, or its METHOD is not the MIME part's.
    """
    if len(text) > _MAX_TEXT:
        raise UnreadableCalendar("length")
    own_method, events = "", list[dict[str, list[tuple[Any, str]]]]()
    seen_calendar = False
    for path, name, parameters, value in _lines(text):
        if path == ("VCALENDAR",):
            seen_calendar = True
            if name == "METHOD":
                own_method = clean_line(value).upper()
            elif name == "BEGIN" and value.upper() == "VEVENT":
                events.append({})
        elif path == ("VCALENDAR", "VEVENT") and events:
            events[-1].setdefault(name, []).append((parameters, value))
    method = method.upper()
    if not seen_calendar or (method and own_method and method != own_method):
        raise UnreadableCalendar("method" if seen_calendar else "no calendar")
    return list(dict.fromkeys(_answer(own_method or method, event) for event in events))


def _lines(text: str) -> Iterator[tuple[tuple[str, ...], str, Any, str]]:
    """Give each line that can be read with the components it stands in."""
    path: list[str] = []
    for line in Contentlines.from_ical(clean_text(text).lstrip("\ufeff\n ")):
        try:
            name, parameters, value = line.parts()
        except (AttributeError, ValueError):
            continue
        name = name.upper()
        if name == "END":
            if path and path[-1] == value.strip().upper():
                path.pop()
            continue
        yield tuple(path), name, parameters, value
        if name == "BEGIN":
            path.append(value.strip().upper())


def _answer(method: str, event: dict[str, list[tuple[Any, str]]]) -> CalendarAnswer:
    def first(name: str) -> str:
        return event.get(name, [("", "")])[0][1]

    sequence = first("SEQUENCE").strip()
    comments = [clean_typed(clean_text(value)).strip() for _parameters, value in event.get("COMMENT", [])]
    return CalendarAnswer(
        method=method,
        uid=clean_line(first("UID"))[:255],
        sequence=int(sequence) if _NUMBER.fullmatch(sequence) else 0,
        dtstamp=_instant(first("DTSTAMP").strip()),
        respondents=tuple(_respondent(*entry) for entry in event.get("ATTENDEE", [])),
        organizer=_address(first("ORGANIZER")),
        comment="\n".join(filter(None, comments))[:COMMENT_LENGTH],
        is_occurrence="RECURRENCE-ID" in event,
    )


def _respondent(parameters: Any, value: str) -> Respondent:
    return Respondent(
        email=_address(value) or _address(str(parameters.get("EMAIL", ""))),
        partstat=clean_line(str(parameters.get("PARTSTAT", ""))).upper()[:20],
        delegation=any(parameters.get(name) for name in ("DELEGATED-TO", "DELEGATED-FROM")),
    )


def _address(value: str) -> str:
    """Return the address of a `mailto:`, in whatever case; nothing for another kind of address."""
    value = clean_line(value).strip("<>\"' ")
    scheme, colon, rest = value.partition(":")
    address = rest if colon and scheme.lower() == "mailto" else value
    return address.strip("<> ").lower()[:320] if "@" in address and ":" not in address else ""


def _instant(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
