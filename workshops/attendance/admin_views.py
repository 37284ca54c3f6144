"""The secretariat on the day: the code at the door, arrivals ticked on a phone, the sheet to sign."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import UUIDField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from workshops.admin_views.common import render_step, workshop_of
from workshops.attendance.charts import Chart, bar_chart
from workshops.attendance.forms import ArrivalFields, WalkInForm
from workshops.attendance.models import Attendance, Door
from workshops.attendance.services import open_door, record_arrival, record_walk_in, signing_hours, take_back
from workshops.attendance.sheet import attendance_sheet
from workshops.attendance.statistics import Row, statistics, years
from workshops.attendance.views import first_error, wants_json
from workshops.enums import Answer
from workshops.models import Workshop
from workshops.permissions import can_run_workshops
from workshops.services import WorkshopError

# Those who said that they come first: they are whom the door waits for.
ORDER = {Answer.YES: 0, Answer.WAITING: 1, Answer.SILENT: 2, Answer.REPRESENTED: 3, Answer.EXCUSED: 4}


def _page(workshop: Workshop) -> str:
    return reverse("admin:workshops_workshop_process_arrivals", args=[workshop.pk])


@never_cache
@require_safe
def process_arrivals(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody expected, with one button each; and who came without an invitation."""
    return _arrivals(request, workshop_of(request, pk), WalkInForm(initial={"key": uuid4()}))


def _arrivals(
    request: HttpRequest, workshop: Workshop, form: WalkInForm, *, status: int = 200
) -> HttpResponse:
    arrived = list(Attendance.objects.standing().filter(workshop=workshop).select_related("organisation"))
    by_invitation = {row.invitation_id: row for row in arrived if row.invitation_id}
    expected = list(workshop.invitations.sent().select_related("organisation"))
    expected.sort(key=lambda row: ORDER[Answer(row.answer)])
    return render_step(
        request,
        "process_arrivals",
        workshop,
        status=status,
        rows=[(row, by_invitation.get(row.pk), uuid4()) for row in expected],
        walk_ins=[row for row in arrived if row.invitation_id is None],
        count=len(arrived),
        expected_count=sum(row.answer == Answer.YES for row in expected),
        form=form,
        hours=signing_hours(workshop),
    )


@never_cache
@require_POST
def process_arrive(request: HttpRequest, pk: int, invitation: int) -> HttpResponse:
    """Record an invited person's arrival."""
    workshop = workshop_of(request, pk)
    row = get_object_or_404(workshop.invitations, pk=invitation)
    row.workshop = workshop
    form = ArrivalFields(request.POST)
    if not form.is_valid():
        return _answer(request, workshop, _("This arrival is not readable."), 422)
    data = form.cleaned_data
    try:
        arrival = record_arrival(
            invitation=row, by=request.user, key=data["key"], arrived_at=data["arrived_at"]
        )
    except WorkshopError as error:
        return _answer(request, workshop, str(error), 409)
    # Of somebody who signed in by the code meanwhile, the page has to know the real key to undo it.
    return _answer(request, workshop, key=str(arrival.key))


@never_cache
@require_POST
def process_walk_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Record somebody who came without an invitation."""
    workshop = workshop_of(request, pk)
    form = WalkInForm(request.POST)
    if form.is_valid():
        try:
            record_walk_in(workshop=workshop, by=request.user, **form.cleaned_data)
        except WorkshopError as error:
            form.add_error(error.field or None, str(error))
        else:
            return _answer(request, workshop)
    if wants_json(request):
        return _answer(request, workshop, first_error(form), 422)
    return _arrivals(request, workshop, form, status=422)


@never_cache
@require_POST
def process_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo an arrival recorded by mistake."""
    workshop = workshop_of(request, pk)
    try:
        key = UUIDField().clean(request.POST.get("key", ""))
        done = take_back(workshop=workshop, key=key, by=request.user)
    except ValidationError:
        return _answer(request, workshop, _("This arrival is not readable."), 422)
    except WorkshopError as error:
        return _answer(request, workshop, str(error), 409)
    if not done:
        return _answer(request, workshop, _("This arrival is not recorded: reload the page."), 409)
    return _answer(request, workshop)


def _answer(
    request: HttpRequest, workshop: Workshop, error: str = "", status: int = 200, key: str = ""
) -> HttpResponse:
    """Answer the page's script in JSON; without it go back to the list, the error on top."""
    if wants_json(request):
        count = Attendance.objects.standing().filter(workshop=workshop).count()
        return JsonResponse({"ok": not error, "message": error, "count": count, "key": key}, status=status)
    if error:
        messages.error(request, error)
    return HttpResponseRedirect(_page(workshop))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def process_door(request: HttpRequest, pk: int) -> HttpResponse:
    """The code to show at the door, made by a POST, and the address that its QR code opens."""
    workshop = workshop_of(request, pk)
    if request.method == "POST":
        try:
            open_door(workshop=workshop, by=request.user)
        except WorkshopError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(request.path)
    door = Door.objects.filter(workshop=workshop).first()
    return render_step(
        request,
        "process_door",
        workshop,
        door=door,
        hours=signing_hours(workshop),
        address=_sign_address(workshop, door.code) if door else "",
    )


@never_cache
@require_safe
def process_door_qr(request: HttpRequest, pk: int) -> HttpResponse:
    """The QR code as SVG: dark on white in both themes, phones read no other."""
    workshop = workshop_of(request, pk)
    door = get_object_or_404(Door, workshop=workshop)
    image = qrcode.make(
        _sign_address(workshop, door.code), image_factory=qrcode.image.svg.SvgPathFillImage, border=3
    )
    out = BytesIO()
    image.save(out)
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


def _sign_address(workshop: Workshop, code: str) -> str:
    path: Any = reverse("workshops:attendance_sign", args=[workshop.slug])
    return f"{settings.SITE_URL}{path}?code={code}"


@never_cache
@require_safe
def process_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet to print and sign."""
    workshop = workshop_of(request, pk)
    name = f"emargement-{workshop.slug}.pdf"
    return HttpResponse(
        attendance_sheet(workshop),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


@never_cache
@require_safe
def workshop_statistics(request: HttpRequest) -> HttpResponse:
    """Answer rates, delays and attendance, as tables and charts."""
    if not can_run_workshops(request.user):
        raise PermissionDenied
    known = years()
    asked = request.GET.get("year", "")
    year = next((one for one in known if str(one) == asked), None)
    if asked and year is None:
        messages.error(request, _("There is no workshop in that year."))
    found = statistics(year)
    answers, attendance = _("Answer rate by kind"), _("Attendance rate by series")
    tables = [
        ("workshops", _("By workshop"), _("Workshop"), found.workshops,
         _chart(_("Answer rate by workshop"), found.workshops)),
        ("organisations", _("By organisation"), _("Organisation"), found.organisations,
         _chart(_("Attendance rate by organisation"), found.organisations, attendance=True)),
        ("series", _("By series"), _("Series"), found.series, _chart(attendance, found.series, attendance=True)),
        ("kinds", _("By kind"), _("Kind"), found.kinds, _chart(answers, found.kinds)),
    ]  # fmt: skip
    context = {
        **admin.site.each_context(request),
        "opts": Workshop._meta,
        "title": _("Statistics"),
        "found": found,
        "tables": tables,
        "years": known,
        "year": year,
    }
    return render(request, "admin/workshops/workshop_statistics.html", context)


def _chart(title: str, rows: list[Row], *, attendance: bool = False) -> Chart | None:
    """Return a chart of the rates, if there is one at least."""
    rates = [(row.label, row.attendance_rate if attendance else row.answer_rate) for row in rows]
    return bar_chart(title, rates) if any(rate is not None for _label, rate in rates) else None
