"""How companies are shown: the list's cards and facets, the CSV's rows, the page's structured data.

The cards are made here rather than in the template: two dozen of them are on a page, and cost what they cost in Python.
"""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core.spreadsheets import safe_cell
from core.templatetags.text import french_number
from core.typography import french
from members.enums import OrganisationKind
from showcase.models import CompanyPage
from showcase.search import FACETS, Asked, Choices, Found

# A facet of more values than this shows that few of them.
MOST_VALUES, FEW_VALUES = 8, 6
# JSON inside <script>: no name may end the element or begin a comment.
_SCRIPT_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&"}


class Card(NamedTuple):
    """A company in the list. `tagline_language` is given when it is not the reader's."""

    name: str
    url: str
    tagline: str
    tagline_language: str
    kind: str
    commune: str
    sectors: list[str]
    pattern: int
    is_stale: bool = False

    @property
    def facts(self) -> str:
        """Type, sectors and commune in one line: an element for each would cost the page its EcoIndex."""
        return " · ".join(filter(None, [self.kind, *self.sectors, self.commune]))


class Option(NamedTuple):
    """A value of a facet, to tick."""

    slug: str
    name: str
    total: int
    checked: bool


class Facet(NamedTuple):
    """A facet and its values: all of them, or the most used; `more` is how many are left out."""

    name: str
    title: str
    options: list[Option]
    more: int = 0
    is_whole: bool = False


class Chip(NamedTuple):
    """A filter that is applied."""

    facet: str
    slug: str
    name: str


def facet_titles() -> dict[str, str]:
    """Return the facets' names in the reader's language."""
    return {"secteur": _("Sector"), "commune": _("Commune"), "type": _("Type"), "engagement": _("Commitment")}


def cards(pages: Iterable[CompanyPage], choices: Choices) -> list[Card]:
    """Return the cards of some pages (with `sector_ids`), in the reader's language, without a query."""
    language = "en" if get_language() == "en" else "fr"
    sectors = {choice.key: choice for choice in choices["secteur"].values()}
    communes = {choice.key: choice.name for choice in choices["commune"].values()}
    kinds = {kind.value: str(kind.label) for kind in OrganisationKind}
    root = reverse("showcase:company_list")
    made = []
    for page in pages:
        organisation = page.organisation
        own = [sectors[key] for key in page.sector_ids if key in sectors]  # type: ignore[attr-defined]
        tagline = page.tagline_en if language == "en" else french(page.tagline_fr)
        made.append(
            Card(
                name=organisation.name,
                url=f"{root}{organisation.slug}/",
                tagline=tagline or page.tagline_fr,
                tagline_language="fr" if language == "en" and not tagline and page.tagline_fr else "",
                kind=kinds.get(organisation.kind, ""),
                commune=communes.get(str(organisation.commune_id), ""),
                sectors=[sector.name for sector in own],
                pattern=own[0].position if own else 0,
                is_stale=page.is_stale,  # type: ignore[attr-defined]
            )
        )
    return made


def facets(asked: Asked, found: Found, choices: Choices, whole: str = "") -> list[Facet]:
    """Return the facets with their counts; a value that nobody has is left out, unless it is chosen.

    Of a facet of many values only the most used are shown, unless it is the `whole` one: each is two elements more.
    """
    titles = facet_titles()
    made = []
    for facet in FACETS:
        chosen = {choice.slug for choice in asked.picked[facet]}
        options = [
            Option(slug, choice.name, total, slug in chosen)
            for slug, choice in choices[facet].items()
            if (total := found.counts.get((facet, choice.key), 0)) or slug in chosen
        ]
        if len(options) <= MOST_VALUES:
            made += [Facet(facet, titles[facet], options)] if options else []
        elif facet == whole:
            made.append(Facet(facet, titles[facet], options, is_whole=True))
        else:
            shown = _most_used(options)
            made.append(Facet(facet, titles[facet], shown, more=len(options) - len(shown)))
    return made


def _most_used(options: list[Option]) -> list[Option]:
    """Keep the chosen values and the most used ones, in their own order."""
    first = sorted(options, key=lambda option: -option.total)[:FEW_VALUES]
    return [option for option in options if option.checked or option in first]


def chips(asked: Asked) -> list[Chip]:
    """Return the applied filters."""
    return [Chip(facet, choice.slug, choice.name) for facet in FACETS for choice in asked.picked[facet]]


def csv_file(rows: Iterable[Card]) -> str:
    """Return what the cards show as CSV: comma, CRLF and a byte order mark, without which Excel misreads accents."""
    out = io.StringIO()
    # Every cell quoted: an Excel that splits on semicolons must not find a formula behind one.
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    titles = (_("Name"), _("In one line"), _("Type"), _("Commune"), _("Sectors"), _("Page"))
    writer.writerow([*titles, _("To be confirmed")])
    for card in rows:
        cells = (card.name, card.tagline, card.kind, card.commune, " ; ".join(card.sectors))
        stale = _("yes") if card.is_stale else _("no")
        writer.writerow([*map(safe_cell, cells), f"{settings.SITE_URL}{card.url}", stale])
    return "\ufeff" + out.getvalue()


def structured_data(page: CompanyPage) -> SafeString:
    """Return the company as schema.org data for the page's head: known facts alone, nobody's name."""
    organisation = page.organisation
    language = "en" if get_language() == "en" else "fr"
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Organization",
        "@id": f"{settings.SITE_URL}{page.get_absolute_url()}",
        "name": organisation.name,
        "description": getattr(page, f"tagline_{language}") or page.tagline_fr,
        "url": organisation.website or f"{settings.SITE_URL}{page.get_absolute_url()}",
        "foundingDate": str(page.founded_year or ""),
        "knowsAbout": [getattr(sector, f"name_{language}") for sector in organisation.sectors.all()],
    }
    if organisation.commune:
        data["address"] = {
            "@type": "PostalAddress",
            "addressLocality": organisation.commune.name,
            "addressCountry": "FR",
        }
    if organisation.siren:
        data["identifier"] = {"@type": "PropertyValue", "propertyID": "SIREN", "value": organisation.siren}
    known = {name: value for name, value in data.items() if value}
    text = json.dumps(known, ensure_ascii=False).translate(_SCRIPT_ESCAPES)
    # A block of data, which no browser runs: the policy against inline scripts does not concern it.
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308 - nothing ends the element


def count_text(total: int) -> str:
    """Say how many there are: companies, but chambers and networks too."""
    return ngettext("%(count)s organisation", "%(count)s organisations", total) % {
        "count": french_number(total)
    }
