"""The end of a poll: a date is chosen, or the workshop is cancelled."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core.clock import database_now
from core.workflow import lock, record
from workshops.emails import drop_queued
from workshops.enums import WorkshopState
from workshops.models.invitations import Invitation
from workshops.models.workshops import Workshop
from workshops.polls import emails
from workshops.polls.models import PollReply
from workshops.polls.services.editing import running_poll
from workshops.services import (
    Sent,
    WorkshopError,
    cancel_workshop,
    lock_recipients,
    schedule_workshop,
    send_invitations,
    withdraw_invitation,
)


def choose_option(*, workshop: Workshop, option: int, by: Any) -> Sent:
    """Make an option (its id) the workshop's date and place, schedule it and invite everybody on the list.

    One transaction under the locks of the workshop, the venue and the invitations: the workshop holds its venue, the
    poll's messages not sent yet are dropped, each person is mailed the invitation with its calendar entry, and the
    holds of all options leave their feeds. Nobody is answered for: the poll's answers only fill in the form. Of two at
    once, one wins. Raises WorkshopError (not open, not an option, past, venue taken); then nothing is written.
    """
    with transaction.atomic():
        fresh = lock(workshop)
        poll = running_poll(fresh)
        chosen = poll.options.select_related("venue").filter(pk=option).first()
        if chosen is None:
            raise WorkshopError(_("This date is no longer proposed."), code="option")
        if chosen.starts_at <= database_now():
            raise WorkshopError(_("This date is past."), code="past")
        fresh.starts_at, fresh.ends_at, fresh.venue = chosen.starts_at, chosen.ends_at, chosen.venue
        if fresh.answer_by and not database_now() < fresh.answer_by <= chosen.starts_at:
            fresh.answer_by = None
        fresh.save(update_fields=["starts_at", "ends_at", "venue", "answer_by", "updated_at"])
        poll.chosen = chosen
        poll.save(update_fields=["chosen"])
        record(fresh, field="poll_choice", source="", target=str(chosen.pk), by=by)
        fresh = schedule_workshop(workshop=fresh, by=by)
        drop_queued(lock_recipients(fresh, fresh.invitations.standing()))
        return send_invitations(workshop=fresh, by=by)


def cancel_poll(*, workshop: Workshop, reason: str, by: Any) -> int:
    """Cancel a workshop whose date is being searched and return how many people are told: all who were asked.

    Messages not sent yet are dropped; the holds leave the feeds. Raises WorkshopError (no reason) and TransitionError.
    """
    with transaction.atomic():
        searching = lock(workshop).state == WorkshopState.DATE_POLL
        told = cancel_workshop(workshop=workshop, reason=reason, by=by)
        if not searching:
            return told
        fresh = lock(workshop)
        rows = lock_recipients(fresh, fresh.invitations.standing().reachable())
        drop_queued(rows)
        known = set(PollReply.objects.filter(invitation__in=rows).values_list("invitation", flat=True))
        asked = [row for row in rows if row.pk in known]
        for row in asked:
            emails.send_poll_cancellation(row)
        return told + len(asked)


def withdraw_asked(*, invitation: Invitation, by: Any) -> None:
    """Take one person off the list, as `withdraw_invitation` does; whoever was asked for a date is told.

    Their reply counts no more and their link says so. Raises WorkshopError when it is already withdrawn.
    """
    with transaction.atomic():
        workshop = lock(invitation.workshop)
        asked = PollReply.objects.running().filter(invitation=invitation).exists()
        withdraw_invitation(invitation=invitation, by=by)
        if asked:
            chosen = workshop.invitations.reachable().filter(pk=invitation.pk)
            for row in lock_recipients(workshop, chosen):
                emails.send_poll_withdrawal(row)
