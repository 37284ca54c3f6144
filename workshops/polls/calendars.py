"""The holds that a poll puts in the calendars of those who could come, as long as no date is chosen."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from core.templatetags.text import datetime_long, localized_text
from members.models import User
from outbox.calendar import Event
from workshops.emails import organizer
from workshops.polls.models import PollAnswer
from workshops.polls.queries import own_holds


def holds_of(person: User) -> list[Event]:
    """Return a tentative entry for each date that the person said yes or maybe to, in the active language.

    Each has a UID of its own that lives as long as the option; choosing a date or cancelling takes them all away.
    """
    return [_hold(answer) for answer in own_holds(person)]


def _hold(answer: PollAnswer) -> Event:
    option, reply = answer.option, answer.reply
    poll = option.poll
    title = localized_text(poll.workshop, "title")
    deadline = _("Date poll, answers until %(when)s.") % {"when": datetime_long(poll.answer_by)}
    lines = [
        _("Held free until a date is chosen. You answered: %(answer)s.")
        % {"answer": answer.get_choice_display()},
        deadline,
    ]
    venue = option.venue
    place = ", ".join(part for part in (venue.organisation.name, venue.name) if part) if venue else ""
    return Event(
        uid=option.uid,
        sequence=0,
        dtstamp=reply.answered_at or reply.sent_at,
        last_modified=reply.answered_at or reply.sent_at,
        start=option.starts_at,
        end=option.ends_at,
        summary=_("To be confirmed: %(title)s") % {"title": title},
        description="\n".join(lines),
        location=place,
        url=settings.SITE_URL + reverse("workshops:poll_answer", args=[poll.workshop.slug]),
        organizer=organizer(),
        status="TENTATIVE",
    )
