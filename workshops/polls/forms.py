"""Forms of date polls: a person's reply, and what the secretariat proposes."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.http import row_number
from core.seen import send_again
from core.templatetags.text import day_and_hours
from core.widgets import DayField
from workshops.admin_forms.fields import ParisInstantField, ParisTimeField, hear_hours
from workshops.models.places import Venue
from workshops.polls.enums import Choice
from workshops.polls.models import DatePoll, PollOption, PollReply
from workshops.polls.services import MAX_OPTIONS, Proposal


class ReplyForm(forms.Form):
    """One row of radio buttons for each option. `revision` tells which options the person saw."""

    CHOICES = Choice.choices

    none = forms.BooleanField(label=_("None of these dates suits me"), required=False)
    comment = forms.CharField(
        label=_("Message to the secretariat"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, options: list[PollOption], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options

    def typed(self) -> dict[int, str]:
        """Return what was ticked, whatever it is: the service judges it. An id that is no number is 0, nobody's."""
        found = {}
        for name in self.data:
            prefix, _dash, number = name.partition("-")
            if prefix == "option" and self.data[name]:
                found[row_number(number)] = str(self.data[name])
        return found

    def choices(self) -> dict[int, str]:
        """Return what the form says of each option."""
        if self.cleaned_data["none"]:
            return dict.fromkeys((option.pk for option in self.options), Choice.NO)
        return self.typed()

    def clean(self) -> dict[str, Any] | None:
        """None suits, or one does: not both."""
        cleaned = super().clean()
        if self.cleaned_data.get("none") and set(self.typed().values()) - {Choice.NO}:
            self.add_error(
                "none", _("You ticked that none suits, and that one does: please take one of them back.")
            )
        return cleaned

    def show(self, poll: DatePoll, options: list[PollOption]) -> None:
        """Show what was typed over the options as they are now: whoever answers again answers for these."""
        self.options = options
        send_again(self, revision=str(poll.revision))

    def rows(self) -> list[tuple[PollOption, str]]:
        """Return each option with what is ticked for it."""
        said: dict[int, str] = self.typed() if self.is_bound else self.initial.get("choices", {})
        return [(option, said.get(option.pk, "")) for option in self.options]


def reply_form(reply: PollReply | None, poll: DatePoll, options: list[PollOption]) -> ReplyForm:
    """Return the form with the reply given so far."""
    choices = dict(reply.answers.values_list("option_id", "choice")) if reply and reply.pk else {}
    initial = {
        "choices": choices,
        "comment": reply.comment if reply else "",
        "revision": poll.revision,
        "none": bool(choices) and len(choices) == len(options) and set(choices.values()) == {Choice.NO.value},
    }
    return ReplyForm(options=options, initial=initial)


# --- the secretariat's ------------------------------------------------------------------------------------------------


class Slot(NamedTuple):
    """From when to when."""

    starts_at: datetime
    ends_at: datetime


class SlotForm(forms.Form):
    """A day and two times, Paris's; an empty line is none."""

    day = DayField(label=_("Day"), required=False)
    start = ParisTimeField(label=_("Start"), required=False)
    end = ParisTimeField(label=_("End"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hear_hours(self)

    def clean(self) -> dict[str, Any] | None:
        """All three, in order, to come."""
        cleaned = super().clean()
        data = self.cleaned_data
        if self.errors or not any(data.values()):
            return cleaned
        for name in ("day", "start", "end"):
            if not data.get(name):
                self.add_error(name, _("Give the day, the start and the end."))
        if not self.errors:
            starts_at, ends_at = self._instant("start"), self._instant("end")
            if starts_at and ends_at and ends_at <= starts_at:
                self.add_error("end", _("The workshop must end after it starts."))
            if starts_at and starts_at <= timezone.now():
                self.add_error("day", _("This date is past."))
            data["slot"] = Slot(starts_at, ends_at) if starts_at and ends_at else None
        return cleaned

    def _instant(self, name: str) -> datetime | None:
        field = self.fields[name]
        naive = datetime.combine(self.cleaned_data["day"], self.cleaned_data[name])
        try:
            return field.instant(naive) if isinstance(field, ParisTimeField) else None
        except ValidationError as error:
            self.add_error(name, error)
            return None


class BaseSlotFormSet(forms.BaseFormSet[SlotForm]):
    """The list of slots."""

    def clean(self) -> None:
        """No slot twice."""
        seen: set[Slot] = set()
        for form in self.forms:
            slot = form.cleaned_data.get("slot") if form.is_valid() else None
            if slot in seen:
                form.add_error("day", _("This slot is there twice."))
            if slot:
                seen.add(slot)

    def slots(self) -> list[Slot]:
        """Return what was typed, in order of time."""
        found = [form.cleaned_data.get("slot") for form in self.forms]
        return sorted(slot for slot in found if slot)


SlotFormSet = forms.formset_factory(
    SlotForm, formset=BaseSlotFormSet, extra=0, max_num=MAX_OPTIONS, absolute_max=2 * MAX_OPTIONS
)
BLANK_LINES = 4


class PollForm(forms.Form):
    """Which sites, and until when people answer."""

    answer_by = ParisInstantField(label=_("Answer by"))
    venues = forms.ModelMultipleChoiceField(
        Venue.objects.select_related("organisation", "commune"),
        label=_("Sites"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each slot is proposed at each ticked site. None ticked: the place is set later."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hear_hours(self)


class DeadlineForm(forms.Form):
    """A later deadline."""

    answer_by = ParisInstantField(label=_("Answer by"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hear_hours(self)


def slot_lines(poll: DatePoll | None) -> list[dict[str, Any]]:
    """Return the poll's slots as the form set shows them, and some empty lines."""
    rows = poll.options.values_list("starts_at", "ends_at") if poll else []
    slots = sorted({Slot(*row) for row in rows})
    lines = [
        {
            "day": timezone.localtime(slot.starts_at).date(),
            "start": timezone.localtime(slot.starts_at).time(),
            "end": timezone.localtime(slot.ends_at).time(),
        }
        for slot in slots
    ]
    return lines + [{}] * BLANK_LINES


def option_key(proposal: Proposal) -> str:
    """Return what stands for a proposal in the matrix's boxes."""
    start, end = (int(instant.timestamp()) for instant in (proposal.starts_at, proposal.ends_at))
    return f"{start}-{end}-{proposal.venue_id or 0}"


def matrix(slots: list[Slot], venues: list[Venue]) -> list[Proposal]:
    """Return every slot at every site."""
    places: list[int | None] = [venue.pk for venue in venues] or [None]  # type: ignore[assignment]
    return [Proposal(*slot, place) for slot, place in itertools.product(slots, places)]


def slot_label(slot: Any) -> str:
    """Return a slot in words."""
    return day_and_hours(slot.starts_at, slot.ends_at)
