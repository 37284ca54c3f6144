"""Who could be invited to a workshop, who is left out, and why: what the secretariat checks before inviting."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from core.templatetags.text import date_long
from members.models import Body, Mandate, Organisation, Seat, User
from workshops.guests import Guest
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


@dataclass(frozen=True)
class Choice:
    """What the secretariat ticked and typed. Bodies are narrowed to the colleges and sectors; none ticked: all."""

    bodies: frozenset[int] = frozenset()
    colleges: frozenset[str] = frozenset()
    sectors: frozenset[int] = frozenset()
    mandates: frozenset[int] = frozenset()
    guests: tuple[Guest, ...] = ()
    required: bool = False

    def why_not(self, mandate: Mandate) -> str:
        """Return why a mandate in force is not chosen; nothing when it is."""
        if mandate.pk in self.mandates:
            return ""
        if not (self.bodies or self.colleges or self.sectors):
            return _("not ticked")
        if self.bodies and mandate.body_id not in self.bodies:
            return _("not of a chosen body")
        if self.colleges and mandate.organisation.kind not in self.colleges:
            return _("not of a chosen college")
        # The sectors are prefetched: no query of their own.
        if self.sectors and not self.sectors & {row.pk for row in mandate.organisation.sectors.all()}:
            return _("not in a chosen sector")
        return ""


@dataclass(frozen=True)
class Invitee:
    """Somebody about to be put on the list: by a mandate, or as an outside guest."""

    name: str
    email: str
    mandate: Mandate | None = None
    guest: Guest | None = None


@dataclass
class Plan:
    """Exactly who is about to be put on the list, who is on it already, and who is left out."""

    required: bool
    rows: list[Invitee] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """A mark of what the preview showed: whoever confirms confirms this list and no other."""
        rows = [self.required, *sorted((row.email.lower(), row.name) for row in self.rows)]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    @property
    def mandates(self) -> list[Mandate]:
        """The mandates to invite by."""
        return [row.mandate for row in self.rows if row.mandate]


def held_on(workshop: Workshop) -> date:
    """Return the day whose mandates count: the workshop's in Paris, or today while it has no date."""
    return timezone.localdate(workshop.starts_at) if workshop.starts_at else timezone.localdate()


def candidates(workshop: Workshop) -> list[BodyCandidates]:
    """Return each body with its people in force on the day. Five queries, whatever their number."""
    day = held_on(workshop)
    known = {email.lower() for email in workshop.invitations.standing().values_list("email", flat=True)}
    mandates: dict[int, list[Mandate]] = defaultdict(list)
    rows = Mandate.objects.select_related("person", "organisation", "body")
    for mandate in rows.prefetch_related("organisation__sectors").order_by(
        "organisation__sort_name", "role", "person__last_name", "starts_on"
    ):
        mandates[mandate.body_id].append(mandate)
    seats: dict[int, list[Organisation]] = defaultdict(list)
    for seat in Seat.objects.on(day).select_related("organisation").order_by("organisation__sort_name"):
        seats[seat.body_id].append(seat.organisation)
    bodies = [
        _body(body, mandates[body.pk], seats[body.pk], known, day) for body in Body.objects.order_by("id")
    ]
    return [body for body in bodies if body.organisations or body.left_out]


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


def plan_invitations(workshop: Workshop, choice: Choice) -> Plan:
    """Return whom a choice would put on the list: what the preview shows, and what is then done."""
    plan = Plan(choice.required)
    known = {email.lower() for email in workshop.invitations.standing().values_list("email", flat=True)}
    people = set(known)
    bodies = candidates(workshop)
    in_force = [
        candidate.mandate for body in bodies for row in body.organisations.values() for candidate in row
    ]
    in_force.sort(key=lambda row: (row.organisation.sort_name, row.role, row.pk))
    why = {mandate.pk: choice.why_not(mandate) for mandate in in_force}
    for mandate in in_force:
        if not why[mandate.pk]:
            name, email = mandate.person.get_full_name(), mandate.person.email
            _take(plan, people, known, Invitee(name, email, mandate=mandate))
    accounts = {
        person.email.lower(): person
        for person in User.objects.filter(
            email__in=[guest.email.lower() for guest in choice.guests], is_active=True
        )
    }
    for guest in choice.guests:
        person = accounts.get(guest.email.lower())
        name, email = (person.get_full_name(), person.email) if person else (guest.name, guest.email)
        _take(plan, people, known, Invitee(name, email, guest=guest))
    left: dict[str, LeftOut] = {}
    for mandate in in_force:
        if mandate.person.email.lower() not in people:
            who = f"{mandate.person} — {mandate.organisation.name}"
            left.setdefault(who, LeftOut(who, why[mandate.pk]))
    for body in bodies:
        for row in body.left_out:
            left.setdefault(row.who, row)
    plan.left_out = list(left.values())
    return plan


def _take(plan: Plan, people: set[str], known: Collection[str], row: Invitee) -> None:
    """Put somebody on the plan once, whatever the number of their mandates."""
    email = row.email.lower()
    if email in known:
        if row.name not in plan.already:
            plan.already.append(row.name)
    elif email not in people:
        people.add(email)
        plan.rows.append(row)
