"""Present, represented, excused, absent: what the minutes and the statistics say of a workshop that was held."""

from __future__ import annotations

from dataclasses import dataclass, field

from members.models import Organisation
from workshops.attendance.models import Attendance
from workshops.enums import Answer
from workshops.models.workshops import Workshop


@dataclass(frozen=True)
class Line:
    """A person in a list, for an organisation; `note` says who came instead."""

    name: str
    organisation: Organisation | None
    note: str = ""
    person_id: int | None = None
    invitation_id: int | None = None


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
        )
        if invitation.answer == Answer.REPRESENTED:
            found.represented.append(line)
        elif invitation.answer == Answer.EXCUSED:
            found.excused.append(line)
        else:
            found.absent.append(line)
    return found
