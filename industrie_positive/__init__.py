"""The project package: settings, addresses, Celery and the pages that join the apps."""

from industrie_positive.celery import app as celery_app

__all__ = ["celery_app"]
