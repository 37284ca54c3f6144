"""Celery's way in; the truth is in PostgreSQL, so a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from showcase import reminders


@shared_task(expires=3000)
def send_reminders() -> None:
    """Remind organisations of pages that nobody has confirmed for a year."""
    reminders.send_due_reminders()
