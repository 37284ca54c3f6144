"""Middleware of the portal's own."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis import RedisError

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
        _drop_nul(response)
        return response


def _drop_nul(response: HttpResponse) -> None:
    """Put a space for each NUL of a page: a form gives back what was typed, and HTML cannot hold that character."""
    headers = response.headers
    if response.streaming or "Content-Encoding" in headers:
        return
    if headers.get("Content-Type", "").startswith("text/html") and b"\0" in response.content:
        response.content = response.content.replace(b"\0", b" ")


class UncountedAttemptsMiddleware:
    """Answers 503 where Redis is needed and fails: attempts that cannot be counted are not made."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add nothing."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say it in the reader's language."""
        if not isinstance(error, RedisError):
            return None
        logger.error("Redis fails, a page answers 503: %s", type(error).__name__)
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "60"
        return response
