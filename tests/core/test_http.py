"""Fragments for htmx, page numbers, addresses to go to next."""

import pytest
from django.http import Http404
from django.test import RequestFactory
from django.utils import translation

from core.http import paginate, render_page_or_fragment, safe_next, wants_fragment

requests = RequestFactory()


@pytest.mark.parametrize(
    ("headers", "fragment"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_fragment_is_for_htmx_alone(monkeypatch, headers, fragment):
    from django.http import HttpResponse

    monkeypatch.setattr(
        "core.http.render", lambda request, name, context, status: HttpResponse(name, status=status)
    )
    request = requests.get("/", headers=headers)
    assert wants_fragment(request) is fragment
    response = render_page_or_fragment(request, "page.html", "_part.html", {}, status=422)
    assert response.content.decode() == ("_part.html" if fragment else "page.html")
    assert response.status_code == 422
    assert response["Vary"] == "HX-Request"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/espace/?a=b", "/espace/?a=b"),
        ("http://testserver/x", "http://testserver/x"),
        ("", "/fallback/"),
        ("//evil.example", "/fallback/"),
        ("https://evil.example/", "/fallback/"),
        ("/\\evil.example", "/fallback/"),
        ("javascript:alert(1)", "/fallback/"),
        ("http:///evil.example", "/fallback/"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_next_stays_on_the_site(method, address, expected):
    request = getattr(requests, method)("/", {"next": address})
    assert safe_next(request, "/fallback/") == expected


def test_next_over_https_stays_on_https():
    request = requests.get("/", {"next": "http://testserver/x"}, secure=True)
    assert safe_next(request, "/fallback/") == "/fallback/"


@pytest.mark.parametrize(("asked", "first"), [(None, 1), ("", 1), ("1", 1), ("3", 21)])
def test_paginate_gives_the_page(asked, first):
    request = requests.get("/", {} if asked is None else {"page": asked})
    assert paginate(list(range(1, 26)), request, 10)[0] == first


@pytest.mark.parametrize("asked", ["0", "-1", "4", "x", "1.0", "01", " 1", "٣", "9" * 400, "1\0", "<b>"])
def test_paginate_refuses_a_broken_number_with_a_message(asked):
    with translation.override("en"), pytest.raises(Http404) as refused:
        paginate(list(range(25)), requests.get("/", {"page": asked}), 10)
    assert "page" in str(refused.value) and len(str(refused.value)) < 100


def test_paginate_of_nothing_has_one_empty_page():
    assert list(paginate([], requests.get("/"), 10)) == []


@pytest.mark.django_db
def test_conflict_says_what_happened_and_where_to_look(client_for):
    from core.http import conflict

    request = client_for("member").get("/accessibilite/").wsgi_request
    response = conflict(request, "Le vote est <clos>.", back="/feuille-de-route/")
    assert response.status_code == 409
    html = response.content.decode()
    assert "Le vote est &lt;clos&gt;." in html and 'href="/feuille-de-route/"' in html
