"""Cleaning of what people typed before it goes into a mail: addresses, header lines, texts."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.encoding import punycode

from core.typed import without_controls

ADDRESS_LENGTH = 320
_LINE_BREAKS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")

_validate_address = EmailValidator()


def clean_text(text: str) -> str:
    """Return a text with one kind of line break (\\n) and without the characters no mail reader shows."""
    return without_controls(_LINE_BREAKS.sub("\n", text))


def clean_line(text: str) -> str:
    """Return a text on one line, fit for a header."""
    return " ".join(clean_text(text).split())


def clean_address(address: str) -> str:
    """Return an address as the mail server takes it: no blanks around, the domain in lower-case ASCII.

    Raises ValidationError when it is no address or one that plain SMTP cannot carry.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        normal = f"{local}@{punycode(domain).lower()}"
    except UnicodeError as error:
        raise ValidationError(str(_validate_address.message)) from error
    _validate_address(normal)
    return normal
