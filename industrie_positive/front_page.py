"""What the front page shows: the council's story in a glance, in four questions to the database."""

from datetime import date
from typing import Any

from django.db.models import (
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Abs, Coalesce, Extract, JSONObject, Now

from members.enums import COUNCIL
from members.models import Axis, Seat, Sector
from roadmap.actions.models import Action
from roadmap.drafting.models import Version
from showcase.models import CompanyPage
from workshops.enums import WorkshopState
from workshops.models import Workshop

COMPANIES = 4
WORKSHOPS = 3
ACTIONS = 4


def _members() -> Any:
    """Count the council's seats today, as a subquery: it comes along with another answer."""
    seats = Seat.objects.current().filter(body__slug=COUNCIL).order_by()
    counted = seats.values("body").annotate(total=Count("id")).values("total")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def _newest_adopted() -> Subquery:
    """Return the newest adopted version as JSON, as a subquery: it comes along with another answer too."""
    fields = {name: name for name in ("number", "title_fr", "title_en", "adopted_on", "is_demo")}
    newest = Version.objects.adopted().values(json=JSONObject(**fields))[:1]
    return Subquery(newest, output_field=JSONField())


def _axes() -> list[Axis]:
    """Return the axes with the number of their public actions; each also holds the council's size and its roadmap."""
    actions = Count("actions", filter=Q(actions__is_public=True))
    rows = Axis.objects.annotate(action_count=actions, member_count=_members(), adopted=_newest_adopted())
    return list(rows.order_by("number"))


def _version(values: dict[str, Any] | None) -> Version | None:
    if not values:
        return None
    return Version(**values | {"adopted_on": date.fromisoformat(values["adopted_on"])})


def _companies() -> QuerySet[CompanyPage]:
    """Return the companies that told their story last, with the drawing of their first sector."""
    pattern = Sector.objects.filter(organisations=OuterRef("organisation_id")).order_by("position", "id")
    pages = CompanyPage.objects.published().exclude(story_fr="").select_related("organisation__commune")
    pages = pages.annotate(pattern=Subquery(pattern.values("position")[:1]))
    return pages.defer("search", "search_words").order_by("-updated_at", "-id")[:COMPANIES]


def _workshops() -> list[dict[str, Any]]:
    """Return the next workshops, the soonest first, then the last ones where fewer are to come."""
    rows = Workshop.objects.public().exclude(state=WorkshopState.CANCELLED).with_place()
    until = ExpressionWrapper(F("starts_at") - Now(), output_field=DurationField())
    nearest: Any = rows.annotate(past=Q(ends_at__lte=Now()), away=Abs(Extract(until, "epoch")))
    return [{"workshop": row, "past": row.past} for row in nearest.order_by("past", "away", "id")[:WORKSHOPS]]


def _actions() -> list[Action]:
    """Return flagship actions with their progress."""
    done = Count("milestones", filter=Q(milestones__done_on__isnull=False))
    return list(
        Action.objects.public()
        .select_related("axis", "lead")
        .annotate(milestone_count=Count("milestones"), milestones_done=done)
        .order_by("number")[:ACTIONS]
    )


def front_page() -> dict[str, Any]:
    """Return the front page's context."""
    axes = _axes()
    return {
        "axes": axes,
        "member_count": axes[0].member_count if axes else 0,  # type: ignore[attr-defined]
        "action_count": sum(axis.action_count for axis in axes),  # type: ignore[attr-defined]
        "companies": list(_companies()),
        "workshops": _workshops(),
        "actions": _actions(),
        "adopted": _version(axes[0].adopted) if axes else None,  # type: ignore[attr-defined]
    }
