"""Forms of the public and members' pages."""

from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from members.models import Organisation, User
from workshops.enums import Answer
from workshops.models import Invitation
from workshops.services import colleagues, proxy_holders, stand_in_rule

# Nobody chooses to wait: a yes to a full workshop does.
ANSWERS = [(answer.value, answer.label) for answer in Answer if answer not in (Answer.SILENT, Answer.WAITING)]


class PersonChoiceField(forms.ModelChoiceField[User]):
    """A person, by first and last name."""

    def label_from_instance(self, obj: User) -> str:
        """Return the name alone."""
        return obj.get_full_name()


class OrganisationChoiceField(forms.ModelChoiceField[Organisation]):
    """An organisation, by its name."""

    def label_from_instance(self, obj: Organisation) -> str:
        """Return the name alone."""
        return obj.name


class AnswerForm(forms.Form):
    """Present, excused or represented, and by whom. `moves` tells which dates the person saw.

    The choice of colleagues and of organisations that may hold a proxy is the invitation's; without any, the field is
    not there.
    """

    answer = forms.ChoiceField(
        label=_("Will you attend?"),
        choices=ANSWERS,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        error_messages={"required": _("Choose an answer."), "invalid_choice": _("Choose an answer.")},
    )
    representative = PersonChoiceField(
        User.objects.none(),
        label=_("The colleague who comes for you"),
        required=False,
        empty_label=_("Choose a colleague"),
        help_text=_("They receive an invitation and all they need."),
        error_messages={
            "invalid_choice": _("Choose a person with a mandate for your organisation on that day.")
        },
    )
    represented_by = forms.CharField(
        label=_("The colleague’s name"),
        max_length=170,
        required=False,
        help_text=_("You pass the details on to them."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    proxy_organisation = OrganisationChoiceField(
        Organisation.objects.none(),
        label=_("Or your proxy to another organisation"),
        required=False,
        empty_label=_("No proxy"),
        help_text=_("It speaks for yours at this meeting, and holds one proxy at most."),
        error_messages={"invalid_choice": _("This organisation cannot hold your proxy.")},
    )
    needs = forms.CharField(
        label=_("Your needs: access, diet"),
        max_length=300,
        required=False,
        help_text=_("For the secretariat alone; deleted after the meeting."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    comment = forms.CharField(
        label=_("Message to the secretariat"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    moves = forms.IntegerField(widget=forms.HiddenInput, required=False)

    # What belongs to one answer: shown with it alone where the browser can, read with it alone everywhere.
    FOR_REPRESENTED = ("representative", "represented_by", "proxy_organisation")

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _given(invitation))
        super().__init__(*args, **kwargs)
        people = colleagues(invitation)
        holders = [organisation.pk for organisation in proxy_holders(invitation)]
        if invitation.proxy_organisation_id:
            holders.append(invitation.proxy_organisation_id)
        self.fields["representative"].queryset = people  # type: ignore[attr-defined]
        self.fields["proxy_organisation"].queryset = Organisation.objects.filter(  # type: ignore[attr-defined]
            pk__in=holders
        ).order_by("sort_name")
        if not holders:
            del self.fields["proxy_organisation"]
        if people.exists():
            self.fields["represented_by"].label = _("Or the name of somebody who is not in the list")
        else:
            del self.fields["representative"]
        if invitation.is_stand_in:
            self._take_alone(invitation)
        for name in self.FOR_REPRESENTED:
            if name in self.fields:
                # One of them is needed by whoever is represented: the form does not call it optional.
                self.fields[name].conditional = True  # type: ignore[attr-defined]

    def _take_alone(self, invitation: Invitation) -> None:
        """Offer no representation to somebody who comes for a colleague already, and say why."""
        answer: Any = self.fields["answer"]
        answer.choices = [(value, label) for value, label in ANSWERS if value != Answer.REPRESENTED]
        rule = stand_in_rule(invitation)
        # Forms write a help text as it is.
        answer.help_text, answer.error_messages["invalid_choice"] = escape(rule), rule
        del self.fields["represented_by"]

    def clean(self) -> dict[str, Any] | None:
        """Forget what belongs to another answer; a represented person says by whom."""
        cleaned = super().clean()
        data = self.cleaned_data
        if data.get("answer") not in (None, Answer.REPRESENTED):
            for name in self.FOR_REPRESENTED:
                data[name] = "" if name == "represented_by" else None
                self.errors.pop(name, None)
        chosen = [name for name in self.FOR_REPRESENTED if data.get(name)]
        if data.get("answer") == Answer.REPRESENTED and not set(self.FOR_REPRESENTED) & set(self.errors):
            if not chosen:
                self.add_error("represented_by", _("Say who represents you."))
            if len(chosen) > 1:
                message = _("Choose one only: a colleague of the list, a name, or another organisation.")
                self.add_error(chosen[1], message)
        return cleaned

    def given(self) -> dict[str, Any]:
        """Return the answer as `services.answer_invitation` takes it."""
        names = ("answer", "represented_by", "representative", "proxy_organisation", "comment", "needs")
        return {name: self.cleaned_data.get(name) for name in names}


def _given(invitation: Invitation) -> dict[str, Any]:
    """Return the answer given so far, as the form shows it: whoever waits has said yes, or named a colleague."""
    given = invitation.answer
    if given == Answer.WAITING:
        given = Answer.REPRESENTED if invitation.represented_by else Answer.YES
    return {
        "answer": "" if given == Answer.SILENT else given,
        "representative": invitation.representative_id,
        "represented_by": "" if invitation.representative_id else invitation.represented_by,
        "proxy_organisation": invitation.proxy_organisation_id,
        "needs": invitation.needs,
        "comment": invitation.comment,
        "moves": invitation.workshop.moves,
    }
