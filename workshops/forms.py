"""Forms of the public and members' pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workshops.enums import Answer
from workshops.models import Invitation

# Nobody chooses to wait: a yes to a full workshop does.
ANSWERS = [(answer.value, answer.label) for answer in Answer if answer not in (Answer.SILENT, Answer.WAITING)]


class AnswerForm(forms.Form):
    """Present, excused or represented, and by whom. `moves` tells which dates the person saw."""

    answer = forms.ChoiceField(
        label=_("Will you attend?"),
        choices=ANSWERS,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        error_messages={"required": _("Choose an answer."), "invalid_choice": _("Choose an answer.")},
    )
    represented_by = forms.CharField(
        label=_("Represented by"),
        max_length=170,
        required=False,
        help_text=_("If you are represented: the name of your colleague."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    comment = forms.CharField(
        label=_("Message to the secretariat"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    moves = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any] | None:
        """A represented person says by whom."""
        cleaned = super().clean()
        data = self.cleaned_data
        if (
            data.get("answer") == Answer.REPRESENTED
            and "represented_by" in data
            and not data["represented_by"]
        ):
            self.add_error("represented_by", _("Say who represents you."))
        return cleaned


def answer_form(invitation: Invitation) -> AnswerForm:
    """Return the form with the answer given so far."""
    given = "" if invitation.answer == Answer.SILENT else invitation.answer
    return AnswerForm(
        initial={
            "answer": given,
            "represented_by": invitation.represented_by,
            "comment": invitation.comment,
            "moves": invitation.workshop.moves,
        }
    )
