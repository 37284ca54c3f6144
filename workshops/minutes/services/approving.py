"""The approval: the text locked, hashed, published."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, transition
from members.models import User
from workshops.enums import DocumentAudience, WorkshopState
from workshops.minutes import emails
from workshops.minutes.enums import MinutesState
from workshops.minutes.models import Correction, Minutes, MinutesFile, PresenceLine
from workshops.minutes.permissions import attendees_of
from workshops.minutes.record import Lists, lists_of, make_files, quorum_of, text_hash
from workshops.minutes.services.correcting import check_decisions
from workshops.minutes.services.errors import MinutesError, refuse_approved
from workshops.minutes.triggers import erasing


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
        for person in attendees_of(approved.workshop):
            emails.send_approved(approved, person)
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
    """Put a pseudonym in the place of a person's name in all minutes, and make the published files anew.

    In a transaction of its caller. The text, its hash and the public files stay as they were approved.
    """
    former = list(former)
    erasing()
    touched: set[int] = set()
    named = ((PresenceLine, "name"), (PresenceLine, "note"), (Minutes, "chair"), (Minutes, "secretary"))
    for model, column in named:
        rows = model.objects.filter(**{f"{column}__in": former})  # type: ignore[attr-defined]
        if column == "name":
            # Whoever bears the same name keeps it.
            rows = PresenceLine.objects.filter(Q(person=person) | Q(person=None, name__in=former))
        touched |= set(rows.values_list("pk" if model is Minutes else "minutes", flat=True))
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
