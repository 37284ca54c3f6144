"""An answer that the secretariat records."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workshops.forms import ANSWERS, AnswerForm


class PhonedAnswerForm(AnswerForm):
    """An answer that came by phone: what the person could write themselves."""

    answer = forms.ChoiceField(label=_("Answer"), choices=ANSWERS, widget=forms.RadioSelect)  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["moves"]
        self.fields["comment"].label = _("What the person said")
        for field in self.fields.values():
            field.help_text = ""
