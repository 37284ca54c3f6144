"""The messages about company pages: one function each, a row of the outbox, in the person's language."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import override

from members.enums import MailChoice
from members.models import User
from members.notifications import unsubscribe_url
from outbox.services import queue_email, render_email
from showcase.models import CompanyPage


def send_confirmation_reminder(page: CompanyPage, *, person: User, now: datetime) -> None:
    """Ask one of the organisation's voices whether the page is still true. Refusable: the caller asks."""
    unsubscribe = unsubscribe_url(person, MailChoice.PAGE_CONFIRM)
    with override(person.language):
        path = reverse("showcase:company_confirm", args=[page.organisation.slug])
    context = {"page": page, "person": person, "path": path, "unsubscribe_url": unsubscribe}
    subject, text, html = render_email("showcase/page_confirm", context, language=person.language)
    queue_email(
        key=f"page:{page.pk}:{now.isoformat()}",
        kind=MailChoice.PAGE_CONFIRM.value,
        to=person.email,
        subject=subject,
        text=text,
        html=html,
        language=person.language,
        recipient=person,
        unsubscribe_url=unsubscribe,
    )
