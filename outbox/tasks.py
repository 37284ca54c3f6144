"""Celery's way in. The truth is in PostgreSQL: a lost, repeated or concurrent task does no harm."""

import mmap
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from outbox import delivery, services

# Shared with the pool's forked processes, which are not told otherwise that the worker is being stopped.
_stopping = mmap.mmap(-1, 1)


@worker_shutting_down.connect
def _note_shutdown(**kwargs: Any) -> None:
    _stopping[0] = 1


@shared_task
def deliver_due() -> None:
    """Send what is due; a worker being stopped ends after the message it is sending."""
    delivery.deliver_due(should_stop=lambda: _stopping[0] == 1)


@shared_task(expires=55)
def sweep() -> None:
    """Find what was forgotten: rows whose worker died, rows whose wake was lost, retries that are due."""
    delivery.requeue_stuck()
    if delivery.something_is_due():
        services.wake_worker()


@shared_task(expires=55)
def heartbeat() -> None:
    """Show that beat, the broker, a worker and the database work together."""
    services.beat_heart()
