"""Reads a mail that came in: who wrote, to which of our addresses, what its calendar part answers. Trusts nothing."""

import email
import email.policy
import html
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime

import nh3
from django.conf import settings

from outbox.cleaning import ADDRESS_LENGTH, clean_line, clean_text
from outbox.itip import CalendarAnswer, UnreadableCalendar, read_answers

TEXT_LENGTH = 4000
_MAX_PARTS = 60
# The library reads some headers in the square of their length: a longer one would hold the worker for minutes.
_MAX_HEADER = 8_000
_MAX_HTML = 200_000
_TAG_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_TAG_LENGTH = 16
# Where the address that a message was really delivered to is found, whatever its sender wrote.
_RECIPIENT_HEADERS = (
    *("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"),
    *("x-forwarded-to", "resent-to"),
)


class UnreadableMail(Exception):
    """No mail can be made out of these bytes."""


@dataclass(frozen=True)
class InboundMail:
    """What a mail says; every text is cleaned and cut to its length."""

    sender: str
    sender_name: str
    subject: str
    text: str
    date: datetime | None
    tags: frozenset[str]
    answers: tuple[CalendarAnswer, ...]
    is_report: bool
    is_automatic: bool
    broken_calendar: bool


def new_tag() -> str:
    """Return what follows the plus in the address that an invitation's answers come to (80 bits, no capitals)."""
    return "".join(secrets.choice(_TAG_ALPHABET) for _position in range(_TAG_LENGTH))


def plus_address(tag: str) -> str:
    """Return the address of one invitation's answers; nothing when the portal reads no mailbox."""
    local, _at, domain = settings.INBOUND_ADDRESS.rpartition("@")
    return f"{local}+{tag}@{domain}" if local else ""


def _tags(texts: Iterable[str]) -> frozenset[str]:
    local, _at, domain = settings.INBOUND_ADDRESS.rpartition("@")
    if not local:
        return frozenset()
    ours = re.compile(
        rf"(?<![\w.+-]){re.escape(local)}\+([a-z0-9]{{{_TAG_LENGTH}}})@{re.escape(domain)}(?![\w.-])", re.I
    )
    return frozenset(tag.lower() for text in texts for tag in ours.findall(text))


class _ShortHeaders(email.policy.EmailPolicy):
    """The library's reading, of the beginning of each header alone."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Cut a header as it is read."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MAX_HEADER]


_POLICY = _ShortHeaders()


def read_mail(raw: bytes) -> InboundMail:
    """Return what a mail says. Raises UnreadableMail; nothing else, whatever the bytes are."""
    try:
        message = email.message_from_bytes(raw, policy=_POLICY)
        if not isinstance(message, EmailMessage) or not next(message.raw_items(), None):
            raise UnreadableMail("no headers")
        return _read(message)
    except UnreadableMail:
        raise
    except Exception as error:  # whatever the standard library makes of hostile bytes
        raise UnreadableMail(type(error).__name__) from error


def _read(message: EmailMessage) -> InboundMail:
    parts = _own_parts(message)
    is_report = message.get_content_type() == "multipart/report"
    answers: list[CalendarAnswer] = []
    broken = False
    for part in [] if is_report else parts:
        if _is_calendar(part):
            try:
                answers += read_answers(_decoded(part), method=str(part.get_param("method") or ""))
            except UnreadableCalendar:
                broken = True
    name, sender = parseaddr(_header(message, "From"))
    recipients = [str(value) for name, value in message.raw_items() if name.lower() in _RECIPIENT_HEADERS]
    return InboundMail(
        sender=clean_line(sender).lower()[:ADDRESS_LENGTH],
        sender_name=clean_line(name)[:170],
        subject=clean_line(_header(message, "Subject"))[:300],
        text=_text(parts)[:TEXT_LENGTH],
        date=_date(_header(message, "Date")),
        tags=_tags([*recipients, *(answer.organizer for answer in answers)]),
        answers=tuple(dict.fromkeys(answers)),
        is_report=is_report,
        is_automatic=_is_automatic(message),
        broken_calendar=broken,
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except Exception:  # the library's header parsers fail on some malformed ones
        return next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")


def _own_parts(message: EmailMessage) -> list[EmailMessage]:
    """Return the parts that are the sender's own: not those of a message that is forwarded as a whole."""
    found: list[EmailMessage] = []
    waiting = [message]
    while waiting and len(found) < _MAX_PARTS:
        part = waiting.pop(0)
        if part.get_content_maintype() == "message":
            continue
        if part.is_multipart():
            waiting[:0] = [child for child in part.iter_parts() if isinstance(child, EmailMessage)]
        else:
            found.append(part)
    return found


def _is_calendar(part: EmailMessage) -> bool:
    kind, name = part.get_content_type(), str(part.get_filename() or "").lower()
    return kind in ("text/calendar", "application/ics") or (
        kind in ("application/octet-stream", "text/plain") and name.endswith((".ics", ".ical"))
    )


def _decoded(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    for charset in (str(part.get_content_charset() or "utf-8"), "utf-8"):
        try:
            return data.decode(charset)
        except (LookupError, UnicodeError):
            continue
    return data.decode("cp1252", "replace")


def _text(parts: list[EmailMessage]) -> str:
    shown = [part for part in parts if not part.get_filename()]
    for part in shown:
        if part.get_content_type() == "text/plain" and (text := _tidy(_decoded(part))):
            return text
    for part in shown:
        if part.get_content_type() == "text/html":
            source = re.sub(r"(?i)<(br|/p|/div|/tr|/li|/h\d)\b", r"\n<\1", _decoded(part)[:_MAX_HTML])
            bare = nh3.clean(source, tags=set(), clean_content_tags={"style", "script", "title"})
            return _tidy(html.unescape(bare))
    return ""


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in clean_text(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _is_automatic(message: EmailMessage) -> bool:
    """Tell whether nobody wrote this, or many receive it: then nothing is answered (RFC 3834)."""
    submitted = _header(message, "Auto-Submitted").strip().lower()
    if submitted and not submitted.startswith("no"):
        return True
    if any(name.lower() in ("list-id", "list-post", "x-autoreply", "x-autorespond") for name in message):
        return True
    if re.search(r"(?i)\b(all|autoreply)\b", _header(message, "X-Auto-Response-Suppress")):
        return True
    if _header(message, "Precedence").strip().lower() in ("bulk", "list", "junk", "auto_reply"):
        return True
    sender = parseaddr(_header(message, "From"))[1].lower()
    return _header(message, "Return-Path").strip() == "<>" or sender.startswith(
        ("mailer-daemon@", "postmaster@", "no-reply@", "noreply@")
    )
