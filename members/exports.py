"""The registers as tables, CSV or XLSX. A cell that a spreadsheet would take for a formula is written as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from core.spreadsheets import safe_cell
from members.models import Mandate, Organisation, User

# How many rows are read at a time.
CHUNK = 500


@dataclass(frozen=True)
class Table:
    """A header and its rows."""

    name: str
    header: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


def _cell(value: Any) -> Any:
    """Return a value as a cell: nothing is an empty text, and no text a formula."""
    if value is None:
        return ""
    return safe_cell(value) if isinstance(value, str) else value


def as_csv(table: Table) -> bytes:
    """Write a table as CSV for spreadsheets: UTF-8 with its mark, semicolons."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(table.header)
    for row in table.rows:
        writer.writerow([value.isoformat() if isinstance(value, date) else _cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(table: Table) -> bytes:
    """Write a table as XLSX: texts as texts, dates as dates."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name[:31])
    sheet.freeze_panes = "A2"
    sheet.append(table.header)
    for row in table.rows:
        cells = []
        for value in row:
            text = _cell(value)
            if isinstance(text, str):
                cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
                cell.data_type = "s"  # whatever it looks like
                cells.append(cell)
            else:
                cells.append(text)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WRITERS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}

# The headers that imports understand too, so that a file goes out, is corrected and comes back.
ORGANISATION_HEADER = (
    *("slug", "nom", "type", "siren", "siret", "naf_rev2", "naf_2025", "secteurs"),
    *("adresse", "commune", "latitude", "longitude", "site_web"),
)
PERSON_HEADER = ("email", "prenom", "nom", "fonction", "langue")
MANDATE_HEADER = (*PERSON_HEADER, "organisation", "siren", "instance", "role", "debut", "fin")


def organisations_table(organisations: QuerySet[Organisation]) -> Table:
    """Return organisations, one a row."""

    def rows() -> Iterator[tuple[Any, ...]]:
        queryset = organisations.select_related("commune").prefetch_related("sectors")
        for row in queryset.iterator(CHUNK):
            yield (
                *(row.slug, row.name, row.kind, row.siren, row.siret, row.naf_rev2, row.naf_2025),
                ", ".join(sector.slug for sector in row.sectors.all()),
                *(
                    row.address,
                    row.commune.name if row.commune else "",
                    row.latitude,
                    row.longitude,
                    row.website,
                ),
            )

    return Table("organisations", ORGANISATION_HEADER, rows())


def _person(person: User) -> tuple[Any, ...]:
    return (person.email, person.first_name, person.last_name, person.job_title, person.language)


def _mandate(mandate: Mandate) -> tuple[Any, ...]:
    organisation = mandate.organisation
    return (
        *(organisation.name, organisation.siren, mandate.body.slug),
        *(mandate.role, mandate.starts_on, mandate.ends_on),
    )


def people_table(people: QuerySet[User]) -> Table:
    """Return people with their mandates of all times: one row a mandate, and one for who has none."""
    held = Mandate.objects.select_related("organisation", "body").order_by("starts_on", "pk")

    def rows() -> Iterator[tuple[Any, ...]]:
        queryset = people.prefetch_related(None).prefetch_related(
            Prefetch("mandates", held, to_attr="all_held")
        )
        for person in queryset.iterator(CHUNK):
            mandates: list[Mandate] = person.all_held  # type: ignore[attr-defined]
            for mandate in mandates:
                yield (*_person(person), *_mandate(mandate))
            if not mandates:
                yield (*_person(person), "", "", "", "", None, None)

    return Table("personnes", MANDATE_HEADER, rows())


def mandates_table(mandates: QuerySet[Mandate]) -> Table:
    """Return mandates, one a row, with the person."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for mandate in mandates.select_related("person", "organisation", "body").iterator(CHUNK):
            yield (*_person(mandate.person), *_mandate(mandate))

    return Table("mandats", MANDATE_HEADER, rows())


TABLES = {
    "organisation": organisations_table,
    "user": people_table,
    "mandate": mandates_table,
}
