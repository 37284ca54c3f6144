"""Fields of the administration site: valid HTML, each with a name that screen readers say."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from django.utils.translation import gettext_lazy as _

from core.http import row_number
from core.templatetags.text import french_number

# Beyond, a date is a slip of the finger; at the calendar's ends, computing with it would overflow.
YEARS = range(1900, 3000)
# HTML's "valid floating-point number".
_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


class NamedAutocomplete(AutocompleteSelect):
    """The admin's search box for one row. js/admin.js gives the box that Select2 draws the field's label."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """Begin with a blank choice that has a text: HTML wants one, in a compulsory field too."""
        groups = super().optgroups(name, _row_numbers(value), attr)
        options = groups[0][1]
        if options and not options[0]["value"]:
            options.pop(0)
        chosen = any(option["selected"] for option in options)
        options.insert(0, self.create_option(name, "", "—", not chosen, 0))
        return groups


class NamedAutocompleteMultiple(AutocompleteSelectMultiple):
    """The admin's search box for several rows."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """Show what was chosen, as far as it can be a row."""
        return super().optgroups(name, _row_numbers(value), attr)


def _row_numbers(values: Any) -> list[str]:
    """Leave out what a forged form sent and no query takes: the field itself says that it is no choice."""
    return [text for text in map(str, values) if row_number(text)]


class NumberInput(forms.NumberInput):
    """The browser's own number field."""

    def format_value(self, value: Any) -> str | None:
        """Leave out what no such field could have sent: HTML forbids it there, and no browser would show it."""
        text = super().format_value(value)
        return text if text is None or _NUMBER.fullmatch(text) else None


class DayInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")

    def format_value(self, value: Any) -> str | None:
        """Leave out what no picker could have sent: HTML forbids it there, and no browser would show it."""
        return super().format_value(_if_written(value, parse_date))


class InstantInput(forms.DateTimeInput):
    """The browser's own date and time picker: one field, one label. Times are Paris's."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")

    def format_value(self, value: Any) -> str | None:
        """Keep the seconds of an instant that has some: saving the form would round it."""
        if isinstance(value, datetime):
            local = timezone.localtime(value) if timezone.is_aware(value) else value
            return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")
        return super().format_value(_if_written(value, parse_datetime))


class TimeOfDayInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")

    def format_value(self, value: Any) -> str | None:
        """Leave out what no picker could have sent."""
        return super().format_value(_if_written(value, parse_time))


def _if_written(value: Any, parse: Callable[[str], Any]) -> Any:
    """Return what was typed, if it is a value of the field; what is no text, as it is."""
    if not isinstance(value, str):
        return value
    with suppress(ValueError):
        return value if parse(value) else None
    return None


def check_year(value: date) -> None:
    """Raise ValidationError for a year that no date of the council has."""
    if value.year not in YEARS:
        raise forms.ValidationError(
            _("A year between %(first)s and %(last)s, please."),
            params={"first": YEARS[0], "last": YEARS[-1]},
            code="year",
        )


class CountedTextField(forms.CharField):
    """A text with a `max_length`; too long, it is told both lengths as the reader's language writes numbers."""

    def run_validators(self, value: Any) -> None:
        """Say it before Django does, in its own words."""
        if self.max_length is not None and len(value) > self.max_length:
            raise forms.ValidationError(
                _("Your text has %(length)s characters; %(limit)s at most are possible."),
                code="too_long",
                params={"length": french_number(len(value)), "limit": french_number(self.max_length)},
            )
        super().run_validators(value)


class DayField(forms.DateField):
    """A day of the council's time, in the browser's own date picker."""

    widget = DayInput
    default_validators = [check_year]


class InstantField(forms.DateTimeField):
    """A date and time of the council's time, in the browser's own picker."""

    widget = InstantInput
    default_validators = [check_year]
