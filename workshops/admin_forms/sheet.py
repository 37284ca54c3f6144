"""A workshop's sheet in the administration site."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.widgets import NamedAutocomplete
from members.models import Organisation
from workshops.admin_forms.fields import SeatsField, clean_title, hear_hours
from workshops.admin_forms.rows import RankedForm
from workshops.clashes import digest, warnings_about
from workshops.models import AgendaItem, Venue, Workshop
from workshops.services import clash_message, free_slug

# A change of these asks anew what else is on that day.
WEIGHED = {"starts_at", "ends_at", "venue", "host", "organiser", "series", "kind", "capacity"}


class TitleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form with titles in both languages, each on one line."""

    def clean_title_fr(self) -> str:
        """Put it on one line."""
        return clean_title(self.cleaned_data["title_fr"] or "")

    def clean_title_en(self) -> str:
        """Put it on one line."""
        return clean_title(self.cleaned_data["title_en"] or "")


class AgendaItemForm(RankedForm, TitleForm):
    """A line of the agenda."""

    class Meta:
        model = AgendaItem
        fields = ("position", "title_fr", "title_en", "minutes")


class WorkshopForm(TitleForm):
    """A workshop's sheet. Its dates and venue are here until it is scheduled; then it is moved by the process page."""

    host = forms.ModelChoiceField(
        Organisation.objects.all(),
        label=_("Host organisation"),
        required=False,
        help_text=_("Its only site is taken; of several, choose one below."),
        widget=NamedAutocomplete(Venue._meta.get_field("organisation"), admin.site),
    )

    class Meta:
        model = Workshop
        exclude: list[str] = []
        field_classes = {"capacity": SeatsField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "venue" not in self.fields:
            del self.fields["host"]
        elif self.instance.venue:
            self.initial.setdefault("host", self.instance.venue.organisation_id)
        hear_hours(self)

    def clean(self) -> dict[str, Any] | None:
        """Say at their field what the database would refuse, and what it would not: a past date."""
        cleaned = super().clean()
        data = self.cleaned_data
        start, end, answer_by = data.get("starts_at"), data.get("ends_at"), data.get("answer_by")
        if "starts_at" in self.fields:
            self._check_dates(start, end)
            self._find_venue()
            self._check_venue(data.get("venue"), start, end)
        start = start or self.instance.starts_at
        if answer_by and start and answer_by > start:
            self.add_error("answer_by", _("The deadline to answer must be before the start."))
        elif (
            answer_by and answer_by <= timezone.now() and {"answer_by", "starts_at"} & set(self.changed_data)
        ):
            self.add_error("answer_by", _("The deadline to answer is past: give a later one, or none."))
        if (capacity := data.get("capacity")) and self.instance.pk:
            self._check_capacity(capacity)
        return cleaned

    def _check_capacity(self, capacity: int) -> None:
        """Nobody who was told that they come loses their seat."""
        confirmed = self.instance.invitations.coming().count()
        if capacity < confirmed:
            message = ngettext(
                "%(count)s person is confirmed: there are at least as many seats.",
                "%(count)s people are confirmed: there are at least as many seats.",
                confirmed,
            )
            self.add_error("capacity", message % {"count": confirmed})

    def _check_dates(self, start: Any, end: Any) -> None:
        if start and start <= timezone.now() and "starts_at" in self.changed_data:
            self.add_error("starts_at", _("This date is past."))
        if start and end and end <= start:
            self.add_error("ends_at", _("The workshop must end after it starts."))
        if (start is None) != (end is None) and not {"starts_at", "ends_at"} & set(self.errors):
            self.add_error(
                "ends_at" if start else "starts_at", _("Give both the start and the end, or neither.")
            )

    def _find_venue(self) -> None:
        """Take the host's only site; a venue chosen anew says by itself who is the host."""
        host, venue = self.cleaned_data.get("host"), self.cleaned_data.get("venue")
        if host is None or "host" not in self.changed_data:
            return
        if venue and venue.organisation_id == host.pk:
            return
        if venue and "venue" in self.changed_data:
            self.add_error("venue", _("This venue does not belong to %(host)s.") % {"host": host.name})
            return
        sites = list(host.venues.order_by("name"))
        if len(sites) == 1:
            self.cleaned_data["venue"] = sites[0]
        elif sites:
            names = ", ".join(site.name for site in sites)
            message = _("%(host)s has several sites, choose one: %(names)s.")
            self.add_error("venue", message % {"host": host.name, "names": names})
        else:
            message = _("%(host)s has no site yet: add one under “Venues”, or choose another host.")
            self.add_error("host", message % {"host": host.name})

    def _check_venue(self, venue: Venue | None, start: Any, end: Any) -> None:
        if not (venue and start and end and start < end):
            return
        others = Workshop.objects.exclude(pk=self.instance.pk)
        clash = others.clashing_with(venue_id=venue.pk, starts_at=start, ends_at=end).first()
        if clash:
            self.add_error("venue", clash_message(clash))

    def _post_clean(self) -> None:
        """Once all is well, ask whether to save beside what else is on that day."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors or not WEIGHED & set(self.changed_data):
            return
        warnings = warnings_about(self.instance)
        mark = digest(warnings)
        if warnings and self.data.get("accept_warnings") != mark:
            question = format_html(
                '{}<ul>{}</ul><label><input type="checkbox" name="accept_warnings" value="{}"> {}</label>',
                _("Before it is saved:"),
                format_html_join("", "<li>{}</li>", ((text,) for text in warnings)),
                mark,
                _("I have seen this: save all the same."),
            )
            self.add_error(None, forms.ValidationError(question, code="warnings"))

    def save(self, commit: bool = True) -> Any:
        """Make the address from the French title, once."""
        if not self.instance.slug:
            self.instance.slug = free_slug(self.instance.title_fr)
        return super().save(commit)
