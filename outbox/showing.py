"""A message as the administration shows it: its links lead where they lead, those that act in its reader's name do not.

Whoever follows a personal link answers, unsubscribes or reads as the person it was mailed to: outside the demonstration
it is masked, for administrators too. What opens an account is not shown at all (outbox.admin).
"""

import re

from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_URL = re.compile(r"https?://[^\s<>\"]+")
_AFTER = ".,;:!?)»”’"
# What follows these parts of our addresses is a secret of one person.
_PERSONAL = re.compile(r"(/(?:invitations|desabonnement|espace/agenda)/)([^\s/\"'<>]+)")
MASK = "•••"


def masked(text: str) -> str:
    """Take the secrets of the person it was mailed to out of a text, a source or an address."""
    if settings.DEMO_ACCOUNTS:
        return text
    # A calendar's long lines are folded, also within an address.
    unfolded = re.sub(r"\r?\n[ \t]", "", text) if text.startswith("BEGIN:VCALENDAR") else text
    # An answer from a calendar is believed by what follows the plus of the address it comes to.
    local, _at, domain = settings.INBOUND_ADDRESS.rpartition("@")
    tag = re.compile(rf"({re.escape(local)}\+)[a-z0-9]+(?=@{re.escape(domain)})", re.IGNORECASE)
    return tag.sub(rf"\1{MASK}", _PERSONAL.sub(rf"\1{MASK}", unfolded))


def as_read(text: str, *, language: str) -> SafeString:
    """Return a message's text in paragraphs; what leads to a page of the portal is a link, unless it is masked."""
    parts = [part.strip("\n") for part in re.split(r"\n{2,}", masked(text).replace("\r\n", "\n"))]
    paragraphs = format_html_join("", "<p>{}</p>", ((_lines(part),) for part in parts if part))
    return format_html('<div class="mail-text" lang="{}">{}</div>', language, paragraphs)


def _lines(paragraph: str) -> SafeString:
    return format_html_join("", "{}{}", _pieces(paragraph))


def _pieces(paragraph: str) -> list[tuple[str, str | SafeString]]:
    pieces: list[tuple[str, str | SafeString]] = []
    end = 0
    for found in _URL.finditer(paragraph):
        url = found[0].rstrip(_AFTER)
        ours = url == settings.SITE_URL or url.startswith(f"{settings.SITE_URL}/")
        link = format_html('<a href="{0}">{0}</a>', url) if ours and MASK not in url else url
        pieces.append((paragraph[end : found.start()], link))
        end = found.start() + len(url)
    return [*pieces, (paragraph[end:], "")]
