"""Forms that move or cancel a workshop."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workshops.admin_forms.fields import ParisInstantField, hear_hours
from workshops.models import Venue


class MoveForm(forms.Form):
    """New dates, a new venue, or both. Times are Paris's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hear_hours(self)

    starts_at = ParisInstantField(label=_("Start"))
    ends_at = ParisInstantField(label=_("End"))
    venue = forms.ModelChoiceField(
        Venue.objects.select_related("organisation"),
        label=_("Venue"),
        required=False,
        empty_label=_("To be set"),
    )
    answer_by = ParisInstantField(
        label=_("Answer by"),
        required=False,
        help_text=_("Blank: until the workshop starts."),
    )
    reason = forms.CharField(label=_("Reason, for the log"), required=False, max_length=500)


class CancelForm(forms.Form):
    """Why it is cancelled."""

    reason = forms.CharField(
        label=_("Reason, mailed to the people invited"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
