"""Whom to invite."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.enums import Language
from members.models import Mandate
from workshops.candidates import held_on
from workshops.enums import WorkshopState
from workshops.guests import parse_guests
from workshops.models import Workshop


class InviteForm(forms.Form):
    """Whom to put on the list: whole bodies, single mandates, guests."""

    bodies = forms.MultipleChoiceField(required=False)
    mandates = forms.ModelMultipleChoiceField(Mandate.objects.none(), required=False)
    guests = forms.CharField(
        label=_("Guests"),
        required=False,
        max_length=50_000,
        help_text=_("One a line: “Name <address>” or the address alone."),
        widget=forms.Textarea(attrs={"rows": 5, "cols": 60}),
    )
    guests_language = forms.ChoiceField(
        label=_("Language of these guests"), choices=Language.choices, required=False, initial=Language.FRENCH
    )

    def __init__(self, *args: Any, workshop: Workshop, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Mandate.objects.on(held_on(workshop)).filter(person__is_active=True)
        self.in_force = rows.select_related("person", "organisation", "body")
        self.fields["mandates"].queryset = self.in_force  # type: ignore[attr-defined]
        bodies = self.in_force.order_by("body").values_list("body_id", "body__name_fr").distinct()
        self.fields["bodies"].choices = [(str(pk), name) for pk, name in bodies]  # type: ignore[attr-defined]

    def clean_guests(self) -> str:
        """Name every bad line."""
        text: str = self.cleaned_data["guests"]
        _guests, bad = parse_guests(text)
        if bad:
            raise forms.ValidationError([str(line) for line in bad])
        return text

    def clean(self) -> dict[str, Any] | None:
        """Something must be chosen."""
        cleaned = super().clean()
        data = self.cleaned_data
        if not self.errors and not (
            data.get("bodies") or data.get("mandates") or data.get("guests", "").strip()
        ):
            raise forms.ValidationError(_("Tick somebody, or write a guest's address."))
        return cleaned

    def typed(self, name: str) -> list[str]:
        """Return what was ticked or typed in a field, as it came."""
        return self.data.getlist(name) if self.is_bound else []  # type: ignore[attr-defined, no-any-return]

    def chosen_mandates(self) -> list[Mandate]:
        """Return the mandates of the ticked bodies and the ticked mandates, by organisation."""
        data = self.cleaned_data
        ticked = {mandate.pk for mandate in data["mandates"]}
        rows = self.in_force.order_by("organisation__sort_name", "role", "id")
        return [row for row in rows if row.pk in ticked or str(row.body_id) in data["bodies"]]


def is_open_for_inviting(workshop: Workshop) -> bool:
    """Tell whether the list of invited people may still grow."""
    coming = workshop.starts_at is None or workshop.starts_at > timezone.now()
    return workshop.state in (WorkshopState.DRAFT, WorkshopState.SCHEDULED) and coming
