"""Small helpers of the design: icons, pills, the addresses of pages. The classes they write are in docs/design.md."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

# How a state looks, whatever the object: the tone (a class of the style sheet) and the icon, never a colour alone.
TONES: dict[str, tuple[str, str]] = {
    "neutral": ("", "dot"),
    "off": ("pill-off", "minus"),
    "wait": ("pill-wait", "clock"),
    "go": ("pill-go", "next"),
    "ok": ("pill-ok", "check"),
    "warn": ("pill-wait", "warn"),
    "bad": ("pill-bad", "close"),
}
STATES: dict[str, str] = {
    # workshops
    "draft": "off",
    "date-poll": "wait",
    "scheduled": "go",
    "held": "ok",
    "minutes-approved": "ok",
    "cancelled": "bad",
    # answers to an invitation
    "silent": "wait",
    "yes": "ok",
    "excused": "bad",
    "represented": "go",
    "waiting": "wait",
    # minutes, their decisions and corrections
    "corrections": "wait",
    "approved": "ok",
    "dropped": "off",
    "pending": "wait",
    # versions of the roadmap
    "working": "off",
    "consultation": "wait",
    "vote": "go",
    "adopted": "ok",
    "not-adopted": "bad",
    # comments
    "open": "wait",
    "accepted": "ok",
    "partly-accepted": "ok",
    "rejected": "bad",
    "out-of-scope": "off",
    # approvals and ballots
    "no-quorum": "warn",
    "pour": "ok",
    "contre": "bad",
    "abstention": "off",
    # flagship actions
    "proposed": "off",
    "planned": "wait",
    "under-way": "go",
    "done": "ok",
    "paused": "wait",
    "blocked": "bad",
    "late": "warn",
    "abandoned": "off",
    "stale": "warn",
}


@cache
def _icon(name: str) -> SafeString:
    return format_html('<i class="i i-{}" aria-hidden="true"></i>', name)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a decorative icon; the text beside it (or an `sr` span) gives the meaning."""
    return _icon(name)


@register.simple_tag
def pill(state: str, label: str | Promise) -> SafeString:
    """Return a state as an icon, a colour and its label; an unknown state is shown plainly."""
    tone, name = TONES[STATES.get(str(state), "neutral")]
    return format_html('<span class="pill {} ico i-{}">{}</span>', tone, name, label)


@cache
def _footer(language: str) -> SafeString:
    return render_to_string("includes/_footer.html")


@register.simple_tag
def site_footer() -> SafeString:
    """Return the footer, rendered once a language: it is the same on every page and for everybody."""
    return _footer(get_language() or settings.LANGUAGE_CODE)


@register.filter
def page_numbers(paginator: Paginator[Any], current: int) -> Iterator[int | str]:
    """Yield the page numbers to show around `current`, with an ellipsis where some are left out."""
    return paginator.get_elided_page_range(current, on_each_side=1, on_ends=1)


@register.simple_tag(takes_context=True)
def page_url(context: Context, number: int) -> str:
    """Return the address of another page of the same list; the first has no `page`."""
    return query(context, page=number if number != 1 else None)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return the query string with some parameters replaced: `{% query sort="name" page=None %}` (None removes)."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else context["request"].path


@register.simple_tag(takes_context=True)
def query_without(context: Context, name: str, value: Any) -> str:
    """Return the query string without one value of a repeated parameter: the address of a filter's chip."""
    parameters = context["request"].GET.copy()
    parameters.setlist(name, [other for other in parameters.getlist(name) if other != str(value)])
    if not parameters.getlist(name):
        del parameters[name]
    parameters.pop("page", None)
    return f"?{parameters.urlencode()}" if parameters else context["request"].path
