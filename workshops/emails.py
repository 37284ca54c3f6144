"""The messages about a workshop: one function each, a row of the outbox for each person, in their language.

All rows to one person about one workshop share a key (so what is out of date is cancelled together) and a thread.
The calendar entry never holds the secret link: calendars are shared with assistants and colleagues.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from core.kinds import name_kinds
from core.templatetags.text import date_long, localized_text
from members.enums import MailChoice
from members.notifications import unsubscribe_url
from outbox.calendar import Attendee, Event, Organizer, build_cancel, build_request
from outbox.inbound import plus_address
from outbox.models import OutboxEmail
from outbox.services import CalendarPart, cancel_queued, queue_email, render_email
from workshops.enums import Answer
from workshops.models import Invitation, Workshop
from workshops.permissions import can_see_access

INVITATION = "workshop-invitation"
UPDATE = "workshop-update"
CANCELLED = "workshop-cancelled"
WITHDRAWN = "workshop-withdrawn"
ANSWER = "workshop-answer"
PROMOTED = "workshop-seat-freed"
NAMED = "workshop-colleague-named"
ASKED_AGAIN = "workshop-asked-again"
PROXY_GIVEN = "workshop-proxy-given"
PROXY_ENDED = "workshop-proxy-ended"
HOST_SHEET = "workshop-host-sheet"
REPLY_REFUSED = "workshop-reply-refused"
REMINDER_SILENT = "workshop-reminder-silent"
REMINDER_ATTENDING = "workshop-reminder-attending"
name_kinds(
    {
        INVITATION: gettext_lazy("Invitation to a workshop"),
        UPDATE: gettext_lazy("Workshop moved or changed"),
        CANCELLED: gettext_lazy("Workshop cancelled"),
        WITHDRAWN: gettext_lazy("Invitation withdrawn"),
        ANSWER: gettext_lazy("Confirmation of an answer"),
        PROMOTED: gettext_lazy("A seat is freed"),
        NAMED: gettext_lazy("A colleague named in one’s place"),
        ASKED_AGAIN: gettext_lazy("Answer asked for again"),
        PROXY_GIVEN: gettext_lazy("Proxy given"),
        PROXY_ENDED: gettext_lazy("Proxy ended"),
        HOST_SHEET: gettext_lazy("Host sheet"),
        REPLY_REFUSED: gettext_lazy("Calendar’s answer not taken"),
        REMINDER_SILENT: gettext_lazy("Reminder to the silent"),
        REMINDER_ATTENDING: gettext_lazy("Reminder to those who come"),
    }
)

PARTSTAT = {
    Answer.SILENT: "NEEDS-ACTION",
    Answer.YES: "ACCEPTED",
    Answer.EXCUSED: "DECLINED",
    Answer.REPRESENTED: "DECLINED",
    # In the calendar a seat that may come is a tentative entry.
    Answer.WAITING: "TENTATIVE",
}


def invitation_key(invitation: Invitation) -> str:
    """Return the outbox key of all that is mailed for an invitation."""
    return f"invitation:{invitation.pk}"


def send_invitation(invitation: Invitation, *, now: datetime) -> None:
    """Queue the invitation (for a session: the convocation) with its calendar entry."""
    send_to_invitee(invitation, INVITATION, "invitation", calendar=_request(invitation, now))


def send_update(invitation: Invitation, *, now: datetime, dates_changed: bool, old: Workshop) -> None:
    """Queue the news that the workshop moved; the calendar entry moves with it."""
    context = {"dates_changed": dates_changed, "old": old}
    send_to_invitee(invitation, UPDATE, "update", context=context, calendar=_request(invitation, now))


def send_cancellation(invitation: Invitation, *, now: datetime) -> None:
    """Queue the news that the workshop is cancelled for all."""
    send_to_invitee(invitation, CANCELLED, "cancelled", calendar=_cancel(invitation, now, whole_event=True))


def send_withdrawal(invitation: Invitation, *, now: datetime) -> None:
    """Queue the cancellation of one person's entry; the workshop goes on."""
    send_to_invitee(invitation, WITHDRAWN, "withdrawn", calendar=_cancel(invitation, now, whole_event=False))


def send_answer_receipt(invitation: Invitation, *, now: datetime) -> None:
    """Queue the confirmation of an answer, with the way in for those who come.

    The entry in the calendar stays as it is, but for those who wait: theirs becomes tentative, whatever they clicked.
    """
    waits = invitation.answer == Answer.WAITING
    calendar = _request(invitation, now) if waits else None
    send_to_invitee(
        invitation, ANSWER, "answer", sequence=next_sequence(invitation, ANSWER), calendar=calendar
    )


def send_promotion(invitation: Invitation, *, now: datetime) -> None:
    """Queue the news that a seat is free for somebody who waited; the calendar entry is confirmed."""
    send_to_invitee(
        invitation,
        PROMOTED,
        "promoted",
        sequence=next_sequence(invitation, PROMOTED),
        calendar=_request(invitation, now),
    )


def send_named(invitation: Invitation, *, giver: Invitation, now: datetime | None) -> None:
    """Queue the news that a colleague named this person to come instead; with the entry if they are newly invited."""
    context = {"giver": giver.current_name, "newly": now is not None}
    calendar = _request(invitation, now) if now else None
    send_to_invitee(
        invitation,
        NAMED,
        "named",
        context=context,
        sequence=next_sequence(invitation, NAMED),
        calendar=calendar,
    )


def send_asked_again(invitation: Invitation, *, who: str, now: datetime) -> None:
    """Queue the news that the colleague or the proxy's holder does not come: the person is asked again."""
    closed = bool(invitation.workshop.answer_by and invitation.workshop.answer_by <= now)
    context = {"who": who, "closed": closed}
    send_to_invitee(
        invitation,
        ASKED_AGAIN,
        "asked_again",
        context=context,
        sequence=next_sequence(invitation, ASKED_AGAIN),
    )


def send_proxy(invitation: Invitation, *, giver: Invitation, given: bool) -> None:
    """Queue, to somebody of the organisation that holds it, the news of a proxy given or taken back."""
    context = {"giver": giver.current_name, "organisation": giver.organisation, "given": given}
    kind = PROXY_GIVEN if given else PROXY_ENDED
    send_to_invitee(invitation, kind, "proxy", context=context, sequence=next_sequence(invitation, kind))


def send_host_sheet(invitation: Invitation) -> None:
    """Queue the host sheet to somebody who comes; a later one is a new message."""
    send_to_invitee(invitation, HOST_SHEET, "host_sheet", sequence=next_sequence(invitation, HOST_SHEET))


def next_sequence(invitation: Invitation, kind: str) -> int:
    """Return the number of the next message of a kind that may come more than once; under the workshop's lock."""
    rows = OutboxEmail.objects.filter(key=invitation_key(invitation), kind=kind)
    last: int | None = rows.aggregate(last=Max("sequence"))["last"]
    return 0 if last is None else last + 1


def send_reply_refused(invitation: Invitation, *, why: str = "", former_dates: bool = False) -> bool:
    """Queue the news that a calendar's answer does not count, and why; once a version of the workshop."""
    return send_to_invitee(
        invitation, REPLY_REFUSED, "reply_refused", context={"why": why, "former_dates": former_dates}
    )


def send_silent_reminder(invitation: Invitation, *, days: int) -> bool:
    """Queue a reminder to somebody who has not answered; False when it exists already."""
    kind = silent_reminder_kind(days)
    sequence, refusable = invitation.workshop.moves, MailChoice.REMINDER_SILENT
    return send_to_invitee(invitation, kind, "reminder_silent", sequence=sequence, refusable=refusable)


def send_attending_reminder(invitation: Invitation, *, hours: int) -> bool:
    """Queue a reminder to somebody who comes, with the way in; False when it exists already."""
    kind = attending_reminder_kind(hours)
    sequence, refusable = invitation.workshop.moves, MailChoice.REMINDER_ATTENDING
    return send_to_invitee(invitation, kind, "reminder_attending", sequence=sequence, refusable=refusable)


def silent_reminder_kind(days: int) -> str:
    """Return the outbox kind of the reminder to the silent at a delay."""
    return f"{REMINDER_SILENT}-{days}d"


def attending_reminder_kind(hours: int) -> str:
    """Return the outbox kind of the reminder to those who come at a delay."""
    return f"{REMINDER_ATTENDING}-{hours}h"


def drop_queued(invitations: Iterable[Invitation]) -> None:
    """Cancel what is not sent yet to these people: a newer message takes its place."""
    for invitation in invitations:
        cancel_queued(key=invitation_key(invitation))


def drop_silent_reminders(invitation: Invitation) -> None:
    """Cancel the reminders to the silent that are not sent yet: the person has answered."""
    drop_reminders(invitation, REMINDER_SILENT)


def drop_attending_reminders(invitation: Invitation) -> None:
    """Cancel the reminders to those who come that are not sent yet: the person does not."""
    drop_reminders(invitation, REMINDER_ATTENDING)


def drop_reminders(invitation: Invitation, family: str) -> None:
    """Cancel the reminders of a family, whatever the delays were when they were queued."""
    key = invitation_key(invitation)
    rows = OutboxEmail.objects.filter(key=key, kind__startswith=f"{family}-").order_by("kind")
    for kind in rows.values_list("kind", flat=True).distinct():
        cancel_queued(key=key, kind=kind)


def send_to_invitee(
    invitation: Invitation,
    kind: str,
    template: str,
    *,
    context: dict[str, Any] | None = None,
    calendar: CalendarPart | None = None,
    sequence: int | None = None,
    refusable: MailChoice | None = None,
) -> bool:
    """Queue a message about a workshop to somebody invited, with the link to their page; return whether it is new.

    `sequence` is the workshop's unless told; `refusable` names the choice by which people refuse such mails.
    """
    workshop, language = invitation.workshop, invitation.mail_language
    unsubscribe = unsubscribe_url(invitation.person, refusable) if refusable else ""
    with override(language):
        link = settings.SITE_URL + reverse("workshops:invitation_answer", args=[invitation.token])
    subject, text, html = render_email(
        f"workshops/{template}",
        {
            "workshop": workshop,
            "invitation": invitation,
            "agenda": workshop.agenda.all(),
            "link": link,
            "place": private_place(workshop),
            "name": invitation.current_name,
            "host_sheet": workshop.venue.host_sheet if workshop.venue and can_see_access(invitation) else [],
            "unsubscribe_url": unsubscribe,
            **(context or {}),
        },
        language=language,
    )
    row = queue_email(
        key=invitation_key(invitation),
        kind=kind,
        to=invitation.current_email,
        subject=subject,
        text=text,
        html=html,
        language=language,
        sequence=workshop.sequence if sequence is None else sequence,
        recipient=invitation.person,
        calendar=calendar,
        thread=f"workshop:{workshop.pk}",
        unsubscribe_url=unsubscribe,
        reply_to=settings.SECRETARIAT_EMAIL,
    )
    return row is not None


def private_place(workshop: Workshop) -> str:
    """Return where it is, as invited people need it: room, address, commune."""
    venue = workshop.venue
    if venue is None:
        return ""
    commune = venue.commune.name if venue.commune else ""
    if commune and commune in venue.address:
        commune = ""
    return ", ".join(part for part in (venue.organisation.name, venue.name, venue.address, commune) if part)


def public_place(workshop: Workshop) -> str:
    """Return where it is, as everybody may know it: the host and the commune only."""
    venue = workshop.venue
    if venue is None:
        return ""
    return ", ".join(part for part in (venue.organisation.name, venue.commune and venue.commune.name) if part)


def _request(invitation: Invitation, now: datetime) -> CalendarPart:
    with override(invitation.mail_language):
        return CalendarPart(build_request(_event(invitation, now)), "REQUEST")


def _cancel(invitation: Invitation, now: datetime, *, whole_event: bool) -> CalendarPart:
    with override(invitation.mail_language):
        return CalendarPart(build_cancel(_event(invitation, now), whole_event=whole_event), "CANCEL")


def _event(invitation: Invitation, now: datetime) -> Event:
    workshop = invitation.workshop
    if workshop.starts_at is None or workshop.ends_at is None:
        raise ValueError("A workshop without dates is in no calendar.")
    partstat = "NEEDS-ACTION" if invitation.needs_answer else PARTSTAT[Answer(invitation.answer)]
    return Event(
        uid=workshop.uid,
        sequence=workshop.sequence,
        dtstamp=now,
        start=workshop.starts_at,
        end=workshop.ends_at,
        summary=localized_text(workshop, "title"),
        description=event_description(workshop, workshop.open_decisions),
        location=private_place(workshop),
        url=settings.SITE_URL + workshop.get_absolute_url() if workshop.is_public else "",
        organizer=organizer(plus_address(invitation.reply_tag)),
        # Not their address of today: see Invitation.current_email.
        attendee=Attendee(invitation.name, invitation.email, partstat, invitation.needs_answer),
    )


def organizer(address: str = "") -> Organizer:
    """Return who calls: the council. Calendars send answers to the invitation's own address, if there is one."""
    return Organizer(_("Metropolitan Council for Positive Industry"), address or settings.SECRETARIAT_EMAIL)


def event_description(workshop: Workshop, decisions: Iterable[Any] = ()) -> str:
    """Return the agenda's lines for the calendar entry, in the active language.

    `decisions` are those still open that head it, for the invited alone.
    """
    still_open = [
        _("Still open: %(decision)s (due %(day)s)")
        % {
            "decision": " ".join(localized_text(decision, "text").split()),
            "day": date_long(decision.due_on),
        }
        for decision in decisions
    ]
    items = [
        f"{number}. {localized_text(item, 'title')}" for number, item in enumerate(workshop.agenda.all(), 1)
    ]
    return "\n".join([str(workshop.get_kind_display()), *still_open, *items])
