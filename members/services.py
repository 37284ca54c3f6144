"""One action each: end a mandate, replace a titular, move a person to another organisation.

Each first makes its plan, which the administration shows, then makes it again under locks and carries it out, whole or
not at all. Every action locks the organisations it concerns, in the order of their numbers, then the mandates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.templatetags.text import date_long
from members.enums import MandateRole
from members.history import record_change, snapshot
from members.invitations import ERASED_DOMAIN
from members.models import CLOSED_ACCOUNT, Mandate, Organisation, User


class MandateError(Exception):
    """The action would lead to an impossible state. The message is for the secretariat, at the field named."""

    def __init__(self, message: str, field: str = "on") -> None:
        super().__init__(message)
        self.field = field


class MandateConflictError(Exception):
    """Somebody else changed these mandates since they were shown. The message is for the secretariat."""


@dataclass(frozen=True)
class Ending:
    """A mandate that ends; the day itself is out of it."""

    mandate: Mandate
    on: date


@dataclass(frozen=True)
class Plan:
    """What an action does: mandates that end, that begin, and that pass to another organisation before they began."""

    endings: list[Ending] = field(default_factory=list)
    beginnings: list[Mandate] = field(default_factory=list)
    reassigned: list[Mandate] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def fingerprint(mandates: Iterable[Mandate]) -> str:
    """Return what was seen of some mandates: another answer later means that somebody changed them."""
    return " ".join(
        f"{m.pk}:{m.person_id}:{m.organisation_id}:{m.role}:{m.starts_on}:{m.ends_on or ''}"
        for m in sorted(mandates, key=lambda mandate: mandate.pk)
    )


def _others(mandate: Mandate) -> Any:
    """Return the mandates of the same organisation and body that share a day with this one."""
    rows = Mandate.objects.filter(organisation_id=mandate.organisation_id, body_id=mandate.body_id)
    rows = rows.filter(Q(ends_on=None) | Q(ends_on__gt=mandate.starts_on)).exclude(pk=mandate.pk)
    if mandate.ends_on:
        rows = rows.filter(starts_on__lt=mandate.ends_on)
    return rows.select_related("person", "organisation", "body").order_by("starts_on", "pk")


def _check_end(mandate: Mandate, on: date) -> None:
    if on <= mandate.starts_on:
        raise MandateError(
            _("This mandate begins on %(day)s: it ends after that.") % {"day": date_long(mandate.starts_on)}
        )
    if mandate.ends_on and mandate.ends_on <= on:
        raise MandateError(_("This mandate ends on %(day)s already.") % {"day": date_long(mandate.ends_on)})


def _voice_warning(mandate: Mandate, on: date, leaving: Iterable[int]) -> list[str]:
    """Say that an organisation is left without voice, when nobody else carries it that day."""
    if not mandate.votes:
        return []
    there = Mandate.objects.on(on).voting().filter(organisation=mandate.organisation, body=mandate.body)
    roles = set(there.exclude(pk__in=list(leaving)).values_list("role", flat=True))
    names = {"organisation": mandate.organisation, "body": mandate.body}
    if not roles:
        return [_("From then on nobody carries the voice of %(organisation)s on %(body)s.") % names]
    if MandateRole.TITULAR not in roles:
        return [_("From then on %(organisation)s has no titular member on %(body)s.") % names]
    return []


# --- plans ---


def plan_end(mandate: Mandate, *, on: date) -> Plan:
    """Say what ending a mandate does. Raises MandateError when it begins later or has ended by then."""
    _check_end(mandate, on)
    return Plan([Ending(mandate, on)], warnings=_voice_warning(mandate, on, [mandate.pk]))


def plan_replacement(titular: Mandate, *, person: User, on: date) -> Plan:
    """Say what replacing a titular does: the successor sits to the end of the same term, and in that role alone.

    Raises MandateError when the mandate is no titular's, the day is outside it, or the person cannot follow.
    """
    if titular.role != MandateRole.TITULAR:
        raise MandateError(_("This is not a titular member’s mandate."))
    if person.pk == titular.person_id:
        raise MandateError(_("This person is the titular member already."), "person")
    if person.email.endswith(ERASED_DOMAIN):
        raise MandateError(_("This person’s data was erased."), "person")
    if not person.is_active:
        raise MandateError(str(CLOSED_ACCOUNT), "person")
    _check_end(titular, on)
    successor = Mandate(
        person=person,
        organisation=titular.organisation,
        body=titular.body,
        role=MandateRole.TITULAR,
        starts_on=on,
        ends_on=titular.ends_on,
    )
    endings = [Ending(titular, on)]
    for held in _others(successor).filter(person=person):
        if held.role == MandateRole.CHAIR or held.starts_on >= on:
            raise MandateError(
                _("This person has another mandate there: %(role)s from %(day)s. End it first.")
                % {"role": held.get_role_display(), "day": date_long(held.starts_on)},
                "person",
            )
        endings.append(Ending(held, on))
    return Plan(endings, [successor])


def mandates_to_move(person: User, source: Organisation, *, on: date) -> list[Mandate]:
    """Return the mandates a person holds, or will hold, for an organisation on a day and after."""
    rows = Mandate.objects.filter(person=person, organisation=source)
    rows = rows.filter(Q(ends_on=None) | Q(ends_on__gt=on))
    return list(rows.select_related("person", "organisation", "body").order_by("pk"))


def plan_move(person: User, *, source: Organisation, target: Organisation, on: date, role: str = "") -> Plan:
    """Say what moving a person does: each mandate ends here and goes on there, in the same role or the one given.

    Raises MandateError when there is none to move, or the other organisation has a titular member or this person
    there already.
    """
    if source.pk == target.pk:
        raise MandateError(_("Choose another organisation than the present one."), "target")
    if not person.is_active:
        raise MandateError(str(CLOSED_ACCOUNT), "person")
    mandates = mandates_to_move(person, source, on=on)
    if not mandates:
        raise MandateError(
            _("This person has no mandate for %(name)s on that day.") % {"name": source}, "source"
        )
    plan = Plan()
    leaving = [mandate.pk for mandate in mandates]
    for mandate in mandates:
        if mandate.starts_on >= on and mandate.starts_on <= timezone.localdate():
            raise MandateError(
                _("A mandate began on %(day)s: the move comes after that.")
                % {"day": date_long(mandate.starts_on)}
            )
        moved = Mandate(
            person=person,
            organisation=target,
            body=mandate.body,
            role=role or mandate.role,
            starts_on=max(on, mandate.starts_on),
            ends_on=mandate.ends_on,
        )
        _check_room(moved)
        if mandate.starts_on >= on:
            moved.pk = mandate.pk
            plan.reassigned.append(moved)
        else:
            plan.endings.append(Ending(mandate, on))
            plan.beginnings.append(moved)
        plan.warnings.extend(_voice_warning(mandate, max(on, mandate.starts_on), leaving))
    return plan


def _check_room(mandate: Mandate) -> None:
    for other in _others(mandate):
        if other.person_id == mandate.person_id:
            raise MandateError(
                _("This person already has a mandate for %(name)s on %(body)s.")
                % {"name": other.organisation, "body": other.body},
                "target",
            )
        if other.role == mandate.role == MandateRole.TITULAR:
            raise MandateError(
                _("%(name)s has a titular member on %(body)s, %(person)s: choose another role.")
                % {"person": other.person, "name": other.organisation, "body": other.body},
                "role",
            )


# --- actions ---


def end_mandate(*, mandate: Mandate, on: date, by: Any, reason: str, seen: str | None = None) -> None:
    """End a mandate; the day given is out of it. Writes the histories.

    Raises MandateError, or MandateConflictError when the mandate is no longer as it was `seen` (see `fingerprint`).
    """
    with _locked(mandate.organisation_id):
        fresh = _fresh_one(mandate, seen)
        _carry_out(plan_end(fresh, on=on), by=by, reason=reason)


def replace_titular(
    *, titular: Mandate, person: User, on: date, by: Any, reason: str, seen: str | None = None
) -> Mandate:
    """Let a person sit in a titular's place: the old mandate ends the day the new one begins; return the new one.

    Another mandate of the successor there (alternate, observer, expert) ends that day too. Writes the histories.
    Raises MandateError, or MandateConflictError when the mandate is no longer as it was `seen`.
    """
    with _locked(titular.organisation_id):
        fresh = _fresh_one(titular, seen)
        plan = plan_replacement(fresh, person=_locked_person(person), on=on)
        _carry_out(plan, by=by, reason=reason)
    return plan.beginnings[0]


def move_person(
    *,
    person: User,
    source: Organisation,
    target: Organisation,
    on: date,
    by: Any,
    reason: str,
    role: str = "",
    seen: str | None = None,
) -> None:
    """Move a person's mandates to another organisation from a day on. Writes the histories.

    Raises MandateError, or MandateConflictError when the mandates are no longer as they were `seen`.
    """
    with _locked(source.pk, target.pk):
        if seen is not None and fingerprint(mandates_to_move(person, source, on=on)) != seen:
            raise MandateConflictError(_changed_meanwhile())
        plan = plan_move(_locked_person(person), source=source, target=target, on=on, role=role)
        _carry_out(plan, by=by, reason=reason)


@contextmanager
def _locked(*organisations: int) -> Iterator[None]:
    """Let one action at a time work on an organisation's mandates; what the database refuses is a conflict.

    The mandates are locked too: the register's form, which corrects one, locks that row alone.
    """
    try:
        with transaction.atomic():
            rows = Organisation.objects.filter(pk__in=organisations).order_by("pk")
            list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk"))
            mandates = Mandate.objects.filter(organisation__in=organisations).order_by("pk")
            list(mandates.select_for_update(no_key=True, of=("self",)).values_list("pk"))
            yield
    except IntegrityError as error:
        raise MandateConflictError(_changed_meanwhile()) from error


def _fresh_one(mandate: Mandate, seen: str | None) -> Mandate:
    rows = Mandate.objects.select_related("person", "organisation", "body").filter(pk=mandate.pk)
    fresh = rows.select_for_update(no_key=True, of=("self",)).first()
    if fresh is None or (seen is not None and fingerprint([fresh]) != seen):
        raise MandateConflictError(_changed_meanwhile())
    return fresh


def _locked_person(person: User) -> User:
    """Return the person as they are once nobody can close their account meanwhile."""
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _changed_meanwhile() -> str:
    return _("Somebody changed these mandates while you were reading: nothing of yours was done.")


def _carry_out(plan: Plan, *, by: Any, reason: str) -> None:
    for ending in plan.endings:
        before = snapshot(ending.mandate)
        ending.mandate.ends_on = ending.on
        ending.mandate.save(update_fields=["ends_on"])
        record_change(ending.mandate, before=before, after=snapshot(ending.mandate), by=by, reason=reason)
    for mandate in plan.reassigned:
        before = snapshot(Mandate.objects.get(pk=mandate.pk))
        mandate.save(force_update=True)
        after = snapshot(mandate)
        record_change(mandate, before=before, after=after, by=by, reason=reason)
    for mandate in plan.beginnings:
        mandate.save(force_insert=True)
        record_change(mandate, before=None, after=snapshot(mandate), by=by, reason=reason)
