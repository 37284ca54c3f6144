"""Workshops made from another one: a copy, or a series of them with all its dates seen before it is made."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from workshops import services
from workshops.admin_forms.planning import DuplicateForm, RhythmForm, SeriesForm, proposed_dates
from workshops.admin_views.common import REFUSALS, page_of, render_step, workshop_of
from workshops.clashes import digest, warnings_about
from workshops.models import Series, Workshop


@require_http_methods(["GET", "HEAD", "POST"])
def process_duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft like this workshop and open its sheet."""
    workshop = workshop_of(request, pk)
    form = DuplicateForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render_step(request, "process_duplicate", workshop, form=form)
    copy = services.duplicate_workshop(
        workshop=workshop, invitees=form.cleaned_data["invitees"], by=request.user
    )
    messages.success(request, _("This is the copy: give it its dates."))
    return HttpResponseRedirect(reverse("admin:workshops_workshop_change", args=[copy.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def process_series(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in the dates, check each of them, then make the whole series or nothing."""
    workshop = workshop_of(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    rhythm = RhythmForm(asked if "count" in asked else None)
    steps = rhythm.cleaned_data if rhythm.is_bound and rhythm.is_valid() else {"count": 3, "weeks": 4}
    if request.method != "POST":
        initial = {"series": workshop.series_id, **proposed_dates(workshop, **steps)}
        form = SeriesForm(initial=initial, count=steps["count"])
        return _page(request, workshop, form, rhythm, status=422 if rhythm.errors else 200)
    form = SeriesForm(request.POST, count=steps["count"])
    if rhythm.errors or not form.is_valid():
        return _page(request, workshop, form, rhythm, status=422)
    slots = form.slots()
    problems = services.slot_problems(workshop, slots)
    warnings = _warnings(workshop, slots)
    mark = digest([text for texts in warnings for text in texts])
    if any(problems) or request.POST.get("seen") != mark:
        status = 422 if any(problems) else 200
        return _page(
            request, workshop, form, rhythm, status=status, problems=problems, warnings=warnings, mark=mark
        )
    try:
        made = _make(workshop, form, request.user)
    except REFUSALS as error:
        form.add_error(None, str(error))
        return _page(request, workshop, form, rhythm, status=422)
    text = ngettext("%(count)s workshop is planned.", "%(count)s workshops are planned.", len(made))
    messages.success(request, text % {"count": len(made)})
    if made[0].series_id is None:
        return HttpResponseRedirect(page_of(workshop))
    address = reverse("admin:workshops_workshop_changelist")
    return HttpResponseRedirect(f"{address}?series__id__exact={made[0].series_id}")


def _make(workshop: Workshop, form: SeriesForm, by: Any) -> list[Workshop]:
    data = form.cleaned_data
    with transaction.atomic():
        # Somebody else may just have made it.
        series = data["series"] or Series.objects.get_or_create(name_fr=data["name"])[0]
        return services.plan_series(
            workshop=workshop,
            slots=form.slots(),
            series=series,
            invitees=data["invitees"],
            schedule=data["schedule"],
            by=by,
        )


def _warnings(workshop: Workshop, slots: list[services.Slot]) -> list[list[str]]:
    """Return what else is on the day of each date."""
    found = []
    rows = workshop.invitations.standing().filter(is_required=True)
    required = {email.lower() for email in rows.values_list("email", flat=True)}
    own = (workshop.starts_at, workshop.ends_at)
    for slot in slots:
        workshop.starts_at, workshop.ends_at = slot.starts_at, slot.ends_at
        found.append(warnings_about(workshop, required=required) if slot.starts_at < slot.ends_at else [])
    workshop.starts_at, workshop.ends_at = own
    now = timezone.now()
    for slot, texts in zip(slots, found, strict=True):
        if workshop.answer_by and workshop.starts_at and not services.slot_deadline(workshop, slot, now=now):
            texts.append(_("The deadline to answer would be past: people may answer until it starts."))
    return found


def _page(
    request: HttpRequest,
    workshop: Workshop,
    form: SeriesForm,
    rhythm: RhythmForm,
    *,
    status: int = 200,
    problems: list[list[str]] | None = None,
    warnings: list[list[str]] | None = None,
    mark: str = "",
) -> HttpResponse:
    count = len(form.positions)
    rows = [
        {
            "number": number,
            "start": form[f"start_{number}"],
            "end": form[f"end_{number}"],
            "problems": (problems or [[]] * count)[number - 1],
            "warnings": (warnings or [[]] * count)[number - 1],
        }
        for number in form.positions
    ]
    shared = [form[name] for name in ("series", "name", "invitees", "schedule")]
    checked = warnings is not None and not any(problems or [])
    context = {
        "form": form,
        "rhythm": rhythm,
        "rows": rows,
        "shared": shared,
        "checked": checked,
        "mark": mark,
    }
    return render_step(request, "process_series", workshop, status=status, **context)
