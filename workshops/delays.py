"""The convocation's delay in clear days (jours francs): neither the sending day nor the meeting day counts."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags.text import date_long


def clear_days(sent_on: date, held_on: date) -> int:
    """Return the whole days between the two, neither counted; never less than 0."""
    return max((held_on - sent_on).days - 1, 0)


def last_sending_day(held_on: date, days: int) -> date:
    """Return the last day on which a convocation leaves a delay of so many clear days whole."""
    return held_on - timedelta(days=days + 1)


def short_notice(starts_at: datetime, now: datetime, *, days: int) -> str:
    """Return a warning when people called at `now` have less than `days`, by Paris's calendar; else nothing."""
    held_on, sent_on = timezone.localdate(starts_at), timezone.localdate(now)
    given = clear_days(sent_on, held_on)
    if given >= days:
        return ""
    delay = ngettext(
        "The delay is short: %(given)s clear day before the meeting, where %(asked)s are asked.",
        "The delay is short: %(given)s clear days before the meeting, where %(asked)s are asked.",
        given,
    )
    last = _("The last day to send was %(day)s.") % {"day": date_long(last_sending_day(held_on, days))}
    urgent = settings.CONVOCATION_URGENT_CLEAR_DAYS
    even = ngettext(
        "Even in an emergency, %(count)s clear day is asked.",
        "Even in an emergency, %(count)s clear days are asked.",
        urgent,
    )
    parts = [delay % {"given": given, "asked": days}, last]
    if given < min(urgent, days):
        parts.append(even % {"count": urgent})
    return " ".join(parts)
