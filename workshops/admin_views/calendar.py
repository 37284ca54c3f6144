"""The secretariat's calendar: a month or a week of workshops in every state, and of the dates that polls propose."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.templatetags.text import date_long
from workshops.attendance.presence import turnout
from workshops.enums import WorkshopState
from workshops.models import Venue, Workshop
from workshops.permissions import can_run_workshops
from workshops.polls.models import PollOption
from workshops.polls.queries import held_slots

_MONTH = re.compile(r"((?:19|20|21)[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)
_WEEK = re.compile(r"((?:19|20|21)[0-9]{2})-W(0[1-9]|[1-4][0-9]|5[0-3])", re.ASCII)
WEEK = timedelta(weeks=1)


@dataclass
class Item:
    """What a day shows: a workshop, or a date that a poll proposes (`state` "poll-option")."""

    workshop: Workshop
    starts_at: datetime
    ends_at: datetime
    venue: Venue | None
    state: str
    label: str
    counts: str = ""
    clash: bool = False

    def meets(self, other: "Item") -> bool:
        """Whether both are at one host at one time, and neither is cancelled nor a date of the same workshop."""
        return bool(
            self.workshop.pk != other.workshop.pk
            and WorkshopState.CANCELLED not in (self.state, other.state)
            and self.venue
            and other.venue
            and self.venue.organisation_id == other.venue.organisation_id
            and self.starts_at < other.ends_at
            and other.starts_at < self.ends_at
        )


@dataclass(frozen=True)
class Day:
    """A day of the calendar; `is_outside` when it is of the month before or after."""

    day: date
    items: list[Item]
    is_today: bool
    is_outside: bool


@require_safe
def workshop_calendar(request: HttpRequest) -> HttpResponse:
    """A month (`?month=2026-11`, this one by default) or a week (`?week=2026-W48`). Three queries, however full."""
    if not can_run_workshops(request.user):
        raise PermissionDenied
    week = request.GET.get("week")
    span = _week(week) if week is not None else _month(request.GET.get("month"))
    context = {
        **admin.site.each_context(request),
        "opts": Workshop._meta,
        "title": _("Calendar"),
        "weeks": _weeks(span),
        "is_week": week is not None,
        **_links(span, is_week=week is not None),
    }
    return render(request, "admin/workshops/workshop_calendar.html", context)


@dataclass(frozen=True)
class Span:
    """The days shown (whole weeks, the last one excluded) and those asked for."""

    first: date
    last: date
    asked: date
    month: int | None


def _month(text: str | None) -> Span:
    today = timezone.localdate()
    found = _MONTH.fullmatch(text) if text is not None else _MONTH.fullmatch(f"{today:%Y-%m}")
    if found is None:
        raise Http404(_("“%(text)s” is not a month.") % {"text": (text or "")[:20]})
    asked = date(int(found[1]), int(found[2]), 1)
    after = (asked + timedelta(days=32)).replace(day=1)
    return Span(_monday(asked), _monday(after - timedelta(days=1)) + WEEK, asked, asked.month)


def _week(text: str) -> Span:
    found = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        monday = None
    if monday is None:
        raise Http404(_("“%(text)s” is not a week.") % {"text": text[:20]})
    return Span(monday, monday + WEEK, monday, None)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(span: Span) -> list[list[Day]]:
    zone, today = timezone.get_current_timezone(), timezone.localdate()
    first, last = (datetime.combine(day, time(), tzinfo=zone) for day in (span.first, span.last))
    workshops = Workshop.objects.filter(starts_at__lt=last, ends_at__gt=first).with_counts()
    items = [_of_workshop(row) for row in workshops.select_related("venue__organisation")]
    items += [_of_option(row) for row in held_slots(first, last)]
    items.sort(key=lambda item: (item.starts_at, item.workshop.pk))
    for item in items:
        item.clash = any(item.meets(other) for other in items)
    days = [
        Day(day, _on(day, items), day == today, bool(span.month and day.month != span.month))
        for day in (span.first + timedelta(days=count) for count in range((span.last - span.first).days))
    ]
    return [days[start : start + 7] for start in range(0, len(days), 7)]


def _on(day: date, items: Iterable[Item]) -> list[Item]:
    """Return what touches a day of Paris; what ends at midnight does not touch the next one."""
    moment = timedelta(microseconds=1)
    return [
        item
        for item in items
        if timezone.localdate(item.starts_at) <= day <= timezone.localdate(item.ends_at - moment)
    ]


def _of_workshop(row: Any) -> Item:
    return Item(
        workshop=row,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        venue=row.venue,
        state=row.state,
        label=row.get_state_display(),
        counts=turnout(row),
    )


def _of_option(option: PollOption) -> Item:
    return Item(
        workshop=option.poll.workshop,
        starts_at=option.starts_at,
        ends_at=option.ends_at,
        venue=option.venue,
        state="poll-option",
        label=_("Proposed date"),
    )


def _links(span: Span, *, is_week: bool) -> dict[str, str]:
    """Return what the calendar shows, in words, and the addresses around it."""
    today, base = timezone.localdate(), reverse("admin:workshops_workshop_calendar")

    def month(day: date) -> str:
        return f"{base}?month={day:%Y-%m}"

    def week(day: date) -> str:
        return f"{base}?week={day:%G-W%V}"

    name = week if is_week else month
    before = span.asked - (WEEK if is_week else timedelta(days=1))
    after = span.asked + (WEEK if is_week else timedelta(days=32))
    if is_week:
        words = {"first": date_long(span.first), "last": date_long(span.last - timedelta(days=1))}
        shown = _("Week of %(first)s to %(last)s") % words
    else:
        shown = format_date(span.asked, "F Y").capitalize()
    inside = today if span.first <= today < span.last else span.asked
    return {
        "shown": shown,
        "before_url": name(before),
        "after_url": name(after),
        "today_url": name(today),
        "month_url": month(span.first + timedelta(days=3)),
        "week_url": week(inside),
    }
