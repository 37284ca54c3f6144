"""Who sits on the council's bodies: for members people and organisations, for the public organisations and chairs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Prefetch, QuerySet

from core.search import words
from members.enums import MandateRole
from members.models import Body, Mandate, Organisation, Seat, User


@dataclass
class Entry:
    """A person as the directory shows them, with their mandates for one organisation."""

    person: User
    mandates: list[Mandate] = field(default_factory=list)

    @property
    def email(self) -> str:
        """The address, if the person shows it."""
        return self.person.email if self.person.shows_email else ""

    @property
    def phone(self) -> str:
        """The telephone number, if the person shows it."""
        return self.person.phone if self.person.shows_phone else ""

    @property
    def job_title(self) -> str:
        """The position, if the person shows it."""
        return self.person.job_title if self.person.shows_job_title else ""


@dataclass
class Group:
    """An organisation and its people."""

    organisation: Organisation
    entries: list[Entry] = field(default_factory=list)


def _mandates() -> "QuerySet[Mandate]":
    return Mandate.objects.current().filter(person__is_active=True)


def matching_organisations(query: str, body: str = "") -> list[int]:
    """Return the ids of the organisations that have somebody to show, in the order of their names.

    `query` is searched in the people's and the organisations' names, every word of it, accents or not.
    """
    rows = _mandates().order_by("organisation__sort_name", "organisation_id")
    if body:
        rows = rows.filter(body__slug=body)
    asked = words(query)
    found: dict[int, None] = {}
    for pk, *names in rows.values_list(
        "organisation_id", "organisation__name", "person__first_name", "person__last_name"
    ):
        if matches(asked, names):
            found[pk] = None
    return list(found)


def matches(asked: Iterable[str], names: Iterable[str]) -> bool:
    """Tell whether each (folded) word asked for begins a word of these names."""
    there = words(" ".join(names))
    return all(any(word.startswith(beginning) for word in there) for beginning in asked)


def groups_of(ids: list[int], query: str, body: str = "") -> list[Group]:
    """Return these organisations with the people found: all of them when the organisation's own name matches."""
    rows = (
        _mandates()
        .filter(organisation__in=ids)
        .select_related("organisation__commune", "person", "body")
        .order_by(
            "organisation__sort_name", "organisation_id", "person__last_name", "person__first_name", "id"
        )
    )
    if body:
        rows = rows.filter(body__slug=body)
    asked = words(query)
    groups: dict[int, Group] = {}
    entries: dict[tuple[int, int], Entry] = {}
    for mandate in rows:
        organisation, person = mandate.organisation, mandate.person
        named = (organisation.name, person.first_name, person.last_name)
        if not matches(asked, named):
            continue
        group = groups.setdefault(organisation.pk, Group(organisation))
        key = (organisation.pk, person.pk)
        if key not in entries:
            entries[key] = Entry(person)
            group.entries.append(entries[key])
        entries[key].mandates.append(mandate)
    return list(groups.values())


def bodies() -> "QuerySet[Body]":
    """Return the bodies with today's seats (`seated`) and chairs (`chairs`): all that is public about people."""
    seats = Seat.objects.current().select_related("organisation__commune")
    chairs = _mandates().filter(role=MandateRole.CHAIR).select_related("person", "organisation")
    return Body.objects.prefetch_related(
        Prefetch("seats", seats.order_by("organisation__sort_name", "id"), to_attr="seated"),
        Prefetch("mandates", chairs.order_by("id"), to_attr="chairs"),
    )
