"""Finished public pages, kept in each process and answered without running the view.

An entry is good as long as the publication's version (one indexed SELECT) is that under which it was rendered:
what is published is seen at once by every process. Pages that depend on the time are at most a minute old.
"""

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import brotli
from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers

from core.http import wants_fragment
from core.publication import current_version

CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=300"
VARY = "Cookie, Accept-Encoding, HX-Request"
# A longer query string is answered, not kept.
MAX_QUERY_LENGTH = 512
_COMPRESSED_FROM = 500
_COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/ld+json",
    "application/xml",
    "application/atom+xml",
    "image/svg",
)
_KEPT_AFTER_304 = ("ETag", "Cache-Control", "Vary", "Content-Language")


class Entry(NamedTuple):
    """One finished answer."""

    version: int
    etag: str
    headers: dict[str, str]
    body: bytes


@lru_cache(maxsize=512)
def encoding_for(accepted: str) -> str:
    """Return the best content encoding that an Accept-Encoding header allows: br, gzip or none."""
    return next((name for name in ("br", "gzip") if accepts(accepted, name)), "")


@lru_cache(maxsize=512)
def accepts(accepted: str, encoding: str) -> bool:
    """Tell whether an Accept-Encoding header allows this one."""
    offered: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        try:
            offered[name.strip()] = float(weight.partition("=")[2] or 1) if weight else 1
        except ValueError:
            offered[name.strip()] = 0
    return offered.get(encoding, 0) > 0


def compress(body: bytes, encoding: str) -> bytes:
    """Return the body in a content encoding; the same body always gives the same bytes, as its ETag promises."""
    if encoding == "br":
        compressed: bytes = brotli.compress(body, quality=5)
        return compressed
    return gzip.compress(body, compresslevel=6, mtime=0) if encoding == "gzip" else body


def has_person(request: HttpRequest) -> bool:
    """Tell whether a request carries something of one person: a session or messages to show."""
    if not request.META.get("HTTP_COOKIE"):
        return False
    cookies = request.COOKIES
    return settings.SESSION_COOKIE_NAME in cookies or "messages" in cookies


def _key(request: HttpRequest, encoding: str) -> str | None:
    """Return the address of a page in the cache: its language is in its path."""
    query = request.META.get("QUERY_STRING", "")
    if len(query) > MAX_QUERY_LENGTH:
        return None
    # The order of different parameters says nothing; the order of the values of one may.
    pairs = sorted(parse_qsl(query, keep_blank_values=True), key=lambda pair: pair[0]) if query else []
    parts = (request.scheme, request.get_host(), request.path_info, pairs, wants_fragment(request), encoding)
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _answer(request: HttpRequest, entry: Entry) -> HttpResponse:
    asked = request.META.get("HTTP_IF_NONE_MATCH")
    response: HttpResponse
    if asked and (entry.etag in asked or asked.strip() == "*"):
        response = HttpResponseNotModified()
        headers = {name: entry.headers[name] for name in _KEPT_AFTER_304 if name in entry.headers}
    else:
        response = HttpResponse(b"" if request.method == "HEAD" else entry.body)
        headers = entry.headers
    for name, value in headers.items():
        response.headers[name] = value
    return response


class PublicPageMiddleware:
    """Answers public pages (`core.http.anonymous_page_cache`) from memory; stands before the session's middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer from memory, or run the view and keep what it answers if it may be kept."""
        if request.method not in ("GET", "HEAD") or has_person(request):
            response = self.get_response(request)
            if hasattr(request, "public_parameters"):
                patch_vary_headers(response, ("Cookie", "HX-Request"))
            return response
        encoding = encoding_for(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        seconds: int = settings.PAGE_CACHE_SECONDS
        key = _key(request, encoding) if seconds else None
        if key and (entry := caches["pages"].get(key)) and entry.version == current_version():
            return _answer(request, entry)
        response = self.get_response(request)
        if not hasattr(request, "public_parameters") or not self._is_public(response):
            return response
        entry = self._finished(request, response, encoding)
        if key and request.public_parameters.issuperset(request.GET):
            caches["pages"].set(key, entry, seconds)
        return _answer(request, entry)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Note that the view is public, and the version that it will show: read before it, never after."""
        parameters = getattr(view, "public_parameters", None)
        if parameters is not None:
            request.public_parameters = parameters  # type: ignore[attr-defined]
            request.public_version = (  # type: ignore[attr-defined]
                current_version() if settings.PAGE_CACHE_SECONDS and not has_person(request) else 0
            )

    @staticmethod
    def _is_public(response: HttpResponse) -> bool:
        return response.status_code == 200 and not response.streaming and not response.cookies

    @staticmethod
    def _finished(request: HttpRequest, response: HttpResponse, encoding: str) -> Entry:
        body = response.content
        kind = response.headers.get("Content-Type", "")
        if len(body) < _COMPRESSED_FROM or not kind.startswith(_COMPRESSIBLE):
            encoding = ""
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}{"-" if encoding else ""}{encoding}"'
        body = compress(body, encoding)
        headers = dict(response.headers.items())
        headers |= {
            "ETag": etag,
            "Cache-Control": CACHE_CONTROL,
            "Vary": VARY,
            "Content-Length": str(len(body)),
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        return Entry(request.public_version, etag, headers, body)  # type: ignore[attr-defined]
