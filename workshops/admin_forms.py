"""Forms of the secretariat's tool."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from members.enums import Language
from members.models import Mandate
from workshops.candidates import held_on
from workshops.enums import WorkshopState
from workshops.forms import ANSWERS, AnswerForm
from workshops.guests import parse_guests
from workshops.models import Venue, Workshop
from workshops.services import clash_message


class WorkshopForm(forms.ModelForm):  # type: ignore[type-arg]
    """A workshop's sheet. Its dates and venue are here until it is scheduled; then it is moved by the process page."""

    class Meta:
        model = Workshop
        exclude: list[str] = []

    def clean(self) -> dict[str, Any] | None:
        """Say at their field what the database would refuse, and what it would not: a past date."""
        cleaned = super().clean()
        data = self.cleaned_data
        start, end, answer_by = data.get("starts_at"), data.get("ends_at"), data.get("answer_by")
        if "starts_at" in self.fields:
            self._check_dates(start, end)
            self._check_venue(data.get("venue"), start, end)
        start = start or self.instance.starts_at
        if answer_by and start and answer_by > start:
            self.add_error("answer_by", _("The deadline to answer is before the start."))
        return cleaned

    def _check_dates(self, start: Any, end: Any) -> None:
        if start and start <= timezone.now() and "starts_at" in self.changed_data:
            self.add_error("starts_at", _("This date is past."))
        if start and end and end <= start:
            self.add_error("ends_at", _("The workshop must end after it starts."))
        if (start is None) != (end is None) and not {"starts_at", "ends_at"} & set(self.errors):
            self.add_error(
                "ends_at" if start else "starts_at", _("Give both the start and the end, or neither.")
            )

    def _check_venue(self, venue: Venue | None, start: Any, end: Any) -> None:
        if not (venue and start and end and start < end):
            return
        others = Workshop.objects.exclude(pk=self.instance.pk)
        clash = others.clashing_with(venue_id=venue.pk, starts_at=start, ends_at=end).first()
        if clash:
            self.add_error("venue", clash_message(clash))

    def save(self, commit: bool = True) -> Any:
        """Make the address from the French title, once."""
        if not self.instance.slug:
            self.instance.slug = free_slug(self.instance.title_fr)
        return super().save(commit)


def free_slug(title: str) -> str:
    """Return an address part for a title that no workshop has yet."""
    base = slugify(title)[:90].strip("-") or "atelier"
    taken = set(Workshop.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken or slug == "agenda":
        number += 1
        slug = f"{base}-{number}"
    return slug


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


class LocalDateTimeInput(forms.DateTimeInput):
    """The browser's own date and time picker."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class MoveForm(forms.Form):
    """New dates, a new venue, or both. Times are Paris's."""

    starts_at = forms.DateTimeField(label=_("Start"), widget=LocalDateTimeInput)
    ends_at = forms.DateTimeField(label=_("End"), widget=LocalDateTimeInput)
    venue = forms.ModelChoiceField(
        Venue.objects.select_related("organisation"),
        label=_("Venue"),
        required=False,
        empty_label=_("To be set"),
    )
    answer_by = forms.DateTimeField(
        label=_("Answer by"),
        required=False,
        help_text=_("Blank: until the workshop starts."),
        widget=LocalDateTimeInput,
    )
    reason = forms.CharField(label=_("Reason, for the log"), required=False, max_length=500)


class CancelForm(forms.Form):
    """Why it is cancelled."""

    reason = forms.CharField(
        label=_("Reason, mailed to the people invited"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PhonedAnswerForm(AnswerForm):
    """An answer that came by phone."""

    answer = forms.ChoiceField(label=_("Answer"), choices=ANSWERS, widget=forms.RadioSelect)  # type: ignore[attr-defined]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["moves"]
        self.fields["comment"].label = _("What the person said")
        self.fields["represented_by"].help_text = ""


def is_open_for_inviting(workshop: Workshop) -> bool:
    """Tell whether the list of invited people may still grow."""
    coming = workshop.starts_at is None or workshop.starts_at > timezone.now()
    return workshop.state in (WorkshopState.DRAFT, WorkshopState.SCHEDULED) and coming
