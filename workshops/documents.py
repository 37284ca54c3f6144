"""What a file is, by its content: its name and the browser's word are never believed."""

import lzma
import re
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from core.templatetags.text import file_size
from outbox.cleaning import clean_line

NAME_LENGTH = 120
# Entries that tell an archive's kind are small; a larger one is a trap.
_ENTRY_LIMIT = 1_000_000
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN_TEXT = "application/vnd.oasis.opendocument.text"
TYPES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "pptx": f"{_OFFICE}presentationml.presentation",
    "odt": _OPEN_TEXT,
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
}
_MAIN_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
_ALIASES = {"jpeg": "jpg"}
# What Python raises at an archive that is cut, encrypted, or whose compressed bytes are none.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, ValueError, NotImplementedError, RuntimeError, EOFError),
)


@dataclass(frozen=True)
class FoundFile:
    """What an uploaded file turned out to be."""

    name: str
    content_type: str
    size: int


def inspect_upload(file: UploadedFile, *, limit: int) -> FoundFile:
    """Return a file's clean name and true type. Raises ValidationError: too large, empty, not allowed, not its type."""
    size = file.size or 0
    if size > limit:
        raise ValidationError(
            _("This file weighs %(size)s: %(limit)s at most.")
            % {"size": file_size(size), "limit": file_size(limit)},
            code="size",
        )
    if size == 0:
        raise ValidationError(_("This file is empty."), code="empty")
    allowed = ", ".join(kind.upper() for kind in TYPES)
    kind = kind_of(cast("BinaryIO", file.file))
    if kind is None:
        raise ValidationError(
            _("This kind of file is not taken. Possible kinds: %(kinds)s.") % {"kinds": allowed}, code="kind"
        )
    stem, suffix = clean_name(file.name or "")
    if _ALIASES.get(suffix, suffix) != kind:
        raise ValidationError(
            _(
                "The content of this file is %(kind)s, its name says “%(suffix)s”: rename it or choose another."
            )
            % {"kind": kind.upper(), "suffix": suffix or "—"},
            code="mismatch",
        )
    return FoundFile(f"{stem}.{kind}", TYPES[kind], size)


def clean_name(name: str) -> tuple[str, str]:
    """Return a file's name without path, control or direction characters: its stem and its suffix in lower case."""
    name = clean_line(unicodedata.normalize("NFC", name))
    name = PurePosixPath(name.replace("\\", "/")).name
    stem, dot, suffix = name.rpartition(".")
    stem = re.sub(r'[<>:"|?*;]', "", stem if dot else name).strip(" .")[:NAME_LENGTH]
    return stem or "document", suffix.strip().lower() if dot else ""


def kind_of(file: BinaryIO) -> str | None:
    """Return the kind of a file by its first bytes, and for an archive by what is in it; None for any other."""
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"PK\x03\x04"):
        return _archive_kind(file)
    return None


def _archive_kind(file: BinaryIO) -> str | None:
    """Return which office document an archive is; None for another archive, or one with macros."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {info.filename: info for info in archive.infolist()}
            if any(_is_macro(name) for name in entries):
                return None
            if _entry(archive, entries, "mimetype") == _OPEN_TEXT.encode():
                return "odt" if "content.xml" in entries else None
            types = _entry(archive, entries, "[Content_Types].xml")
    except _UNREADABLE:
        return None
    finally:
        file.seek(0)
    if b"macroEnabled" in types:
        return None
    for kind, part in _MAIN_PART.items():
        if part in entries and f"{TYPES[kind]}.main+xml".encode() in types:
            return kind
    return None


def _is_macro(name: str) -> bool:
    low = name.lower()
    return low.endswith(("vbaproject.bin", "vbadata.xml")) or low.startswith(("basic/", "scripts/"))


def _entry(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], name: str) -> bytes:
    info = entries.get(name)
    if info is None or info.file_size > _ENTRY_LIMIT:
        return b""
    with archive.open(info) as part:
        return part.read(_ENTRY_LIMIT)
