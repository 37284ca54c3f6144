"""How long the outbox keeps what was mailed. What a workshop or a vote still answers to joins all apps: hence here."""

from django.conf import settings
from django.db.models import Q

from core.clock import database_now
from members.retention import months_from
from outbox.services import forget_old
from roadmap.approval.models import Approval, Ballot
from workshops.enums import WorkshopState
from workshops.minutes.emails import decision_key
from workshops.minutes.models import Decision
from workshops.models import Workshop


def forget_old_mails() -> int:
    """Delete what left or failed more than OUTBOX_KEEP_MONTHS ago, but for what is alive; return how many."""
    before = months_from(database_now(), -settings.OUTBOX_KEEP_MONTHS)
    return forget_old(before=before, keep=_alive(before=before))


def _alive(*, before: object) -> Q:
    """Match the mails of workshops that are not long over, to which later ones answer, and those of open votes
    and of decisions still to be carried out, which mark who was reminded.
    """
    over = Q(state=WorkshopState.CANCELLED) | Q(ends_at__lt=before)
    workshops = Workshop.objects.exclude(over).values_list("pk", flat=True)
    votes = Approval.objects.filter(closed_at=None)
    keys = [f"approval:{pk}" for pk in votes.values_list("pk", flat=True)]
    ballots = Ballot.objects.filter(voter__approval__in=votes).values_list("pk", flat=True)
    alive = Q(thread__in=[f"workshop:{pk}" for pk in workshops])
    decisions = map(decision_key, Decision.objects.open())
    alive |= Q(key__in=[*keys, *(f"ballot:{pk}" for pk in ballots), *decisions])
    for key in keys:
        alive |= Q(key__startswith=f"{key}:")
    return alive
