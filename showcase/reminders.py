"""Pages that nobody has confirmed for a year: their organisation is reminded, once for each year that passes."""

from django.db import transaction

from core.clock import database_now
from core.each import each
from members.enums import MailChoice
from members.models import Mandate
from members.notifications import refusers
from showcase.emails import send_confirmation_reminder
from showcase.models import CompanyPage


def send_due_reminders() -> int:
    """Remind whoever carries the voice of an organisation whose page is due; return how many pages that concerned.

    Late, repeated or concurrent runs do no harm. A page whose organisation has nobody today waits for somebody.
    """
    return each(CompanyPage.objects.to_remind().only("pk").order_by("pk"), _remind)


@transaction.atomic
def _remind(due: CompanyPage) -> bool:
    pages = CompanyPage.objects.to_remind().filter(pk=due.pk)
    page = pages.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
    voices = Mandate.objects.council().current().voting().filter(person__is_active=True).order_by("person")
    held = list(voices.filter(organisation=page.organisation_id).select_related("person")) if page else []
    if page is None or not held:
        return False
    now = database_now()
    refused = set(refusers(MailChoice.PAGE_CONFIRM))
    for mandate in held:
        if mandate.person_id not in refused:
            send_confirmation_reminder(page, person=mandate.person, now=now)
    CompanyPage.objects.filter(pk=page.pk).update(reminded_at=now)
    return True
