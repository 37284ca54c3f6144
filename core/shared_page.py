"""Finished pages for people who are logged in, where all who may read a page read the same.

Such a page is rendered once for everybody, for a request that knows nothing of anybody, and kept by its key: the
version of what it shows. Each answer gets the reader's own CSRF token put in its place, at the end of the page.
Who may read it is asked at each request, by the view, before it comes here. The answer stays private to its reader.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.messages import get_messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language

from core.page_cache import accepts

# Stands in the rendered page where a reader's token goes. PostgreSQL stores no NUL, so nothing else is one.
_GAP = "\0"
# RFC 1952: its two marks, deflate, no flag, no date, nothing said of the compression, any system.
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


class _Reader:
    """Who a shared page is rendered for: somebody logged in, of whom nothing else is known."""

    is_authenticated = True
    is_anonymous = False


class _Page(NamedTuple):
    """A finished page around its gap; `packed` is the beginning of a gzip file of which `crc` is the checksum."""

    key: Hashable
    digest: bytes
    before: bytes
    after: bytes
    packed: bytes
    crc: int


def shared_page(
    request: HttpRequest, template: str, make_context: Callable[[], dict[str, Any]], *, key: Hashable
) -> HttpResponse:
    """Answer with a page that all who may read it read alike, or with 304 to who has it.

    `key` holds everything that the page depends on besides its address and language, read before `make_context` is
    called. An address with parameters, or a person with a message waiting, gets a page of its own.
    """
    if not settings.PAGE_CACHE_SECONDS or request.META.get("QUERY_STRING") or get_messages(request):
        return render(request, template, make_context())
    slot = f"shared-{template}-{get_language()}-{request.path}"
    page: _Page | None = caches["pages"].get(slot)
    if page is None or page.key != key:
        page = _finished(request, template, make_context(), key)
        caches["pages"].set(slot, page, settings.PAGE_CACHE_SECONDS)
    return _answer(request, page)


def _finished(request: HttpRequest, template: str, context: dict[str, Any], key: Hashable) -> _Page:
    """Render for nobody in particular: no cookie, session or name is within the template's reach."""
    nobody = HttpRequest()
    nobody.method, nobody.path, nobody.path_info = "GET", request.path, request.path_info
    nobody.user = _Reader()  # type: ignore[assignment]
    html = render_to_string(template, {**context, "csrf_token": _GAP}, nobody)
    before, gap, after = html.partition(_GAP)
    if not gap or _GAP in after:
        raise ValueError(f"{template}: a shared page has one CSRF token, that of base.html")
    start, end = before.encode(), after.encode()
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = _GZIP_HEADER + squeezer.compress(start) + squeezer.flush(zlib.Z_SYNC_FLUSH)
    return _Page(key, hashlib.blake2b(html.encode()).digest(), start, end, packed, zlib.crc32(start))


def _answer(request: HttpRequest, page: _Page) -> HttpResponse:
    token = get_token(request).encode()
    # A new secret makes the token of a page that the browser holds worthless: it is a part of what is compared.
    secret = request.META["CSRF_COOKIE"].encode()
    etag = hashlib.blake2b(page.digest + secret, digest_size=12).hexdigest()
    etag = f'W/"{etag}"'
    response = get_conditional_response(request, etag=etag)
    if response is None or response.status_code != 304:
        packed = accepts(request.META.get("HTTP_ACCEPT_ENCODING", ""), "gzip")
        response = HttpResponse(_packed(page, token) if packed else page.before + token + page.after)
        if packed:
            response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = etag
    patch_vary_headers(response, ("Cookie", "Accept-Encoding"))
    return response


def _packed(page: _Page, token: bytes) -> bytes:
    """Close the kept gzip file with the token and the page's end, stored as they are: a last block and a checksum."""
    last = token + page.after
    block = struct.pack("<BHH", 1, len(last), len(last) ^ 0xFFFF) + last
    length = len(page.before) + len(last)
    return page.packed + block + struct.pack("<LL", zlib.crc32(last, page.crc), length)
