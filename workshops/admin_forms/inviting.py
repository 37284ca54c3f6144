"""Whom to invite."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members.enums import Language, OrganisationKind
from members.models import Body, Mandate, Sector
from workshops.candidates import Choice, held_on
from workshops.guests import parse_guests
from workshops.models import Workshop
from workshops.services import INVITING_STATES

# What a preview hands on to its confirmation, as it was ticked and typed.
NAMES = ("by", "bodies", "colleges", "sectors", "mandates", "guests", "guests_language", "required")


class InviteForm(forms.Form):
    """Whom to put on the list: groups (`by` group), or single mandates and guests (`by` hand); without `by`, all."""

    by = forms.ChoiceField(choices=[("group", "group"), ("hand", "hand")], required=False)
    required = forms.ChoiceField(
        label=_("Their presence is"),
        choices=[("", _("hoped for")), ("yes", _("required"))],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("It can be changed later for each person. Nobody is told."),
    )
    bodies = forms.MultipleChoiceField(label=_("Bodies"), required=False, widget=forms.CheckboxSelectMultiple)
    colleges = forms.MultipleChoiceField(
        label=_("Colleges"), required=False, widget=forms.CheckboxSelectMultiple
    )
    sectors = forms.MultipleChoiceField(
        label=_("Sectors"), required=False, widget=forms.CheckboxSelectMultiple
    )
    mandates = forms.ModelMultipleChoiceField(Mandate.objects.none(), required=False)
    guests = forms.CharField(
        label=_("Guests"),
        required=False,
        max_length=50_000,
        help_text=_("One per line: “Name <address>” or the address alone."),
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
        bodies = Body.objects.filter(mandates__in=self.in_force.order_by()).distinct()
        kinds = set(self.in_force.order_by().values_list("organisation__kind", flat=True))
        present = Sector.objects.filter(organisations__mandates__in=self.in_force.order_by()).distinct()
        choices = {
            "bodies": [(str(body.pk), str(body)) for body in bodies],
            "colleges": [(value, label) for value, label in OrganisationKind.choices if value in kinds],
            "sectors": [(str(sector.pk), str(sector)) for sector in present],
        }
        for name, found in choices.items():
            self.fields[name].choices = found  # type: ignore[attr-defined]

    @property
    def group_fields(self) -> list[forms.BoundField]:
        """The fields that choose whole groups."""
        return [self[name] for name in ("bodies", "colleges", "sectors")]

    def clean_guests(self) -> str:
        """Name every bad line."""
        text: str = self.cleaned_data["guests"]
        _guests, bad = parse_guests(text)
        if bad:
            raise forms.ValidationError([str(line) for line in bad])
        return text

    def clean(self) -> dict[str, Any] | None:
        """Something must be chosen, in the part whose button was pressed."""
        cleaned = super().clean()
        if not self.errors:
            choice = self.choice()
            groups = choice.bodies or choice.colleges or choice.sectors
            if not (groups or choice.mandates or choice.guests):
                raise forms.ValidationError(
                    _("Tick a body, a college or a sector.")
                    if self.cleaned_data["by"] == "group"
                    else _("Tick somebody, or write a guest’s address.")
                )
        return cleaned

    def typed(self, name: str) -> list[str]:
        """Return what was ticked or typed in a field, as it came."""
        return self.data.getlist(name) if self.is_bound else []  # type: ignore[attr-defined, no-any-return]

    def replayed(self) -> list[tuple[str, str]]:
        """Return all that was ticked and typed, for the confirmation to send again."""
        return [(name, value) for name in NAMES for value in self.typed(name)]

    def guest_lines(self) -> str:
        """Return the guests' lines; none when the groups' button was pressed."""
        return "" if self.cleaned_data["by"] == "group" else self.cleaned_data["guests"]

    def choice(self) -> Choice:
        """Return what was chosen in the part whose button was pressed."""
        data = self.cleaned_data
        by_group, by_hand = data["by"] != "hand", data["by"] != "group"
        return Choice(
            bodies=frozenset(int(pk) for pk in data["bodies"] if by_group),
            colleges=frozenset(data["colleges"] if by_group else ()),
            sectors=frozenset(int(pk) for pk in data["sectors"] if by_group),
            mandates=frozenset(mandate.pk for mandate in data["mandates"] if by_hand),
            guests=tuple(parse_guests(self.guest_lines())[0]),
            required=data["required"] == "yes",
        )


def is_open_for_inviting(workshop: Workshop) -> bool:
    """Tell whether the list of invited people may still grow."""
    coming = workshop.starts_at is None or workshop.starts_at > timezone.now()
    return workshop.state in INVITING_STATES and coming
