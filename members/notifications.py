"""Which mails a person wants. Few kinds may be refused: `MailChoice`; why not the others, `UNREFUSABLE` says.

A caller that queues a refusable kind asks `wants()` (or leaves `refusers()` out of its query) and hands
`unsubscribe_url()` to the outbox, which writes the List-Unsubscribe headers of RFC 8058 from it.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from members.enums import MailChoice
from members.models import MailRefusal, User

SALT = "members.unsubscribe"


class Unrefusable(NamedTuple):
    """A kind of mail that always comes, and why."""

    label: str | Promise
    reason: str | Promise


UNREFUSABLE = (
    Unrefusable(
        _("Invitations, convocations, changes and cancellations of workshops"),
        _("A convocation must reach everybody who may come."),
    ),
    Unrefusable(
        _("Confirmations of my answers"),
        _("They hold the way in, and follow what you have just done."),
    ),
    Unrefusable(
        _("Votes: opening, reminders to vote, receipts, results"),
        _("A voice must not be lost for want of a message, and a receipt proves the ballot."),
    ),
    Unrefusable(
        _("Login, password, security and closing of the account"),
        _("They protect your account."),
    ),
)


def wants(user: User | None, kind: MailChoice) -> bool:
    """Tell whether mails of a kind may go to a person; a guest without account has refused nothing."""
    return user is None or not MailRefusal.objects.filter(person=user, kind=kind).exists()


def refusers(kind: MailChoice) -> "QuerySet[MailRefusal, int]":
    """Return the ids of the people who refuse a kind, for `.exclude(person__in=…)`."""
    return MailRefusal.objects.filter(kind=kind).values_list("person_id", flat=True)


def refused_kinds(user: User) -> set[str]:
    """Return the kinds that a person refuses."""
    return set(MailRefusal.objects.filter(person=user).values_list("kind", flat=True))


@transaction.atomic
def set_refusals(user: User, kinds: Iterable[str]) -> None:
    """Make these, and no others, the kinds that a person refuses."""
    kinds = set(kinds)
    MailRefusal.objects.filter(person=user).exclude(kind__in=kinds).delete()
    refuse(user, *kinds)


def refuse(user: User, *kinds: str) -> None:
    """Refuse kinds for a person; those refused already stay so."""
    MailRefusal.objects.bulk_create(
        [MailRefusal(person=user, kind=MailChoice(kind)) for kind in kinds], ignore_conflicts=True
    )


def unsubscribe_url(user: User | None, kind: MailChoice) -> str:
    """Return the address that refuses a kind for a person, in their language; none for a guest without account."""
    if user is None:
        return ""
    token = signing.Signer(salt=SALT).sign_object([user.pk, kind.value])
    with override(user.language):
        return settings.SITE_URL + reverse("members:unsubscribe", args=[token])


def read_token(token: str) -> tuple[User, MailChoice] | None:
    """Return whom and what an unsubscribe address stands for; None when it was altered or the account is closed."""
    try:
        content: Any = signing.Signer(salt=SALT).unsign_object(token)
        pk, kind = content
        user = User.objects.filter(pk=pk, is_active=True).first()
        return (user, MailChoice(kind)) if user else None
    except (signing.BadSignature, ValueError, TypeError):
        return None
