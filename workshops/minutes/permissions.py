"""Who may do what with minutes, in business words."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from members.models import User
from members.permissions import can_enter_space, is_secretariat, voting_organisation_ids
from workshops.attendance.models import Attendance
from workshops.enums import Answer
from workshops.minutes.enums import CIRCULATED_STATES, MinutesState
from workshops.minutes.models import Decision, DecisionQuerySet, Minutes
from workshops.models.invitations import Invitation, InvitationQuerySet
from workshops.models.workshops import Workshop

# What the secretariat's group needs in the admin.
SECRETARIAT_PERMISSIONS = [
    f"workshops.{verb}_{model}"
    for model in ("minutes", "decision", "correction")
    for verb in ("view", "change")
]


def attendees_of(workshop: Workshop) -> "QuerySet[User]":
    """Return those with an account who may ask for corrections: present, represented, excused, and who came instead."""
    came = Attendance.objects.standing().filter(workshop=workshop).values("person")
    answered = Invitation.objects.sent().filter(
        workshop=workshop, answer__in=(Answer.REPRESENTED, Answer.EXCUSED)
    )
    return User.objects.filter(
        Q(pk__in=came) | Q(pk__in=answered.values("person")) | Q(pk__in=answered.values("representative")),
        is_active=True,
    ).order_by("pk")


def guests_of(workshop: Workshop) -> InvitationQuerySet:
    """Return the invitations of those without an account who may, by their link: present, represented or excused."""
    came = Attendance.objects.standing().filter(workshop=workshop).values("invitation")
    answered = Q(answer__in=(Answer.REPRESENTED, Answer.EXCUSED))
    rows = Invitation.objects.sent().filter(workshop=workshop, person=None)
    return rows.filter(answered | Q(pk__in=came)).order_by("pk")


def is_guest(invitation: Invitation, minutes: Minutes) -> bool:
    """Was there, represented or excused, without an account: reads circulated minutes by the link."""
    return not minutes.is_draft and guests_of(minutes.workshop).filter(pk=invitation.pk).exists()


def link_has_expired(minutes: Minutes, *, now: datetime) -> bool:
    """Tell whether the guests' links no longer open approved minutes: everybody reads the public version."""
    kept = timedelta(days=settings.MINUTES_LINK_DAYS)
    return bool(minutes.approved_at and minutes.approved_at + kept <= now)


def is_attendee(user: Any, workshop: Workshop) -> bool:
    """Was present, represented or excused."""
    return bool(user.is_authenticated and attendees_of(workshop).filter(pk=user.pk).exists())


def can_write_minutes(user: Any) -> bool:
    """May write minutes, circulate and approve them, decide on corrections and decisions: the secretariat."""
    return is_secretariat(user) and bool(user.has_perm("workshops.change_minutes"))


def can_read_minutes(user: Any, minutes: Minutes) -> bool:
    """Drafts are the secretariat's, circulated ones the attendees' too, approved ones for whoever sees the workshop."""
    if is_secretariat(user):
        return True
    if minutes.state in CIRCULATED_STATES and is_attendee(user, minutes.workshop):
        return True
    return minutes.is_approved and Workshop.objects.visible_to(user).filter(pk=minutes.workshop_id).exists()


def sees_names(user: Any, minutes: Minutes) -> bool:
    """May read who was there, by name: the council's members and whoever attended. Others read organisations."""
    return can_enter_space(user) or is_attendee(user, minutes.workshop)


def can_correct_minutes(user: Any, minutes: Minutes) -> bool:
    """May ask for a correction: whoever attended; until when, the database's clock says."""
    return minutes.state == MinutesState.CORRECTIONS and is_attendee(user, minutes.workshop)


def can_correct_by_link(invitation: Invitation, minutes: Minutes) -> bool:
    """May ask for a correction: whoever attended as a guest; until when, the database's clock says."""
    return minutes.state == MinutesState.CORRECTIONS and is_guest(invitation, minutes)


def decisions_of(user: Any) -> DecisionQuerySet:
    """Return the circulated decisions that a person carries out, for themselves or for their organisation."""
    own = Q(person=user.pk) | Q(person=None, organisation__in=voting_organisation_ids(user))
    return Decision.objects.circulated().filter(own)


def can_read_decision(user: Any, decision: Decision) -> bool:
    """May open a decision's page: whoever carries it out, and whoever reads its minutes with the names."""
    if decision.minutes.is_draft:
        return is_secretariat(user)
    if is_secretariat(user) or decisions_of(user).filter(pk=decision.pk).exists():
        return True
    return can_read_minutes(user, decision.minutes) and sees_names(user, decision.minutes)


def can_finish_decision(user: Any, decision: Decision) -> bool:
    """May say that a decision is carried out: its owner, or a voice of the organisation in charge."""
    return bool(user.is_authenticated and decisions_of(user).filter(pk=decision.pk).exists())
