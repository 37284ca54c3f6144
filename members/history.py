"""The registers' memory: each change of a person, organisation, body, seat or mandate, with its author and reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.templatetags.text import date_long
from members.enums import ChangeVerb
from members.models import Body, Change, Mandate, Organisation, Seat, User

Snapshot = dict[str, Any]
# What is remembered. A password, a login or a sort key is not.
TRACKED: dict[type[models.Model], tuple[str, ...]] = {
    User: (
        *("email", "first_name", "last_name", "job_title", "language"),
        *("is_active", "is_staff", "is_superuser", "groups"),
    ),
    Organisation: (
        *("name", "slug", "kind", "siren", "siret", "naf_rev2", "naf_2025", "sectors"),
        *("commune", "address", "latitude", "longitude", "website"),
    ),
    Body: ("slug", "name_fr", "name_en", "description_fr", "description_en", "starts_on", "ends_on"),
    Seat: ("organisation", "body", "starts_on", "ends_on"),
    Mandate: ("person", "organisation", "body", "role", "starts_on", "ends_on"),
}
_BY_NAME = {model._meta.model_name: model for model in TRACKED}


def snapshot(instance: models.Model, *, stored: bool = True) -> Snapshot:
    """Return the values worth remembering. Pass `stored=False` to leave out lists, which cost a query each."""
    values: Snapshot = {}
    for name in TRACKED[type(instance)]:
        field = instance._meta.get_field(name)
        if field.many_to_many:
            if stored and instance.pk:
                values[name] = sorted(getattr(instance, name).values_list("pk", flat=True))
            continue
        value = field.value_from_object(instance)  # type: ignore[union-attr]
        values[name] = value.isoformat() if isinstance(value, date) else value
    return values


def difference(before: Snapshot, after: Snapshot) -> dict[str, list[Any]]:
    """Return what changed; a row that was not there before has changed in all that is filled in."""
    empty: tuple[Any, ...] = (None, "", [])
    changes: dict[str, list[Any]] = {}
    for name in after.keys() | before.keys():
        old, new = before.get(name), after.get(name)
        if old != new and not (old in empty and new in empty):
            changes[name] = [old, new]
    return changes


def new_change(
    instance: models.Model,
    *,
    before: Snapshot | None,
    after: Snapshot | None,
    by: Any,
    reason: str = "",
    source: str = "",
) -> Change | None:
    """Make the row of a change, unsaved: no `before`: an addition; no `after`: a removal. None if the same."""
    values = difference(before or {}, after or {})
    if not values and before is not None and after is not None:
        return None
    verb = ChangeVerb.CHANGED
    if before is None or after is None:
        verb = ChangeVerb.ADDED if before is None else ChangeVerb.REMOVED
    is_person, is_organisation = isinstance(instance, User), isinstance(instance, Organisation)
    gone = verb == ChangeVerb.REMOVED
    if is_person and gone:
        values = {}  # who is deleted leaves no name behind
    return Change(
        person_id=(None if gone else instance.pk) if is_person else getattr(instance, "person_id", None),
        organisation_id=(None if gone else instance.pk)
        if is_organisation
        else getattr(instance, "organisation_id", None),
        register=str(instance._meta.model_name),
        object_id=instance.pk,
        verb=verb,
        values=values,
        by=by,
        reason=reason.strip(),
        source=source,
    )


def record_change(
    instance: models.Model, *, before: Snapshot | None, after: Snapshot | None, by: Any, reason: str = ""
) -> None:
    """Write a change, in the transaction that makes it; writes nothing when nothing changed."""
    change = new_change(instance, before=before, after=after, by=by, reason=reason)
    if change:
        change.save()


def record_removal(instance: models.Model, *, by: Any, reason: str) -> None:
    """Write that a row goes, just before it does; a person leaves no name behind."""
    if isinstance(instance, User):
        forget_person(instance)
    record_change(instance, before=snapshot(instance), after=None, by=by, reason=reason)


def changes_of(instance: models.Model) -> models.QuerySet[Change]:
    """Return the history of a person, an organisation (with mandates), a body, a seat or a mandate, newest first."""
    rows = Change.objects.select_related("by").order_by("-id")
    if isinstance(instance, User):
        return rows.filter(person=instance)
    if isinstance(instance, Organisation):
        return rows.filter(organisation=instance)
    return rows.filter(register=instance._meta.model_name, object_id=instance.pk)


@dataclass(frozen=True)
class Tenure:
    """An address that was a person's, from when to when (`until` is None for the present one)."""

    address: str
    since: datetime
    until: datetime | None


def identities(person: User) -> tuple[list[str], list[Tenure]]:
    """Return the names a person has had and the addresses with their times, the present ones first."""
    now = {"first_name": person.first_name, "last_name": person.last_name, "email": person.email}
    names, tenures, until = [person.get_full_name()], [], None
    for change in Change.objects.filter(register="user", object_id=person.pk).order_by("-id"):
        before = {name: pair[0] for name, pair in change.values.items() if name in now and pair[0]}
        if "email" in before:
            tenures.append(Tenure(now["email"], change.at, until))
            until = change.at
        now |= before
        names.append(f"{now['first_name']} {now['last_name']}".strip())
    tenures.append(Tenure(now["email"], person.date_joined, until))
    return list(dict.fromkeys(names)), tenures


def forget_person(person: User) -> None:
    """Take a person's own values out of the registers' memory: what was changed, when, by whom and why stays."""
    about = Change.objects.filter(person=person)
    # Django's own log repeats the names of its day, former ones too; the last row of all: this person's removal.
    rows = {("user", person.pk), *about.values_list("register", "object_id")}
    rows |= {("mandate", number) for number in person.mandates.values_list("pk", flat=True)}
    for register, number in rows:
        if model := _BY_NAME.get(register):
            kind = ContentType.objects.get_for_model(model)
            log = LogEntry.objects.filter(content_type=kind, object_id=str(number))
            log.update(object_repr="…", change_message="")
    # A reason is free text and may name them.
    about.update(reason="")
    for change in about.filter(register="user"):
        change.values = {name: ["…", "…"] for name in change.values}
        change.save(update_fields=["values"])


@dataclass(frozen=True)
class Line:
    """One field of a change, in the reader's words."""

    label: str
    old: str
    new: str


def readable(changes: Iterable[Change]) -> list[tuple[Change, str, list[Line]]]:
    """Put changes into the reader's words: labels, choices, dates, names for numbers (one query a kind)."""
    changes = list(changes)
    names = _names(changes)
    out = []
    for change in changes:
        model = _BY_NAME.get(change.register)
        lines = []
        for name, (old, new) in change.values.items():
            if model is None or name not in TRACKED[model]:
                continue
            field = model._meta.get_field(name)
            label = str(getattr(field, "verbose_name", name))
            lines.append(Line(capfirst(label), _text(field, old, names), _text(field, new, names)))
        label = str(model._meta.verbose_name) if model else change.register
        out.append((change, capfirst(label), lines))
    return out


def _names(changes: list[Change]) -> dict[Any, dict[Any, str]]:
    wanted: dict[Any, set[Any]] = {}
    for change in changes:
        model = _BY_NAME.get(change.register)
        for name, pair in change.values.items():
            related = model._meta.get_field(name).related_model if model and name in TRACKED[model] else None
            for value in pair if related else ():
                wanted.setdefault(related, set()).update(value if isinstance(value, list) else [value])
    return {
        related: {
            row.pk: str(row)
            for row in related._default_manager.filter(pk__in=[n for n in numbers if isinstance(n, int)])
        }
        for related, numbers in wanted.items()
    }


def _text(field: Any, value: Any, names: dict[Any, dict[Any, str]]) -> str:
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field.related_model:
        known = names[field.related_model]
        numbers = value if isinstance(value, list) else [value]
        return ", ".join(known.get(number, f"n° {number}") for number in numbers)
    if isinstance(field, models.DateField) and (day := parse_date(str(value))):
        return date_long(day)
    return str(dict(field.flatchoices).get(value, value) if field.flatchoices else value)
