"""Celery's way in; the truth is in PostgreSQL, so a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from members import accounts, retention


@shared_task(expires=3000)
def apply_retention() -> None:
    """Warn the holders of unused accounts, and close those who were warned in time."""
    retention.apply_retention()


@shared_task(expires=3000)
def renew_encryption() -> None:
    """Let a former SECRET_KEY go."""
    accounts.renew_encryption()
