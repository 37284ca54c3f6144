"""A workshop's sheet in the administration site."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

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
