"""Forms that make workshops from another one."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.widgets import NumberInput
from workshops.admin_forms.fields import ParisInstantField, clean_title, hear_hours
from workshops.models import Series, Workshop
from workshops.services import LONGEST_SERIES, Slot


class DuplicateForm(forms.Form):
    """What the copy takes over beside the sheet."""

    invitees = forms.BooleanField(
        label=_("With the list of invited people"),
        required=False,
        help_text=_("Nobody is mailed; answers are not copied."),
    )


class RhythmForm(forms.Form):
    """How many dates, how far apart: what fills in the list of dates, which stays free."""

    count = forms.IntegerField(
        label=_("Number of dates"), min_value=2, max_value=LONGEST_SERIES, initial=3, widget=NumberInput
    )
    weeks = forms.IntegerField(
        label=_("Weeks between them"), min_value=1, max_value=26, initial=4, widget=NumberInput
    )


class SeriesForm(forms.Form):
    """The dates of a series, one by one, and what they have in common."""

    series = forms.ModelChoiceField(
        Series.objects.all(), label=_("Series"), required=False, empty_label=_("A new one")
    )
    name = forms.CharField(label=_("Name of the new series"), max_length=120, required=False)
    invitees = forms.BooleanField(label=_("With the list of invited people"), required=False, initial=True)
    schedule = forms.BooleanField(
        label=_("Put them in the agenda at once"),
        required=False,
        help_text=_("They hold their venue from now on. Nobody is mailed. Otherwise they stay drafts."),
    )

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.positions = range(1, count + 1)
        for number in self.positions:
            self.fields[f"start_{number}"] = ParisInstantField(
                label=_("Date %(number)s, start") % {"number": number}
            )
            self.fields[f"end_{number}"] = ParisInstantField(
                label=_("Date %(number)s, end") % {"number": number}
            )
        hear_hours(self)

    def clean(self) -> dict[str, Any] | None:
        """A series is chosen, or named with a name of its own."""
        cleaned = super().clean()
        data = self.cleaned_data
        name = clean_title(data.get("name") or "")
        if not data.get("series") and "series" not in self.errors:
            if not name:
                self.add_error("name", _("Choose a series, or name a new one."))
            elif Series.objects.filter(name_fr__iexact=name).exists():
                self.add_error("name", _("There is a series of this name: choose it above."))
        data["name"] = name
        return cleaned

    def slots(self) -> list[Slot]:
        """Return the dates as they were typed."""
        data = self.cleaned_data
        return [Slot(data[f"start_{number}"], data[f"end_{number}"]) for number in self.positions]


def proposed_dates(workshop: Workshop, count: int, weeks: int) -> dict[str, datetime]:
    """Return the list's first filling: the draft's own date, then at the same hour in Paris every so many weeks."""
    if workshop.starts_at is None or workshop.ends_at is None:
        return {}
    start, end = timezone.localtime(workshop.starts_at), timezone.localtime(workshop.ends_at)
    found = {}
    for number in range(count):
        found[f"start_{number + 1}"] = start + timedelta(weeks=weeks * number)
        found[f"end_{number + 1}"] = end + timedelta(weeks=weeks * number)
    return found
