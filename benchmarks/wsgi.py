"""One server, two Django handlers: the portal with all its middleware, and the bare view with none."""

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "industrie_positive.settings")

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

portal = get_wsgi_application()
settings.ROOT_URLCONF = "benchmarks.urls"
settings.MIDDLEWARE = []
bare = WSGIHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Send /bare/ to the handler without middleware, all else to the portal's."""
    handler = bare if environ["PATH_INFO"] == "/bare/" else portal
    return handler(environ, start_response)
