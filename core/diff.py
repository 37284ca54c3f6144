"""Two texts compared word by word, for people: what was taken out, what was put in."""

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

KEPT, DELETED, INSERTED = "kept", "deleted", "inserted"
# A word, a line's end, a space or a mark, each alone: a change of a comma does not mark the word before it.
_PIECE = re.compile(r"\w+(?:[’'-]\w+)*|\n+|[^\S\n]+|[^\w\s]")
# Beyond this many pieces in the changed middle, it is marked whole: difflib's time grows with the cube at worst, which
# is a fifth of a second here (measured with texts made for it).
_MOST = 4_000

_Pieces = list[tuple[str, list[str]]]


class Piece(NamedTuple):
    """A run of text that is in both, in the old one alone, or in the new one alone."""

    kind: str
    text: str


def compare_words(old: str, new: str) -> list[Piece]:
    """Return the pieces that make the new text of the old one, in reading order."""
    before, after = _PIECE.findall(_plain(old)), _PIECE.findall(_plain(new))
    start = _common(before, after)
    pieces = [(KEPT, before[:start]), *_changed(before[start:], after[start:], _middle)]
    grouped = groupby((piece for piece in pieces if piece[1]), key=itemgetter(0))
    return [Piece(kind, "".join(word for _kind, words in found for word in words)) for kind, found in grouped]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _common(first: list[str], second: list[str]) -> int:
    """Return how many pieces two lists begin with in common."""
    pairs = zip(first, second, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _changed(before: list[str], after: list[str], told: Callable[[list[str], list[str]], _Pieces]) -> _Pieces:
    """Return what `told` says of two lists without what they end with in common."""
    end = _common(before[::-1], after[::-1])
    first, second = len(before) - end, len(after) - end
    return [*told(before[:first], after[:second]), (KEPT, before[first:])]


def _middle(before: list[str], after: list[str]) -> _Pieces:
    if not before or not after or len(before) + len(after) > _MOST:
        return _replaced(before, after)
    found: _Pieces = []
    # Spaces and marks, and what comes again and again (autojunk), join what is alike but are no likeness themselves: a
    # phrase is marked as one, and texts that share nothing else are told apart at once.
    for tag, i1, i2, j1, j2 in SequenceMatcher(_is_mark, before, after).get_opcodes():
        if tag == "equal":
            found.append((KEPT, before[i1:i2]))
        else:
            found += _changed(before[i1:i2], after[j1:j2], _replaced)
    return found


def _replaced(before: list[str], after: list[str]) -> _Pieces:
    return [(DELETED, before), (INSERTED, after)]


def _is_mark(piece: str) -> bool:
    return not (piece[0].isalnum() or piece[0] == "_")
