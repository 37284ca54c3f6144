"""What views share: a page or its fragment, page numbers, where to go next, and the mark of a public page."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

View = TypeVar("View", bound=Callable[..., Any])
R = TypeVar("R", bound=HttpResponseBase)

_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def wants_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of the page; not when it follows a link or goes back in history."""
    meta = request.META
    return (
        "HTTP_HX_REQUEST" in meta
        and "HTTP_HX_BOOSTED" not in meta
        and "HTTP_HX_HISTORY_RESTORE_REQUEST" not in meta
    )


def render_page_or_fragment(
    request: HttpRequest, template: str, fragment: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render the page, or only `fragment` (a template that the page includes) when htmx asks for it."""
    name = fragment if wants_fragment(request) else template
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ("HX-Request",))
    return response


def conflict(request: HttpRequest, message: str, *, back: str = "") -> HttpResponse:
    """Answer 409: what the person acted on has changed meanwhile. `back` is the address to see it as it is now."""
    return render(request, "409.html", {"message": message, "back": back}, status=409)


def safe_next(request: HttpRequest, fallback: str) -> str:
    """Return the `next` address that a form or link carries if it is one of this site's, else `fallback`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if allowed else fallback


def row_number(text: str) -> int:
    """Return the number of a row that an address or a form names: 0, which no row has, for what can be none."""
    # 19 digits may be more than PostgreSQL's bigint.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def paginate(rows: Any, request: HttpRequest, per_page: int) -> Page:
    """Return the page of a queryset or list that `?page=` asks for.

    Raises Http404, with a message for the reader, when it is no number or beyond the last page.
    """
    number = request.GET.get("page") or "1"
    paginator: Paginator[Any] = Paginator(rows, per_page)
    if not _PAGE_NUMBER.fullmatch(number):
        raise Http404(_("“%(number)s” is not a page number.") % {"number": number[:20]})
    if int(number) > paginator.num_pages:
        raise Http404(
            _("There is no page %(number)s: the last one is %(last)s.")
            % {"number": number, "last": paginator.num_pages}
        )
    return paginator.page(int(number))


def secret_page(response: R) -> R:
    """Keep an answer whose address is a secret (a mail's link, a personal feed) out of referrers and search engines."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def anonymous_page_cache(*parameters: str) -> Callable[[View], View]:
    """Mark a view as a public page: `@anonymous_page_cache("q", "page")`.

    Its answers to people without a session are kept by core.page_cache until anything public changes, 60 s at most.
    `parameters` are the query parameters that the view reads; an address with any other one is answered, not kept.
    Such a page shows nothing of the person and holds no CSRF token.
    """

    def mark(view: View) -> View:
        view.public_parameters = frozenset(parameters)  # type: ignore[attr-defined]
        return view

    return mark
