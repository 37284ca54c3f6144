"""Tagged PDF files (PDF/UA-1 and PDF/A-2a), compiled by Typst from a template of ours and data as JSON.

What people typed reaches Typst as strings of that data, never as its source, so `#read("/etc/passwd")` stays text. The
same data gives the same bytes: fonts are those that Typst carries, and the date is the document's own.
"""

import json
import re
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from markdown_it.tree import SyntaxTreeNode

from core.markdown import parse

STANDARDS: list[Any] = ["ua-1", "a-2a"]
# What stands for a character that no font of ours has: PDF/A refuses a missing glyph.
UNKNOWN = "\u25a1"
_PUNCTUATION = f"{UNKNOWN}\ufffd–—‘’‚“”„†‡•…‰‹›€\u2009\u202f"
_WIDE = "wide"
_MISSING = re.compile(r'the text `"(.*)"` could not be displayed', re.DOTALL)
# A text with more unknown words than the first loses whole scripts, with more than both all but what every font has.
_WORD_BY_WORD, _SCRIPT_BY_SCRIPT = 20, 40
# Typst refuses a link without an address or with one that is too long, and quotations within quotations without end.
_LONGEST_URL = 2_000
_DEEPEST = 12
_turn = threading.Lock()


class PdfError(Exception):
    """The document could not be made: a fault of the template, not of what people typed."""


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(root=_templates(), ignore_system_fonts=True)


def _templates() -> Path:
    return Path(settings.BASE_DIR) / "templates"


def compile_pdf(template: str, data: Mapping[str, Any], *, language: str, title: str, at: datetime) -> bytes:
    """Return the PDF of a template (`pdf/….typ`, below templates/) filled with data.

    The template imports `/pdf/page.typ` and finds the data, `lang` and `title` beside them, in `data`. `at` is the date
    written into the file. Raises PdfError.
    """
    clean = _clean({**data, "lang": language, "title": title})
    for attempt in range(_WORD_BY_WORD + _SCRIPT_BY_SCRIPT + 2):
        try:
            return _compile(template, clean, at)
        except typst.TypstError as error:
            missing = _MISSING.search(error.message)
            if not missing:
                raise PdfError(f"{template}: {error.message}") from error
            clean = _replaced(clean, _alike(set(_unescaped(missing[1])), attempt))
    raise PdfError(f"{template}: not even the square can be written")


def _alike(unknown: set[str], attempt: int) -> Callable[[str], bool]:
    """Return what tells the characters to replace at once by those that no font has."""
    if attempt >= _WORD_BY_WORD + _SCRIPT_BY_SCRIPT:
        return lambda char: not _is_everywhere(char)
    # A text in Chinese has hundreds of different ones.
    scripts = {_script(char) for char in unknown}
    scripts &= {_WIDE} if attempt < _WORD_BY_WORD else scripts
    return lambda char: char in unknown or (_script(char) in scripts and not _is_everywhere(char))


def _script(char: str) -> str:
    """Return the name of a character's script: the first word of its own."""
    wide = unicodedata.east_asian_width(char) in "WF"
    return _WIDE if wide else unicodedata.name(char, "").partition(" ")[0]


def _is_everywhere(char: str) -> bool:
    """Tell whether all our fonts have a character: French, the languages around, and the square itself."""
    return ord(char) < 0x180 or char in _PUNCTUATION


def _compile(template: str, data: Any, at: datetime) -> bytes:
    with _turn:
        made: Any = _compiler().compile(
            input=_templates() / template,
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
            pdf_standards=STANDARDS,
            timestamp=int(at.timestamp()),
        )
    return bytes(made)


def _unescaped(text: str) -> str:
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), text)


def _clean(value: Any) -> Any:
    """Take out what no document holds: control characters, private ones, half of a surrogate pair."""
    if isinstance(value, str):
        return "".join(
            char
            for char in value
            if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Co", "Cs", "Cn")
        )
    if isinstance(value, Mapping):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_clean(inner) for inner in value]
    return value


def _replaced(value: Any, is_unknown: Callable[[str], bool]) -> Any:
    if isinstance(value, str):
        return "".join(UNKNOWN if is_unknown(char) else char for char in value)
    if isinstance(value, dict):
        return {key: _replaced(inner, is_unknown) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, is_unknown) for inner in value]
    return value


# --- Markdown, as data that page.typ lays out ---

Node = dict[str, Any]
_SPANS = {"strong": "strong", "em": "emph"}


def markdown_data(text: str, *, language: str) -> list[Node]:
    """Return Markdown as blocks for page.typ's `blocks`: the same text, lists and tables as on the page."""
    return _blocks(SyntaxTreeNode(parse(text, language=language)))


def _blocks(parent: SyntaxTreeNode, depth: int = 0) -> list[Node]:
    """Return the blocks of a node; what is nested deeper than anybody reads stands side by side."""
    found: list[Node] = []
    for node in parent.children:
        kind = node.type
        if depth >= _DEEPEST and kind in ("bullet_list", "ordered_list", "list_item", "blockquote"):
            found += _blocks(node, depth)
        elif kind in ("paragraph", "heading"):
            found.append({"kind": "heading" if kind == "heading" else "par", "spans": _spans(node)})
        elif kind in ("bullet_list", "ordered_list"):
            items = [_blocks(item, depth + 1) for item in node.children]
            start = int(node.attrs.get("start", 1))
            found.append(
                {"kind": "enum" if kind == "ordered_list" else "list", "items": items, "start": start}
            )
        elif kind == "blockquote":
            found.append({"kind": "quote", "blocks": _blocks(node, depth + 1)})
        elif kind == "table":
            rows = [
                [_spans(cell) for cell in row.children] for part in node.children for row in part.children
            ]
            found.append({"kind": "table", "rows": rows})
        elif kind in ("fence", "code_block"):
            found.append({"kind": "par", "spans": [{"kind": "text", "text": node.content.rstrip("\n")}]})
    return found


def _spans(node: SyntaxTreeNode) -> list[Node]:
    found: list[Node] = []
    for child in node.children:
        if child.type == "inline":
            found += _spans(child)
        elif child.type in _SPANS:
            found.append({"kind": _SPANS[child.type], "spans": _spans(child)})
        elif child.type == "link":
            url, spans = str(child.attrs["href"]), _spans(child)
            found += [{"kind": "link", "url": url, "spans": spans}] if 0 < len(url) <= _LONGEST_URL else spans
        elif child.type == "hardbreak":
            found.append({"kind": "break"})
        else:
            found.append({"kind": "text", "text": " " if child.type == "softbreak" else child.content})
    return [span for span in found if span["kind"] != "text" or span["text"]]
