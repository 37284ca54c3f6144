"""Filters for text, numbers, dates and times as French and English write them. Built in: no `{% load %}` needed."""

import re
from datetime import date, datetime, time
from decimal import ROUND_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django import template
from django.utils import dateformat, timezone
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import markdown as core_markdown
from core.diff import DELETED, KEPT, Piece, compare_words
from core.typography import NBSP, NNBSP, french

register = template.Library()
# Django's own French ones differ from what the Imprimerie nationale prints.
_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")


# What stays on one line in a heading: words joined by hyphens, if a phone's line holds them in its biggest letters, a
# word with the number behind it, a span of years.
_TAGS = re.compile(r"(<[^>]*>)")
_NUMBER = r" \d{1,3}(?![\w.,–-])"
_WHOLE = re.compile(
    rf"(?<![\w-])(?=[\w-]{{4,16}}(?![\w-]))(?:[^\W\d_]+(?:-[^\W\d_]+)+(?:{_NUMBER})?|[^\W\d_]+{_NUMBER})"
    r"|\b\d{4}–\d{4}\b"
)


def _language() -> str:
    return (get_language() or "fr")[:2]


def _local(value: Any) -> Any:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


@register.filter
def french_number(value: Any, decimals: int | None = None) -> str:
    """Write a number: 12 500,5 in French, 12,500.5 in English; what is no number is given back as text."""
    if value is None or value == "":
        return ""
    try:
        number = Decimal(str(value))
        written = f"{number:,.{decimals}f}" if decimals is not None else f"{number:,f}"
    except (InvalidOperation, ValueError):
        return str(value)
    if decimals is None and "." in written:
        written = written.rstrip("0").rstrip(".")
    if _language() == "fr":
        written = written.replace(",", NNBSP).replace(".", ",")
    return written


@register.filter
def date_long(value: date | datetime | None) -> str:
    """Write a date: 1er octobre 2019; 1 October 2019. An instant is given in local time."""
    if not value:
        return ""
    value = _local(value)
    day = "1er" if value.day == 1 and _language() == "fr" else str(value.day)
    return f"{day} {dateformat.format(value, 'F Y')}"


@register.filter
def day_long(value: date | datetime | None) -> str:
    """Write a date with its weekday: mardi 1er octobre 2019; Tuesday 1 October 2019."""
    return f"{dateformat.format(_local(value), 'l')} {date_long(value)}" if value else ""


@register.filter
def month_short(value: date | datetime | None) -> str:
    """Write a month's usual abbreviation: janv., août; Jan, Aug."""
    if not value:
        return ""
    value = _local(value)
    return _MONTHS[value.month - 1] if _language() == "fr" else dateformat.format(value, "M")


@register.filter
def time_long(value: time | datetime | None) -> str:
    """Write a time: 14 h 30, 9 h; 2:30 pm, 9 am."""
    if value is None or value == "":
        return ""
    value = _local(value)
    if _language() == "fr":
        return f"{value.hour}{NBSP}h" + (f"{NBSP}{value.minute:02}" if value.minute else "")
    hour = f"{value.hour % 12 or 12}" + (f":{value.minute:02}" if value.minute else "")
    return f"{hour}{NBSP}{'am' if value.hour < 12 else 'pm'}"


@register.filter
def datetime_long(value: datetime | None) -> str:
    """Write an instant: 1er octobre 2019 à 14 h 30; 1 October 2019 at 2:30 pm."""
    if not value:
        return ""
    return f"{date_long(value)} {'à' if _language() == 'fr' else 'at'} {time_long(value)}"


@register.filter
def iso(value: date | datetime | None) -> str:
    """Write a date or an instant for `<time datetime="…">`: HTML wants no microseconds there."""
    value = _local(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if value else ""


@register.filter
def time_range(start: datetime | None, end: datetime | None = None) -> str:
    """Write from when to when: 14 h 30 – 16 h; the days too when they differ."""
    if not start or not end:
        return time_long(start)
    if isinstance(start, datetime) and _local(start).date() != _local(end).date():
        return f"{datetime_long(start)} – {datetime_long(end)}"
    return f"{time_long(start)}{NBSP}– {time_long(end)}"


@register.filter
def day_and_hours(start: datetime | None, end: datetime | None = None) -> str:
    """Write a day and from when to when, each day once: mardi 1er octobre 2019, 14 h 30 – 16 h."""
    if start and end and _local(start).date() != _local(end).date():
        at = "à" if _language() == "fr" else "at"
        return f"{day_long(start)} {at} {time_long(start)} – {day_long(end)} {at} {time_long(end)}"
    return f"{day_long(start)}, {time_range(start, end)}" if start else ""


@register.filter
def file_size(octets: int) -> str:
    """Write a file's size in the decimal units of its limit: 10 Mo, 1,5 Mo, 35 ko; 10 MB."""
    unit, divisor = ("M", 1_000_000) if octets >= 1_000_000 else ("k", 1_000)
    number = (Decimal(octets) / divisor).quantize(Decimal("0.1") if unit == "M" else Decimal(1), ROUND_UP)
    return f"{french_number(number)}{NBSP}{unit}{'o' if _language() == 'fr' else 'B'}"


def _field(obj: Any, field: str) -> tuple[str, str]:
    """Return (text, its language): the reader's if it is filled in, else the French."""
    language = _language()
    text = getattr(obj, f"{field}_{language}", "")
    if text or language == "fr":
        return text or "", language
    return getattr(obj, f"{field}_fr", "") or "", "fr"


@lru_cache(maxsize=4096)
def _set(text: str, language: str) -> str:
    """Give a title or a line with its language's typography: whoever typed it had no no-break space."""
    return french(text) if language == "fr" else text


@register.filter
def localized_text(obj: Any, field: str) -> str:
    """Give obj.<field>_fr or _en as plain text, French when English is empty: for attributes and titles."""
    return _set(*_field(obj, field)) if obj else ""


@register.filter
def localized(obj: Any, field: str) -> str | SafeString:
    """Give obj.<field>_fr or _en; French shown to an English reader says so by a lang attribute."""
    if not obj:
        return ""
    text, language = _field(obj, field)
    text = _set(text, language)
    return (
        text
        if language == _language() or not text
        else format_html('<span lang="{}">{}</span>', language, text)
    )


@register.filter
def localized_markdown(obj: Any, field: str) -> SafeString:
    """Render obj.<field>_fr or _en as Markdown; French shown to an English reader says so by a lang attribute."""
    text, language = _field(obj, field) if obj else ("", "fr")
    html = core_markdown.render(text, language=language)
    return (
        html
        if language == _language() or not text
        else format_html('<div lang="{}">{}</div>', language, html)
    )


@register.filter
def markdown(text: str | None, heading_offset: int = 0) -> SafeString:
    """Render Markdown; `|markdown:2` makes "# A" an h3, without a number headings are bold paragraphs."""
    return core_markdown.render(text or "", heading_offset=heading_offset)


@register.filter
def typographic(text: str | None) -> str:
    """Give plain text with French typography when the page is French."""
    return french(text or "") if _language() == "fr" else text or ""


@register.filter
def unbroken(html: Any) -> SafeString:
    """Give a heading without the line breaks that hurt: in “Atelier-conseil 2”, “version 4”, “2020–2040”."""
    pieces = _TAGS.split(conditional_escape(html))
    for place in range(0, len(pieces), 2):
        pieces[place] = _WHOLE.sub(r'<span class="nb">\g<0></span>', pieces[place])
    return mark_safe("".join(pieces))  # noqa: S308 - escaped just before


@register.simple_tag
def word_diff(old: str, new: str) -> SafeString:
    """Show what makes a text of another: words taken out and put in are marked, also for screen readers."""
    return mark_safe("".join(_marked(piece) for piece in compare_words(old or "", new or "")))  # noqa: S308 - escaped


def _marked(piece: Piece) -> str:
    text = mark_safe(escape(piece.text).replace("\n", "<br>"))  # noqa: S308 - escaped just before
    if piece.kind == KEPT:
        return text
    tag, spoken = ("del", _("removed:")) if piece.kind == DELETED else ("ins", _("added:"))
    # Screen readers announce neither element by themselves; both style sheets hide one of the classes.
    html = (
        '<{0}><span class="sr visually-hidden">[{1} </span>{2}<span class="sr visually-hidden">]</span></{0}>'
    )
    return format_html(html, tag, spoken, text)
