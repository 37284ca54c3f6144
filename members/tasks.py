"""Celery's way in; the truth is in PostgreSQL, so a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from members import accounts, imports, privacy, retention
from outbox.services import forget_settled


@shared_task(expires=3000)
def apply_retention() -> None:
    """Warn the holders of unused accounts, close those warned in time, forget what is kept for a while only."""
    retention.apply_retention()
    imports.forget_old_files()
    forget_settled(privacy.DONE)


@shared_task(expires=3000)
def renew_encryption() -> None:
    """Let a former SECRET_KEY go."""
    accounts.renew_encryption()
