"""The host sheet (fiche d'accueil): mailed the day before to those who come, to nobody else, and to nobody twice."""

from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.clock import database_now
from core.each import each
from core.workflow import lock, record
from workshops import emails
from workshops.enums import WorkshopState
from workshops.models import Invitation, InvitationQuerySet, Workshop
from workshops.services.errors import WorkshopError, lock_recipients

# A day and a half, and the hour that October adds: no sheet is due earlier than that before the start.
_AHEAD = timedelta(hours=50)


def sheet_due_at(starts_at: datetime) -> datetime:
    """Return when the sheet leaves: the day before, at the settings' hour by Paris's clock."""
    day = timezone.localdate(starts_at) - timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time(settings.HOST_SHEET_HOUR)))


def send_due_sheets() -> int:
    """Queue the sheets that are due now, each workshop in a transaction of its own, and return how many."""
    now = database_now()
    coming = Workshop.objects.filter(
        state=WorkshopState.SCHEDULED, starts_at__gt=now, starts_at__lte=now + _AHEAD, venue__isnull=False
    )
    return each(coming.order_by("starts_at", "id"), _send_due)


def _send_due(workshop: Workshop) -> int:
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        if not _is_due(fresh, now) or not (fresh.venue and fresh.venue.host_sheet):
            return 0
        # A sheet mailed before the dates changed was for another day.
        unsent = Q(host_sheet_sent_at=None) | Q(host_sheet_sent_at__lt=F("workshop__moved_at"))
        return _send(fresh, _recipients(fresh).filter(unsent), now)


def resend_sheets(*, workshop: Workshop, by: Any) -> int:
    """Mail the sheet, as it is now, to all who come, and return how many; logged with who asked.

    Raises WorkshopError for a workshop that is not to come or whose venue has no sheet.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        now = database_now()
        if fresh.state != WorkshopState.SCHEDULED or not fresh.starts_at or fresh.starts_at <= now:
            raise WorkshopError(_("The host sheet is for a workshop to come."), code="state")
        if not (fresh.venue and fresh.venue.host_sheet):
            raise WorkshopError(_("This venue has no host sheet yet: write it first."), code="sheet")
        record(fresh, field="host_sheet", source="", target="sent", by=by)
        return _send(fresh, _recipients(fresh), now)


def sheet_changed_since(workshop: Workshop) -> bool:
    """Tell whether somebody who comes holds an older sheet than the venue's."""
    changed_at = workshop.venue.sheet_changed_at if workshop.venue else None
    return bool(changed_at) and _recipients(workshop).filter(host_sheet_sent_at__lt=changed_at).exists()


def mark_sheet(invitation: Invitation, *, now: datetime) -> None:
    """Note that a message which left after the sheet was due has told the person how to get in."""
    workshop = invitation.workshop
    if invitation.comes and workshop.venue and workshop.venue.host_sheet and _is_due(workshop, now):
        Invitation.objects.filter(pk=invitation.pk).update(host_sheet_sent_at=now)


def _is_due(workshop: Workshop, now: datetime) -> bool:
    if workshop.state != WorkshopState.SCHEDULED or workshop.starts_at is None:
        return False
    return sheet_due_at(workshop.starts_at) <= now < workshop.starts_at


def _recipients(workshop: Workshop) -> InvitationQuerySet:
    return workshop.invitations.sent().coming().reachable()


def _send(workshop: Workshop, chosen: InvitationQuerySet, now: datetime) -> int:
    rows = lock_recipients(workshop, chosen)
    for row in rows:
        emails.send_host_sheet(row)
    Invitation.objects.filter(pk__in=[row.pk for row in rows]).update(host_sheet_sent_at=now)
    return len(rows)
