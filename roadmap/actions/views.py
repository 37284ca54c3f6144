"""The public pages of the flagship actions."""

from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import anonymous_page_cache, paginate
from members.models import Axis, Organisation
from roadmap.actions.enums import ActionStatus, Theme
from roadmap.actions.models import Action
from showcase.enums import PageState

PER_PAGE = 15
PARAMETERS = ("axe", "theme", "statut", "page")


class Option(NamedTuple):
    """A value to choose in a filter."""

    value: str
    label: str
    selected: bool


class Filter(NamedTuple):
    """A filter of the list."""

    name: str
    label: str
    options: list[Option]


def _filters(request: HttpRequest) -> tuple[list[Filter], Q, list[str]]:
    """Return the filters to show, the chosen condition, and the values that no filter has."""
    axes = {str(axis.number): str(axis.number) for axis in Axis.objects.only("number").order_by("number")}
    known: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        (
            "axe",
            _("Axis"),
            "axis__number",
            {number: _("Axis %(number)s") % {"number": number} for number in axes},
        ),
        ("theme", _("Theme"), "theme", dict(Theme.choices)),
        ("statut", _("Status"), "status", dict(ActionStatus.choices)),
    )
    chosen, unknown, filters = Q(), [], []
    for name, label, column, values in known:
        asked = request.GET.get(name, "")
        if asked in values:
            chosen &= Q(**{column: asked})
        elif asked:
            unknown.append(asked[:60])
        options = [Option(value, str(text), value == asked) for value, text in values.items()]
        filters.append(Filter(name, label, options))
    return filters, chosen, unknown


def _public() -> QuerySet[Action]:
    done = Count("milestones", filter=Q(milestones__done_on__isnull=False))
    return (
        Action.objects.public()
        .select_related("axis", "lead")
        .annotate(milestone_count=Count("milestones"), milestones_done=done)
        .order_by("axis__number", "number")
    )


@login_not_required
@require_safe
@anonymous_page_cache(*PARAMETERS)
def action_list(request: HttpRequest) -> HttpResponse:
    """List the actions by axis; an unknown filter value is told and left out."""
    filters, chosen, unknown = _filters(request)
    page = paginate(_public().filter(chosen), request, PER_PAGE)
    context = {"filters": filters, "is_filtered": bool(chosen), "unknown": unknown, "page": page}
    return render(request, "actions/action_list.html", context)


class Named(NamedTuple):
    """An organisation, with the address of its showcase page when the public sees it."""

    name: str
    url: str


def _named(organisation: Organisation) -> Named:
    page = getattr(organisation, "page", None)
    is_public = page is not None and page.state == PageState.PUBLISHED
    return Named(
        organisation.name, reverse("showcase:company_detail", args=[organisation.slug]) if is_public else ""
    )


@login_not_required
@require_safe
@anonymous_page_cache()
def action_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an action's sheet. Organisations are named; the pilot, a person, is not."""
    partners = Prefetch("partners", Organisation.objects.select_related("page").order_by("sort_name"))
    action = (
        Action.objects.public()
        .filter(slug=slug)
        .select_related("axis", "lead__page")
        .prefetch_related(partners, "milestones")
        .first()
    )
    if action is None:
        raise Http404(_("There is no action at this address."))
    context = {
        "action": action,
        "lead": _named(action.lead) if action.lead else None,
        "partners": [_named(partner) for partner in action.partners.all()],
        "milestones": action.milestones.all(),
        "tasks": action.tasks.select_related("decision__minutes__workshop", "decision__organisation"),
        "today": timezone.localdate(),
        "done_label": _("Reached"),
        "late_label": ActionStatus.LATE.label,
        "planned_label": ActionStatus.PLANNED.label,
        "yes_no": _("yes,no"),
    }
    return render(request, "actions/action_detail.html", context)
