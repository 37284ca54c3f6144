"""What every answer gets, and what every view is given to read."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from core.middleware import CleanInputMiddleware, PrivateByDefaultMiddleware


def answer(response: HttpResponse) -> HttpResponse:
    return PrivateByDefaultMiddleware(lambda request: response)(RequestFactory().get("/"))


def test_answers_stay_private_unless_a_view_said_otherwise() -> None:
    assert answer(HttpResponse()).headers["Cache-Control"] == "private, no-cache"
    public = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
    assert answer(public).headers["Cache-Control"] == "public, max-age=60"


def cleaned(request: HttpRequest) -> HttpRequest:
    CleanInputMiddleware(lambda request: HttpResponse()).process_view(request)
    return request


def test_address_and_form_are_read_without_control_characters_or_empty_looks() -> None:
    typed = {"title": "a\x07\u202eb", "tags": ["\u200b", "é\r\n\tf"], "plain": "x"}
    request = cleaned(RequestFactory().post("/?q=a%00b&q=%C2%9F", typed))
    assert request.GET.getlist("q") == ["ab", ""]
    assert dict(request.POST.lists()) == {"title": ["ab"], "tags": ["", "é\n\tf"], "plain": ["x"]}


def test_files_and_other_bodies_are_left_as_they_came() -> None:
    content = b"%PDF\0\x07\xe2\x80\xae"
    upload = cleaned(
        RequestFactory().post("/", {"file": SimpleUploadedFile("a.pdf", content), "title": "a\0"})
    )
    assert upload.FILES["file"].read() == content and upload.POST["title"] == "a"
    body = b'{"name": "a\x07"}'
    assert cleaned(RequestFactory().post("/", body, content_type="application/json")).body == body
