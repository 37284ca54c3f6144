"""The outbox: queue, cancel, resend and forget e-mails. The worker claims and settles them in `outbox.delivery`."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from celery import current_app
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from core import workflow
from core.models import TransitionLog
from outbox.cleaning import ADDRESS_LENGTH, clean_address, clean_line, clean_text
from outbox.emails import SUBJECT_LENGTH, new_message_id, render_email
from outbox.enums import RESENDABLE, CalendarMethod, EmailState, ErrorClass
from outbox.models import Heartbeat, OutboxEmail, OutboxEmailQuerySet

__all__ = ["CalendarPart", "cancel_queued", "queue_email", "render_email", "resend_email", "worker_is_alive"]

logger = logging.getLogger(__name__)

WORKER = "worker"
SETTLED = (EmailState.SENT, EmailState.FAILED, EmailState.CANCELLED)
_IMPATIENT = {"max_retries": 0, "socket_connect_timeout": 2, "socket_timeout": 2}
_validate_url = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True)
class CalendarPart:
    """A calendar object to send along; `method` is the METHOD written in it: REQUEST, CANCEL or PUBLISH."""

    text: str
    method: str


def queue_email(
    *,
    key: str,
    kind: str,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    language: str = "fr",
    sequence: int = 0,
    recipient: Any = None,
    calendar: CalendarPart | None = None,
    thread: str = "",
    unsubscribe_url: str = "",
    reply_to: str = "",
) -> OutboxEmail | None:
    """Write an e-mail in the transaction of the change that causes it, and return its row.

    One row per (key, to, kind, sequence): a second call writes nothing and returns None. `thread` names a conversation:
    the message answers the first one of that thread to this address. On commit the worker is woken, once a transaction;
    a broker that is down is only logged, the sweeper finds the row. An address that is not one makes a row in state
    "failed", never an exception. Raises RuntimeError outside a transaction, ValueError on a caller's mistake (no key or
    kind, a calendar of another method, an unsubscribe or reply address that is none).
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An e-mail is queued in the transaction of the change that causes it.")
    _check_arguments(key=key, kind=kind, thread=thread, calendar=calendar, unsubscribe_url=unsubscribe_url)
    row = OutboxEmail(
        key=key,
        kind=kind,
        sequence=sequence,
        recipient=recipient,
        language=language,
        subject=clean_line(subject)[:SUBJECT_LENGTH],
        text=clean_text(text),
        html=clean_text(html),
        calendar_text=calendar.text if calendar else "",
        calendar_method=calendar.method if calendar else "",
        message_id=new_message_id(),
        thread=thread,
        unsubscribe_url=unsubscribe_url,
        reply_to=_reply_address(reply_to),
    )
    try:
        row.to = clean_address(to)
        row.next_attempt_at = Now()  # type: ignore[assignment]
    except ValidationError as error:
        row.to = clean_line(to)[:ADDRESS_LENGTH]
        row.state, row.error_class = EmailState.FAILED, ErrorClass.BAD_ADDRESS
        row.error_detail = " ".join(error.messages)[:500]
    if thread:
        row.in_reply_to = _first_of_thread(thread, row.to)
    OutboxEmail.objects.bulk_create([row], ignore_conflicts=True)
    # ON CONFLICT DO NOTHING does not tell whether it wrote: only this call knows this Message-ID.
    stored = OutboxEmail.objects.filter(message_id=row.message_id).first()
    if stored and stored.state == EmailState.QUEUED:
        _wake_on_commit()
    return stored


def _check_arguments(
    *, key: str, kind: str, thread: str, calendar: CalendarPart | None, unsubscribe_url: str
) -> None:
    if not 0 < len(key) <= 200 or not 0 < len(kind) <= 60 or len(thread) > 200:
        raise ValueError("An e-mail needs the key of its event and a kind, of a reasonable length.")
    if calendar and (
        calendar.method not in CalendarMethod.values
        or f"METHOD:{calendar.method}" not in calendar.text.splitlines()
    ):
        raise ValueError("The calendar part's method must be the METHOD written in it.")
    if unsubscribe_url:
        try:
            _validate_url(unsubscribe_url)
        except ValidationError as error:
            raise ValueError("The unsubscribe address is not valid.") from error


def _reply_address(reply_to: str) -> str:
    """Return the address alone: a setting may have it with a name."""
    if not reply_to:
        return ""
    try:
        if reply_to != clean_line(reply_to):
            raise ValidationError("line break")
        return clean_address(parseaddr(reply_to)[1])
    except ValidationError as error:
        raise ValueError("The address for replies is not valid.") from error


def _first_of_thread(thread: str, to: str) -> str:
    first = (
        OutboxEmail.objects.to_address(to)
        .filter(thread=thread)
        .exclude(state__in=(EmailState.FAILED, EmailState.CANCELLED))
        .order_by("id")
        .first()
    )
    return first.message_id if first else ""


def _wake_on_commit() -> None:
    """Wake the worker when the transaction commits: once, however many e-mails it queued."""
    pending = transaction.get_connection().run_on_commit
    # A rolled back savepoint takes its own entry away, so an entry found here will run.
    if not any(entry[1] is wake_worker for entry in pending):
        transaction.on_commit(wake_worker)


def wake_worker() -> None:
    """Ask Celery to deliver what is due. Never raises: a lost wake only waits for the sweeper."""
    try:
        # A connection of its own: a pooled one may have died with the last broker, and kombu would wait 6 s for one
        # that is down, in the middle of somebody's request.
        with current_app.connection_for_write(transport_options=_IMPATIENT) as broker:
            current_app.send_task(
                "outbox.tasks.deliver_due", connection=broker, ignore_result=True, retry=False
            )
    except Exception as error:  # whatever the broker's client raises, the caller's work is already committed
        logger.warning("The worker was not woken: %s", type(error).__name__)


def cancel_queued(*, key: str | None = None, kind: str | None = None, to: str | None = None) -> int:
    """Cancel the matching e-mails that are not sent yet, and return how many.

    One that a worker is sending at this moment may still leave; it is not tried again. Raises ValueError without any
    criterion.
    """
    rows = OutboxEmail.objects.filter(state__in=(EmailState.QUEUED, EmailState.RETRY, EmailState.INFLIGHT))
    if key is None and kind is None and to is None:
        raise ValueError("Say which e-mails to cancel.")
    if key is not None:
        rows = rows.filter(key=key)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if to is not None:
        rows = rows.to_address(to)
    cancelled = 0
    with transaction.atomic():
        for row in _locked(rows.order_by("id")):
            if row.state == EmailState.INFLIGHT:
                OutboxEmail.objects.filter(pk=row.pk).update(cancel_requested=True)
            else:
                workflow.transition(row, EmailState.CANCELLED, by=None, next_attempt_at=None)
                cancelled += 1
    return cancelled


def _locked(rows: "QuerySet[OutboxEmail]", *, skip: bool = False) -> "QuerySet[OutboxEmail]":
    return rows.select_for_update(of=("self",), no_key=True, skip_locked=skip)


def resend_email(*, email: OutboxEmail, by: Any) -> OutboxEmail:
    """Send a message again, as the same message (same Message-ID), and log who asked.

    For one that was sent, failed, was cancelled or waits for a retry; raises TransitionError otherwise.
    Wakes the worker on commit.
    """
    with transaction.atomic():
        fresh = workflow.transition(
            email,
            EmailState.QUEUED,
            by=by,
            attempts=0,
            next_attempt_at=Now(),
            sent_at=None,
            smtp_code=None,
            error_class="",
            error_detail="",
        )
        _wake_on_commit()
    return fresh


def is_resendable(email: OutboxEmail) -> bool:
    """Tell whether `resend_email` would take it."""
    return email.state in RESENDABLE


def beat_heart(name: str = WORKER) -> None:
    """Write that a part of the machinery works, now."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=Now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


def worker_is_alive(max_age: timedelta | float) -> bool:
    """Tell whether a worker ran the heartbeat within `max_age` (a timedelta, or seconds)."""
    age = max_age if isinstance(max_age, timedelta) else timedelta(seconds=max_age)
    return Heartbeat.objects.filter(name=WORKER, at__gte=Now() - age).exists()


class SendingError(Exception):
    """A worker is sending a message to this person at this moment: it has to end first."""


def _of(recipient: Any, address: str) -> OutboxEmailQuerySet:
    """Return the messages to a person, and those to their address that are nobody else's."""
    by_address = OutboxEmail.objects.to_address(address).filter(recipient=None)
    rows = OutboxEmail.objects.filter(recipient=recipient) | by_address
    return OutboxEmail.objects.filter(pk__in=rows.values("pk"))


def forget_recipient(*, recipient: Any, address: str) -> int:
    """Delete every message to a person, or to their address and nobody else, waiting or sent; return how many.

    Call in a transaction. Raises SendingError while a worker holds one: it will be done in a minute.
    """
    chosen = list(_of(recipient, address).select_for_update(of=("self",)))
    if any(row.state == EmailState.INFLIGHT for row in chosen):
        raise SendingError
    OutboxEmail.objects.filter(pk__in=[row.pk for row in chosen]).delete()
    return len(chosen)


def make_last(*, recipient: Any, address: str, kind: str) -> None:
    """Let go, once they have left, of what was written to a person since `forget_recipient`: it passes to a kind for
    `forget_settled`, and to nobody. Call in the same transaction.
    """
    _of(recipient, address).update(recipient=None, kind=kind, thread="")


def forget_old(*, before: datetime, keep: Q, batch: int = 500) -> int:
    """Delete, with their logs, the messages that left or failed for good before an instant, and return how many.

    `keep` says which ones something still answers to. A batch is a transaction of its own; of two runs at once each
    takes what the other has not.
    """
    kind = ContentType.objects.get_for_model(OutboxEmail)
    old = OutboxEmail.objects.filter(state__in=SETTLED, created_at__lt=before)
    old = old.exclude(sent_at__gte=before).exclude(keep).order_by("pk")
    forgotten, last = 0, 0
    while True:
        with transaction.atomic():
            rows = _locked(old.filter(pk__gt=last), skip=True)[:batch]
            if not (numbers := list(rows.values_list("pk", flat=True))):
                return forgotten
            TransitionLog.objects.filter(content_type=kind, object_id__in=numbers).delete()
            OutboxEmail.objects.filter(pk__in=numbers).delete()
        forgotten, last = forgotten + len(numbers), numbers[-1]


def forget_settled(kind: str) -> int:
    """Delete the messages of a kind that have left, or never will, and return how many."""
    return OutboxEmail.objects.filter(kind=kind, state__in=SETTLED).delete()[0]
