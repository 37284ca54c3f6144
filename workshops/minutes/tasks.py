"""Celery's way in; the truth is in PostgreSQL, so a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from workshops.minutes import reminders


@shared_task(expires=240)
def remind_decisions() -> None:
    """Remind those who carry decisions out, of what is due and not yet marked."""
    reminders.send_due_reminders()
