"""Forms of the votes: a ballot; for the secretariat, the opening."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.clock import database_now
from core.widgets import CountedTextField, InstantField
from members.models import Organisation
from roadmap.approval.enums import Choice
from roadmap.approval.models import EXPLANATION_MAX_LENGTH, Ballot, Voter
from roadmap.drafting.enums import VersionStatus
from roadmap.drafting.models import Version
from roadmap.drafting.services import OPENING_TOLERANCE


class BallotForm(forms.Form):
    """One organisation's ballot. It carries the text's hash, so that nobody votes on what they have not seen."""

    choice = forms.ChoiceField(
        label=_("Your organisation’s voice"),
        choices=Choice.choices,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        error_messages={
            "required": _("Choose for, against or abstention."),
            "invalid_choice": _("Choose for, against or abstention."),
        },
    )
    explanation = CountedTextField(
        label=_("Explanation of vote"),
        required=False,
        max_length=EXPLANATION_MAX_LENGTH,
        help_text=_("Published with the ballot once the vote is closed."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    organisation = forms.IntegerField(widget=forms.HiddenInput)
    text_sha256 = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, voter: Voter, text_sha256: str, ballot: Ballot | None) -> None:
        initial = {"organisation": voter.organisation_id, "text_sha256": text_sha256}
        if ballot:
            initial |= {"choice": ballot.choice, "explanation": ballot.explanation}
        # A person may carry two organisations' voices: two forms on a page, ids of their own.
        super().__init__(data, initial=initial, auto_id=f"id_{voter.pk}_%s")
        self.voter = voter

    def ballot(self) -> dict[str, str]:
        """Return what a valid form says, as `services.cast_ballot` takes it."""
        return {name: self.cleaned_data[name] for name in ("choice", "explanation", "text_sha256")}


class OpeningForm(forms.Form):
    """What the secretariat decides when it puts a version to the vote."""

    version = forms.ModelChoiceField(label=_("Version"), queryset=Version.objects.none())
    opens_at = InstantField(
        label=_("Opens"),
        required=False,
        help_text=_("Paris time. Blank: at once."),
    )
    closes_at = InstantField(
        label=_("Closes"),
        help_text=_("Paris time. It cannot be changed later."),
    )
    casting_organisation = forms.ModelChoiceField(
        label=_("Casting vote"),
        queryset=Organisation.objects.none(),
        required=False,
        help_text=_(
            "The organisation whose voice decides when for and against are equal; blank: a tie rejects."
        ),
    )
    confirm = forms.BooleanField(
        label=_("I have checked the text and the electorate: both are frozen by the opening, for good."),
        error_messages={"required": _("Confirm: an open vote cannot be changed or taken back.")},
    )

    def __init__(self, data: Any = None, *, electorate: list[Organisation], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        versions = Version.objects.filter(status__in=(VersionStatus.WORKING, VersionStatus.CONSULTATION))
        self.fields["version"].queryset = versions  # type: ignore[attr-defined]
        self.fields["casting_organisation"].queryset = Organisation.objects.filter(  # type: ignore[attr-defined]
            pk__in=[organisation.pk for organisation in electorate]
        )

    def clean_opens_at(self) -> datetime | None:
        """Refuse an opening in the past; the minute that somebody typed as now is now."""
        opens_at: datetime | None = self.cleaned_data["opens_at"]
        now = database_now()
        if opens_at and opens_at < now - OPENING_TOLERANCE:
            raise forms.ValidationError(_("This instant is past. Leave it blank to open the vote at once."))
        return max(opens_at, now) if opens_at else None

    def clean_closes_at(self) -> datetime:
        """Refuse a closing in the past."""
        closes_at: datetime = self.cleaned_data["closes_at"]
        if closes_at <= database_now():
            raise forms.ValidationError(_("This instant is past."))
        return closes_at

    def clean(self) -> dict[str, Any]:
        """Refuse a closing before the opening, at its field."""
        cleaned = super().clean() or self.cleaned_data
        opens_at, closes_at = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens_at and closes_at and closes_at <= opens_at:
            self.add_error("closes_at", _("The vote closes after it opens."))
        return cleaned
