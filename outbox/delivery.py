"""Delivery: claim a row, send it outside any transaction, settle it. For the worker; safe with any number of them."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now

from core import workflow
from outbox.enums import EmailState, ErrorClass
from outbox.models import OutboxEmail
from outbox.services import wake_worker
from outbox.smtp import Outcome, Transport

logger = logging.getLogger(__name__)

# The last delay repeats: an outage of a weekend is survived, then the row fails and shows in the admin.
RETRY_DELAYS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
MAX_ATTEMPTS = 20
# Above the task's hard time limit, so that no living worker still holds a row this old.
STUCK_AFTER = timedelta(minutes=5)
# Then the task ends and asks for another, so that the heartbeat and other tasks take their turn.
RUN_SECONDS = 20
_SETTLE_TRIES = 30


def deliver_due(*, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, one row after the other over one connection, and return how many the server accepted.

    Each row is claimed and settled in transactions of its own; the SMTP exchange is in none. A failure is recorded on
    its row and delays no other. Stops between two messages when `should_stop` says so, when the server cannot be
    reached (the sweeper tries again) or after RUN_SECONDS (waking a worker for the rest).
    """
    accepted = 0
    end = time.monotonic() + RUN_SECONDS
    with Transport() as transport:
        while not should_stop():
            if time.monotonic() > end:
                wake_worker()
                break
            email = claim_next_due()
            if email is None:
                break
            outcome = transport.send(email)
            _settle_persistently(email, outcome)
            accepted += outcome.state == EmailState.SENT
            if outcome.server_down:
                break
    return accepted


def claim_next_due() -> OutboxEmail | None:
    """Take the row that has waited longest and that no other worker is taking, mark it in flight, commit."""
    with transaction.atomic():
        email = (
            OutboxEmail.objects.due().select_for_update(of=("self",), no_key=True, skip_locked=True).first()
        )
        if email is None:
            return None
        return workflow.transition(
            email,
            EmailState.INFLIGHT,
            by=None,
            attempts=email.attempts + 1,
            claimed_at=Now(),
            next_attempt_at=None,
        )


def settle(email: OutboxEmail, outcome: Outcome) -> None:
    """Record what became of the attempt that `claim_next_due` began.

    Does nothing when the row went on without us, except that an acceptance also settles a row that the sweeper had
    already put back: the recipient has the message.
    """
    with transaction.atomic():
        fresh = workflow.lock(email)
        ours = fresh.state == EmailState.INFLIGHT and fresh.attempts == email.attempts
        if outcome.state == EmailState.SENT:
            if not ours and fresh.state not in (EmailState.INFLIGHT, EmailState.RETRY):
                logger.warning("E-mail %s was accepted after it had gone on as %s", fresh.pk, fresh.state)
                return
            _leave_flight(
                fresh,
                EmailState.SENT,
                sent_at=Now(),
                next_attempt_at=None,
                smtp_code=None,
                error_class="",
                error_detail="",
            )
        elif ours:
            _settle_failure(fresh, outcome)


def _settle_failure(email: OutboxEmail, outcome: Outcome) -> None:
    state, next_attempt_at = outcome.state, None
    if state == EmailState.RETRY:
        if email.cancel_requested:
            state = EmailState.CANCELLED
        elif email.attempts >= MAX_ATTEMPTS:
            state = EmailState.FAILED
        else:
            next_attempt_at = Now() + RETRY_DELAYS[min(email.attempts, len(RETRY_DELAYS)) - 1]
    _leave_flight(
        email,
        state,
        reason=str(outcome.error),
        next_attempt_at=next_attempt_at,
        smtp_code=outcome.code,
        error_class=outcome.error,
        error_detail=outcome.detail[:500],
    )
    logger.info(
        "E-mail %s: %s after attempt %s (%s, SMTP %s)",
        email.pk,
        state,
        email.attempts,
        outcome.error,
        outcome.code,
    )


def _leave_flight(email: OutboxEmail, state: EmailState, *, reason: str = "", **changes: Any) -> None:
    workflow.transition(
        email, state, by=None, reason=reason, claimed_at=None, cancel_requested=False, **changes
    )


def _settle_persistently(email: OutboxEmail, outcome: Outcome) -> None:
    """Settle, even over a database that restarts meanwhile: an accepted message must not be sent again for that."""
    for last in (*[False] * (_SETTLE_TRIES - 1), True):
        try:
            return settle(email, outcome)
        except (OperationalError, InterfaceError):
            if last or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(1)


def requeue_stuck() -> int:
    """Put back the rows whose worker died while sending, and return how many. Any number of sweepers may run."""
    count = 0
    with transaction.atomic():
        stuck = OutboxEmail.objects.stuck(STUCK_AFTER)
        for email in stuck.select_for_update(of=("self",), no_key=True, skip_locked=True):
            _requeue(email)
            count += 1
    return count


def _requeue(email: OutboxEmail) -> None:
    state = EmailState.RETRY
    if email.cancel_requested:
        state = EmailState.CANCELLED
    elif email.attempts >= MAX_ATTEMPTS:
        state = EmailState.FAILED
    _leave_flight(
        email,
        state,
        reason=ErrorClass.WORKER_LOST,
        next_attempt_at=Now() if state == EmailState.RETRY else None,
        error_class=ErrorClass.WORKER_LOST,
    )
    logger.warning("E-mail %s: its worker was lost at attempt %s, now %s", email.pk, email.attempts, state)


def something_is_due() -> bool:
    """Tell whether a row waits for a worker now."""
    return OutboxEmail.objects.due().exists()
