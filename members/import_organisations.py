"""What a file does to the register of organisations: told row by row first, written as a whole or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.search import fold, sort_key
from members.enums import OrganisationKind
from members.exports import ORGANISATION_HEADER
from members.history import Snapshot, new_change, snapshot
from members.import_files import Row, RowError, Sheet
from members.models import Change, Commune, Organisation, Sector

COLUMNS = ORGANISATION_HEADER
REQUIRED = ("nom",)
ALIASES = {
    **{"name": "nom", "organisation": "nom", "kind": "type", "college": "type", "secteur": "secteurs"},
    **{"sectors": "secteurs", "address": "adresse", "website": "site_web", "site": "site_web"},
    **{"naf": "naf_rev2", "code_naf": "naf_rev2", "ape": "naf_rev2", "naf2025": "naf_2025"},
}
# Column to field, where a cell is the field's value.
PLAIN = {
    "nom": "name",
    "siren": "siren",
    "siret": "siret",
    "naf_rev2": "naf_rev2",
    "naf_2025": "naf_2025",
    "adresse": "address",
    "latitude": "latitude",
    "longitude": "longitude",
    "site_web": "website",
}


def _field(name: str) -> Any:
    return Organisation._meta.get_field(name)


def labels_of(choices: Any) -> dict[str, str]:
    """Return what may be written for a closed list's values: the value, and its label in the reader's language."""
    return {fold(str(text)): value for value, label in choices for text in (value, label)}


@dataclass
class _Target:
    organisation: Organisation
    before: Snapshot | None
    sectors: list[int]
    line: int = 0

    def after(self) -> Snapshot:
        return snapshot(self.organisation, stored=False) | {"sectors": self.sectors}


@dataclass
class OrganisationsPlan:
    """What the file does; `errors` empty means that it can be done."""

    errors: list[RowError]
    changes: list[tuple[int, Change]] = field(default_factory=list)
    rows: int = 0
    targets: list[_Target] = field(default_factory=list)

    def write(self, *, by: Any, reason: str) -> None:
        """Write it all, in the caller's transaction, with the histories."""
        targets = [target for target in self.targets if target.before != target.after()]
        for target in targets:
            target.organisation.sort_name = sort_key(target.organisation.name)[:160]
        new = [target.organisation for target in targets if target.before is None]
        Organisation.objects.bulk_create(new, batch_size=500)
        links = Organisation.sectors.through
        moved = [t for t in targets if (t.before or {}).get("sectors", []) != t.sectors]
        links.objects.filter(organisation__in=[target.organisation.pk for target in moved]).delete()
        links.objects.bulk_create(
            [links(organisation_id=t.organisation.pk, sector_id=pk) for t in moved for pk in t.sectors],
            batch_size=1000,
        )
        for target in targets:
            if target.before is not None:
                target.organisation.save()  # one by one, after the sectors: the search index listens
        rows = (
            new_change(t.organisation, before=t.before, after=t.after(), by=by, reason=reason)
            for t in targets
        )
        Change.objects.bulk_create([row for row in rows if row], batch_size=500)


class _Reader:
    def __init__(self) -> None:
        links: dict[int, list[int]] = {}
        through = Organisation.sectors.through.objects.order_by("sector_id")
        for number, sector in through.values_list("organisation_id", "sector_id"):
            links.setdefault(number, []).append(sector)
        self.by_slug: dict[str, _Target] = {}
        self.by_siren: dict[str, _Target] = {}
        self.by_name: dict[str, _Target] = {}
        for organisation in Organisation.objects.all():
            target = _Target(organisation, None, links.get(organisation.pk, []))
            target.before = target.after()
            self._know(target)
        self.kinds = labels_of(OrganisationKind.choices)
        self.communes = {fold(text): row for row in Commune.objects.all() for text in (row.slug, row.name)}
        self.sectors = {
            fold(text): row.pk
            for row in Sector.objects.all()
            for text in (row.slug, row.name_fr, row.name_en)
        }
        self.errors: list[RowError] = []

    def _know(self, target: _Target) -> None:
        row = target.organisation
        self.by_slug[row.slug] = self.by_name[row.name] = target
        if row.siren:
            self.by_siren[row.siren] = target

    def read(self, row: Row) -> _Target | None:
        wrong = len(self.errors)
        values = self._values(row)
        if len(self.errors) > wrong:
            return None
        siren = values.get("siren") or values.get("siret", "")[:9]
        slug = row.get("slug") or slugify(values.get("name", ""))[:80]
        target = self._find(row, siren, slug)
        if target is None and len(self.errors) == wrong:
            target = _Target(Organisation(slug=slug), None, [])
            self._needs(row, "nom", "type")
        if target is None or len(self.errors) > wrong:
            return None
        if target.line:
            self._wrong(
                row, "nom", _("This organisation stands on line %(line)s already.") % {"line": target.line}
            )
            return None
        target.line = row.line
        self._fill(row, target, values, siren)
        return None if len(self.errors) > wrong else target

    def _wrong(self, row: Row, column: str, message: Any) -> None:
        self.errors.append(RowError(row.line, column, str(message)))

    def _needs(self, row: Row, *columns: str) -> None:
        for column in columns:
            if not row.get(column):
                self._wrong(row, column, _("A new organisation needs this."))

    def _values(self, row: Row) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if not row.get("nom"):
            self._wrong(row, "nom", _("This is needed."))
        for column, name in PLAIN.items():
            if text := _plain(column, row.get(column)):
                try:
                    values[name] = _field(name).clean(text, None)
                except ValidationError as error:
                    self._wrong(row, column, " ".join(error.messages))
        if row.get("slug") and slugify(row.get("slug")) != row.get("slug"):
            self._wrong(row, "slug", _("A slug has small letters, figures and hyphens only."))
        for column, known, name in (("type", self.kinds, "kind"), ("commune", self.communes, "commune")):
            if text := row.get(column):
                if fold(text) in known:
                    values[name] = known[fold(text)]
                else:
                    self._wrong(row, column, _("“%(text)s” is not in the list.") % {"text": text[:60]})
        if row.get("secteurs"):
            names = [part.strip() for part in re.split(r"[,;|]", row.get("secteurs")) if part.strip()]
            for text in [name for name in names if fold(name) not in self.sectors]:
                self._wrong(row, "secteurs", _("“%(text)s” is not in the list.") % {"text": text[:60]})
            values["sectors"] = sorted({self.sectors[fold(n)] for n in names if fold(n) in self.sectors})
        return values

    def _find(self, row: Row, siren: str, slug: str) -> _Target | None:
        by_siren = self.by_siren.get(siren) if siren else None
        by_slug = self.by_slug.get(slug)
        if by_siren and row.get("slug") and by_slug is not by_siren:
            self._wrong(row, "siren", _("Another organisation has this SIREN."))
            return None
        found = by_siren or by_slug
        if found and siren and found.organisation.siren not in ("", siren):
            self._wrong(row, "siren", _("This organisation has another SIREN in the register."))
            return None
        return found

    def _fill(self, row: Row, target: _Target, values: dict[str, Any], siren: str) -> None:
        organisation = target.organisation
        target.sectors = values.pop("sectors", target.sectors)
        other = self.by_name.get(values["name"])
        if other and other is not target:
            self._wrong(row, "nom", _("Another organisation has this name."))
        for name, value in values.items():
            setattr(organisation, name, value)
        organisation.siren = siren or organisation.siren
        if not organisation.slug:
            self._wrong(row, "slug", _("No address can be made of this name: give a slug."))
        if organisation.siret and organisation.siret[:9] != organisation.siren:
            self._wrong(row, "siret", _("A SIRET has fourteen digits, the first nine being the SIREN."))
        if (organisation.latitude is None) != (organisation.longitude is None):
            self._wrong(row, "latitude", _("Give both coordinates."))
        self._know(target)


def _plain(column: str, text: str) -> str:
    if column in ("siren", "siret"):
        return re.sub(r"\s", "", text)
    if column in ("latitude", "longitude"):
        return text.replace(",", ".")
    if column in ("naf_rev2", "naf_2025"):
        return re.sub(r"^(\d\d)(\d\d[A-Z])$", r"\1.\2", text.upper())
    if column == "site_web" and text and "://" not in text:
        return f"https://{text}"
    return text


def plan_organisations(sheet: Sheet, *, by: Any) -> OrganisationsPlan:
    """Say what a file does to the organisations: matched by SIREN, else by slug; an empty cell changes nothing."""
    reader = _Reader()
    reader.errors.extend(sheet.errors)
    targets = [target for row in sheet.rows if (target := reader.read(row))]
    changes = []
    for target in targets:
        change = new_change(target.organisation, before=target.before, after=target.after(), by=by)
        if change:
            changes.append((target.line, change))
    return OrganisationsPlan(
        errors=sorted(reader.errors, key=lambda error: error.line),
        changes=changes,
        rows=len(sheet.rows),
        targets=targets,
    )
