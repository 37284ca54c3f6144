"""`manage.py receive_reply < message`: takes in a mail that the mail server hands over, without any mailbox."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from outbox.mailbox import MAX_BYTES
from workshops.replies.services import handle_received, receive_mail


class Command(BaseCommand):
    """Keeps the mail of standard input, then handles it; a failure leaves it with the mail server, to be retried."""

    help = "Take in one mail from standard input, as an answer to an invitation."

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep, then handle."""
        raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        if not raw.strip():
            raise CommandError("There is no mail on standard input.")
        receive_mail(raw[:MAX_BYTES], len(raw) > MAX_BYTES)
        handle_received()
