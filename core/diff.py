"""Two texts compared word by word, for people: what was taken out, what was put in."""

import re
from difflib import SequenceMatcher
from typing import NamedTuple

KEPT, DELETED, INSERTED = "kept", "deleted", "inserted"
# A word with the space after it, a line's end, or a mark: a change of a comma does not mark the word before it.
_PIECE = re.compile(r"\w+(?:[’'-]\w+)*|\n+|[^\S\n]+|[^\w\s]")
# Beyond this many pieces in the changed middle, it is marked whole: difflib's time grows with the square.
_MOST = 8_000


class Piece(NamedTuple):
    """A run of text that is in both, in the old one alone, or in the new one alone."""

    kind: str
    text: str


def compare_words(old: str, new: str) -> list[Piece]:
    """Return the pieces that make the new text of the old one, in reading order."""
    before, after = _PIECE.findall(_plain(old)), _PIECE.findall(_plain(new))
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    head, tail = before[:start], before[len(before) - end :]
    before, after = before[start : len(before) - end], after[start : len(after) - end]
    pieces = [(KEPT, head), *_middle(before, after), (KEPT, tail)]
    return [Piece(kind, "".join(words)) for kind, words in _joined(pieces)]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _common(first: list[str], second: list[str]) -> int:
    """Return how many pieces two lists begin with in common."""
    pairs = zip(first, second, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _middle(before: list[str], after: list[str]) -> list[tuple[str, list[str]]]:
    if not before or not after or len(before) + len(after) > _MOST:
        return [(DELETED, before), (INSERTED, after)]
    found: list[tuple[str, list[str]]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append((KEPT, before[i1:i2]))
        else:
            found += [(DELETED, before[i1:i2]), (INSERTED, after[j1:j2])]
    return found


def _joined(pieces: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    """Join neighbours: a lone space between two replacements belongs to them, so that a phrase is marked as one."""
    found: list[tuple[str, list[str]]] = []
    waiting: dict[str, list[str]] = {DELETED: [], INSERTED: []}
    pieces = [piece for piece in pieces if piece[1]]
    for at, (kind, words) in enumerate(pieces):
        if kind != KEPT:
            waiting[kind] = waiting[kind] + words
            continue
        follows = [next_kind for next_kind, _words in pieces[at + 1 : at + 3]]
        if words == [" "] and all(waiting.values()) and follows == [DELETED, INSERTED]:
            waiting = {change: [*inner, " "] for change, inner in waiting.items()}
            continue
        found += _settled(waiting)
        waiting = {DELETED: [], INSERTED: []}
        found.append((kind, words))
    return found + _settled(waiting)


def _settled(waiting: dict[str, list[str]]) -> list[tuple[str, list[str]]]:
    return [(kind, words) for kind, words in waiting.items() if words]
