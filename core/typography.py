"""French typography: the spaces that a keyboard does not give, and dates and numbers as each language writes them.

Nothing here needs Django settings, so `scripts/messages.py` uses the same rules for the catalogue
as the portal uses for what people write.
"""

from __future__ import annotations

import re
from collections.abc import Callable

NBSP = "\u00a0"  # before ":" and inside « »
NNBSP = "\u202f"  # before ; ! ? and between groups of three digits

_SPACES = f"[ {NBSP}{NNBSP}\u2009]*"

# What must come out exactly as it went in: placeholders of gettext and str.format, HTML tags and entities, addresses.
_PROTECTED = re.compile(
    r"""
      %\([^()\s]+\)[-+\#0]*\d*(?:\.\d+)?[a-zA-Z]     # %(name)s
    | %%
    | %[-+\#0]*\d*(?:\.\d+)?[sdfrixX](?![\w])        # %s %d
    | \{[^{}\s]*\}                                   # {name}
    | <!--.*?-->
    | </?[a-zA-Z][^<>]*>
    | &(?:[a-zA-Z]+|\#\d+|\#x[0-9a-fA-F]+);
    | (?:https?|webcal|ftp)://[^\s<>"«»]*[^\s<>"«».,;:!?)\]’']
    | (?:mailto|tel):[^\s<>"«»]*[^\s<>"«».,;:!?)\]]
    """,
    re.VERBOSE | re.DOTALL,
)
# Each protected piece is stood for by one character of the private use area, so that its neighbours still see "a word".
_SLOT, _SLOT_END = 0xF0000, 0xFFFFD
_SLOTS = re.compile(f"[{chr(_SLOT)}-{chr(_SLOT_END)}]")
_SLOT_RANGE = f"{chr(_SLOT)}-{chr(_SLOT_END)}"

_BEFORE = r"(?<=[^\s(\[«“‘¿¡;:!?.,])"
_JOINT = "\ue000"  # stands between pieces of one text that markup separates
_AFTER = rf"(?=$|[\s)\]»\"”’'*_.,…{_JOINT}{_SLOT_RANGE}])"
_HIGH_MARKS = re.compile(rf"{_BEFORE}{_SPACES}([;!?]+){_AFTER}", re.MULTILINE)
_COLON = re.compile(rf"{_BEFORE}{_SPACES}:{_AFTER}", re.MULTILINE)
_OPENING = re.compile(rf"«{_SPACES}(?=[^\s»])")
_CLOSING = re.compile(rf"(?<=[^\s«]){_SPACES}»")
_UNIT = re.compile(r"(?<=\d) (?=(?:%|€|[kM]€|°C|km|m²|ha|[kMGT]?Wh?|t|h)(?![\w]))")
_SLOTTED_PERCENT = re.compile(r"(?<=\d) (?=%)")
_HOUR = re.compile(rf"\b([01]?\d|2[0-4])[ {NBSP}{NNBSP}]?h[ {NBSP}{NNBSP}]?([0-5]\d)\b(?!\d)")
_NUMBER_SIGN = re.compile(r"\b([nN]°|[nN]os?)[ ](?=\d)")
_GROUPS = re.compile(rf"(?<![\d.,/-])[1-9]\d{{0,2}}(?:[ {NBSP}{NNBSP}]\d{{3}})+(?![\d/-])")
_STRAIGHT_QUOTES = re.compile(r'(?<![\w"])"(?=[^\s"])([^"\n]*?)(?<=[^\s"])"(?![\w"])')
_GROUP_SPACE = re.compile(f"[ {NBSP}{NNBSP}]")


def _apart_from_protected(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to the text with its placeholders, tags and addresses set aside."""
    kept: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        if _SLOT + len(kept) > _SLOT_END:
            return match[0]
        kept.append(match[0])
        return chr(_SLOT + len(kept) - 1)

    text = _SLOTS.sub("", text)  # a private-use character typed by somebody must not be taken for ours
    text = change(_PROTECTED.sub(put_aside, text))
    return _SLOTS.sub(lambda match: kept[ord(match[0]) - _SLOT], text) if kept else text


def _spaced(text: str) -> str:
    text = _HIGH_MARKS.sub(NNBSP + r"\1", text)
    text = _COLON.sub(NBSP + ":", text)
    text = _OPENING.sub("«" + NBSP, text)
    return _CLOSING.sub(NBSP + "»", text)


def spaces(text: str) -> str:
    """Return French text with its no-break spaces; times such as 14:30, addresses and placeholders stay as they are."""
    return _apart_from_protected(text, _spaced)


def _french(text: str) -> str:
    text = _STRAIGHT_QUOTES.sub(r"«\1»", text)
    text = _GROUPS.sub(lambda match: _GROUP_SPACE.sub(NNBSP, match[0]), text)
    text = _HOUR.sub(rf"\1{NBSP}h{NBSP}\2", text)
    text = _UNIT.sub(NBSP, text)
    text = _NUMBER_SIGN.sub(rf"\1{NBSP}", text)
    return _spaced(text)


def french(text: str) -> str:
    """Return what somebody typed with French typography: spaces, « quotes », grouped digits, 14 h 30.

    Digits are grouped only where a space was typed ("12 500"): "34000" may be a postcode and "2040" a year.
    Apostrophes stay as typed. Applying it twice changes nothing more.
    """
    return _apart_from_protected(text, _french)


def french_pieces(pieces: list[str]) -> list[str]:
    """Return the pieces of one text, cut by markup, with French typography across the cuts ("**Attention** !")."""
    joined = french(_JOINT.join(piece.replace(_JOINT, "") for piece in pieces))
    return joined.split(_JOINT)
