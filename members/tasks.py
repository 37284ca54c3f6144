"""Celery's way in; the truth is in PostgreSQL, so a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from members import accounts, privacy, retention
from outbox.services import forget_settled


@shared_task(expires=3000)
def apply_retention() -> None:
    """Warn the holders of unused accounts, close those who were warned in time, forget the last mails to the erased."""
    retention.apply_retention()
    forget_settled(privacy.DONE)


@shared_task(expires=3000)
def renew_encryption() -> None:
    """Let a former SECRET_KEY go."""
    accounts.renew_encryption()
