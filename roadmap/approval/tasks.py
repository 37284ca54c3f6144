"""Celery's way into the votes. Deadlines never wait for it: services judge by the database's clock."""

import logging

from celery import shared_task

from roadmap.approval import services
from roadmap.approval.models import Approval

logger = logging.getLogger(__name__)


@shared_task(expires=280)
def send_reminders() -> None:
    """Remind the organisations that have not voted."""
    services.send_due_reminders()


@shared_task(expires=55)
def close_ended() -> None:
    """Write the records of the votes that have ended; one that fails does not hold up the others."""
    for approval in Approval.objects.to_close().select_related("version"):
        try:
            services.close_approval(approval=approval)
        except Exception:
            logger.exception("The record of approval %s could not be written", approval.pk)
