"""A version as one reads it. The text of a published version never changes: each process renders it once a language.

What changes from one request to the next, the counts of comments and the one open thread, is put between the pieces.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, override

from roadmap.drafting.enums import BlockKind
from roadmap.drafting.models import Block, Version

# Stands in a rendered paragraph where a request's own words go. PostgreSQL stores no NUL, so no text holds one.
_GAP = "\0"
# Eight versions, in two languages, with and without comments.
_KEPT = 32


@dataclass(frozen=True)
class Paragraph:
    """A rendered paragraph: its text, and its closed section in three pieces around a class and a count."""

    label: str
    block_id: int
    text: SafeString
    pieces: tuple[str, ...]

    def closed(self, count: int) -> str:
        """Return the section with its count of comments and no thread (public readers' has no count)."""
        if len(self.pieces) == 1:
            return self.pieces[0]
        start, middle, end = self.pieces
        return f"{start}{'' if count else ' is-none'}{middle}{count}{end}"


@dataclass(frozen=True)
class Reading:
    """A rendered version: table of contents, then headings and paragraphs in order."""

    contents: SafeString
    parts: tuple[str | Paragraph, ...]
    paragraphs: Mapping[str, Paragraph]
    labels: Mapping[int, str]

    def body(self, counts: Mapping[str, int], opened: Mapping[str, str]) -> SafeString:
        """Return the whole text with its counts, and the sections given for some labels in place of the closed ones."""
        # Every piece is the output of a template or of core.markdown.
        return mark_safe(  # noqa: S308
            "".join(
                part
                if isinstance(part, str)
                else opened.get(part.label) or part.closed(counts.get(part.label, 0))
                for part in self.parts
            )
        )


def read(version: Version, *, with_comments: bool) -> Reading:
    """Return a version rendered in the reader's language; one query when it is not kept yet, or is being worked on."""
    language = (get_language() or "fr")[:2]
    if version.is_working or version.published_at is None:
        return _render(version.pk, language, with_comments)
    return _kept(version.pk, version.published_at, language, with_comments)


@lru_cache(maxsize=_KEPT)
def _kept(pk: int, published_at: datetime, language: str, with_comments: bool) -> Reading:
    """Keep a text by its publication: a trigger refuses any change after it."""
    return _render(pk, language, with_comments)


def _render(pk: int, language: str, with_comments: bool) -> Reading:
    blocks = list(Block.objects.filter(version=pk).select_related("axis").order_by("position"))
    with override(language):
        parts = [_rendered(block, with_comments) for block in blocks]
        axes = [block for block in blocks if block.kind == BlockKind.AXIS]
        chapters = [block for block in blocks if block.kind == BlockKind.CHAPTER]
        tree = [(axis, [chapter for chapter in chapters if chapter.parent_id == axis.pk]) for axis in axes]
        contents = render_to_string("roadmap/includes/_contents.html", {"axes": tree})
    paragraphs = [part for part in parts if isinstance(part, Paragraph)]
    return Reading(
        contents=contents,
        parts=tuple(parts),
        paragraphs={paragraph.label: paragraph for paragraph in paragraphs},
        labels={paragraph.block_id: paragraph.label for paragraph in paragraphs},
    )


def _rendered(block: Block, with_comments: bool) -> str | Paragraph:
    context = {"block": block, "with_comments": with_comments, "gap": _GAP}
    if block.kind != BlockKind.PARAGRAPH:
        return render_to_string("roadmap/includes/_heading.html", context)
    text = render_to_string("roadmap/includes/_paragraph_text.html", context)
    section = render_to_string("roadmap/includes/_paragraph.html", {**context, "text": text})
    return Paragraph(label=block.label, block_id=block.pk, text=text, pieces=tuple(section.split(_GAP)))
