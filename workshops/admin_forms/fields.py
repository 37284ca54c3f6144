"""Fields of the secretariat's forms: an hour that comes twice a year, a title on one line, numbers apart by commas."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.text import day_long, time_long
from core.widgets import InstantField, TimeOfDayInput
from outbox.cleaning import clean_line


def clean_title(text: str) -> str:
    """Return a title on one line, each letter with its accent as one character."""
    return clean_line(unicodedata.normalize("NFC", text))


class SeatsField(forms.IntegerField):
    """A number of seats, one at least: blank says "as many as come"."""

    default_error_messages = {"min_value": gettext_lazy("A capacity is at least 1.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"min_value": 1})


class ParisInstant:
    """Reads a date and time by Paris's clock. In the October hour that comes twice, it asks which one is meant.

    The form says what was stored (`known`) and what the reader picked (`picked`) by `hear_hours`.
    """

    known: datetime | None = None
    picked = ""
    html_name = ""

    def instant(self, naive: datetime) -> datetime:
        """Return the instant of a wall clock's time. Raises ValidationError: there is none, or two and no choice."""
        zone = timezone.get_current_timezone()
        early, late = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        before, after = early.utcoffset(), late.utcoffset()
        # As UTC: two times of one zone are compared by the wall clock, and its second 2:15 is before its first 2:30.
        first, second = early.astimezone(UTC), late.astimezone(UTC)
        if before == after:
            return first
        words = {"hour": time_long(naive), "day": day_long(naive)}
        if before is not None and after is not None and before < after:
            raise ValidationError(
                _("There is no %(hour)s on %(day)s: the clocks go forward that night.") % words,
                code="no-hour",
            )
        known = timezone.localtime(self.known) if self.known else None
        if self.picked in ("first", "second"):
            return first if self.picked == "first" else second
        if known and known.replace(tzinfo=None, fold=0) == naive:
            return second if known.fold else first
        raise ValidationError(self._which(words), code="which-hour")

    def _which(self, words: dict[str, str]) -> str:
        """Ask with two buttons, in the message itself: they are of no use on any other night."""
        return format_html(
            '{0} <label><input type="radio" name="{1}_hour" value="first"> {2}</label> '
            '<label><input type="radio" name="{1}_hour" value="second"> {3}</label>',
            _("%(hour)s comes twice on %(day)s, when the clocks go back. Which one?") % words,
            self.html_name,
            _("the first (summer time)"),
            _("the second (winter time)"),
        )


class ParisInstantField(ParisInstant, InstantField):
    """A date and time by Paris's clock."""

    def to_python(self, value: Any) -> datetime | None:
        """Read it as typed, then find its instant."""
        with timezone.override(UTC):
            found = super().to_python(value)
        return self.instant(found.replace(tzinfo=None)) if found else None


class ParisTimeField(ParisInstant, forms.TimeField):
    """A time by Paris's clock, on a day that another field holds: the form asks for its `instant`."""

    widget = TimeOfDayInput


def hear_hours(form: forms.BaseForm) -> None:
    """Tell a form's fields what they held before, and which of two same hours the reader picked."""
    for name, field in form.fields.items():
        if isinstance(field, ParisInstant):
            field.html_name = form.add_prefix(name)
            field.known = form.get_initial_for_field(field, name)  # type: ignore[arg-type]
            field.picked = form.data.get(f"{field.html_name}_hour", "") if form.is_bound else ""


class NumbersField(forms.CharField):
    """Whole numbers apart by commas, each within bounds: kept once, the largest first."""

    def __init__(self, *, least: int, most: int, count: int = 5, **kwargs: Any) -> None:
        self.least, self.most, self.count = least, most, count
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show a list as it is typed."""
        return ", ".join(str(number) for number in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:
        """Return the numbers. Raises ValidationError naming what is none of them."""
        parts = [part for part in re.split(r"[\s,;]+", super().clean(value)) if part]
        for part in parts:
            if not re.fullmatch(r"[0-9]{1,4}", part, re.ASCII) or not self.least <= int(part) <= self.most:
                raise ValidationError(
                    _("“%(part)s” is not a whole number from %(least)s to %(most)s.")
                    % {"part": part[:20], "least": self.least, "most": self.most},
                    code="number",
                )
        numbers = sorted({int(part) for part in parts}, reverse=True)
        if len(numbers) > self.count:
            raise ValidationError(_("%(count)s numbers at most.") % {"count": self.count}, code="count")
        return numbers

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as typed."""
        return super().has_changed(self.prepare_value(initial), data)
