"""Full-text search that forgives accents, without an extension of PostgreSQL: text is folded before it is indexed and
before it is asked for."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add, or_
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.core.exceptions import ValidationError
from django.db.models import Value
from django.utils.translation import gettext as _
from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.templatetags.text import french_number

CONFIGURATIONS = {"fr": "french", "en": "english"}
MAX_LENGTH = 1_000

_SPECIAL = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
    | dict.fromkeys("'’‘ʼ`´", " ")
    | dict.fromkeys("«»“”„", '"')
    | dict.fromkeys("‐‑–—−", "-")
)
_LAST_WORD = re.compile(r"(?:^|(?<=\s))(\w{3,})\s*$")
_WORDS = re.compile(r"\w+")
_INNER_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
# Folding hides these from the French stop words ("à" becomes "a"), or English has none of them ("l’", "d’").
_EMPTY = frozenset(["a", "l", "d", "j", "m", "n", "s", "t", "c", "y", "qu", "ete", "meme"])


def fold(text: str) -> str:
    """Return text without case, accents, ligatures or apostrophes: "L’Œuvre d’Été" gives "l oeuvre d ete".

    A hyphen inside a word becomes a space, so that "Sète-Agde" and "sete agde" are one.
    Characters that PostgreSQL cannot store (NUL, lone surrogates) are dropped; all runs of spaces become one space.
    """
    text = text.replace("\0", "").encode("utf-8", "ignore").decode()
    text = text.casefold().translate(_SPECIAL)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = text.casefold().translate(_SPECIAL)  # what the decomposition brought out
    text = _INNER_HYPHEN.sub(" ", text)
    return " ".join(text.split())


def sort_key(text: str) -> str:
    """Return the key that sorts names as a French reader expects, in any collation: letters and digits alone count."""
    return " ".join(_WORDS.findall(fold(text)))


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order."""
    return _WORDS.findall(fold(text))


def clean(text: str) -> str:
    """Return what somebody typed in a search box with one space between words.

    Raises ValidationError, with a message for the reader, past 1,000 characters.
    """
    if len(text) > MAX_LENGTH:
        raise ValidationError(
            _("Your search has %(length)s characters; %(limit)s at most are possible."),
            code="search_too_long",
            params={"length": french_number(len(text)), "limit": french_number(MAX_LENGTH)},
        )
    return " ".join(text.split())


def search_vector(texts: Mapping[str, str | Iterable[str]], *, language: str) -> Any:
    """Return the expression of a tsvector: `{"A": name, "B": [sector, …], "D": story}` in one language.

    It holds the stems, and the words as written for the search by beginnings.
    Add two of them for a column that holds both languages. Use it in `.update(search=…)`: the text is a parameter.
    """
    vectors = [
        SearchVector(
            Value(fold(text if isinstance(text, str) else " . ".join(text))),
            config=config,
            weight=weight,
        )
        for weight, text in sorted(texts.items())
        for config in (CONFIGURATIONS[language], "simple")
    ]
    return reduce(add, vectors)


def _query(folded: str, config: str) -> Any:
    last = _LAST_WORD.search(folded)
    if not last or folded.count('"') % 2 or last[1] == "or":
        return SearchQuery(folded, config=config, search_type="websearch")
    # The last word may still be in the making: it also matches as a beginning.
    beginning = SearchQuery(f"{last[1]}:*", config="simple", search_type="raw")
    whole = SearchQuery(last[1], config=config, search_type="plain")
    query = whole | beginning
    rest = folded[: last.start()].strip()
    if rest.endswith(" or") or rest == "or":
        return SearchQuery(rest[:-2], config=config, search_type="websearch") | query
    return SearchQuery(rest, config=config, search_type="websearch") & query if rest else query


def search_query(text: str, *, language: str | None = None) -> Any:
    """Return the tsquery for what somebody typed: words, "a phrase", -without, or; the last word also as a beginning.

    In one language, or in either when none is given. No input is an error for PostgreSQL.
    Raises ValidationError past 1,000 characters.
    """
    folded = fold(clean(text))
    if '"' not in folded:
        folded = " ".join([word for word in folded.split() if word not in _EMPTY]) or folded
    configs = [CONFIGURATIONS[language]] if language else list(CONFIGURATIONS.values())
    return reduce(or_, [_query(folded, config) for config in configs])


def _tolerance(word: str) -> int:
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def closest_words(word: str, vocabulary: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return the words nearest to a mistyped one, nearest first: one slip up to 7 letters, two from 8, none below 4."""
    word = fold(word)
    if not (slips := _tolerance(word)):
        return []
    scorer: Any = OSA.distance
    found = process.extract(word, vocabulary, scorer=scorer, score_cutoff=slips, limit=None)
    # At the same distance, people get the first letter right more often than not.
    found.sort(key=lambda match: (match[1], match[0][:1] != word[:1], match[0]))
    return [match[0] for match in found[:limit]]


def suggestion(text: str, vocabulary: Iterable[str]) -> str | None:
    """Return the search with its unknown words put right, or None when there is nothing better to propose."""
    known = set(vocabulary)
    proposed = []
    for word in words(clean(text)):
        near = [] if word in known else closest_words(word, known, limit=1)
        proposed.append(near[0] if near else word)
    return " ".join(proposed) if proposed != words(text) else None
