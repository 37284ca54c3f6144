"""What the secretariat is about to propose: the screen with the slots, the sites and the matrix they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workshops.models.places import Venue
from workshops.models.workshops import Workshop
from workshops.polls.forms import (
    BLANK_LINES,
    PollForm,
    Slot,
    SlotFormSet,
    matrix,
    option_key,
    slot_label,
    slot_lines,
)
from workshops.polls.models import DatePoll
from workshops.polls.queries import occupations
from workshops.polls.ranking import clash_of
from workshops.polls.services import Proposal


@dataclass(frozen=True)
class Place:
    """A slot at a site, as `clash_of` looks at it."""

    starts_at: datetime
    ends_at: datetime
    venue: Venue | None
    venue_id: int | None


@dataclass(frozen=True)
class Cell:
    """A box of the matrix, and what speaks against it."""

    key: str
    name: str
    ticked: bool
    warnings: list[str]


@dataclass(frozen=True)
class Line:
    """A slot of the matrix, and what speaks against it wherever it is."""

    label: str
    warning: str
    cells: list[Cell]


class Draft:
    """The screen, before anything is saved: slots and sites as typed, the matrix to tick."""

    def __init__(self, workshop: Workshop, poll: DatePoll | None, data: Any) -> None:
        """Show a poll as it is, or (`data`) what was typed."""
        self.workshop, self.poll = workshop, poll
        self.judged = data is not None and "more" not in data
        if data is not None and "more" in data:
            data = data.copy()
            total = data.get("slots-TOTAL_FORMS", "")
            if total.isdecimal() and len(total) < 4:
                data["slots-TOTAL_FORMS"] = str(int(total) + BLANK_LINES)
        self.data = data
        options = list(poll.options.all()) if poll else []
        self.former = {option_key(Proposal(row.starts_at, row.ends_at, row.venue_id)) for row in options}
        venues = {option.venue_id for option in options if option.venue_id}
        if poll is None and workshop.venue_id:
            venues = {workshop.venue_id}
        initial = {"answer_by": poll.answer_by if poll else None, "venues": sorted(venues)}
        self.form = PollForm(data, initial=initial)
        self.slots: Any = SlotFormSet(data, prefix="slots", initial=None if data else slot_lines(poll))
        self._shown = (
            {Slot(row.starts_at, row.ends_at) for row in options},
            list(Venue.objects.filter(pk__in=venues).select_related("organisation") if poll else []),
        )

    def is_valid(self) -> bool:
        """Tell whether slots, sites and deadline can make a matrix."""
        valid = self.form.is_valid() and self.slots.is_valid()
        if valid and not self.slots.slots():
            self.form.add_error(None, _("Propose at least one date."))
            return False
        return valid

    def proposals(self) -> list[Proposal]:
        """Return every slot at every site."""
        slots, venues = self._axes()
        return matrix(slots, venues)

    def _axes(self) -> tuple[list[Slot], list[Venue]]:
        if self.data is None:
            return sorted(self._shown[0]), self._shown[1]
        if not self.judged or not (self.form.is_valid() and self.slots.is_valid()):
            return [], []
        return self.slots.slots(), list(self.form.cleaned_data["venues"])

    def is_confirmed(self) -> bool:
        """Tell whether what is to be saved has been seen as a matrix."""
        seen = set(self.data.getlist("seen"))
        return "save" in self.data and seen == {option_key(row) for row in self.proposals()}

    def kept(self) -> list[Proposal]:
        """Return what is ticked in the matrix."""
        ticked = set(self.data.getlist("keep"))
        return [row for row in self.proposals() if option_key(row) in ticked]

    def lines(self) -> list[Line]:
        """Return the matrix: a line a slot, a box a site, with what speaks against each. Two queries."""
        slots, venues = self._axes()
        places: list[Venue | None] = [*venues] or [None]
        rooms = [Place(*slot, venue, venue.pk if venue else None) for slot in slots for venue in places]
        busy = occupations(rooms, but=self.workshop)
        invited = self.workshop.invitations.standing().reachable().count()
        return [
            Line(
                slot_label(slot),
                self._overlap(slot, slots),
                [
                    self._cell(Place(*slot, venue, venue.pk if venue else None), busy, invited)
                    for venue in places
                ],
            )
            for slot in slots
        ]

    def _overlap(self, slot: Slot, slots: list[Slot]) -> str:
        others = [row for row in slots if row != slot]
        if any(row.starts_at < slot.ends_at and row.ends_at > slot.starts_at for row in others):
            return _("Overlaps another proposed slot.")
        return ""

    def _cell(self, place: Place, busy: list[Workshop], invited: int) -> Cell:
        key = option_key(Proposal(place.starts_at, place.ends_at, place.venue_id))
        warnings = []
        if clash := clash_of(place, busy):
            warnings.append(_("“%(title)s” holds this venue at that time.") % {"title": clash})
        seats = place.venue.capacity if place.venue else None
        if seats is not None and seats < invited:
            text = ngettext(
                "%(seats)s seats for %(count)s person invited.",
                "%(seats)s seats for %(count)s people invited.",
                invited,
            )
            warnings.append(text % {"seats": seats, "count": invited})
        name = str(place.venue) if place.venue else _("To be set")
        return Cell(key, name, self._ticked(key), warnings)

    def _ticked(self, key: str) -> bool:
        seen = self.data.getlist("seen") if self.data is not None else []
        if key in seen:
            return key in self.data.getlist("keep")
        if not self.former or key in self.former:
            return True
        # A slot and a site that were both there, but not together: it was unticked.
        slot, _dash, venue = key.rpartition("-")
        return not (
            any(row.startswith(f"{slot}-") for row in self.former)
            and any(row.endswith(f"-{venue}") for row in self.former)
        )
