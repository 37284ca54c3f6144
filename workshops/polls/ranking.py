"""Which date suits best, and why: counted from the replies, the rooms and who is indispensable, in seven queries.

The order: dates that can be held first; then by how many indispensable people or organisations cannot come, whether
all who said yes have a seat, how many said yes, how many yes or maybe, how many indispensable are unsure; then the
earliest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from workshops.models.invitations import Invitation
from workshops.models.workshops import Workshop
from workshops.polls.enums import Choice
from workshops.polls.models import DatePoll, PollAnswer, PollOption, PollReply
from workshops.polls.queries import occupations


@dataclass(frozen=True)
class Ranked:
    """An option with its place and what speaks for and against it."""

    rank: int
    option: PollOption
    yes: int
    maybe: int
    no: int
    unsaid: int
    # The indispensable who cannot come, and those who are not sure or have not answered.
    missing: list[str]
    unsure: list[str]
    seats: int | None
    clash: Workshop | None
    is_past: bool
    reason: str

    @property
    def is_possible(self) -> bool:
        """Whether it can still be chosen."""
        return not (self.is_past or self.clash)


@dataclass(frozen=True)
class Line:
    """A person of the matrix: what they said of each option, in the options' order."""

    invitation: Invitation
    reply: PollReply | None
    choices: list[str]


@dataclass(frozen=True)
class Results:
    """A poll as the secretariat reads it."""

    options: list[PollOption]
    ranking: list[Ranked]
    lines: list[Line]

    @property
    def answered(self) -> int:
        """How many have replied."""
        return sum(bool(line.reply and line.reply.answered_at) for line in self.lines)


def results(poll: DatePoll, *, now: datetime) -> Results:
    """Return the matrix and the ranking."""
    options = list(poll.options.select_related("venue__organisation", "venue__commune"))
    for option in options:
        option.poll = poll
    standing = poll.workshop.invitations.standing().reachable()
    invitations = list(standing.select_related("organisation", "person"))
    replies = {
        row.invitation_id: row
        for row in PollReply.objects.filter(invitation__in=[row.pk for row in invitations]).select_related(
            "recorded_by"
        )
    }
    said: dict[tuple[int, int], str] = {
        (reply, option): choice
        for reply, option, choice in PollAnswer.objects.filter(option__poll=poll).values_list(
            "reply_id", "option_id", "choice"
        )
    }
    lines = []
    for invitation in invitations:
        reply = replies.get(invitation.pk)
        choices = [said.get((reply.pk, option.pk), "") if reply else "" for option in options]
        lines.append(Line(invitation, reply, choices))
    busy = occupations(options, but=poll.workshop)
    drafts = [
        _weigh(option, [(line.invitation, line.choices[place]) for line in lines], busy, poll, now)
        for place, option in enumerate(options)
    ]
    drafts.sort(key=lambda row: row["key"])
    ranking = [
        Ranked(rank=rank, **{name: value for name, value in row.items() if name != "key"})
        for rank, row in enumerate(drafts, start=1)
    ]
    return Results(options, ranking, lines)


def clash_of(option: Any, busy: list[Workshop]) -> Workshop | None:
    """Return the workshop that keeps an option's venue from being free, of those loaded (`clashing_with`)."""
    for row in busy:
        if not (option.venue and row.venue and row.starts_at and row.ends_at):
            continue
        whole = option.venue.organisation_id == row.venue.organisation_id and (
            option.venue.is_site or row.venue.is_site
        )
        meets = row.starts_at < option.ends_at and row.ends_at > option.starts_at
        if meets and (whole or row.venue_id == option.venue_id):
            return row
    return None


def _weigh(
    option: PollOption,
    said: list[tuple[Invitation, str]],
    busy: list[Workshop],
    poll: DatePoll,
    now: datetime,
) -> dict[str, Any]:
    count = Counter(choice for _invitation, choice in said)
    yes, maybe = count[Choice.YES], count[Choice.MAYBE]
    missing, unsure = _required(said)
    places = [number for number in (option.venue and option.venue.capacity, poll.workshop.capacity) if number]
    seats = min(places) if places else None
    clash, is_past = clash_of(option, busy), option.starts_at <= now
    too_small = seats is not None and yes > seats
    row = {
        "option": option,
        "yes": yes,
        "maybe": maybe,
        "no": count[Choice.NO],
        "unsaid": count[""],
        "missing": missing,
        "unsure": unsure,
        "seats": seats,
        "clash": clash,
        "is_past": is_past,
    }
    order = (is_past or clash is not None, len(missing), too_small, -yes, -(yes + maybe), len(unsure))
    return row | {"reason": _reason(row), "key": (*order, option.starts_at, option.pk)}


def _required(said: list[tuple[Invitation, str]]) -> tuple[list[str], list[str]]:
    """Return which indispensable people or organisations cannot come, and which are not sure.

    An organisation stands for all its people: one who can is enough.
    """
    by_organisation: dict[int, list[str]] = {}
    for invitation, choice in said:
        if invitation.organisation_id:
            by_organisation.setdefault(invitation.organisation_id, []).append(choice)
    missing: dict[str, None] = {}
    unsure: dict[str, None] = {}
    for invitation, choice in said:
        if not invitation.is_required:
            continue
        organisation = invitation.organisation
        choices = by_organisation[organisation.pk] if organisation else [choice]
        name = organisation.name if organisation else invitation.name
        if Choice.YES in choices:
            continue
        (missing if set(choices) == {Choice.NO} else unsure)[name] = None
    return list(missing), list(unsure)


def _reason(row: dict[str, Any]) -> str:
    """Say in a few short sentences what speaks for and against an option."""
    missing, unsure, seats = row["missing"], row["unsure"], row["seats"]
    sentences = [_numbers(row)]
    if missing:
        text = ngettext(
            "%(names)s (required) cannot come.", "%(names)s (required) cannot come.", len(missing)
        )
        sentences.append(text % {"names": ", ".join(missing)})
    if unsure:
        text = ngettext(
            "%(names)s (required) is not sure, or has not answered.",
            "%(names)s (required) are not sure, or have not answered.",
            len(unsure),
        )
        sentences.append(text % {"names": ", ".join(unsure)})
    if seats is not None:
        sentences.append(_seats(seats, row["yes"], row["maybe"]))
    if row["clash"]:
        clash = _("“%(title)s” holds this venue at that time.")
        sentences.append(clash % {"title": row["clash"]})
    if row["is_past"]:
        sentences.append(_("This date is past."))
    return " ".join(sentences)


def _numbers(row: dict[str, Any]) -> str:
    said = [
        pgettext("date poll", "%(count)s yes") % {"count": row["yes"]},
        pgettext("date poll", "%(count)s maybe") % {"count": row["maybe"]},
        pgettext("date poll", "%(count)s no") % {"count": row["no"]},
    ]
    if row["unsaid"]:
        said.append(_("%(count)s without an answer") % {"count": row["unsaid"]})
    return ", ".join(said) + "."


def _seats(seats: int, yes: int, maybe: int) -> str:
    holds = ngettext("There is %(count)s seat", "There are %(count)s seats", seats) % {"count": seats}
    if yes > seats:
        lack = _("%(seats)s, %(count)s too few for those who said yes.")
        return lack % {"seats": holds, "count": yes - seats}
    if yes + maybe > seats:
        return _("%(seats)s: not enough if those who may come do.") % {"seats": holds}
    return f"{holds}."
