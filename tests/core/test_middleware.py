"""What every answer gets."""

from django.http import HttpResponse
from django.test import RequestFactory

from core.middleware import PrivateByDefaultMiddleware


def answer(response: HttpResponse) -> HttpResponse:
    return PrivateByDefaultMiddleware(lambda request: response)(RequestFactory().get("/"))


def test_page_holds_no_nul_and_keeps_its_length() -> None:
    response = answer(HttpResponse("<p>a\0b</p>", headers={"Content-Length": "10"}))
    assert response.content == b"<p>a b</p>"


def test_other_answers_keep_their_bytes() -> None:
    packed = HttpResponse(b"a\0b", headers={"Content-Encoding": "br"})
    assert answer(packed).content == b"a\0b"
    assert answer(HttpResponse(b"a\0b", content_type="application/pdf")).content == b"a\0b"


def test_answers_stay_private_unless_a_view_said_otherwise() -> None:
    assert answer(HttpResponse()).headers["Cache-Control"] == "private, no-cache"
    public = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
    assert answer(public).headers["Cache-Control"] == "public, max-age=60"
