"""Forms of the day: signing in at the door, recording arrivals."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Organisation


class ArrivalFields(forms.Form):
    """What a phone adds, so that an arrival sent again after the network dropped is the same one.

    Without JavaScript both come from the page: the key of its rendering, and no instant.
    """

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    arrived_at = forms.DateTimeField(
        required=False,
        widget=forms.HiddenInput,
        input_formats=["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"],
    )

    def clean_key(self) -> uuid.UUID:
        """A form sent without a key is an arrival of its own."""
        return self.cleaned_data["key"] or uuid.uuid4()


class SignInForm(ArrivalFields):
    """The code shown at the door."""

    code = forms.CharField(
        label=_("Code shown at the door"),
        max_length=20,
        error_messages={"required": _("Type the code shown at the door.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class WalkInForm(ArrivalFields):
    """Somebody who came without an invitation."""

    name = forms.CharField(
        label=_("First and last name"), max_length=170, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("Organisation"), required=False, empty_label=_("None")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["organisation"]
        choices.queryset = Organisation.objects.order_by("sort_name")
