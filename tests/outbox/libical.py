"""A client's calendar, kept by libical: the library beneath Evolution, GNOME Calendar and KOrganizer.

libical reads each message, says what it is to the calendar that receives it (`icalclassify`: new, an update, another
date, cancelled, obsolete…), and what it holds is changed as it says; the tests read the state from libical too.
"""

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path
from typing import Any

HOMEBREW = Path("/opt/homebrew/lib")
EVENT = 4  # ICAL_VEVENT_COMPONENT
Component, Text, Number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int


class _Time(ctypes.Structure):
    """`struct icaltimetype`."""

    _fields_ = [
        *(
            (name, Number)
            for name in ("year", "month", "day", "hour", "minute", "second", "date", "daylight")
        ),
        ("zone", Component),
    ]


FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "icalparser_parse_string": (Component, [Text]),
    "icalcomponent_count_errors": (Number, [Component]),
    "icalcomponent_count_components": (Number, [Component, Number]),
    "icalcomponent_get_uid": (Text, [Component]),
    "icalcomponent_get_summary": (Text, [Component]),
    "icalcomponent_get_sequence": (Number, [Component]),
    "icalcomponent_set_sequence": (None, [Component, Number]),
    "icalcomponent_get_status": (Number, [Component]),
    "icalcomponent_set_status": (None, [Component, Number]),
    "icalcomponent_get_dtstart": (_Time, [Component]),
    "icalproperty_enum_to_string": (Text, [Number]),
    "icalproperty_string_to_status": (Number, [Text]),
    "icaltime_as_timet_with_zone": (ctypes.c_long, [_Time, Component]),
}


@cache
def _ical() -> tuple[ctypes.CDLL, Any]:
    """The library, and its function that classifies messages (in a library beside it)."""
    ical, store = (
        ctypes.CDLL(ctypes.util.find_library(name) or str(HOMEBREW / f"lib{name}.dylib"))
        for name in ("ical", "icalss")
    )
    for name, (result, arguments) in FUNCTIONS.items():
        getattr(ical, name).restype, getattr(ical, name).argtypes = result, arguments
    store.icalclassify.restype, store.icalclassify.argtypes = Number, [Component, Component, Text]
    return ical, store.icalclassify


def libical(messages: list[str], *, attendee: str) -> list[dict[str, Any]]:
    """Give messages to a calendar, one after the other; return what it holds after each, and what libical called it."""
    ical, classify = _ical()
    held, states = None, []
    for message in messages:
        received = ical.icalparser_parse_string(message.encode())
        assert received and not ical.icalcomponent_count_errors(received), message
        called = ical.icalproperty_enum_to_string(classify(received, held, attendee.encode())).decode()
        if called in ("REQUEST-NEW", "REQUEST-UPDATE", "REQUEST-RESCHEDULE"):
            held = received
        elif called == "CANCEL-EVENT":
            ical.icalcomponent_set_status(held, ical.icalproperty_string_to_status(b"CANCELLED"))
            ical.icalcomponent_set_sequence(held, ical.icalcomponent_get_sequence(received))
        start = ical.icalcomponent_get_dtstart(held)
        states.append(
            {
                "called": called,
                "uid": ical.icalcomponent_get_uid(held).decode(),
                "events": ical.icalcomponent_count_components(held, EVENT),
                "sequence": ical.icalcomponent_get_sequence(held),
                "status": ical.icalproperty_enum_to_string(ical.icalcomponent_get_status(held)).decode(),
                "start": ical.icaltime_as_timet_with_zone(start, start.zone),
                "summary": ical.icalcomponent_get_summary(held).decode(),
            }
        )
    return states
