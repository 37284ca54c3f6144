"""The actions on mandates in the administration site: a form, what it will do, then the deed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.http import conflict
from members import services
from members.mandate_forms import DayForm, EndForm, MoveForm, ReplacementForm
from members.models import Body, Mandate, Seat, User


def may_act(request: HttpRequest) -> bool:
    """Tell whether somebody may end, replace and move mandates."""
    user = request.user
    return user.has_perm("members.change_mandate") and user.has_perm("members.add_mandate")


def standing(mandates: Iterable[Mandate]) -> list[tuple[str, list[Mandate], bool]]:
    """Sort mandates into those of today, those to come and those past; leave out what is empty."""
    today = timezone.localdate()
    parts: dict[str, list[Mandate]] = {"now": [], "later": [], "past": []}
    for mandate in mandates:
        if mandate.ends_on and mandate.ends_on <= today:
            parts["past"].append(mandate)
        else:
            parts["later" if mandate.starts_on > today else "now"].append(mandate)
    titles = {"now": _("Today"), "later": _("To come"), "past": _("In the past")}
    return [(titles[name], rows, name == "past") for name, rows in parts.items() if rows]


def _act(
    request: HttpRequest,
    *,
    form: forms.Form,
    context: dict[str, Any],
    plan: Callable[[dict[str, Any]], services.Plan],
    seen: Callable[[dict[str, Any]], str],
    run: Callable[[dict[str, Any], str], Any],
) -> HttpResponse:
    """Show the form; then what it will do; then, on the second word, do it. `run` judges again, under locks."""
    page = {**admin.site.each_context(request), "form": form, "media": form.media, **context}
    template = "admin/members/mandate_action.html"
    if request.method != "POST" or not form.is_valid():
        return render(request, template, page, status=422 if form.errors else 200)
    data = form.cleaned_data
    try:
        if "confirm" in request.POST:
            run(data, request.POST.get("seen", ""))
            messages.success(request, _("Done, and written in the history."))
            return HttpResponseRedirect(context["back"])
        page |= {"plan": plan(data), "seen": seen(data)}
    except services.MandateConflictError as error:
        return conflict(request, str(error), back=context["back"])
    except services.MandateError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return render(request, template, page, status=422)
    return render(request, template, page)


def _mandate(request: HttpRequest, pk: int) -> Mandate:
    if not may_act(request):
        raise PermissionDenied
    return get_object_or_404(Mandate.objects.select_related("person", "organisation", "body"), pk=pk)


def _page_of(mandate: Mandate) -> str:
    return reverse("admin:members_organisation_change", args=[mandate.organisation_id])


@require_http_methods(["GET", "HEAD", "POST"])
def mandate_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a mandate."""
    mandate = _mandate(request, pk)
    return _act(
        request,
        form=EndForm(request.POST or None),
        context={
            "title": _("End a mandate"),
            "subject": mandate,
            "opts": Mandate._meta,
            "back": _page_of(mandate),
            "button": _("End the mandate"),
        },
        plan=lambda data: services.plan_end(mandate, on=data["on"]),
        seen=lambda data: services.fingerprint([mandate]),
        run=lambda data, seen: services.end_mandate(mandate=mandate, by=request.user, seen=seen, **data),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def mandate_replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace a titular member."""
    mandate = _mandate(request, pk)
    return _act(
        request,
        form=ReplacementForm(request.POST or None),
        context={
            "title": _("Replace a titular member"),
            "subject": mandate,
            "opts": Mandate._meta,
            "back": _page_of(mandate),
            "button": _("Replace"),
        },
        plan=lambda data: services.plan_replacement(mandate, person=data["person"], on=data["on"]),
        seen=lambda data: services.fingerprint([mandate]),
        run=lambda data, seen: services.replace_titular(titular=mandate, by=request.user, seen=seen, **data),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def person_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move a person to another organisation."""
    if not may_act(request):
        raise PermissionDenied
    person = get_object_or_404(User, pk=pk)

    def planned(data: dict[str, Any]) -> services.Plan:
        return services.plan_move(person, **{name: data[name] for name in ("source", "target", "on", "role")})

    return _act(
        request,
        form=MoveForm(request.POST or None, person=person, initial={"source": request.GET.get("source", "")}),
        context={
            "title": _("Move to another organisation"),
            "subject": person,
            "opts": User._meta,
            "back": reverse("admin:members_user_change", args=[person.pk]),
            "button": _("Move"),
        },
        plan=planned,
        seen=lambda data: services.fingerprint(
            services.mandates_to_move(person, data["source"], on=data["on"])
        ),
        run=lambda data, seen: services.move_person(person=person, by=request.user, seen=seen, **data),
    )


@require_safe
def body_composition(request: HttpRequest, pk: int, model_admin: ModelAdmin[Body]) -> HttpResponse:
    """Show who sat on a body on a day, for whom."""
    body = get_object_or_404(Body, pk=pk)
    if not (model_admin.has_view_permission(request, body) and request.user.has_perm("members.view_mandate")):
        raise PermissionDenied
    form = DayForm(request.GET if "date" in request.GET else {"date": timezone.localdate()})
    day = form.cleaned_data["date"] if form.is_valid() else None
    mandates = Mandate.objects.on(day).filter(body=body) if day else Mandate.objects.none()
    rows = list(
        mandates.select_related("person", "organisation").order_by("organisation__sort_name", "role", "pk")
    )
    seats = Seat.objects.on(day).filter(body=body) if day else Seat.objects.none()
    empty = seats.exclude(organisation__in={row.organisation_id for row in rows})
    context = {
        **admin.site.each_context(request),
        "title": str(body),
        "opts": Body._meta,
        "body": body,
        "form": form,
        "day": day,
        "mandates": rows,
        "empty_seats": empty.select_related("organisation").order_by("organisation__sort_name"),
    }
    return render(request, "admin/members/body_composition.html", context, status=200 if day else 422)
