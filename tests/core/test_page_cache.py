"""Public pages are kept until anything public changes, for everybody and nobody in particular."""

import gzip
from itertools import count

import brotli
import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import Client
from django.urls import path

from core.http import anonymous_page_cache
from core.models import Publication
from core.page_cache import MAX_QUERY_LENGTH, encoding_for

calls = count()
LONG = "<p>Montpellier</p>" * 200


def _page(request, status=200):
    return HttpResponse(f"<!-- {next(calls)} -->{LONG}", status=status)


@login_not_required
@anonymous_page_cache("q", "secteur")
def public(request):
    return _page(request)


@login_not_required
@anonymous_page_cache()
def short(request):
    return HttpResponse("short")


@login_not_required
@anonymous_page_cache()
def missing(request):
    return _page(request, status=404)


@login_not_required
@anonymous_page_cache()
def with_token(request):
    return HttpResponse(get_token(request) + LONG)


@login_not_required
def unmarked(request):
    return _page(request)


def handler400(request, exception):
    return HttpResponse(status=400)


urlpatterns = [
    path("public/", public),
    path("short/", short),
    path("missing/", missing),
    path("with-token/", with_token),
    path("unmarked/", unmarked),
]


@pytest.fixture(autouse=True)
def _pages(settings, db):
    settings.ROOT_URLCONF = __name__
    settings.PAGE_CACHE_SECONDS = 60
    Publication.objects.update_or_create(id=1, defaults={"version": 1})


def get(url, **extra):
    return Client().get(url, **extra)


def test_second_reader_gets_the_kept_page_for_one_query(django_assert_num_queries):
    first = get("/public/")
    with django_assert_num_queries(1):
        second = get("/public/")
    assert second.content == first.content
    assert dict(second.headers) == dict(first.headers)
    assert second["Vary"] == "Cookie, Accept-Encoding, HX-Request"
    assert second["Cache-Control"].startswith("public, max-age=60")
    assert second["Content-Language"] == "fr"
    assert "Content-Security-Policy" in second


def test_publication_makes_a_new_page():
    first = get("/public/")
    Publication.objects.update(version=2)
    assert get("/public/").content != first.content


def test_page_rendered_while_something_was_published_is_not_kept_as_new(monkeypatch):
    versions = iter([1, 2, 2])  # read before the view; what the next reader finds
    monkeypatch.setattr("core.page_cache.current_version", lambda: next(versions))
    first = get("/public/")
    assert get("/public/").content != first.content


def test_time_limit_is_given_to_the_cache(monkeypatch):
    limits = []
    monkeypatch.setattr(
        type(caches["pages"]), "set", lambda self, key, value, timeout: limits.append(timeout)
    )
    get("/public/")
    assert limits == [60]


@pytest.mark.parametrize("cookie", ["session", "messages"])
def test_person_never_gets_nor_leaves_a_kept_page(cookie):
    kept = get("/public/")
    client = Client()
    client.cookies[cookie] = "x"
    own = client.get("/public/")
    assert own.content != kept.content
    assert own["Cache-Control"] == "private, no-cache"
    assert "Cookie" in own["Vary"]
    assert get("/public/").content == kept.content


def test_parameters_in_any_order_are_one_page_but_their_values_are_not():
    page = get("/public/?q=a&secteur=b&secteur=c")
    assert get("/public/?secteur=b&q=a&secteur=c").content == page.content
    assert get("/public/?secteur=c&q=a&secteur=b").content != page.content
    assert get("/public/?q=b").content != get("/public/?q=a").content


@pytest.mark.parametrize("query", ["utm_source=x", "q=a&page=2", "q=" + "a" * MAX_QUERY_LENGTH])
def test_unknown_or_long_parameters_are_answered_and_not_kept(query):
    first = get(f"/public/?{query}")
    assert first.status_code == 200
    assert get(f"/public/?{query}").content != first.content
    assert len(caches["pages"]._cache) == 0


def test_fragment_and_page_are_kept_apart():
    page = get("/public/")
    fragment = get("/public/", HTTP_HX_REQUEST="true")
    assert fragment.content != page.content
    assert get("/public/", HTTP_HX_REQUEST="true").content == fragment.content
    assert get("/public/", HTTP_HX_REQUEST="true", HTTP_HX_BOOSTED="true").content == page.content


def test_hosts_are_kept_apart_and_a_foreign_one_is_refused(settings):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    page = get("/public/", HTTP_HOST="one.example")
    assert get("/public/", HTTP_HOST="two.example").content != page.content
    assert get("/public/", HTTP_HOST="evil.example").status_code == 400


def test_body_is_compressed_as_the_reader_accepts():
    plain = get("/public/")
    zipped = get("/public/", HTTP_ACCEPT_ENCODING="gzip")
    brotlied = get("/public/", HTTP_ACCEPT_ENCODING="gzip, deflate, br")
    assert "Content-Encoding" not in plain
    assert zipped["Content-Encoding"] == "gzip" and LONG.encode() in gzip.decompress(zipped.content)
    assert brotlied["Content-Encoding"] == "br" and LONG.encode() in brotli.decompress(brotlied.content)
    assert len({plain["ETag"], zipped["ETag"], brotlied["ETag"]}) == 3
    for response in (plain, zipped, brotlied):
        assert int(response["Content-Length"]) == len(response.content)


def test_short_body_is_left_plain():
    assert "Content-Encoding" not in get("/short/", HTTP_ACCEPT_ENCODING="gzip")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", ""),
        ("br", "br"),
        ("gzip;q=0.5, br;q=0", "gzip"),
        ("gzip;q=0", ""),
        ("identity", ""),
        ("br;q=x", ""),
        ("GZIP", "gzip"),
    ],
)
def test_encoding_for_reads_weights(accepted, encoding):
    assert encoding_for(accepted) == encoding


@pytest.mark.parametrize("seconds", [0, 60])
def test_unchanged_page_is_not_sent_again(settings, seconds):
    settings.PAGE_CACHE_SECONDS = seconds
    etag = get("/short/")["ETag"]
    for asked in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = get("/short/", HTTP_IF_NONE_MATCH=asked)
        assert again.status_code == 304 and again.content == b""
        assert again["ETag"] == etag and "Vary" in again and "Content-Type" not in again
    assert get("/short/", HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_head_has_the_length_and_no_body():
    page = get("/public/")
    head = Client().head("/public/")
    assert head.content == b"" and head["Content-Length"] == str(len(page.content))


@pytest.mark.parametrize("url", ["/missing/", "/with-token/", "/unmarked/"])
def test_errors_tokens_and_unmarked_pages_are_private_and_not_kept(url):
    first = get(url)
    assert first["Cache-Control"] == "private, no-cache"
    assert get(url).content != first.content
    assert len(caches["pages"]._cache) == 0


def test_post_is_never_kept():
    assert Client().post("/public/").content != Client().post("/public/").content
    assert len(caches["pages"]._cache) == 0


def test_unmarked_page_asks_for_no_version(django_assert_num_queries):
    with django_assert_num_queries(0):
        get("/unmarked/")


def test_without_cache_seconds_nothing_is_kept(settings, django_assert_num_queries):
    settings.PAGE_CACHE_SECONDS = 0
    with django_assert_num_queries(0):
        first = get("/public/")
        assert get("/public/").content != first.content
