"""What a reader asks of the showcase, what is found, and how many companies each facet holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchRank
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import CharField, F, OuterRef, QuerySet, Value
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils.translation import get_language, override

from core.publication import current_version
from core.search import clean, search_query, suggestion, words
from members.enums import OrganisationKind
from members.models import Commune, Organisation, Sector
from showcase.models import Commitment, CompanyPage

T = TypeVar("T")

FACETS = ("secteur", "commune", "type", "engagement")
# `tout` names the one facet whose values are all shown.
PARAMETERS = ("q", *FACETS, "tout", "page")
PER_PAGE = 18
# With this many results or fewer, a search that may be mistyped is told the nearest words.
FEW_RESULTS = 2


@dataclass(frozen=True)
class Choice:
    """One value of a facet. `key` is what the database compares."""

    key: str
    slug: str
    name_fr: str
    name_en: str
    position: int = 0

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name_fr


Choices = dict[str, dict[str, Choice]]


def _kept(name: str, version: int, load: Callable[[], T]) -> T:
    """Return what `load` gives, kept in this process until anything public changes."""
    if not settings.PAGE_CACHE_SECONDS:
        return load()
    key = f"showcase-{name}-{version or current_version()}"
    return cast(T, caches["pages"].get_or_set(key, load, settings.PAGE_CACHE_SECONDS))


def facet_choices(version: int = 0) -> Choices:
    """Return every value of every facet, by facet and slug, in the order of display: one query, kept."""
    return _kept("choices", version, _load_choices)


def _load_choices() -> Choices:
    def named(model: Any, facet: str, **renamed: Any) -> QuerySet[Any]:
        rows = model.objects.order_by().annotate(facet=Value(facet, output_field=CharField()), **renamed)
        return rows.values_list(
            "facet", "id", "slug", *(("fr", "en", "rank") if renamed else ("name_fr", "name_en", "position"))
        )

    rows = named(Sector, "secteur").union(
        named(Commune, "commune", fr=F("name"), en=F("name"), rank=Value(0)),
        named(Commitment, "engagement"),
        all=True,
    )
    found: Choices = {facet: {} for facet in FACETS}
    for facet, key, slug, name_fr, name_en, position in sorted(
        rows, key=lambda row: (row[0], row[5], row[2])
    ):
        found[facet][slug] = Choice(str(key), slug, name_fr, name_en, position)
    for kind in OrganisationKind:
        found["type"][kind.value] = Choice(kind.value, kind.value, *_kind_names()[kind.value])
    return found


def _kind_names() -> dict[str, tuple[str, str]]:
    names = {}
    for language in ("fr", "en"):
        with override(language):
            names[language] = {kind.value: str(kind.label) for kind in OrganisationKind}
    return {kind: (names["fr"][kind], names["en"][kind]) for kind in OrganisationKind.values}


def vocabulary(version: int = 0) -> frozenset[str]:
    """Return the index's own words, of published pages: what a mistyped search is compared with. One query, kept."""
    return _kept("words", version, _load_vocabulary)


def _load_vocabulary() -> frozenset[str]:
    known: set[str] = set()
    for text in CompanyPage.objects.published().order_by().values_list("search_words", flat=True):
        known.update(text.split())
    return frozenset(known)


@dataclass
class Asked:
    """What the address asks: words, and chosen values of facets. Unknown values are kept apart, to be told."""

    text: str = ""
    picked: dict[str, list[Choice]] = field(default_factory=lambda: {facet: [] for facet in FACETS})
    unknown: list[tuple[str, str]] = field(default_factory=list)
    error: ValidationError | None = None

    @classmethod
    def from_query(cls, query: QueryDict, choices: Choices) -> Asked:
        """Read a query string; nothing that it may hold is an exception."""
        asked = cls()
        typed = query.get("q", "")
        try:
            asked.text = clean(typed)
        except ValidationError as error:
            asked.error, asked.text = error, typed
        for facet in FACETS:
            for slug in dict.fromkeys(query.getlist(facet)):
                if choice := choices[facet].get(slug):
                    asked.picked[facet].append(choice)
                elif slug:
                    asked.unknown.append((facet, slug[:60]))
        return asked

    def keys(self, facet: str) -> list[str]:
        """Return the chosen values of a facet as the database compares them."""
        return [choice.key for choice in self.picked[facet]]


@dataclass
class Found:
    """The answer: how many, in which facets, and the pages in order. `Paginator` takes it as a list."""

    pages: QuerySet[CompanyPage]
    total: int
    counts: dict[tuple[str, str], int]
    corrected: str = ""
    proposed: str = ""

    def count(self) -> int:
        """Return how many there are, without asking again."""
        return self.total

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, part: slice) -> Iterable[CompanyPage]:
        return self.pages[part] if self.total else []


def find(asked: Asked, version: int = 0) -> Found:
    """Answer what is asked. Nothing found: the nearest words of the index are searched instead; little: proposed."""
    if asked.error:
        return Found(CompanyPage.objects.none(), 0, {})
    found = _search(asked, asked.text, version)
    if asked.text and found.total <= FEW_RESULTS and not _has_operators(asked.text):
        better = suggestion(asked.text, vocabulary(version)) or ""
        if better and not found.total:
            again = _search(asked, better, version)
            return again if not again.total else _with(again, corrected=better)
        found.proposed = better if _differs(asked.text, better) else ""
    return found


def _differs(typed: str, better: str) -> bool:
    """Tell whether a correction says something new: a beginning of a word finds the whole word already."""
    return any(
        not (new.startswith(old) or old.startswith(new))
        for old, new in zip(words(typed), better.split(), strict=False)
    )


def _has_operators(text: str) -> bool:
    """Tell whether a search holds "a phrase" or -without: correcting its words would change what it means."""
    return '"' in text or any(word.startswith("-") for word in text.split())


def _with(found: Found, *, corrected: str) -> Found:
    found.corrected = corrected
    return found


_OF_ORGANISATION = ("name", "slug", "kind", "commune_id")
# All that a card shows (presentation.cards): with the rest, Django would take longer over the rows than PostgreSQL.
_SHOWN = (
    "tagline_fr",
    "tagline_en",
    "organisation_id",
    *(f"organisation__{name}" for name in _OF_ORGANISATION),
)


def _search(asked: Asked, text: str, version: int) -> Found:
    pages = CompanyPage.objects.published().order_by()
    order = ["organisation__sort_name", "id"]
    if not text and not any(asked.picked.values()):
        # The whole list's counts are the same on all its pages.
        counts = _kept("counts", version, lambda: _count(pages, asked)[0])
    else:
        query = search_query(text) if text else None
        counts, hits = _count(pages.filter(search=query) if query else pages, asked)
        # To compare with the words is the dear part: the second question names the pages that the first found.
        pages = CompanyPage.objects.filter(pk__in=hits)
        if query:
            pages, order = pages.annotate(rank=SearchRank(F("search"), query)), ["-rank", *order]
    shown = pages.with_due().select_related("organisation").annotate(sector_ids=_SECTOR_IDS).only(*_SHOWN)
    return Found(shown.order_by(*order), counts.pop(("total", ""), 0), counts)


_SECTOR_IDS = ArraySubquery(
    Organisation.sectors.through.objects.filter(organisation_id=OuterRef("organisation_id"))
    .order_by("sector__position", "sector_id")
    .values_list(Cast("sector_id", CharField()))
)


# One reading of the pages that match the words; then each facet is counted as if it were not filtered itself.
_COUNTS = """
WITH hits AS MATERIALIZED (
    SELECT base.*,
           (%s OR base.kind = ANY(%s)) AS type_ok,
           (%s OR base.commune = ANY(%s)) AS commune_ok,
           (%s OR EXISTS (SELECT FROM members_organisation_sectors s
                          WHERE s.organisation_id = base.organisation AND s.sector_id = ANY(%s))) AS sector_ok,
           (%s OR EXISTS (SELECT FROM showcase_companycommitment c
                          WHERE c.page_id = base.page AND c.commitment_id = ANY(%s))) AS commitment_ok
    FROM ({base}) AS base(page, organisation, kind, commune)
)
SELECT 'total', '', count(*), array_agg(page) FROM hits WHERE type_ok AND commune_ok AND sector_ok AND commitment_ok
UNION ALL
SELECT 'type', kind, count(*), NULL FROM hits WHERE commune_ok AND sector_ok AND commitment_ok GROUP BY kind
UNION ALL
SELECT 'commune', commune::text, count(*), NULL FROM hits
WHERE commune IS NOT NULL AND type_ok AND sector_ok AND commitment_ok GROUP BY commune
UNION ALL
SELECT 'secteur', s.sector_id::text, count(*), NULL
FROM hits JOIN members_organisation_sectors s ON s.organisation_id = hits.organisation
WHERE type_ok AND commune_ok AND commitment_ok GROUP BY s.sector_id
UNION ALL
SELECT 'engagement', c.commitment_id::text, count(*), NULL
FROM hits JOIN showcase_companycommitment c ON c.page_id = hits.page
WHERE type_ok AND commune_ok AND sector_ok GROUP BY c.commitment_id
"""


def _count(base: QuerySet[CompanyPage], asked: Asked) -> tuple[dict[tuple[str, str], int], list[int]]:
    """Return the total, at ("total", ""), and the number of pages at each (facet, key); and who is found: one query."""
    rows = base.values_list("id", "organisation_id", "organisation__kind", "organisation__commune_id")
    sql, parameters = rows.query.sql_with_params()
    chosen: list[Any] = []
    for facet in ("type", "commune", "secteur", "engagement"):
        keys: list[Any] = list(asked.keys(facet)) if facet == "type" else list(map(int, asked.keys(facet)))
        # An empty array has no type of its own: one that is never reached stands in for it.
        chosen += [not keys, keys or ([""] if facet == "type" else [0])]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.replace("{base}", sql), [*chosen, *parameters])
        found = cursor.fetchall()
    hits = next(ids for facet, _key, _count, ids in found if facet == "total") or []
    return {(facet, key): count for facet, key, count, _ids in found}, hits
