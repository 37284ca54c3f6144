"""Calendar objects (RFC 5545, 5546) that the common clients take: invitations, cancellations, feeds.

The icalendar library writes them; what it lets through or gets wrong for Outlook is guarded here: control characters,
the zone as rules instead of a list of dates, the hour that October has twice.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

import icalendar
from django.core.exceptions import ValidationError
from icalendar import vCalAddress, vText, vUri

from outbox.cleaning import clean_address, clean_line, clean_text

PRODUCT = "-//Montpellier Industrie Positive//Portail//FR"
ZONE = "Europe/Paris"
_PARIS = ZoneInfo(ZONE)
_REFRESH = timedelta(hours=1)
# A generated zone lists dates (RDATE) and shifts hours in Outlook; these two rules are the law since 1996.
_VTIMEZONE = """BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


class Attendee(NamedTuple):
    """Who is invited; `partstat` is NEEDS-ACTION, ACCEPTED, DECLINED or TENTATIVE."""

    name: str
    email: str
    partstat: str = "NEEDS-ACTION"
    rsvp: bool = True


class Organizer(NamedTuple):
    """Who calls the meeting."""

    name: str
    email: str


@dataclass(frozen=True)
class Event:
    """One meeting, as calendars see it. `uid` never changes; `sequence` rises as mail-votes-security.md says.

    `dtstamp` is stored with the revision, so that a repeated message is the same; all instants are aware.
    """

    uid: str
    sequence: int
    dtstamp: datetime
    start: datetime
    end: datetime
    summary: str
    organizer: Organizer | tuple[str, str]
    description: str = ""
    location: str = ""
    url: str = ""
    attendee: Attendee | tuple[str, str, str, bool] | None = None
    status: str = "CONFIRMED"
    created: datetime | None = None
    last_modified: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what no calendar could show right."""
        for instant in (self.dtstamp, self.start, self.end, self.created, self.last_modified):
            if instant is not None and instant.utcoffset() is None:
                raise ValueError("A calendar event's instants carry their time zone.")
        if self.end <= self.start:
            raise ValueError("A calendar event ends after it starts.")
        if not self.uid:
            raise ValueError("A calendar event has a UID.")


def build_request(event: Event) -> str:
    """Return the invitation, or its update, for the event's attendee."""
    if event.attendee is None:
        raise ValueError("An invitation names its attendee.")
    return _calendar("REQUEST", [_vevent(event, status=event.status, attendee=True)])


def build_cancel(event: Event, *, whole_event: bool) -> str:
    """Return the cancellation for the event's attendee: of the whole meeting, or of this one invitation."""
    if event.attendee is None:
        raise ValueError("A cancellation names its attendee.")
    # STATUS:CANCELLED to one uninvited person would say that the meeting does not take place.
    status = "CANCELLED" if whole_event else ""
    return _calendar("CANCEL", [_vevent(event, status=status, attendee=True, answer=False)])


def build_publish(events: Iterable[Event], name: str) -> str:
    """Return a feed for subscribers: nobody's name but the organiser's, and how often to come back."""
    calendar_events = [_vevent(event, status=event.status, attendee=False) for event in events]
    return _calendar("PUBLISH", calendar_events, name=clean_line(name))


def ical_text(value: str) -> str:
    """Return a value as it stands in a calendar's line: commas, semicolons and line breaks escaped."""
    return vText(value).to_ical().decode()


def replace_text(calendar: str, pattern: str, new: str) -> str:
    """Replace what a pattern finds in a calendar's lines, and fold them again."""
    whole = re.sub(r"\r?\n[ \t]", "", calendar)
    # An escaped line break ends in a letter, which is no part of the word after it.
    lines = re.sub(pattern, lambda found: new, whole.replace(r"\n", "\\n\0"))
    return "\r\n".join(fold_line(line) for line in lines.replace("\0", "").split("\r\n"))


def fold_line(line: str) -> str:
    """Return a line in pieces of 75 octets at most, with the space that continues it; no character is cut."""
    folded, left = "", 75
    for char in line:
        size = len(char.encode())
        folded, left = (folded, left) if size <= left else (f"{folded}\r\n ", 74)
        folded, left = folded + char, left - size
    return folded


def _calendar(method: str, events: list[icalendar.Event], *, name: str = "") -> str:
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    if method == "PUBLISH":
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
        calendar.add("x-wr-timezone", ZONE)
        calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", icalendar.vDuration(_REFRESH).to_ical().decode())
    if any(event["DTSTART"].params.get("TZID") for event in events):
        calendar.add_component(icalendar.Timezone.from_ical(_VTIMEZONE))
    for event in events:
        calendar.add_component(event)
    return calendar.to_ical().decode()


def _vevent(event: Event, *, status: str, attendee: bool, answer: bool = True) -> icalendar.Event:
    vevent = icalendar.Event()
    vevent.add("uid", clean_line(event.uid))
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", event.dtstamp.astimezone(UTC))
    for name, instant in zip(("dtstart", "dtend"), _local_pair(event.start, event.end), strict=True):
        vevent.add(name, instant)
    for name, optional in (("created", event.created), ("last-modified", event.last_modified)):
        if optional is not None:
            vevent.add(name, optional.astimezone(UTC))
    vevent.add("summary", clean_line(event.summary))
    for name, text in (
        ("description", clean_text(event.description)),
        ("location", clean_line(event.location)),
    ):
        if text:
            vevent.add(name, text)
    if event.url:
        vevent.add("url", vUri("".join(clean_line(event.url).split())))
    if status:
        vevent.add("status", status)
    vevent.add("transp", "OPAQUE")
    vevent.add("organizer", _person(*event.organizer))
    if attendee and event.attendee is not None:
        vevent.add("attendee", _attendee(Attendee(*event.attendee), answer=answer))
    return vevent


def _local_pair(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Return both instants on Paris's clock, or both in UTC when that clock shows one of them twice."""
    local = start.astimezone(_PARIS), end.astimezone(_PARIS)
    if any(_is_ambiguous(instant) for instant in local):
        return start.astimezone(UTC), end.astimezone(UTC)
    return local


def _is_ambiguous(local: datetime) -> bool:
    """Tell whether the clock shows this time twice; in spring's missing hour there is no such instant at all."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _person(name: str, email: str) -> vCalAddress:
    try:
        email = clean_address(email)
    except ValidationError:
        # The e-mail will fail on its own, visibly; writing its calendar part must not undo the caller's work.
        email = quote(clean_line(email), safe="@")
    address = vCalAddress(f"mailto:{email}")
    # A double quote would be written as ^', which Outlook shows as it is.
    if common_name := clean_line(name).replace('"', "'"):
        address.params["CN"] = vText(common_name)
    return address


def _attendee(attendee: Attendee, *, answer: bool) -> vCalAddress:
    address = _person(attendee.name, attendee.email)
    parameters: dict[str, Any] = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT"}
    if answer:
        parameters |= {"PARTSTAT": attendee.partstat, "RSVP": "TRUE" if attendee.rsvp else "FALSE"}
    for name, value in parameters.items():
        address.params[name] = vText(value)
    return address
