"""Who somebody is for the council, in business words. One query a request: the result is kept on the user."""

from datetime import date
from typing import Any

from django.utils import timezone

from core.prepared import Prepared
from members.models import Mandate, User

_MANDATES = Prepared(
    lambda person, day: Mandate.objects.filter(person=person).council().on(day).order_by("id"),
    markers=(-1, date.min),
    related="organisation",
)


def council_mandates(user: Any) -> list[Mandate]:
    """Return the person's mandates on the council in force today, kept for the life of the user object."""
    if not user.is_authenticated:
        return []
    if not hasattr(user, "_council_mandates"):
        user._council_mandates = _MANDATES(user.pk, timezone.localdate())
    mandates: list[Mandate] = user._council_mandates
    return mandates


def is_council_member(user: Any) -> bool:
    """Titular, alternate, observer, expert or chair, today."""
    return bool(council_mandates(user))


def is_secretariat(user: Any) -> bool:
    """Métropole staff who run the council, and administrators."""
    return bool(user.is_authenticated and user.is_active and user.is_staff)


def can_enter_space(user: Any) -> bool:
    """May see what is for members (drafts under consultation, approvals)."""
    return is_council_member(user) or is_secretariat(user)


def can_see_directory(user: Any) -> bool:
    """May see the members' directory: whoever has a mandate today on any body, and the secretariat."""
    if not user.is_authenticated:
        return False
    return can_enter_space(user) or Mandate.objects.current().filter(person=user).exists()


def can_handle_erasure(user: Any, person: User) -> bool:
    """May erase this person or refuse to; staff's accounts are the administrators' business, one's own nobody's."""
    allowed = is_secretariat(user) and user.has_perm("members.change_erasurerequest") and user.pk != person.pk
    return bool(allowed and (user.is_superuser or not (person.is_staff or person.is_superuser)))


def voting_organisation_ids(user: Any) -> set[int]:
    """Return the organisations whose voice the person carries today: none for the secretariat, which runs votes."""
    if is_secretariat(user):
        return set()
    return {mandate.organisation_id for mandate in council_mandates(user) if mandate.votes}


def can_invite(user: Any) -> bool:
    """May send, send again and revoke invitations to the portal."""
    return bool(is_secretariat(user) and user.has_perm("members.add_portalinvitation"))


def can_invite_person(user: Any, person: User) -> bool:
    """May invite this person; staff's accounts are the administrators' business."""
    return can_invite(user) and (bool(user.is_superuser) or not (person.is_staff or person.is_superuser))


# What the secretariat's group may do in the administration site.
SECRETARIAT_PERMISSIONS = [
    f"members.{verb}_{model}"
    for model in ("user", "organisation", "seat", "mandate")
    for verb in ("view", "add", "change", "delete")
] + [f"members.view_{model}" for model in ("body", "axis", "sector", "commune")]
SECRETARIAT_PERMISSIONS += [f"members.{verb}_portalinvitation" for verb in ("view", "add")]
SECRETARIAT_PERMISSIONS += [f"socialaccount.{verb}_socialaccount" for verb in ("view", "delete")]
SECRETARIAT_PERMISSIONS += [f"members.{verb}_erasurerequest" for verb in ("view", "add", "change")]
