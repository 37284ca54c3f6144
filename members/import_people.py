"""What a file does to the registers of people and mandates: told row by row first, written whole or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from core.search import fold
from core.templatetags.text import date_long
from core.widgets import check_year
from members.addresses import normalise_address
from members.enums import Language, MandateRole
from members.exports import MANDATE_HEADER
from members.history import Snapshot, new_change, snapshot
from members.import_files import Row, RowError, Sheet
from members.import_organisations import labels_of
from members.invitations import ERASED_DOMAIN
from members.models import CLOSED_ACCOUNT, Body, Change, Mandate, Organisation, User

COLUMNS = MANDATE_HEADER
REQUIRED = ("email",)
ALIASES = {
    **{"e_mail": "email", "courriel": "email", "adresse_e_mail": "email", "mail": "email"},
    **{"first_name": "prenom", "last_name": "nom", "position": "fonction", "job_title": "fonction"},
    **{"language": "langue", "body": "instance", "from": "debut", "du": "debut", "starts_on": "debut"},
    **{"to": "fin", "au": "fin", "ends_on": "fin", "start": "debut", "end": "fin"},
}
PLAIN = {"prenom": "first_name", "nom": "last_name", "fonction": "job_title"}
_MANDATE_COLUMNS = ("organisation", "siren", "instance", "role", "debut", "fin")
_FIELDS = ("first_name", "last_name", "job_title", "language")


@dataclass
class _Person:
    user: User
    before: Snapshot | None
    line: int
    told: dict[str, str] = field(default_factory=dict)


@dataclass
class _Held:
    mandate: Mandate
    before: Snapshot | None
    email: str
    line: int = 0

    def overlaps(self, start: date, end: date | None) -> bool:
        ends = self.mandate.ends_on
        return (end is None or self.mandate.starts_on < end) and (ends is None or ends > start)


@dataclass
class PeoplePlan:
    """What the file does; `errors` empty means that it can be done."""

    errors: list[RowError]
    changes: list[tuple[int, Change]] = field(default_factory=list)
    rows: int = 0
    people: list[_Person] = field(default_factory=list)
    held: list[_Held] = field(default_factory=list)

    def write(self, *, by: Any, reason: str) -> None:
        """Write it all, in the caller's transaction, with the histories. New accounts have no password."""
        new = [person.user for person in self.people if person.before is None]
        for user in new:
            user.password = make_password(None)
        User.objects.bulk_create(new, batch_size=500)
        old = [p.user for p in self.people if p.before is not None and _change(p.user, p.before, by)]
        User.objects.bulk_update(old, _FIELDS, batch_size=200)
        for held in self.held:
            held.mandate.person = held.mandate.person  # its number is known by now
        moved = [h.mandate for h in self.held if h.before and _change(h.mandate, h.before, by)]
        Mandate.objects.bulk_update(moved, ["ends_on"], batch_size=200)
        Mandate.objects.bulk_create([h.mandate for h in self.held if not h.before], batch_size=500)
        rows = [_change(p.user, p.before, by, reason) for p in self.people]
        rows += [_change(h.mandate, h.before, by, reason) for h in self.held]
        Change.objects.bulk_create([row for row in rows if row], batch_size=500)


def _field(name: str) -> Any:
    return User._meta.get_field(name)


def _change(instance: User | Mandate, before: Snapshot | None, by: Any, reason: str = "") -> Change | None:
    after = snapshot(instance, stored=False)
    return new_change(instance, before=before, after=after, by=by, reason=reason)


class _Reader:
    def __init__(self, rows: Iterable[Row], by: Any) -> None:
        self.by = by
        self.errors: list[RowError] = []
        emails = {address for row in rows if (address := _address(row.get("email")))}
        self.people: dict[str, _Person] = {}
        for user in User.objects.filter(email__in=emails):
            self.people[user.email] = _Person(user, snapshot(user, stored=False), 0)
        self.organisations: dict[str, Organisation] = {}
        self.by_siren: dict[str, Organisation] = {}
        for organisation in Organisation.objects.all():
            self.by_siren[organisation.siren] = organisation
            for text in (organisation.slug, organisation.name):
                self.organisations[fold(text)] = organisation
        self.bodies = {
            fold(text): body
            for body in Body.objects.all()
            for text in (body.slug, body.name_fr, body.name_en)
        }
        self.roles = labels_of(MandateRole.choices)
        self.languages = labels_of(Language.choices)
        # By organisation, body and address; and the titular members by organisation and body.
        self.own: dict[tuple[int, int, str], list[_Held]] = {}
        self.titulars: dict[tuple[int, int], list[_Held]] = {}
        for mandate in Mandate.objects.select_related("person").order_by("starts_on", "pk"):
            self._know(_Held(mandate, snapshot(mandate), mandate.person.email))

    def _know(self, held: _Held) -> None:
        place = (held.mandate.organisation_id, held.mandate.body_id)
        self.own.setdefault((*place, held.email), []).append(held)
        if held.mandate.role == MandateRole.TITULAR:
            self.titulars.setdefault(place, []).append(held)

    def _wrong(self, row: Row, column: str, message: Any) -> None:
        self.errors.append(RowError(row.line, column, str(message)))

    def read(self, row: Row) -> _Held | None:
        wrong = len(self.errors)
        person = self._person(row)
        if not any(row.get(column) for column in _MANDATE_COLUMNS):
            return None
        organisation, body, role = self._organisation(row), self._body(row), self._role(row)
        start, end = self._day(row, "debut"), self._day(row, "fin")
        if person is None or organisation is None or body is None or len(self.errors) > wrong:
            return None
        mandate = Mandate(person=person.user, organisation=organisation, body=body, role=role, ends_on=end)
        return self._place(row, mandate, start)

    # --- a row's person ---

    def _person(self, row: Row) -> _Person | None:
        wrong = len(self.errors)
        email = self._email(row)
        values = {name: text for column, name in PLAIN.items() if (text := row.get(column))}
        for column, name in PLAIN.items():
            if name in values:
                try:
                    _field(name).clean(values[name], None)
                except ValidationError as error:
                    self._wrong(row, column, " ".join(error.messages))
        if text := row.get("langue"):
            values["language"] = self.languages.get(fold(text), "")
            if not values["language"]:
                self._wrong(row, "langue", _("“%(text)s” is not in the list.") % {"text": text[:60]})
        if not email or len(self.errors) > wrong:
            return None
        person = self.people.get(email)
        if person is None:
            for column in ("prenom", "nom"):
                if not row.get(column):
                    self._wrong(row, column, _("A new person needs this."))
            if len(self.errors) > wrong:
                return None
            person = self.people[email] = _Person(User(email=email), None, row.line)
        self._fill(row, person, values)
        return person if len(self.errors) == wrong else None

    def _fill(self, row: Row, person: _Person, values: dict[str, str]) -> None:
        person.line = person.line or row.line
        for name, value in values.items():
            if person.told.setdefault(name, value) != value:
                column = next((c for c, n in PLAIN.items() if n == name), "langue")
                self._wrong(
                    row, column, _("Line %(line)s says otherwise of this person.") % {"line": person.line}
                )
            changes = getattr(person.user, name) != value
            if changes and person.user.is_staff and not self.by.is_superuser:
                self._wrong(row, "email", _("Staff’s accounts are changed by an administrator."))
                return
            setattr(person.user, name, value)

    def _email(self, row: Row) -> str:
        text = row.get("email")
        if not text:
            self._wrong(row, "email", _("This is needed."))
            return ""
        try:
            address = normalise_address(text)
            _field("email").clean(address, None)
        except ValidationError as error:
            self._wrong(row, "email", " ".join(error.messages))
            return ""
        if address.endswith(ERASED_DOMAIN):
            self._wrong(row, "email", _("This person’s data was erased."))
            return ""
        return address

    # --- a row's mandate ---

    def _organisation(self, row: Row) -> Organisation | None:
        name, siren = row.get("organisation"), re.sub(r"\s", "", row.get("siren"))
        if not name and not siren:
            self._wrong(row, "organisation", _("A mandate needs this."))
            return None
        by_siren, by_name = (
            self.by_siren.get(siren or "-"),
            self.organisations.get(fold(name)) if name else None,
        )
        if siren and name and by_siren and by_name and by_siren is not by_name:
            self._wrong(row, "siren", _("This SIREN is another organisation’s."))
            return None
        if not (found := by_siren or by_name):
            text = _("“%(text)s” is not in the register of organisations.") % {"text": (name or siren)[:60]}
            self._wrong(row, "organisation", text)
        return found

    def _body(self, row: Row) -> Body | None:
        text = row.get("instance")
        body = self.bodies.get(fold(text)) if text else None
        if body is None:
            message = (
                _("“%(text)s” is not in the list.") % {"text": text[:60]}
                if text
                else _("A mandate needs this.")
            )
            self._wrong(row, "instance", message)
        return body

    def _role(self, row: Row) -> str:
        text = row.get("role")
        role = self.roles.get(fold(text), "") if text else ""
        if not role:
            message = (
                _("“%(text)s” is not in the list.") % {"text": text[:60]}
                if text
                else _("A mandate needs this.")
            )
            self._wrong(row, "role", message)
        return role

    def _day(self, row: Row, column: str) -> date | None:
        text = row.get(column)
        if not text:
            return None
        try:
            if match := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text, re.ASCII):
                day, month, year = map(int, match.groups())
                found = date(year, month, day)
            else:
                found = date.fromisoformat(text)
            check_year(found)
            return found
        except ValidationError as error:
            self._wrong(row, column, *error.messages)
            return None
        except ValueError:
            self._wrong(row, column, _("Write a day as 31/12/2026 or 2026-12-31."))
            return None

    def _place(self, row: Row, mandate: Mandate, start: date | None) -> _Held | None:
        """Find the mandate that the row speaks of, or make it, and check it against the others there."""
        email = mandate.person.email
        place = (mandate.organisation_id, mandate.body_id)
        own = self.own.get((*place, email), [])
        same = [held for held in own if held.mandate.role == mandate.role]
        if start is None and not same:
            self._wrong(row, "debut", _("A mandate needs this."))
            return None
        found = next((held for held in same if held.mandate.starts_on == start), None)
        if start is None:
            found = same[-1]
        if found and found.line:
            self._wrong(row, "", _("This mandate stands on line %(line)s already.") % {"line": found.line})
            return None
        begins = found.mandate.starts_on if found else start
        ends = mandate.ends_on or (found.mandate.ends_on if found else None)
        titulars = self.titulars.get(place, []) if mandate.role == MandateRole.TITULAR else []
        others = [held for held in (*own, *titulars) if held is not found]
        if begins is None or not self._free(row, mandate, begins, ends, others):
            return None
        if found is None:
            mandate.starts_on = begins
            found = _Held(mandate, None, email)
            self._know(found)
        if not mandate.person.is_active and _is_news(found, ends):
            self._wrong(row, "email", CLOSED_ACCOUNT)
            return None
        found.mandate.ends_on, found.line = ends, row.line
        return found

    def _free(self, row: Row, mandate: Mandate, start: date, end: date | None, others: list[_Held]) -> bool:
        if end and end <= start:
            self._wrong(row, "fin", _("A mandate ends after it starts."))
            return False
        for held in others:
            if not held.overlaps(start, end):
                continue
            there = {"person": held.mandate.person, "day": date_long(held.mandate.starts_on)}
            if held.email == mandate.person.email:
                self._wrong(row, "debut", _("This person has another mandate there since %(day)s.") % there)
                return False
            self._wrong(row, "role", _("%(person)s is titular member there since %(day)s.") % there)
            return False
        return True


def _is_news(held: _Held, ends: date | None) -> bool:
    """Tell whether a row begins a mandate or makes it last longer, today or later."""
    if ends and ends <= timezone.localdate():
        return False
    return held.before is None or (held.mandate.ends_on or date.max) < (ends or date.max)


def _address(text: str) -> str:
    try:
        return normalise_address(text)
    except ValidationError:
        return ""


def plan_people(sheet: Sheet, *, by: Any) -> PeoplePlan:
    """Say what a file does to people and mandates: matched by address, then place, role and first day."""
    reader = _Reader(sheet.rows, by)
    reader.errors.extend(sheet.errors)
    held = [found for row in sheet.rows if (found := reader.read(row))]
    people = [person for person in reader.people.values() if person.line]
    changes = [(p.line, change) for p in people if (change := _change(p.user, p.before, by))]
    changes += [(h.line, change) for h in held if (change := _change(h.mandate, h.before, by))]
    return PeoplePlan(
        errors=sorted(reader.errors, key=lambda error: error.line),
        changes=sorted(changes, key=lambda pair: pair[0]),
        rows=len(sheet.rows),
        people=people,
        held=held,
    )
