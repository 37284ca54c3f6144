"""Loads the council's own data (fixtures/*.toml).

What exists is left as people have changed it: loading adds what is missing, by natural key, and nothing else.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.text import slugify
from django.utils.timezone import make_aware

from core.workflow import record, transition
from members.enums import COUNCIL
from members.history import new_change, snapshot
from members.models import Axis, Body, Change, Commune, Organisation, Seat, Sector
from roadmap.actions.models import Action
from roadmap.drafting.enums import BlockKind, VersionStatus
from roadmap.drafting.models import Block, Version
from showcase.models import Commitment, CompanyCommitment, CompanyFigure, CompanyPage
from showcase.services import index_page, publish_page
from workshops.enums import WorkshopState
from workshops.models import AgendaItem, Venue, Workshop

FIXTURES = Path(__file__).parent / "fixtures"
FIRST_SESSION = date(2019, 10, 1)
LOADED = "Loaded with the council's data"
Entry = Mapping[str, Any]


def fixture(name: str) -> dict[str, Any]:
    """Read one fixture file."""
    return tomllib.loads((FIXTURES / f"{name}.toml").read_text(encoding="utf-8"))


@transaction.atomic
def load_council() -> None:
    """Add what is missing of the council's data. Writes nothing when all is there."""
    reference = fixture("reference")
    for name in reference["communes"]:
        Commune.objects.get_or_create(slug=slugify(name.replace("’", "-")), defaults={"name": name})
    for model, entries in ((Sector, reference["sector"]), (Commitment, reference["commitment"])):
        for position, entry in enumerate(entries, start=1):
            _ensure(model, entry, key="slug", position=position)
    for entry in reference["body"]:
        _ensure(Body, entry, key="slug")
    for entry in reference["axis"]:
        _ensure(Axis, entry, key="number")
    added: list[Organisation | Seat] = []
    for entry in fixture("organisations")["organisation"]:
        added += _load_organisation(entry)
    _remember(added)
    workshops = fixture("workshops")
    for entry in workshops["venue"]:
        Venue.objects.get_or_create(
            organisation=Organisation.objects.get(slug=entry["organisation"]),
            name=entry["name"],
            defaults={"commune": _commune(entry), "capacity": entry.get("capacity")},
        )
    for entry in workshops["workshop"]:
        _load_workshop(entry)
    for entry in fixture("actions")["action"]:
        _load_action(entry)
    _load_roadmap(fixture("roadmap"))


def _ensure(model: Any, entry: Entry, *, key: str, **more: Any) -> Any:
    values = {**entry, **more}
    return model.objects.get_or_create(**{key: values.pop(key)}, defaults=values)[0]


def _commune(entry: Entry) -> Commune | None:
    return Commune.objects.get(name=entry["commune"]) if "commune" in entry else None


def _remember(added: list[Organisation | Seat]) -> None:
    """Begin the histories of what was added, in one query."""
    changes = [
        new_change(row, before=None, after=snapshot(row), by=None, reason=LOADED, source="load_council")
        for row in added
    ]
    Change.objects.bulk_create([change for change in changes if change])


def _load_organisation(entry: Entry) -> list[Organisation | Seat]:
    organisation, created = Organisation.objects.get_or_create(
        slug=entry["slug"],
        defaults={
            "name": entry["name"],
            "kind": entry["kind"],
            "siren": entry.get("siren", ""),
            "commune": _commune(entry),
        },
    )
    if not created:
        return []
    added: list[Organisation | Seat] = [organisation]
    organisation.sectors.set(Sector.objects.filter(slug__in=entry.get("sectors", [])))
    if entry.get("council"):
        council = Body.objects.get(slug=COUNCIL)
        added.append(Seat.objects.create(body=council, organisation=organisation, starts_on=FIRST_SESSION))
    if "page" in entry:
        _load_page(organisation, entry["page"])
    return added


def _load_page(organisation: Organisation, entry: Entry) -> None:
    values = {name: _text(value) for name, value in entry.items() if name not in {"figure", "commitment"}}
    page = CompanyPage.objects.create(organisation=organisation, **values)
    for position, figure in enumerate(entry.get("figure", []), start=1):
        CompanyFigure.objects.create(page=page, position=position, **figure)
    for commitment in entry.get("commitment", []):
        CompanyCommitment.objects.create(
            page=page,
            commitment=Commitment.objects.get(slug=commitment["slug"]),
            evidence_fr=commitment["evidence_fr"],
            evidence_en=commitment["evidence_en"],
        )
    publish_page(page=page, by=None, reason=LOADED)
    index_page(page)


def _load_workshop(entry: Entry) -> None:
    if Workshop.objects.filter(slug=entry["slug"]).exists():
        return
    host, venue = entry["venue"]
    workshop = Workshop.objects.create(
        slug=entry["slug"],
        kind=entry["kind"],
        title_fr=entry["title_fr"],
        title_en=entry["title_en"],
        axis=Axis.objects.get(number=entry["axis"]) if "axis" in entry else None,
        is_demo=entry.get("is_demo", False),
        venue=Venue.objects.get(organisation__slug=host, name=venue),
        starts_at=paris(entry["starts_at"]),
        ends_at=paris(entry["ends_at"]),
        **{name: _text(entry.get(name, "")) for name in _localized("objectives", "outcome")},
    )
    for position, (french, english) in enumerate(entry["agenda"], start=1):
        AgendaItem.objects.create(workshop=workshop, position=position, title_fr=french, title_en=english)
    workshop = transition(workshop, WorkshopState.SCHEDULED, by=None, reason=LOADED)
    transition(workshop, WorkshopState.HELD, by=None, reason=LOADED)


def _load_action(entry: Entry) -> None:
    values = {name: _text(value) for name, value in entry.items()}
    values["axis"] = Axis.objects.get(number=entry["axis"])
    lead = values.pop("lead", None)
    values["lead"] = Organisation.objects.get(slug=lead) if lead else None
    _ensure(Action, values, key="slug")


def _load_roadmap(entry: Entry) -> None:
    if Version.objects.exists():
        return
    head = {name: entry[name] for name in _localized("title", "introduction")}
    first = Version.objects.create(number=1, is_demo=True, **head)
    position = 0
    for axis_number, axis in enumerate(entry["axis"], start=1):
        position += 1
        top = _block(
            first, BlockKind.AXIS, position, f"{axis_number}", axis, axis=Axis.objects.get(number=axis_number)
        )
        for chapter_number, chapter in enumerate(axis["chapter"], start=1):
            position += 1
            label = f"{axis_number}.{chapter_number}"
            parent = _block(first, BlockKind.CHAPTER, position, label, chapter, parent=top)
            for number, paragraph in enumerate(chapter["paragraph"], start=1):
                position += 1
                _block(first, BlockKind.PARAGRAPH, position, f"{label}.{number}", paragraph, parent=parent)
    record(first, field="status", source="", target=VersionStatus.WORKING, by=None, reason=LOADED)
    adopted = datetime.combine(entry["adopted_on"], datetime.min.time())
    first = transition(first, VersionStatus.VOTE, by=None, reason=LOADED, published_at=paris(adopted))
    transition(first, VersionStatus.ADOPTED, by=None, reason=LOADED, adopted_on=entry["adopted_on"])
    _load_next_version(first, entry)


def _load_next_version(first: Version, entry: Entry) -> None:
    """Make version 2 from version 1, with the fixture's changes and additions; it stays a working version."""
    changes = {change["label"]: change for change in entry["change"]}
    additions = {addition["after"]: addition for addition in entry["addition"]}
    second = Version.objects.create(
        number=2, is_demo=True, **{name: getattr(first, name) for name in _localized("title", "introduction")}
    )
    parents: dict[int, Block] = {}
    position = 0
    for block in first.blocks.select_related("axis").order_by("position"):
        position += 1
        change = changes.get(block.label, {})
        copy = Block.objects.create(
            version=second,
            kind=block.kind,
            parent=parents.get(block.parent_id) if block.parent_id else None,
            axis=block.axis,
            position=position,
            label=block.label,
            lineage=block.lineage,
            title_fr=block.title_fr,
            title_en=block.title_en,
            body_fr=change.get("fr", block.body_fr),
            body_en=change.get("en", block.body_en),
        )
        parents[block.pk] = copy
        if addition := additions.get(block.label):
            position += 1
            chapter, _dot, number = block.label.rpartition(".")
            _block(
                second,
                BlockKind.PARAGRAPH,
                position,
                f"{chapter}.{int(number) + 1}",
                addition,
                parent=copy.parent,
            )


def _block(version: Version, kind: BlockKind, position: int, label: str, entry: Entry, **links: Any) -> Block:
    return Block.objects.create(
        version=version,
        kind=kind,
        position=position,
        label=label,
        title_fr=entry.get("title_fr", ""),
        title_en=entry.get("title_en", ""),
        body_fr=entry.get("fr", ""),
        body_en=entry.get("en", ""),
        **links,
    )


def _localized(*names: str) -> list[str]:
    return [f"{name}_{language}" for name in names for language in ("fr", "en")]


def _text(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def paris(moment: datetime) -> datetime:
    """Read a fixture's local time as Paris time."""
    return make_aware(moment, ZoneInfo("Europe/Paris"))
