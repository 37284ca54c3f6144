"""Who could be invited to a workshop, who is left out, and why: what the secretariat checks before inviting."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from core.templatetags.text import date_long
from members.models import Body, Mandate, Organisation, Seat
from workshops.models import Workshop


@dataclass(frozen=True)
class Candidate:
    """A person with a mandate in force on the day."""

    mandate: Mandate
    invited: bool


@dataclass(frozen=True)
class LeftOut:
    """Somebody, or an organisation, that cannot be invited, and why."""

    who: str
    why: str


@dataclass
class BodyCandidates:
    """A body's people by organisation, and who of it is left out."""

    body: Body
    organisations: dict[str, list[Candidate]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def held_on(workshop: Workshop) -> date:
    """Return the day whose mandates count: the workshop's in Paris, or today while it has no date."""
    return timezone.localdate(workshop.starts_at) if workshop.starts_at else timezone.localdate()


def candidates(workshop: Workshop) -> list[BodyCandidates]:
    """Return each body with its people in force on the day. Four queries, whatever their number."""
    day = held_on(workshop)
    known = {email.lower() for email in workshop.invitations.standing().values_list("email", flat=True)}
    mandates: dict[int, list[Mandate]] = defaultdict(list)
    rows = Mandate.objects.select_related("person", "organisation")
    for mandate in rows.order_by("organisation__sort_name", "role", "person__last_name", "starts_on"):
        mandates[mandate.body_id].append(mandate)
    seats: dict[int, list[Organisation]] = defaultdict(list)
    for seat in Seat.objects.select_related("organisation").order_by("organisation__sort_name"):
        if (seat.starts_on is None or seat.starts_on <= day) and (seat.ends_on is None or seat.ends_on > day):
            seats[seat.body_id].append(seat.organisation)
    bodies = [
        _body(body, mandates[body.pk], seats[body.pk], known, day) for body in Body.objects.order_by("id")
    ]
    return [body for body in bodies if body.organisations]


def _body(
    body: Body, mandates: list[Mandate], seated: list[Organisation], known: Collection[str], day: date
) -> BodyCandidates:
    found = BodyCandidates(body)
    for mandate in mandates:
        name = mandate.organisation.name
        if reason := _why_not(mandate, day):
            found.left_out.append(LeftOut(f"{mandate.person} — {name}", reason))
        else:
            people = found.organisations.setdefault(name, [])
            people.append(Candidate(mandate, mandate.person.email.lower() in known))
    for organisation in seated:
        if organisation.name not in found.organisations:
            found.left_out.append(LeftOut(organisation.name, _("nobody has a mandate for it on that day")))
    return found


def _why_not(mandate: Mandate, day: date) -> str:
    if mandate.starts_on > day:
        return _("the mandate begins on %(day)s") % {"day": date_long(mandate.starts_on)}
    if mandate.ends_on and mandate.ends_on <= day:
        return _("the mandate ended on %(day)s") % {"day": date_long(mandate.ends_on)}
    if not mandate.person.is_active:
        return _("the account is closed")
    return ""


def not_chosen(bodies: list[BodyCandidates], chosen: Collection[int]) -> list[LeftOut]:
    """Return whom the choice of mandates leaves out although they could be invited, then who cannot be."""
    people = {mandate.mandate.person_id for body in bodies for row in body.organisations.values() for mandate in row
              if mandate.mandate.pk in chosen or mandate.invited}  # fmt: skip
    rows: dict[str, LeftOut] = {}
    for body in bodies:
        for name, row in body.organisations.items():
            for candidate in row:
                if candidate.mandate.person_id not in people:
                    who = f"{candidate.mandate.person} — {name}"
                    rows.setdefault(who, LeftOut(who, _("not ticked")))
        for left in body.left_out:
            rows.setdefault(left.who, left)
    return list(rows.values())
