"""Forms of the flagship actions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from roadmap.actions.models import Action
from roadmap.actions.services import REASON_MAX_LENGTH, possible_statuses
from workshops.models import Decision


class StatusForm(forms.Form):
    """The new status of an action, among those that the present one allows, and why."""

    status = forms.ChoiceField(label=_("New status"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Kept with the date and your name."),
        error_messages={"required": _("Give the reason of the change.")},
    )

    def __init__(self, *args: Any, action: Action, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = possible_statuses(action)  # type: ignore[attr-defined]


class TaskForm(forms.Form):
    """Which action, and the task in one line."""

    action = forms.ModelChoiceField(Action.objects.order_by("number"), label=_("Flagship action"))
    title = forms.CharField(label=_("Task"), max_length=300)

    def __init__(self, data: Any = None, *, decision: Decision) -> None:
        initial = {"title": decision.text_fr.replace("\n", " ")[:300]}
        super().__init__(data, initial=initial, prefix="task")
