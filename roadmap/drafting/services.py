"""What happens to the roadmap's text: its canonical form, its versions, the consultation and the comments."""

import hashlib
from collections.abc import Iterator

from roadmap.drafting.enums import BlockKind
from roadmap.drafting.models import Version

CANONICAL_HEADER = "Roadmap text, format 1"


def canonical_text(version: Version) -> str:
    """Return the one text of a version, in both languages, from which its SHA-256 is taken.

    The format is in docs/canonical-text.md. Reads the blocks; to freeze a text, lock the version before.
    """
    return "\n".join(_canonical_lines(version)) + "\n"


def text_sha256(version: Version) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical text's UTF-8 bytes."""
    return hashlib.sha256(canonical_text(version).encode()).hexdigest()


def _canonical_lines(version: Version) -> Iterator[str]:
    yield CANONICAL_HEADER
    yield f"version {version.number}"
    yield from _quoted("title fr", version.title_fr)
    yield from _quoted("title en", version.title_en)
    yield from _quoted("introduction fr", version.introduction_fr)
    yield from _quoted("introduction en", version.introduction_en)
    for block in version.blocks.select_related("axis").order_by("position"):
        axis = f" of strategic axis {block.axis.number}" if block.axis else ""
        yield f"{BlockKind(block.kind).value} {block.label}{axis}"
        yield from _quoted("title fr", block.title_fr)
        yield from _quoted("title en", block.title_en)
        yield from _quoted("text fr", block.body_fr)
        yield from _quoted("text en", block.body_en)


def _quoted(name: str, text: str) -> Iterator[str]:
    """Give a field: what people wrote always stands behind "| ", so that no text can look like another field."""
    yield name
    if text:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        yield from (f"| {line}" for line in lines)
