"""Celery's way in; the truth is in PostgreSQL, so a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from workshops import leftovers, reminders, services


@shared_task(expires=240)
def send_reminders() -> None:
    """Remind the silent and those who come, of what is due and not yet marked."""
    reminders.send_due_reminders()


@shared_task(expires=240)
def send_host_sheets() -> None:
    """Mail the host sheets that are due and not yet marked."""
    services.send_due_sheets()


@shared_task(expires=3000)
def apply_retention() -> None:
    """Forget what people needed at meetings that are over."""
    services.forget_needs()


@shared_task(expires=3000)
def remove_leftovers() -> None:
    """Delete the files that a killed process left without a row."""
    leftovers.remove_leftovers()
