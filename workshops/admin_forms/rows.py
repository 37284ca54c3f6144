"""Rows below a workshop's sheet that have a rank."""

from typing import Any

from django import forms
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from core.widgets import NumberInput


class RankedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row with a rank, counted from 1; left blank, the row comes last."""

    position = forms.IntegerField(
        label=_("rank"),
        required=False,
        min_value=1,
        max_value=999,
        widget=NumberInput(attrs={"class": "vIntegerField"}),
        help_text=_("Blank: last."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.initial["position"] = None

    def save(self, commit: bool = True) -> Any:
        """Put the row last if it says nothing else."""
        if self.cleaned_data.get("position") is None:
            beside = type(self.instance)._default_manager.filter(workshop=self.instance.workshop)
            self.instance.position = (beside.aggregate(last=Max("position"))["last"] or 0) + 1
        return super().save(commit)
