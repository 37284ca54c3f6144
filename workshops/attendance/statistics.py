"""How the council answers and attends: rates and delays by workshop, organisation, series and kind, for a year or all.

Rates are of people invited whose invitation stands. Attendance counts workshops that were held; who came without an
invitation is counted among the present, not in the rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import ExtractYear

from workshops.attendance.models import Attendance
from workshops.enums import Answer, WorkshopKind, WorkshopState
from workshops.models.invitations import Invitation, InvitationQuerySet
from workshops.models.workshops import Series, Workshop

HELD = (WorkshopState.HELD, WorkshopState.MINUTES_APPROVED)
COUNTED = (WorkshopState.SCHEDULED, *HELD)


class Median(Aggregate):
    """PostgreSQL's continuous median."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Row:
    """The figures of one workshop, organisation, series or kind."""

    label: str
    invited: int
    answered: int
    delay: timedelta | None
    expected: int
    present: int
    starts_at: datetime | None = None
    pk: int | None = None

    @property
    def answer_rate(self) -> int | None:
        """Percent of the invited who answered."""
        return round(100 * self.answered / self.invited) if self.invited else None

    @property
    def attendance_rate(self) -> int | None:
        """Percent of those invited to workshops that were held who came; None when none was held."""
        return round(100 * self.present / self.expected) if self.expected else None


@dataclass(frozen=True)
class Statistics:
    """All tables of a period."""

    total: Row
    workshops: list[Row]
    organisations: list[Row]
    series: list[Row]
    kinds: list[Row]
    walk_ins: int


def years() -> list[int]:
    """Return the years in which workshops took or take place, the latest first."""
    rows = Workshop.objects.filter(state__in=COUNTED, starts_at__isnull=False)
    found = rows.annotate(year=ExtractYear("starts_at")).values_list("year", flat=True).order_by()
    return sorted(set(found), reverse=True)


def statistics(year: int | None = None) -> Statistics:
    """Return the figures of a year in Paris, or of all. Six queries, whatever their number."""
    # Asked beside, not joined: an arrival taken back is another row of the same invitation.
    there = Attendance.objects.standing().filter(invitation=OuterRef("pk"))
    rows = Invitation.objects.sent().filter(workshop__state__in=COUNTED).annotate(came=Exists(there))
    walk_ins = Attendance.objects.standing().filter(invitation=None, workshop__state__in=COUNTED)
    if year:
        rows = rows.filter(workshop__starts_at__year=year)
        walk_ins = walk_ins.filter(workshop__starts_at__year=year)
    kinds = dict(WorkshopKind.choices)
    by_kind = [
        Row(str(kinds[found["workshop__kind"]]), **_figures(found)) for found in _by(rows, "workshop__kind")
    ]
    return Statistics(
        total=Row("", **rows.order_by().aggregate(**_aggregates())),
        workshops=_workshops(rows),
        organisations=[
            Row(found["organisation__name"], **_figures(found))
            for found in _by(
                rows.filter(organisation__isnull=False),
                *("organisation", "organisation__name", "organisation__sort_name"),
            )
        ],
        series=[
            Row(
                str(
                    Series(
                        name_fr=found["workshop__series__name_fr"], name_en=found["workshop__series__name_en"]
                    )
                ),
                **_figures(found),
            )
            for found in _by(
                rows.filter(workshop__series__isnull=False),
                *("workshop__series__name_en", "workshop__series__name_fr"),
            )
        ],
        kinds=by_kind,
        walk_ins=walk_ins.count(),
    )


def _aggregates() -> dict[str, Any]:
    held = Q(workshop__state__in=HELD)
    return {
        "invited": Count("pk"),
        "answered": Count("pk", filter=~Q(answer=Answer.SILENT)),
        "delay": Median(
            ExpressionWrapper(F("answered_at") - F("sent_at"), output_field=DurationField()),
            filter=Q(answered_at__gte=F("sent_at")),
        ),
        "expected": Count("pk", filter=held),
        "present": Count("pk", filter=held & Q(came=True)),
    }


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("invited", "answered", "delay", "expected", "present")}


def _by(rows: InvitationQuerySet, *names: str) -> Any:
    return rows.order_by().values(*names).annotate(**_aggregates()).order_by(names[-1])


def _workshops(rows: InvitationQuerySet) -> list[Row]:
    names = ("workshop", "workshop__title_fr", "workshop__title_en", "workshop__starts_at")
    found = (
        rows.order_by().values(*names).annotate(**_aggregates()).order_by("workshop__starts_at", "workshop")
    )
    return [
        Row(
            str(Workshop(title_fr=one["workshop__title_fr"], title_en=one["workshop__title_en"])),
            **_figures(one),
            starts_at=one["workshop__starts_at"],
            pk=one["workshop"],
        )
        for one in found
    ]
