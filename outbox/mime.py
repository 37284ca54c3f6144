"""Writes a stored e-mail as the bytes that go over SMTP, the same at every attempt."""

from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from outbox.cleaning import clean_address, clean_line
from outbox.models import OutboxEmail

# One long word each, which email's own folding would turn into an encoded word that no server understands.
_UNFOLDED = {"message-id", "in-reply-to", "references", "list-unsubscribe"}


class WirePolicy(EmailPolicy):
    """SMTP's rules, with machine-read headers on one line whatever their length."""

    def _fold(self, name: str, value: Any, refold_binary: bool = False) -> str:
        if name.lower() in _UNFOLDED:
            return f"{name}: {value}{self.linesep}"
        if name.lower() == "subject" and not str(value).isascii():
            # The standard library's own folding loses the space where it cuts: a reader saw "lenumérique".
            words = Header(str(value), "utf-8", header_name=name)
            return f"{name}: {words.encode(linesep=self.linesep)}{self.linesep}"
        return super()._fold(name, value, refold_binary)  # type: ignore[misc, no-any-return]


WIRE = WirePolicy(linesep="\r\n")


class WireMessage(EmailMessage):
    """An e-mail that Django's SMTP backend can ask for its bytes."""

    def as_bytes(self, unixfrom: bool = False, policy: Any = None, linesep: str | None = None) -> bytes:
        """Return the message with CRLF, which the policy gives whatever `linesep` asks."""
        return super().as_bytes(unixfrom, policy)


class StoredEmail(EmailMultiAlternatives):
    """Django's view of the message (recipients, and what a test backend shows); `message()` is ours."""

    wire: WireMessage

    def message(self) -> Message:  # type: ignore[override]
        """Return the message as it goes out."""
        return self.wire


def build_message(email: OutboxEmail) -> StoredEmail:
    """Return the message of a row, ready for a Django mail connection.

    Raises ValidationError when the address is not valid, ValueError when a stored value cannot be a header.
    """
    to = clean_address(email.to)
    message = WireMessage(policy=WIRE)
    sender_name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message["From"] = Address(clean_line(sender_name), addr_spec=clean_address(sender))
    message["To"] = Address(addr_spec=to)
    message["Subject"] = email.subject
    message["Date"] = format_datetime(email.created_at)
    message["Message-ID"] = email.message_id
    if email.in_reply_to:
        message["In-Reply-To"] = email.in_reply_to
        message["References"] = email.in_reply_to
    if email.reply_to:
        message["Reply-To"] = Address(addr_spec=clean_address(email.reply_to))
    message["Auto-Submitted"] = "auto-generated"
    if email.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{email.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    _add_bodies(message, email)
    # Last: a Content-… header that is there before goes down into the first part.
    message["Content-Language"] = email.language
    stored = StoredEmail(subject=email.subject, body=email.text, from_email=sender, to=[to])
    if email.html:
        stored.attach_alternative(email.html, "text/html")
    if email.calendar_text:
        stored.attach_alternative(email.calendar_text, f"text/calendar; method={email.calendar_method}")
    stored.wire = message
    return stored


def _add_bodies(message: WireMessage, email: OutboxEmail) -> None:
    """Give the message its parts: plain and HTML, and for a calendar the two forms that clients look for."""
    # Both encodings keep lines short and need no 8BITMIME of any server.
    message.set_content(email.text, charset="utf-8", cte="quoted-printable")
    if email.html:
        message.add_alternative(email.html, subtype="html", charset="utf-8", cte="quoted-printable")
    if email.calendar_text:
        method = {"method": email.calendar_method}
        message.add_alternative(
            email.calendar_text, subtype="calendar", charset="utf-8", cte="base64", params=method
        )
        message.add_attachment(
            email.calendar_text.encode(),
            maintype="application",
            subtype="ics",
            filename="invite.ics",
            params=method,
        )
    elif not email.html:
        message.make_alternative()
