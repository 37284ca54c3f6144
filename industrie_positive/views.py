"""Pages that join the apps: home, the norms' pages, health. A member's space is in space_views."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError

from core.http import anonymous_page_cache
from industrie_positive.front_page import front_page
from industrie_positive.sitemap import public_pages
from outbox.services import worker_is_alive


@login_not_required
@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; touch nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readiness(request: HttpRequest) -> JsonResponse:
    """Say whether the database, the broker and a worker answer: 200 when all do, 503 otherwise."""
    state = {"database": _database_answers(), "broker": _broker_answers(), "worker": False}
    if state["database"]:
        state["worker"] = worker_is_alive(max_age=120)
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as broker:
            return bool(broker.ping())
    except RedisError:
        return False


@login_not_required
@require_safe
@anonymous_page_cache()
def home(request: HttpRequest) -> HttpResponse:
    """The portal's front page."""
    return render(request, "home.html", front_page())


@login_not_required
@require_safe
@anonymous_page_cache()
def legal_page(request: HttpRequest, page: str) -> HttpResponse:
    """A page that a norm asks for."""
    return render(request, f"pages/{page}.html", {"settings": settings})


@login_not_required
@require_safe
@anonymous_page_cache()
def robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers where the site map is, and which pages are nobody's business."""
    closed = ["/admin/", "/espace/", "/connexion/", "/mot-de-passe/", "/invitations/", "/bienvenue/"]
    closed += ["/desabonnement/", "/compte/"]
    lines = ["User-agent: *", *(f"Disallow: {root}{path}" for path in closed for root in ("", "/en"))]
    text = "\n".join([*lines, "", f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""])
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
@anonymous_page_cache()
def sitemap(request: HttpRequest) -> HttpResponse:
    """List every public page in both languages."""
    return render(request, "sitemap.xml", {"pages": public_pages()}, content_type="application/xml")
