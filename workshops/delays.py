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


def last_sending_day(held_on: date, days: int | None = None) -> date:
    """Return the last day on which a convocation leaves the delay whole (the settings' delay by default)."""
    delay = settings.CONVOCATION_CLEAR_DAYS if days is None else days
    return held_on - timedelta(days=delay + 1)


def short_notice(starts_at: datetime, now: datetime) -> str:
    """Return a warning when people called at `now` have less than the delay, by Paris's calendar; else nothing."""
    held_on, sent_on = timezone.localdate(starts_at), timezone.localdate(now)
    given, asked = clear_days(sent_on, held_on), settings.CONVOCATION_CLEAR_DAYS
    if given >= asked:
        return ""
    delay = ngettext(
        "The delay is short: %(given)s clear day before the meeting, where %(asked)s are asked.",
        "The delay is short: %(given)s clear days before the meeting, where %(asked)s are asked.",
        given,
    )
    last = _("The last day to send was %(day)s.") % {"day": date_long(last_sending_day(held_on))}
    return f"{delay % {'given': given, 'asked': asked}} {last}"
