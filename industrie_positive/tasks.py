"""Celery's way in to what joins the apps; a lost, repeated or concurrent task does no harm."""

from celery import shared_task

from industrie_positive import mail_retention


@shared_task(expires=3000)
def forget_old_mails() -> None:
    """Forget what was mailed long ago."""
    mail_retention.forget_old_mails()
