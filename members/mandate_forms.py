"""The forms of the actions on mandates, and the date of a body's composition."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.widgets import DayField, NamedAutocomplete
from members.enums import MandateRole
from members.models import Mandate, Organisation, User


def day_field(label: Any, help_text: Any = "") -> forms.DateField:
    """Return a day, typed or chosen with the browser's own field."""
    return DayField(label=label, help_text=help_text, initial=timezone.localdate)


def reason_field() -> forms.CharField:
    """Return why something is changed in a register."""
    return forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Kept in the history with your name."),
    )


def _chosen(field: str) -> NamedAutocomplete:
    return NamedAutocomplete(Mandate._meta.get_field(field), admin.site)


class EndForm(forms.Form):
    """When a mandate ends, and why."""

    on = day_field(_("First day without the mandate"))
    reason = reason_field()


class ReplacementForm(forms.Form):
    """Who sits in a titular's place, from when, and why."""

    person = forms.ModelChoiceField(
        User.objects.all(), label=_("New titular member"), widget=_chosen("person")
    )
    on = day_field(_("First day of the new mandate"), _("The present one ends that day."))
    reason = reason_field()


class MoveForm(forms.Form):
    """From which organisation to which one a person goes, when, in what role, and why."""

    source = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("From the organisation"), empty_label=None
    )
    target = forms.ModelChoiceField(
        Organisation.objects.all(), label=_("To the organisation"), widget=_chosen("organisation")
    )
    role = forms.ChoiceField(
        label=_("Role there"),
        required=False,
        choices=[("", _("The same as before")), *MandateRole.choices],
    )
    on = day_field(_("First day for the new organisation"))
    reason = reason_field()

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = Organisation.objects.filter(mandates__person=person).distinct()
        self.fields["source"].queryset = held  # type: ignore[attr-defined]


class DayForm(forms.Form):
    """The day of which a body's composition is asked."""

    date = day_field(_("Day"))
