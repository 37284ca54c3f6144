"""Forms of a member's own space."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from members.enums import MailChoice
from members.models import User
from members.notifications import refused_kinds, set_refusals


class PreferencesForm(forms.ModelForm[User]):
    """What a person decides about their mails and their place in the directory."""

    wanted = forms.MultipleChoiceField(
        label=_("Mails that I want"),
        choices=MailChoice.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = User
        fields = ("language", "wanted", "phone", "shows_email", "shows_phone", "shows_job_title")
        widgets = {"phone": forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Tick what is not refused."""
        super().__init__(*args, **kwargs)
        self.initial["wanted"] = sorted(set(MailChoice.values) - refused_kinds(self.instance))

    def save(self, commit: bool = True) -> User:
        """Keep the person's own fields, and the kinds that they refuse. Call in a transaction."""
        self.instance.save(update_fields=[name for name in self.Meta.fields if name != "wanted"])
        set_refusals(self.instance, set(MailChoice.values) - set(self.cleaned_data["wanted"]))
        return self.instance


class ErasureForm(forms.Form):
    """A wish to be erased, with a word to the secretariat."""

    message = forms.CharField(
        label=_("Message to the secretariat"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
