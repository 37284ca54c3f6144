"""Celery's way into the votes. Deadlines never wait for it: services judge by the database's clock."""

from celery import shared_task

from core.each import each
from roadmap.approval import services
from roadmap.approval.models import Approval


@shared_task(expires=280)
def send_reminders() -> None:
    """Remind the organisations that have not voted."""
    services.send_due_reminders()


@shared_task(expires=55)
def close_ended() -> None:
    """Write the records of the votes that have ended; one that fails does not hold up the others."""
    ended = Approval.objects.to_close().select_related("version")
    each(ended, lambda approval: services.close_approval(approval=approval).closed_at is not None)
