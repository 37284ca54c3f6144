"""What people type, without what no page may hold, and without what only looks like something."""

import re
import unicodedata

from django.http import QueryDict

# What a word processor breaks a line with, and HTML or a mail's header cannot hold.
_BREAKS = re.compile(r"[\v\f\x85]")
# What forms send at a line's end, and what some files have.
_LINE_ENDS = re.compile(r"\r\n?")
# C0 without tab and line ends, DEL, C1, overrides and isolates of the writing direction, halves of a surrogate pair.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Letters and a symbol that no font draws: Hangul fillers, the empty Braille cell.
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text is seen: spaces, format characters, marks that stand on no letter."""
    return not any(
        unicodedata.category(char) not in ("Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp") and char not in _FILLERS
        for char in text
    )


def without_controls(text: str) -> str:
    """Return a text without control characters and changes of the writing direction; an odd line break is a space."""
    return _FORBIDDEN.sub("", _BREAKS.sub(" ", text))


def clean_typed(text: str) -> str:
    """Return a text as it may be kept, its lines ending with LF, as browsers count; nothing when nothing is seen."""
    text = without_controls(_LINE_ENDS.sub("\n", text))
    return "" if is_blank(text) else text


def clean_query(query: QueryDict) -> QueryDict:
    """Return a form's or an address's values cleaned: the same object when there was nothing to do."""
    cleaned = {name: [clean_typed(value) for value in values] for name, values in query.lists()}
    if cleaned == dict(query.lists()):
        return query
    fresh = query.copy()
    for name, values in cleaned.items():
        fresh.setlist(name, values)
    fresh._mutable = False
    return fresh
