"""Forms of what workshops refer to: venues, rules by kind."""

from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from members.models import Organisation
from workshops.admin_forms.fields import NumbersField, SeatsField
from workshops.enums import OCCUPYING_STATES
from workshops.models import KindRules, Venue, Workshop


class VenueForm(forms.ModelForm):  # type: ignore[type-arg]
    """A room or a site; it does not become what workshops already scheduled could not have shared."""

    class Meta:
        model = Venue
        exclude: list[str] = []
        field_classes = {"capacity": SeatsField}

    def clean(self) -> dict[str, Any] | None:
        """Say at the field which workshops stand against another host, or against the whole site."""
        cleaned = super().clean()
        data = self.cleaned_data
        host, site = data.get("organisation"), data.get("is_site")
        if not self.instance.pk or host is None or not {"organisation", "is_site"} & set(self.changed_data):
            return cleaned
        self._lock(host)
        held = Workshop.objects.filter(state__in=OCCUPYING_STATES)
        beside = held.filter(
            Q() if site else Q(venue__is_site=True),
            venue__organisation=host,
            starts_at__lt=OuterRef("ends_at"),
            ends_at__gt=OuterRef("starts_at"),
        ).exclude(venue=self.instance.pk)
        clash = held.filter(Exists(beside), venue=self.instance.pk).order_by(F("starts_at").desc()).first()
        if clash:
            field = "is_site" if "is_site" in self.changed_data else "organisation"
            message = _("“%(title)s” is held here while another workshop is held at this host.")
            self.add_error(field, message % {"title": clash})
        return cleaned

    def _lock(self, host: Organisation) -> None:
        """Wait for whoever takes a room of either host, so that what is seen here still stands at the save.

        Workshops before venues, as the services do: a trigger writes what these workshops occupy.
        """
        here = Workshop.objects.filter(venue=self.instance.pk).order_by("pk")
        list(here.select_for_update(of=("self",), no_key=True))
        rooms = Venue.objects.filter(Q(pk=self.instance.pk) | Q(organisation=host)).order_by("pk")
        list(rooms.select_for_update(of=("self",), no_key=True))


class KindRulesForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of a kind: delays are typed as numbers apart by commas."""

    silent_days = NumbersField(
        least=1,
        most=60,
        required=False,
        label=_("reminders to the silent (days before the deadline)"),
        help_text=_("Separated by commas: 7, 2. Blank: no reminder."),
    )
    attending_hours = NumbersField(
        least=1,
        most=240,
        required=False,
        label=_("reminders to those who come (hours before the start)"),
        help_text=_("Separated by commas: 48, 24. Blank: no reminder."),
    )

    class Meta:
        model = KindRules
        exclude: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Defaults are the settings': Django would repeat them in hidden fields, described to nobody, invalid in HTML.
        for field in self.fields.values():
            field.show_hidden_initial = False
