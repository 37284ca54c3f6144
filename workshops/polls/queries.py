"""What other pages ask about date polls: what awaits somebody, what holds a room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from workshops.enums import OCCUPYING_STATES, Answer, WorkshopState
from workshops.models.workshops import Workshop
from workshops.polls.enums import Choice
from workshops.polls.models import PollAnswer, PollOption, PollReply, PollReplyQuerySet


def _mine(rows: PollReplyQuerySet, user: Any) -> PollReplyQuerySet:
    mine = rows.filter(invitation__person=user)
    return mine.select_related("invitation__workshop__poll").order_by(
        "invitation__workshop__poll__answer_by", "id"
    )


def awaiting_polls(user: Any) -> PollReplyQuerySet:
    """Return the replies that the person still owes, or owes again, the next deadline first."""
    return _mine(PollReply.objects.answerable().unanswered(), user)


def answered_polls(user: Any) -> PollReplyQuerySet:
    """Return the replies that the person has given to polls whose date is not chosen yet."""
    owed = PollReply.objects.answerable().unanswered().values("pk")
    return _mine(PollReply.objects.running().exclude(answered_at=None).exclude(pk__in=owed), user)


def asked() -> PollReplyQuerySet:
    """Return all replies, given or owed, with what a page shows of them."""
    return PollReply.objects.select_related(
        "invitation__person", "invitation__organisation", "invitation__workshop__poll__chosen"
    )


def is_asked(user: Any, slug: str) -> bool:
    """Tell whether a person is asked for the date of a workshop, which is being searched."""
    rows = PollReply.objects.running().filter(invitation__workshop__slug=slug)
    return bool(user.is_authenticated and rows.filter(invitation__person=user).exists())


def held_slots(starts_at: datetime, ends_at: datetime) -> QuerySet[PollOption]:
    """Return the options of polls under way that touch a time: what may still become a workshop.

    With their workshop and venue, for a calendar: one query.
    """
    rows = PollOption.objects.filter(
        poll__workshop__state=WorkshopState.DATE_POLL, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    return rows.select_related("poll__workshop", "venue__organisation").order_by("starts_at", "id")


def own_holds(user: Any) -> QuerySet[PollAnswer]:
    """Return what the person said yes or maybe to in polls under way: what their calendar holds free."""
    rows = PollAnswer.objects.filter(
        reply__in=PollReply.objects.running().filter(invitation__person=user).values("pk"),
        choice__in=(Choice.YES, Choice.MAYBE),
    )
    return rows.select_related(
        "reply", "option__poll__workshop", "option__venue__organisation", "option__venue__commune"
    ).order_by("option__starts_at", "option_id")


def occupations(options: Sequence[Any], *, but: Workshop) -> list[Workshop]:
    """Return the workshops that are at one of the options' hosts at some time between the first and the last slot."""
    hosts = {option.venue.organisation_id for option in options if option.venue}
    if not hosts:
        return []
    rows = Workshop.objects.exclude(pk=but.pk).filter(
        venue__organisation__in=hosts,
        state__in=OCCUPYING_STATES,
        starts_at__lt=max(option.ends_at for option in options),
        ends_at__gt=min(option.starts_at for option in options),
    )
    return list(rows.select_related("venue").order_by("starts_at", "id"))


def suggested_answer(invitation: Any) -> str:
    """Return the answer that a silent person's reply to the poll of the chosen date amounts to, if it does.

    It fills in the form of the invitation and answers for nobody; dates that moved since make it void.
    """
    if invitation.answer != Answer.SILENT or invitation.workshop.moves:
        return ""
    rows = PollAnswer.objects.filter(reply__invitation=invitation, option=F("option__poll__chosen"))
    said = rows.values_list("choice", flat=True).first()
    meant = {Choice.YES.value: Answer.YES.value, Choice.NO.value: Answer.EXCUSED.value}
    return meant.get(said or "", "")
