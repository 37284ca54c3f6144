"""Date polls for tests: open, with three dates at one site, a deadline in ten days."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from members.models import User
from tests.workshops.factories import InvitationFactory, VenueFactory, WorkshopFactory
from workshops.enums import WorkshopState
from workshops.models import DatePoll, Invitation, PollAnswer, PollOption, PollReply, Venue

DAY = timedelta(days=1)


def make_poll(
    *,
    days: tuple[int, ...] = (20, 21, 22),
    venue: Venue | None = None,
    state: str = WorkshopState.DATE_POLL,
    answer_in: timedelta = 10 * DAY,
    **fields: Any,
) -> DatePoll:
    """Make a poll, each option two hours long; `days` count from now."""
    workshop = WorkshopFactory(state=state, starts_at=None, ends_at=None, venue=None, **fields)
    now = timezone.now().replace(microsecond=0, second=0)
    poll = DatePoll.objects.create(
        workshop=workshop, answer_by=now + answer_in, deadline_set_at=now - 30 * DAY
    )
    venue = venue or VenueFactory()
    for count in days:
        start = now + count * DAY
        PollOption.objects.create(poll=poll, starts_at=start, ends_at=start + timedelta(hours=2), venue=venue)
    return poll


def ask(
    poll: DatePoll, said: str = "", *, person: User | None = None, comment: str = "", **fields: Any
) -> Invitation:
    """Put somebody on the list, asked a month ago; `said` is "ymn-" for the options in order, none is silence."""
    if person:
        fields["person"] = person
    invitation = InvitationFactory(workshop=poll.workshop, unsent=True, **fields)
    now = timezone.now()
    reply = PollReply.objects.create(
        invitation=invitation,
        sent_at=now - 30 * DAY,
        answered_at=now - DAY if said else None,
        source="mail-link" if said else "",
        comment=comment,
    )
    words = {"y": "yes", "m": "maybe", "n": "no"}
    for option, letter in zip(poll.options.all(), said, strict=False):
        if letter in words:
            PollAnswer.objects.create(reply=reply, option=option, choice=words[letter])
    return invitation


def option_ids(poll: DatePoll) -> list[int]:
    """Return the options' ids in order."""
    return list(poll.options.values_list("pk", flat=True))
