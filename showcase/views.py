"""The public showcase: search, a company's page, the same list as CSV."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.http import anonymous_page_cache, conflict, paginate, render_page_or_fragment
from members.enums import COUNCIL
from members.models import Seat
from showcase import presentation
from showcase.models import CompanyCommitment, CompanyPage
from showcase.permissions import can_confirm_page
from showcase.search import PARAMETERS, PER_PAGE, Asked, facet_choices, find
from showcase.services import PageError, confirm_page, version_seen


@login_not_required
@require_safe
@anonymous_page_cache(*PARAMETERS)
def company_list(request: HttpRequest) -> HttpResponse:
    """Search the showcase; 422 for a search too long, with what was typed; 404 for a page that is not there."""
    version = getattr(request, "public_version", 0)
    choices = facet_choices(version)
    asked = Asked.from_query(request.GET, choices)
    found = find(asked, version)
    page = paginate(found, request, PER_PAGE)
    titles = presentation.facet_titles()
    context: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "page": page,
        "cards": presentation.cards(page.object_list, choices),
        "facets": presentation.facets(asked, found, choices, whole=request.GET.get("tout", "")),
        "chips": presentation.chips(asked),
        "count_text": "" if asked.error else presentation.count_text(found.total),
        "unknown": [{"facet": titles[facet], "value": value} for facet, value in asked.unknown],
    }
    return render_page_or_fragment(
        request,
        "showcase/company_list.html",
        "showcase/includes/_company_results.html",
        context,
        status=422 if asked.error else 200,
    )


@login_not_required
@require_safe
def company_export(request: HttpRequest) -> HttpResponse:
    """Give all that the list finds, as CSV."""
    choices = facet_choices()
    asked = Asked.from_query(request.GET, choices)
    if asked.error:
        return HttpResponse(
            " ".join(asked.error.messages), status=422, content_type="text/plain; charset=utf-8"
        )
    found = find(asked)
    rows = presentation.cards(found[0 : found.total], choices)
    response = HttpResponse(presentation.csv_file(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="made-in-montpellier.csv"'
    return response


@login_not_required
@require_safe
@anonymous_page_cache()
def company_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a company's page."""
    seats = Seat.objects.current().filter(body__slug=COUNCIL, organisation=OuterRef("organisation"))
    page = (
        CompanyPage.objects.visible_to(request.user)
        .filter(organisation__slug=slug)
        .select_related("organisation__commune")
        .prefetch_related(
            "organisation__sectors",
            "figures",
            Prefetch("commitments", CompanyCommitment.objects.select_related("commitment")),
        )
        .defer("search", "search_words")
        .with_due()
        .annotate(
            on_council=Exists(seats), seat_from=Subquery(seats.order_by("starts_on").values("starts_on")[:1])
        )
        .first()
    )
    if page is None:
        raise Http404(_("The showcase has no page at this address."))
    context = {
        "page": page,
        "organisation": page.organisation,
        "structured_data": presentation.structured_data(page),
        "may_confirm": page.is_due and can_confirm_page(request.user, page),  # type: ignore[attr-defined]
        "seen": version_seen(page),
    }
    return render(request, "showcase/company_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def company_confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """Take an organisation's word that its page is true; 409 when the page changed since it was read.

    A GET, as the mail's link makes, leads to the page with its button, by the login.
    """
    page = get_object_or_404(CompanyPage.objects.visible_to(request.user), organisation__slug=slug)
    if request.method != "POST":
        return redirect(f"{page.get_absolute_url()}#confirm")
    if not can_confirm_page(request.user, page):
        raise PermissionDenied
    try:
        if confirm_page(page=page, by=request.user, seen=request.POST.get("seen", "")):
            messages.success(request, _("The page is confirmed: thank you."))
        else:
            messages.info(request, _("This page is confirmed already: there is nothing to do."))
    except PageError as error:
        return conflict(request, str(error), back=page.get_absolute_url())
    return redirect(page)
