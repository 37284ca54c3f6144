"""Celery's way in; a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from workshops.polls import reminders


@shared_task(expires=240)
def send_reminders() -> None:
    """Remind those who have not said when they can."""
    reminders.send_due_reminders()
