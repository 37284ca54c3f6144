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
        labels = {
            "representative": _("Colleague who comes instead"),
            "represented_by": _("Name of the colleague, outside the list"),
            "proxy_organisation": _("Proxy given to"),
            "needs": _("Needs: access, diet"),
        }
        for name, field in self.fields.items():
            field.help_text = field.help_text if name == "answer" else ""
            field.label = labels.get(name, field.label)
