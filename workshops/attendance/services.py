"""Who arrives at a workshop. Every row is written here, under the workshop's lock.

A phone at the door may send the same arrival twice, or late, because its network dropped: the row's `key`, made by the
phone, says that it is the same one; `arrived_at` is the phone's instant as long as it is plausible.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from core.templatetags.text import datetime_long
from core.workflow import lock, record
from members.models import Organisation
from members.permissions import is_secretariat
from workshops.attendance.enums import ArrivalSource
from workshops.attendance.models import CODE_LETTERS, Attendance, Door
from workshops.enums import WorkshopState
from workshops.models.invitations import Invitation
from workshops.models.workshops import Workshop
from workshops.services.errors import WorkshopError


def signing_hours(workshop: Workshop) -> tuple[datetime, datetime] | None:
    """Return from when until when people sign in with the code, or None while the workshop has no date."""
    if workshop.starts_at is None or workshop.ends_at is None:
        return None
    margin = timedelta(hours=settings.CHECKIN_HOURS)
    return workshop.starts_at - margin, workshop.ends_at + margin


def signing_is_open(workshop: Workshop, *, now: datetime) -> bool:
    """Tell whether people sign in with the code at this moment."""
    hours = signing_hours(workshop)
    begun = hours is not None and hours[0] <= now < hours[1]
    return begun and workshop.state in (WorkshopState.SCHEDULED, WorkshopState.HELD)


def open_door(*, workshop: Workshop, by: Any) -> Door:
    """Return the workshop's code at the door, made at the first call. Raises PermissionDenied, WorkshopError."""
    _only_secretariat(by)
    with transaction.atomic():
        fresh = lock(workshop)
        _check_state(fresh)
        door, _made = Door.objects.get_or_create(workshop=fresh)
        return door


def check_in(
    *, invitation: Invitation, code: str, by: Any, key: UUID, arrived_at: datetime | None = None
) -> Attendance:
    """Record that an invited person is there, because they typed the code at the door.

    Judged by the database's clock, within `signing_hours`; whatever they had answered. Signing in again changes
    nothing. Raises WorkshopError (wrong code, too early, too late, cancelled, withdrawn).
    """
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        fresh = lock(invitation)
        now = database_now()
        _check_state(workshop)
        hours = signing_hours(workshop)
        if fresh.withdrawn_at or fresh.sent_at is None:
            raise WorkshopError(_("This invitation was withdrawn."), code="withdrawn")
        if hours and now < hours[0]:
            message = _("You can sign in from %(when)s.") % {"when": datetime_long(hours[0])}
            raise WorkshopError(message, code="early")
        if hours and now >= hours[1]:
            raise WorkshopError(
                _("Signing in is over: tell the secretariat that you were there."), code="late"
            )
        door = Door.objects.filter(workshop=workshop).first()
        if door is None or not secrets.compare_digest(door.code, clean_code(code)):
            raise WorkshopError(
                _("This is not the code shown at the door: it has %(count)s letters and digits.")
                % {"count": len(door.code) if door else 6},
                field="code",
                code="code",
            )
        return _arrive(
            workshop,
            invitation=fresh,
            key=key,
            arrived_at=_plausible(workshop, arrived_at, now),
            source=ArrivalSource.CODE,
            by=by if by is not None and by.is_authenticated else None,
        )


def record_arrival(
    *, invitation: Invitation, by: Any, key: UUID, arrived_at: datetime | None = None
) -> Attendance:
    """Record an invited person's arrival for them. The secretariat's alone; until the minutes are approved.

    The same key again, or somebody who is recorded already, changes nothing. Raises PermissionDenied, WorkshopError.
    """
    _only_secretariat(by)
    with transaction.atomic():
        workshop, now = _lock_for_recording(invitation.workshop)
        fresh = lock(invitation)
        if fresh.withdrawn_at:
            raise WorkshopError(_("This invitation was withdrawn."), code="withdrawn")
        return _arrive(
            workshop,
            invitation=fresh,
            key=key,
            arrived_at=_plausible(workshop, arrived_at, now),
            source=ArrivalSource.SECRETARIAT,
            by=by,
        )


def record_walk_in(
    *,
    workshop: Workshop,
    name: str,
    organisation: Organisation | None,
    by: Any,
    key: UUID,
    arrived_at: datetime | None = None,
) -> Attendance:
    """Record somebody who came without an invitation. Raises PermissionDenied, WorkshopError."""
    _only_secretariat(by)
    name = " ".join(name.split())
    if not name:
        raise WorkshopError(_("Who is it?"), field="name", code="name")
    if len(name) > 170:
        raise WorkshopError(_("This text is too long."), field="name", code="length")
    with transaction.atomic():
        fresh, now = _lock_for_recording(workshop)
        return _arrive(
            fresh,
            name=name,
            organisation=organisation,
            key=key,
            arrived_at=_plausible(fresh, arrived_at, now),
            source=ArrivalSource.SECRETARIAT,
            by=by,
        )


def take_back(*, workshop: Workshop, key: UUID, by: Any) -> bool:
    """Undo an arrival recorded by mistake, and say whether there was one; the log keeps who did. Raises as above."""
    _only_secretariat(by)
    with transaction.atomic():
        fresh, now = _lock_for_recording(workshop)
        row = Attendance.objects.standing().filter(workshop=fresh, key=key).first()
        if row is None:
            return False
        row.cancelled_at = now
        row.save(update_fields=["cancelled_at"])
        record(row, field="cancelled_at", source="present", target="taken-back", by=by)
        return True


def clean_code(text: str) -> str:
    """Return a code as it is kept, however somebody typed it: small letters, spaces, hyphens."""
    return "".join(letter for letter in text.upper() if letter in CODE_LETTERS)


def _arrive(
    workshop: Workshop,
    *,
    key: UUID,
    arrived_at: datetime,
    source: ArrivalSource,
    by: Any,
    invitation: Invitation | None = None,
    name: str = "",
    organisation: Organisation | None = None,
) -> Attendance:
    known = Attendance.objects.filter(key=key).first()
    if known is None and invitation:
        known = Attendance.objects.standing().filter(invitation=invitation).first()
    if known is not None:
        if known.workshop_id != workshop.pk or (invitation and known.invitation_id != invitation.pk):
            raise WorkshopError(_("This arrival was recorded for somebody else."), code="key")
        return known
    return Attendance.objects.create(
        workshop=workshop,
        invitation=invitation,
        person_id=invitation.person_id if invitation else None,
        name=invitation.name if invitation else name,
        organisation=invitation.organisation if invitation else organisation,
        arrived_at=arrived_at,
        source=source,
        recorded_by=by,
        key=key,
    )


def _plausible(workshop: Workshop, said: datetime | None, now: datetime) -> datetime:
    hours = signing_hours(workshop)
    return said if said and hours and hours[0] <= said <= now else now


def _lock_for_recording(workshop: Workshop) -> tuple[Workshop, datetime]:
    fresh = lock(workshop)
    now = database_now()
    _check_state(fresh)
    hours = signing_hours(fresh)
    if hours and now < hours[0]:
        message = _("Arrivals are recorded from %(when)s.") % {"when": datetime_long(hours[0])}
        raise WorkshopError(message, code="early")
    return fresh, now


def _check_state(workshop: Workshop) -> None:
    if workshop.state == WorkshopState.CANCELLED:
        raise WorkshopError(_("This workshop is cancelled."), code="cancelled")
    if workshop.state == WorkshopState.MINUTES_APPROVED:
        raise WorkshopError(_("The minutes are approved: the attendance no longer changes."), code="approved")
    if workshop.state not in (WorkshopState.SCHEDULED, WorkshopState.HELD):
        raise WorkshopError(_("This workshop has no date yet."), code="state")


def _only_secretariat(by: Any) -> None:
    if not is_secretariat(by):
        raise PermissionDenied
