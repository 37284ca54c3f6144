"""What the agenda shows: its filters, its order, and what else belongs to a workshop's series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import ExtractYear, Now
from django.http import QueryDict

from workshops.enums import PUBLIC_STATES, WorkshopKind
from workshops.models import Series, Workshop


@dataclass
class AgendaFilters:
    """The reader's choice (`type`, `annee`, `serie`), what there is to choose from, and what is no choice."""

    years: list[int]
    series: list[Series]
    kind: str = ""
    year: int | None = None
    chosen_series: Series | None = None
    unknown: list[str] = field(default_factory=list)

    @property
    def applied(self) -> bool:
        """Whether anything is left out."""
        return bool(self.kind or self.year or self.chosen_series)


def visible_workshops(user: Any) -> QuerySet[Workshop]:
    """Return the agenda of a reader: what is public, and what they are invited to."""
    return Workshop.objects.visible_to(user).filter(state__in=PUBLIC_STATES).exclude(ends_at=None)


def read_filters(query: QueryDict, rows: QuerySet[Workshop]) -> AgendaFilters:
    """Return the choice that an address makes among these workshops. Two queries."""
    years = rows.order_by().annotate(year=ExtractYear("starts_at")).values_list("year", flat=True).distinct()
    series = Series.objects.filter(pk__in=rows.order_by().values("series"))
    found = AgendaFilters(sorted(years, reverse=True), list(series))
    asked = {name: query.get(name, "") for name in ("type", "annee", "serie")}
    kinds = {value: value for value in WorkshopKind.values}
    found.kind = kinds.get(asked["type"], "")
    found.year = {str(year): year for year in found.years}.get(asked["annee"])
    found.chosen_series = {str(row.pk): row for row in found.series}.get(asked["serie"])
    chosen = {"type": found.kind, "annee": found.year, "serie": found.chosen_series}
    found.unknown = [value[:40] for name, value in asked.items() if value and not chosen[name]]
    return found


def filtered(rows: QuerySet[Workshop], filters: AgendaFilters) -> QuerySet[Workshop]:
    """Return the chosen workshops, ready for the page: what comes, the next first; then what was, the latest first."""
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.year:
        rows = rows.filter(starts_at__year=filters.year)
    if filters.chosen_series:
        rows = rows.filter(series=filters.chosen_series)
    rows = rows.with_place().annotate(is_past=Case(When(ends_at__lte=Now(), then=True), default=False))  # type: ignore[attr-defined]
    to_come = Case(When(is_past=False, then=F("starts_at")))
    # One list, so that no page grows with the years.
    return rows.order_by("is_past", to_come, "-starts_at", "-id")


def same_series(user: Any, workshop: Workshop) -> list[Workshop]:
    """Return the series' workshops that the reader sees, in order, this one among them; none for a lone one."""
    if workshop.series_id is None:
        return []
    rows = list(visible_workshops(user).filter(series=workshop.series_id).order_by("starts_at", "id"))
    return rows if len(rows) > 1 else []
