"""Reads a list of guests as people type it: one a line, "Name <address>" or the address alone."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from outbox.cleaning import clean_address, clean_line

MAX_LINES = 300
NAME_LENGTH = 170
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>")


@dataclass(frozen=True)
class Guest:
    """A guest to invite."""

    name: str
    email: str


@dataclass(frozen=True)
class BadLine:
    """A line that is no guest, and why."""

    number: int
    text: str
    reason: str

    def __str__(self) -> str:
        return _("Line %(number)s (“%(text)s”): %(reason)s") % {
            "number": self.number,
            "text": self.text[:60],
            "reason": self.reason,
        }


def parse_guests(text: str) -> tuple[list[Guest], list[BadLine]]:
    """Return the guests, and every line that is none with its number. Empty lines count but say nothing."""
    guests: list[Guest] = []
    bad: list[BadLine] = []
    seen: dict[str, int] = {}
    lines = text.splitlines()
    for number, raw in enumerate(lines[:MAX_LINES], start=1):
        line = clean_line(raw).rstrip(",;").strip()
        if not line:
            continue
        try:
            guest = _parse_line(line)
            first = seen.setdefault(guest.email.lower(), number)
            if first != number:
                raise ValidationError(_("this address is already on line %(first)s.") % {"first": first})
        except ValidationError as error:
            bad.append(BadLine(number, line, error.messages[0]))
        else:
            guests.append(guest)
    if len(lines) > MAX_LINES:
        reason = _("the list is too long: %(max)s lines at most.") % {"max": MAX_LINES}
        bad.append(BadLine(MAX_LINES + 1, clean_line(lines[MAX_LINES]), reason))
    return guests, bad


def _parse_line(line: str) -> Guest:
    named = _NAMED.fullmatch(line)
    name, address = (named["name"], named["email"]) if named else ("", line)
    name = name.strip().strip("\"'").strip()
    if len(name) > NAME_LENGTH:
        raise ValidationError(_("the name is too long."))
    if "@" not in address:
        raise ValidationError(_("there is no e-mail address."))
    try:
        email = clean_address(address)
    except ValidationError as error:
        raise ValidationError(_("this is not an e-mail address.")) from error
    if len(email) > 254:
        raise ValidationError(_("this is not an e-mail address."))
    return Guest(name or email, email)
