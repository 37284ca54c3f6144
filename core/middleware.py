"""Middleware of the portal's own."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis import RedisError

from core.typed import clean_query

logger = logging.getLogger(__name__)


class PrivateByDefaultMiddleware:
    """Keeps answers out of shared caches unless a view said otherwise (public pages do, by core.http)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers that no other middleware adds."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class RefusalPagesMiddleware:
    """Gives a page to what Django leaves empty: 405, and 503 where Redis is needed and fails.

    Attempts that cannot be counted are not made.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Say that an address is not used that way: for an empty answer a browser shows an error of its own."""
        response = self.get_response(request)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or response.content:
            return response
        page = render(request, "405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
        page.headers["Allow"] = response.headers["Allow"]
        return page

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say it in the reader's language."""
        if not isinstance(error, RedisError):
            return None
        logger.error("Redis fails, a page answers 503: %s", type(error).__name__)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "60"
        return response


class CleanInputMiddleware:
    """Cleans what a form or an address says before any view reads it (`core.typed`); files and other bodies stay."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do around the view."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Put the cleaned values in the place of those that came."""
        request.GET = clean_query(request.GET)  # type: ignore[assignment]
        if request.method == "POST":
            request.POST = clean_query(request.POST)  # type: ignore[assignment]
