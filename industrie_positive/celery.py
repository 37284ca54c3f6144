"""The portal's Celery application. Tasks carry ids; the truth is in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "industrie_positive.settings")

app = Celery("industrie_positive")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["workshops.polls", "workshops.minutes", "workshops.replies"])
app.autodiscover_tasks(["roadmap.approval", "roadmap.drafting", "roadmap.actions"])


@worker_ready.connect
def show_life(**kwargs: Any) -> None:
    """Beat the heart as soon as a worker stands, so that /readyz need not wait for beat's first turn."""
    app.send_task("outbox.tasks.heartbeat")
