"""Accounts that nobody uses: warned once, then closed (RETENTION_WARN_MONTHS, RETENTION_CLOSE_MONTHS).

An account is in use as long as its holder has a mandate: the council writes to them, and their answers come by mails'
links too. After that its last login counts; a session lives two weeks, so nobody is in the portal long after it.
A closed account has no password, passkey or code any more: only the secretariat's new invitation opens it again.
"""

import logging
from calendar import monthrange
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from core.clock import database_now
from members.history import record_change, snapshot
from members.models import Mandate, User
from outbox.services import queue_email, render_email

logger = logging.getLogger(__name__)

WARNING = "account-inactivity"
TEMPLATE = "inactivity_warning"
# Nobody has ever entered: there is nobody to warn, and no way to log in.
_NEVER_OPENED = Q(last_login=None, password__startswith="!")  # noqa: S106 - Django's mark of "no password"


def months_from(at: datetime, months: int) -> datetime:
    """Return the same time of the same day some months later (or earlier); the 31st becomes the month's last day."""
    local = timezone.localtime(at)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)


def apply_retention() -> None:
    """Warn and close what is due, and forget ended sessions. Late, repeated or concurrent runs do no harm."""
    now = database_now()
    for pk in _to_warn(now).values_list("pk", flat=True):
        _warn(pk, now)
    for pk in _to_close(now).values_list("pk", flat=True):
        _close(pk, now)
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def _unused_since(at: datetime) -> "QuerySet[User]":
    """Return the open accounts without mandate that nobody has used since an instant, as `last_seen`."""
    mandates = Mandate.objects.filter(person=OuterRef("pk"))
    going_on = mandates.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()))
    last_end = mandates.order_by("-ends_on").values("ends_on")[:1]
    return (
        User.objects.filter(~Exists(going_on), is_active=True)
        # PostgreSQL's GREATEST passes over NULL.
        .annotate(last_seen=Greatest("date_joined", "last_login", Cast(Subquery(last_end), DateTimeField())))
        .filter(last_seen__lte=at)
        .order_by("pk")
    )


def _to_warn(now: datetime) -> "QuerySet[User]":
    people = _unused_since(months_from(now, -settings.RETENTION_WARN_MONTHS))
    # Who came back after a warning is warned again the next time.
    not_warned = Q(inactivity_warned_at=None) | Q(inactivity_warned_at__lt=F("last_seen"))
    return people.filter(not_warned).exclude(_NEVER_OPENED)


def _to_close(now: datetime) -> "QuerySet[User]":
    people = _unused_since(months_from(now, -settings.RETENTION_CLOSE_MONTHS))
    # However late the warning left, it leaves the time that it promises.
    in_time = months_from(now, -_notice_months())
    warned = Q(inactivity_warned_at__gte=F("last_seen"), inactivity_warned_at__lte=in_time)
    return people.filter(warned | _NEVER_OPENED)


def _notice_months() -> int:
    months: int = settings.RETENTION_CLOSE_MONTHS - settings.RETENTION_WARN_MONTHS
    return months


def _locked(people: "QuerySet[User]", pk: int) -> User | None:
    return people.filter(pk=pk).select_for_update(of=("self",), no_key=True, skip_locked=True).first()


@transaction.atomic
def _warn(pk: int, now: datetime) -> None:
    person = _locked(_to_warn(now), pk)
    if person is None:
        return
    last_seen: datetime = person.last_seen  # type: ignore[attr-defined]
    closes_at = max(
        months_from(last_seen, settings.RETENTION_CLOSE_MONTHS), months_from(now, _notice_months())
    )
    context = {"user": person, "last_seen": last_seen, "closes_on": closes_at}
    subject, text, html = render_email(f"members/{TEMPLATE}", context, language=person.language)
    queue_email(
        key=f"{WARNING}:{person.pk}:{last_seen:%Y-%m-%d}",
        kind=WARNING,
        to=person.email,
        subject=subject,
        text=text,
        html=html,
        language=person.language,
        recipient=person,
    )
    person.inactivity_warned_at = now
    person.save(update_fields=["inactivity_warned_at"])


@transaction.atomic
def _close(pk: int, now: datetime) -> None:
    # Administrators are locked together, in one order: of the last two, one stays.
    administrators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    open_ones = list(administrators.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    if open_ones == [pk]:
        logger.warning("The last administrator's account is not used: it stays open.")
        return
    person = _locked(_to_close(now), pk)
    if person is None:
        return
    close_account(
        person,
        reason=_("Not used since %(day)s") % {"day": timezone.localdate(person.last_seen)},  # type: ignore[attr-defined]
    )


def close_account(person: User, *, reason: str) -> None:
    """Close an account for good: nothing opens it, no session, and a line in its history. Call in a transaction."""
    before = snapshot(person, stored=False)
    person.is_active = False
    person.set_unusable_password()
    person.save(update_fields=["is_active", "password"])
    Authenticator.objects.filter(user=person).delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
    record_change(person, before=before, after=snapshot(person, stored=False), by=None, reason=reason)
    logger.info("An unused account was closed: %s", person.pk)
