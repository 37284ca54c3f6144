"""Forms of the minutes: typed, corrected, decided."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.widgets import DayField
from members.models import Mandate, Organisation, User
from workshops.minutes.enums import DecisionState
from workshops.minutes.models import (
    CORRECTION_MAX_LENGTH,
    DECISION_MAX_LENGTH,
    Decision,
    Minutes,
    MinutesSection,
)
from workshops.minutes.permissions import attendees_of


class HeadForm(forms.ModelForm[Minutes]):
    """Who chaired, who wrote, and the note above the sections. Saved by the service, never by the form."""

    class Meta:
        model = Minutes
        fields = ("chair", "secretary", "introduction_fr", "introduction_en")
        widgets = {
            "chair": forms.TextInput(attrs={"class": "vTextField"}),
            "secretary": forms.TextInput(attrs={"class": "vTextField"}),
            "introduction_fr": forms.Textarea(attrs={"rows": 4}),
            "introduction_en": forms.Textarea(attrs={"rows": 4}),
        }


class SectionForm(forms.ModelForm[MinutesSection]):
    """A section in both languages."""

    class Meta:
        model = MinutesSection
        fields = ("title_fr", "title_en", "text_fr", "text_en")
        widgets = {
            "title_fr": forms.TextInput(attrs={"class": "vTextField"}),
            "title_en": forms.TextInput(attrs={"class": "vTextField"}),
            "text_fr": forms.Textarea(attrs={"rows": 10}),
            "text_en": forms.Textarea(attrs={"rows": 6}),
        }


class DecisionForm(forms.Form):
    """A decision: what, who, by when."""

    text_fr = forms.CharField(
        label=_("Decision (French)"),
        max_length=DECISION_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    text_en = forms.CharField(
        label=_("Decision (English)"),
        max_length=DECISION_MAX_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    section = forms.ModelChoiceField(
        MinutesSection.objects.none(), label=_("Section"), required=False, empty_label=_("None")
    )
    person = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Owner"),
        required=False,
        empty_label="—",
        help_text=_("Somebody with an account: attendees, members of the council, the secretariat."),
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.order_by("sort_name"),
        label=_("Organisation in charge"),
        required=False,
        empty_label="—",
        help_text=_("Alone, or beside its person. The public reads the organisation only."),
    )
    due_on = DayField(label=_("Due"), required=False)

    def __init__(self, *args: Any, minutes: Minutes, decision: Decision | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["section"].queryset = minutes.sections.all()  # type: ignore[attr-defined]
        council = Mandate.objects.council().current().values_list("person", flat=True)
        staff = User.objects.filter(is_staff=True, is_active=True).values_list("pk", flat=True)
        chosen = {*attendees_of(minutes.workshop).values_list("pk", flat=True), *council, *staff}
        if decision and decision.person_id:
            chosen.add(decision.person_id)
        people = User.objects.filter(pk__in=chosen).order_by("last_name", "first_name")
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        self.fields["person"].label_from_instance = User.get_full_name  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    """The section's text as its author would have it, or a remark; `seen` marks the text that the page showed."""

    proposed = forms.CharField(
        label=_("The text as you would have it"),
        max_length=CORRECTION_MAX_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("Change what is wrong: the changes will be marked word by word."),
    )
    comment = forms.CharField(
        label=_("Remark to the secretariat and the other participants"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("proposed", "comment"):
            # One of them is needed: the form does not call either optional.
            self.fields[name].conditional = True  # type: ignore[attr-defined]


class CorrectionDecisionForm(forms.Form):
    """The section's text from now on, and why."""

    text = forms.CharField(
        label=_("Text of the section if you accept"),
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_("You may word it otherwise."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Mailed to the author; needed to reject."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)


class SettleForm(forms.Form):
    """What became of a decision."""

    state = forms.ChoiceField(
        label=_("What became of it"),
        choices=[(state.value, state.label) for state in (DecisionState.DONE, DecisionState.DROPPED)],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what became of it.")},
    )
    reason = forms.CharField(
        label=_("In a few words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a few words what became of it.")},
    )


class DoneForm(forms.Form):
    """What its owner says when a decision is carried out."""

    reason = forms.CharField(
        label=_("What was done, in a few words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a few words what was done.")},
    )


class ReasonForm(forms.Form):
    """Why, for the log."""

    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
