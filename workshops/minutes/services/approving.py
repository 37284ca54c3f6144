"""The approval: the text locked, hashed, published."""

from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.clock import database_now
from core.models import TransitionLog
from core.workflow import lock, transition
from members.models import User
from workshops.attendance.models import Attendance
from workshops.enums import DocumentAudience, WorkshopState
from workshops.minutes import emails
from workshops.minutes.enums import MinutesState
from workshops.minutes.models import Correction, Minutes, MinutesFile, PresenceLine
from workshops.minutes.permissions import attendees_of, guests_of
from workshops.minutes.record import Lists, lists_of, make_files, quorum_of, text_hash
from workshops.minutes.services.correcting import check_decisions
from workshops.minutes.services.errors import MinutesError, refuse_approved
from workshops.minutes.triggers import erasing
from workshops.models.invitations import Invitation


def approve_minutes(*, minutes: Minutes, by: Any, reason: str = "") -> Minutes:
    """Lock the text, freeze the lists and the quorum, keep the hash, publish the PDF; return the minutes.

    The workshop's minutes are approved from then on, those who attended are mailed, and a trigger refuses any change.
    Possible once the corrections are over, by the database's clock, or earlier with a reason; never with a correction
    to be decided or an incomplete decision. Raises MinutesError and TransitionError.
    """
    with transaction.atomic():
        workshop = lock(minutes.workshop)
        fresh = lock(minutes)
        fresh.workshop = workshop
        now = database_now()
        refuse_approved(fresh)
        over = bool(fresh.corrections_close_at and fresh.corrections_close_at <= now)
        _check_corrections(fresh, over=over, reason=reason)
        check_decisions(fresh)
        lists, quorum = lists_of(fresh), quorum_of(fresh)
        _freeze(fresh, lists)
        fresh.approved_at, fresh.text_sha256 = now, text_hash(fresh, lists, quorum)
        # Before the transition: from then on the database takes no line and no file more.
        MinutesFile.objects.bulk_create(make_files(fresh, lists, quorum))
        approved = transition(
            fresh,
            MinutesState.APPROVED,
            by=by,
            reason=reason.strip()[:2000],
            approved_at=now,
            text_sha256=fresh.text_sha256,
            seats=quorum.seats if quorum else None,
            voices=quorum.voices if quorum else None,
        )
        approved.workshop = transition(workshop, WorkshopState.MINUTES_APPROVED, by=by, updated_at=now)
        for reader in (*attendees_of(approved.workshop), *guests_of(approved.workshop)):
            emails.send_approved(approved, reader)
        return approved


def _check_corrections(minutes: Minutes, *, over: bool, reason: str) -> None:
    if minutes.state != MinutesState.CORRECTIONS:
        raise MinutesError(_("Circulate the minutes first."), code="draft")
    pending = Correction.objects.pending().filter(section__minutes=minutes).count()
    if pending:
        raise MinutesError(
            _("Corrections to be decided: %(count)s. Decide them first.") % {"count": pending}, code="pending"
        )
    if not over and not reason.strip():
        raise MinutesError(
            _("The corrections are still open: wait for their end, or say why you approve before."),
            field="reason",
            code="open",
        )


def _freeze(minutes: Minutes, lists: Lists) -> None:
    lines = [line for found in lists.values() for line in found]
    for position, line in enumerate(lines, start=1):
        line.position = position
    PresenceLine.objects.bulk_create(lines)


def pseudonymise_minutes(*, person: User, former: Iterable[str], name: str) -> None:
    """Put a pseudonym in the place of a person's name in their minutes, and make the published files anew.

    In a transaction of its caller. The text, its hash and the public files stay as they were approved; whoever bears
    the same name keeps it.
    """
    former = list(former)
    erasing()
    theirs = _lines_of(person, former)
    touched = set(theirs["name"].values_list("minutes", flat=True))
    touched |= set(theirs["note"].values_list("minutes", flat=True))
    for column, lines in theirs.items():
        lines.update(**{column: name})
    involved = Minutes.objects.filter(Q(pk__in=touched) | Q(pk__in=_took_part(person)))
    for column in ("chair", "secretary"):
        rows = involved.filter(**{f"{column}__in": former})
        touched |= set(rows.values_list("pk", flat=True))
        rows.update(**{column: name})
    touched |= set(Minutes.objects.filter(decisions__person=person).values_list("pk", flat=True))
    for minutes in Minutes.objects.filter(pk__in=touched, state=MinutesState.APPROVED).select_related(
        "workshop"
    ):
        for made in make_files(minutes, lists_of(minutes), quorum_of(minutes)):
            if made.audience == DocumentAudience.INVITED:
                MinutesFile.objects.filter(
                    minutes=minutes, language=made.language, audience=made.audience
                ).update(content=made.content, sha256=made.sha256)


def _lines_of(person: User, former: list[str]) -> dict[str, QuerySet[PresenceLine]]:
    """Return the lines that name a person, and those whose note says that they came instead."""
    organisations = person.mandates.values("organisation__name")
    # Typed at the door, without an account: of the same name for the same organisation.
    typed = Q(person=None, invitation=None, name__in=former, organisation_name__in=organisations)
    own = Q(person=person) | Q(invitation__person=person) | Q(invitation__email=person.email)
    instead = Q(invitation__representative=None, organisation_name__in=organisations)
    noted = PresenceLine.objects.filter(note__in=former)
    return {
        "name": PresenceLine.objects.filter(own | typed),
        "note": noted.filter(Q(invitation__representative=person) | instead),
    }


def _took_part(person: User) -> "QuerySet[Minutes, Any]":
    """Return the minutes of meetings to which somebody was invited, came or was sent, and those that they wrote."""
    called = Invitation.objects.filter(Q(person=person) | Q(representative=person) | Q(email=person.email))
    came = Attendance.objects.filter(person=person)
    kind = ContentType.objects.get_for_model(Minutes)
    wrote = TransitionLog.objects.filter(content_type=kind, by=person).values("object_id")
    meetings = Q(workshop__in=called.values("workshop")) | Q(workshop__in=came.values("workshop"))
    return Minutes.objects.filter(meetings | Q(pk__in=wrote)).values("pk")
