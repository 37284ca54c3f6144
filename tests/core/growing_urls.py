"""A page that asks once more when there is a row: what assert_constant_queries must notice."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from core.models import Publication


@login_not_required
def growing(request: HttpRequest) -> HttpResponse:
    """Ask once for all rows, then once for each."""
    rows = list(Publication.objects.all())
    return HttpResponse("".join(str(Publication.objects.get(pk=row.pk)) for row in rows))


@login_not_required
def missing(request: HttpRequest) -> HttpResponse:
    """Answer 404 without a template."""
    return HttpResponse(status=404)


urlpatterns = [path("growing/", growing), path("missing/", missing)]
