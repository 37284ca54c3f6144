"""Celery's way in; a lost, repeated or concurrent task does no harm."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from outbox.mailbox import MailboxError, forget_before, read_mailbox
from outbox.services import beat_heart
from workshops.replies import services

logger = logging.getLogger(__name__)


@shared_task(expires=55)
def read_replies() -> None:
    """Keep what lies in the mailbox, then handle what was received, from there or by `receive_reply`."""
    if settings.INBOUND_MAILBOX:
        try:
            read_mailbox(settings.INBOUND_MAILBOX, store=services.receive_mail)
            beat_heart(services.MAILBOX)
        except MailboxError as error:
            logger.warning("The mailbox of replies cannot be read: %s", error)
    services.handle_received()


@shared_task(expires=3000)
def forget_old_replies() -> None:
    """Delete what is older than INBOUND_RETENTION_DAYS, here and in the mailbox."""
    services.forget_old()
    if settings.INBOUND_MAILBOX:
        day = timezone.localdate() - timedelta(days=settings.INBOUND_RETENTION_DAYS)
        try:
            forget_before(settings.INBOUND_MAILBOX, day)
        except MailboxError as error:
            logger.warning("Old replies cannot be deleted from the mailbox: %s", error)
