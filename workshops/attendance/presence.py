"""Present, represented, excused, absent: what the minutes and the statistics say of a workshop that was held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from members.models import Organisation
from workshops.attendance.models import Attendance
from workshops.enums import OCCUPYING_STATES, UNCALLED_STATES, Answer
from workshops.models.workshops import Workshop


@dataclass(frozen=True)
class Line:
    """A person in a list, for an organisation; `note` says who came instead, or holds the proxy."""

    name: str
    organisation: Organisation | None
    note: str = ""
    person_id: int | None = None
    invitation_id: int | None = None
    representative_id: int | None = None
    holder_id: int | None = None


@dataclass
class Presence:
    """A workshop's four lists, in the order of the organisations."""

    present: list[Line] = field(default_factory=list)
    represented: list[Line] = field(default_factory=list)
    excused: list[Line] = field(default_factory=list)
    absent: list[Line] = field(default_factory=list)


def presence(workshop: Workshop) -> Presence:
    """Return who was present, represented, excused and absent. Two queries, whatever their number."""
    found = Presence()
    arrived = list(
        Attendance.objects.standing()
        .filter(workshop=workshop)
        .select_related("organisation")
        .order_by("organisation__sort_name", "name")
    )
    found.present = [
        Line(row.name, row.organisation, "", row.person_id, row.invitation_id) for row in arrived
    ]
    there = {row.invitation_id for row in arrived}
    rows = workshop.invitations.sent().select_related("organisation", "proxy_organisation")
    for invitation in rows:
        if invitation.pk in there:
            continue
        line = Line(
            invitation.name,
            invitation.organisation,
            invitation.representation,
            invitation.person_id,
            invitation.pk,
            invitation.representative_id,
            invitation.proxy_organisation_id,
        )
        if invitation.answer == Answer.REPRESENTED:
            found.represented.append(line)
        elif invitation.answer == Answer.EXCUSED:
            found.excused.append(line)
        else:
            found.absent.append(line)
    return found


def turnout(workshop: Any) -> str:
    """Say how many come; once the workshop is over, how many came. `workshop` is of `with_counts()`."""
    numbers = {"attending": workshop.attending, "invited": workshop.invited, "came": workshop.came}
    is_over = workshop.ends_at is not None and workshop.ends_at <= timezone.now()
    if workshop.came:
        said = _("%(came)s came (%(invited)s invited)") if workshop.invited else _("%(came)s came")
        return said % numbers
    if not workshop.invited:
        return ""
    if workshop.state in UNCALLED_STATES:
        return _("on the list: %(invited)s") % numbers
    if is_over and workshop.state in OCCUPYING_STATES:
        return _("No arrival recorded (%(invited)s invited)") % numbers
    return _("%(attending)s of %(invited)s are coming") % numbers
