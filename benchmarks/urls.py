"""The portal's addresses, and the bare view that they are measured against."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from industrie_positive.urls import urlpatterns as portal
from members.models import Organisation


def bare(request: HttpRequest) -> HttpResponse:
    """Answer with one row found by an indexed SELECT: the least that a Django page with data can do."""
    body = Organisation.objects.get(slug="bulane").name
    return HttpResponse(body, headers={"Content-Length": str(len(body))})


urlpatterns = [path("bare/", bare), *portal]
