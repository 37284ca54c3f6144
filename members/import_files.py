"""Reading a file for the registers, CSV or XLSX: rows of texts by column, whatever a spreadsheet made of them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from core.search import fold
from core.spreadsheets import cell_text
from core.templatetags.text import french_number
from core.typed import clean_typed

MAX_BYTES = 5_000_000
MAX_ROWS = 10_000
MAX_COLUMNS = 60
# What an honest workbook of that size unpacks to, at the very most.
MAX_UNPACKED = 100 * 1024 * 1024
MAX_PARTS = 500


class UnreadableFileError(Exception):
    """The file as a whole cannot be taken. The message is for the secretariat."""


@dataclass(frozen=True)
class RowError:
    """What is wrong in a row, in the reader's language; `line` counts from 1, header included."""

    line: int
    column: str
    message: str


@dataclass(frozen=True)
class Row:
    """A row's filled cells by column."""

    line: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """Return a cell's text, empty when there is none."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Sheet:
    """A file's rows, and those that are wrong in themselves."""

    columns: tuple[str, ...]
    rows: list[Row]
    errors: list[RowError]


def read_sheet(
    content: bytes, *, columns: Iterable[str], aliases: Mapping[str, str], required: Iterable[str]
) -> Sheet:
    """Read a file into rows of the known columns. Raises UnreadableFileError when it is none, too big or lacks one."""
    if len(content) > MAX_BYTES:
        raise UnreadableFileError(
            _("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1_000_000}
        )
    lines = _xlsx_lines(content) if content.startswith(b"PK\x03\x04") else _csv_lines(content)
    try:
        return _sheet(lines, set(columns), aliases, required)
    except csv.Error as error:
        raise UnreadableFileError(_("This is no CSV file: a quote or a line is broken.")) from error


def _sheet(
    lines: Iterator[tuple[int, list[str]]],
    known: set[str],
    aliases: Mapping[str, str],
    required: Iterable[str],
) -> Sheet:
    header = next(lines, (0, []))[1]
    while header and not header[-1]:
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise UnreadableFileError(_("The file has more than %(most)s columns.") % {"most": MAX_COLUMNS})
    names = [_column(title, known, aliases) for title in header]
    unknown = [title for title, name in zip(header, names, strict=True) if name is None]
    if unknown:
        raise UnreadableFileError(
            _("Unknown columns: %(unknown)s. Known are: %(known)s.")
            % {
                "unknown": ", ".join(f"“{title[:40]}”" for title in unknown[:8]),
                "known": ", ".join(sorted(known)),
            }
        )
    twice = sorted({name for name in names if name and names.count(name) > 1})
    missing = [name for name in required if name not in names]
    if twice or missing:
        text = (
            _("Columns that stand twice: %(names)s.") if twice else _("Columns that are missing: %(names)s.")
        )
        raise UnreadableFileError(text % {"names": ", ".join(twice or missing)})
    rows: list[Row] = []
    errors: list[RowError] = []
    for line, texts in lines:
        if not any(texts):
            continue
        if len(rows) >= MAX_ROWS:
            raise UnreadableFileError(
                _("The file has more than %(most)s rows.") % {"most": french_number(MAX_ROWS)}
            )
        if any(texts[len(names) :]):
            errors.append(RowError(line, "", _("This row has more cells than there are columns.")))
        cells = {name: text for name, text in zip(names, texts, strict=False) if name and text}
        rows.append(Row(line, cells))
    if not rows:
        raise UnreadableFileError(_("The file has no row below its header."))
    return Sheet(tuple(name for name in names if name), rows, errors)


def _column(title: str, known: set[str], aliases: Mapping[str, str]) -> str | None:
    name = re.sub(r"\W+", "_", fold(title)).strip("_")
    name = aliases.get(name, name)
    return name if name in known else None


def _clean(text: str) -> str:
    return cell_text(clean_typed(text).strip())


# --- CSV ---


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]  # as Excel writes it in France
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text):
            return text
        break
    raise UnreadableFileError(_("This is neither a CSV text (UTF-8 or Windows) nor an XLSX workbook."))


def _csv_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decode(content)
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for texts in reader:
        yield line, [_clean(cell) for cell in texts]
        line = reader.line_num + 1


# --- XLSX ---


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFileError(_("This XLSX file is damaged.")) from error
    # What a part says of its size is all that is ever unpacked of it.
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise UnreadableFileError(_("This XLSX file unpacks to far more than its size: it is refused."))


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    _check_archive(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS + 1, values_only=True)
        for line, values in enumerate(rows, start=1):
            yield line, [_clean(_text(value)) for value in values]
    except UnreadableFileError:
        raise
    except Exception as error:
        # A hostile or broken workbook fails anywhere inside the parser.
        raise UnreadableFileError(_("This XLSX file is damaged.")) from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
