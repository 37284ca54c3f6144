"""The portal's Celery application. Tasks carry ids; the truth is in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "industrie_positive.settings")

app = Celery("industrie_positive")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["roadmap.approval", "roadmap.drafting", "roadmap.actions"])
