"""How django-allauth behaves here: closed signup, mails through the outbox."""

import secrets
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from members.models import User
from outbox.services import queue_email, render_email


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts exist by the secretariat's invitation only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue allauth's message (password reset) in the outbox, in the person's language."""
        user = context.get("user") or User.objects.filter(email__iexact=email).first()
        language = user.language if user else "fr"
        kind = template_prefix.rsplit("/", 1)[-1]
        subject, text, html = render_email(f"members/emails/{kind}", context, language=language)
        with transaction.atomic():
            queue_email(
                key=f"account:{secrets.token_hex(8)}",
                kind=f"account-{kind.replace('_', '-')}",
                to=email,
                subject=subject,
                text=text,
                html=html,
                language=language,
                recipient=user,
            )
