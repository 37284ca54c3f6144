"""Delivery to a real SMTP server that accepts, puts off, refuses, hangs, drops the line; by one worker or several."""

import logging
import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from core import workflow
from core.clock import database_now
from outbox import delivery, services, tasks
from outbox.delivery import MAX_ATTEMPTS, RETRY_DELAYS, claim_next_due, deliver_due, requeue_stuck, settle
from outbox.enums import EmailState, ErrorClass
from outbox.models import OutboxEmail
from outbox.services import cancel_queued, queue_email
from outbox.smtp import Outcome, Transport
from tests.outbox.factories import OutboxEmailFactory
from tests.outbox.sink import Sink


def state_of(email: OutboxEmail) -> tuple[str, str, int | None]:
    """The row's state, failure and SMTP code, as stored."""
    email.refresh_from_db()
    return email.state, email.error_class, email.smtp_code


def make_due_again() -> None:
    """Let the retries' delays pass."""
    OutboxEmail.objects.waiting().update(next_attempt_at=timezone.now() - timedelta(seconds=1))


# --- what the server says ---


@pytest.mark.django_db
def test_deliver_due_sends_everything_due_over_one_connection(sink: Sink) -> None:
    emails = OutboxEmailFactory.create_batch(5)
    later = OutboxEmailFactory(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert deliver_due() == 5
    assert sink.recipients() == [email.to for email in emails]
    assert sink.connections == 1
    for email in emails:
        assert state_of(email) == (EmailState.SENT, "", None)
        assert email.attempts == 1 and email.sent_at is not None
    assert state_of(later)[0] == EmailState.QUEUED
    assert deliver_due() == 0
    assert len(sink.received) == 5


@pytest.mark.django_db
@pytest.mark.parametrize("stage", ["recipient_replies", "data_replies"])
@pytest.mark.parametrize(
    ("reply", "state", "error", "code"),
    [
        ("550 5.1.1 no such user", EmailState.FAILED, ErrorClass.REFUSED, 550),
        ("554 5.7.1 not from you", EmailState.FAILED, ErrorClass.REFUSED, 554),
        ("450 4.2.0 greylisted", EmailState.RETRY, ErrorClass.DEFERRED, 450),
        ("452 4.3.1 no room", EmailState.RETRY, ErrorClass.DEFERRED, 452),
        ("421 4.3.2 shutting down", EmailState.RETRY, ErrorClass.DEFERRED, 421),
    ],
)
def test_a_refused_recipient_delays_nobody(
    sink: Sink, stage: str, reply: str, state: EmailState, error: ErrorClass, code: int
) -> None:
    before, refused, after = OutboxEmailFactory.create_batch(3)
    getattr(sink, stage)[refused.to] = reply
    assert deliver_due() == 2
    assert sink.recipients() == [before.to, after.to]
    assert state_of(refused) == (state, error, code)
    assert refused.error_detail == reply[4:]
    assert state_of(before)[0] == state_of(after)[0] == EmailState.SENT


@pytest.mark.django_db
@pytest.mark.parametrize("attempts", [0, 1, 2, 3, 4, 5, MAX_ATTEMPTS - 2])
def test_a_put_off_message_is_tried_again_after_a_growing_delay(sink: Sink, attempts: int) -> None:
    email = OutboxEmailFactory(attempts=attempts)
    sink.recipient_replies[email.to] = "451 later"
    deliver_due()
    assert state_of(email)[0] == EmailState.RETRY
    delay = email.next_attempt_at - database_now()
    expected = RETRY_DELAYS[min(attempts, 4)]
    assert expected - timedelta(seconds=50) < delay <= expected
    assert [step.total_seconds() / 60 for step in RETRY_DELAYS] == [1, 5, 15, 60, 240]


@pytest.mark.django_db
def test_a_message_put_off_too_often_fails(sink: Sink) -> None:
    email = OutboxEmailFactory(attempts=MAX_ATTEMPTS - 1)
    sink.recipient_replies[email.to] = "451 later"
    deliver_due()
    assert state_of(email) == (EmailState.FAILED, ErrorClass.DEFERRED, 451)


@pytest.mark.django_db
def test_a_retry_that_succeeds_forgets_its_failure(sink: Sink) -> None:
    email = OutboxEmailFactory()
    sink.recipient_replies[email.to] = "451 later"
    deliver_due()
    sink.recipient_replies.clear()
    make_due_again()
    assert deliver_due() == 1
    assert state_of(email) == (EmailState.SENT, "", None)
    assert email.attempts == 2


@pytest.mark.django_db
def test_a_server_that_hangs_times_out_and_delays_nobody_for_long(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 5  # long enough for the other message on a busy machine
    mute, after = OutboxEmailFactory.create_batch(2)
    sink.hold(mute.to)
    assert deliver_due() == 1
    assert state_of(mute) == (EmailState.RETRY, ErrorClass.TIMEOUT, None)
    assert state_of(after)[0] == EmailState.SENT


@pytest.mark.django_db
def test_a_dropped_connection_is_tried_again_as_the_same_message(sink: Sink) -> None:
    dropped, after = OutboxEmailFactory.create_batch(2)
    sink.drops.add(dropped.to)
    assert deliver_due() == 1
    assert state_of(dropped) == (EmailState.RETRY, ErrorClass.DISCONNECTED, None)
    assert state_of(after)[0] == EmailState.SENT
    sink.drops.clear()
    make_due_again()
    assert deliver_due() == 1
    first, second = [received.message for received in sink.received if received.recipient == dropped.to]
    assert first["Message-ID"] == second["Message-ID"] == dropped.message_id
    assert first["Date"] == second["Date"]


@pytest.mark.django_db
def test_a_server_that_closes_after_each_message_costs_no_message_a_retry(sink: Sink) -> None:
    emails = OutboxEmailFactory.create_batch(4)
    sink.close_after_each = True
    assert deliver_due() == 4
    assert [email.attempts for email in OutboxEmail.objects.all()] == [1] * 4
    assert sink.recipients() == [email.to for email in emails]


@pytest.mark.django_db
def test_a_server_out_of_reach_costs_one_attempt_not_everybodys(sink: Sink, settings: Settings) -> None:
    first, *others = OutboxEmailFactory.create_batch(4)
    settings.EMAIL_PORT = 1
    assert deliver_due() == 0
    assert state_of(first) == (EmailState.RETRY, ErrorClass.UNREACHABLE, None)
    assert {state_of(other)[0] for other in others} == {EmailState.QUEUED}
    settings.EMAIL_PORT = sink.port
    assert deliver_due() == 3
    make_due_again()
    assert deliver_due() == 1


@pytest.mark.django_db
def test_a_login_that_fails_is_never_the_recipients_fault(sink: Sink, settings: Settings) -> None:
    email = OutboxEmailFactory()
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portail", "wrong"
    assert deliver_due() == 0
    assert state_of(email)[:2] == (EmailState.RETRY, ErrorClass.UNREACHABLE)


@pytest.mark.django_db
def test_a_server_that_wants_a_login_stops_the_run_and_fails_nobody(sink: Sink) -> None:
    first, second = OutboxEmailFactory.create_batch(2)
    sink.recipient_replies[first.to] = "530 5.7.0 authentication required"
    assert deliver_due() == 0
    assert state_of(first) == (EmailState.RETRY, ErrorClass.UNREACHABLE, 530)
    assert state_of(second)[0] == EmailState.QUEUED


@pytest.mark.django_db
def test_an_interrupted_dialogue_does_not_spoil_the_next_message(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Celery's soft time limit does: an exception of another kind between two commands."""
    interrupted, after = OutboxEmailFactory.create_batch(2)
    data = smtplib.SMTP.data

    def interrupt(self: smtplib.SMTP, message: Any) -> Any:
        if interrupted.to in str(message):
            raise RuntimeError
        return data(self, message)

    monkeypatch.setattr(smtplib.SMTP, "data", interrupt)
    assert deliver_due() == 1
    assert state_of(interrupted) == (EmailState.RETRY, ErrorClass.UNEXPECTED, None)
    assert state_of(after)[0] == EmailState.SENT


@pytest.mark.django_db
def test_a_message_that_cannot_be_written_fails_alone(sink: Sink) -> None:
    broken = OutboxEmailFactory(subject="Atelier\r\nBcc: max@example.org")
    misaddressed = OutboxEmailFactory(to="max@example.org\r\nBcc: eve@example.org")
    good = OutboxEmailFactory()
    assert deliver_due() == 1
    assert state_of(broken)[:2] == (EmailState.FAILED, ErrorClass.INVALID_MESSAGE)
    assert state_of(misaddressed)[:2] == (EmailState.FAILED, ErrorClass.BAD_ADDRESS)
    assert sink.recipients() == [good.to]


@pytest.mark.django_db
def test_delivery_logs_ids_and_codes_but_no_person(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    email = OutboxEmailFactory(to="lea.roux@example.org", subject="Secret")
    sink.recipient_replies[email.to] = "550 lea.roux@example.org unknown"
    with caplog.at_level(logging.DEBUG):
        deliver_due()
    # But for what the sink itself logs.
    ours = " ".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert f"E-mail {email.pk}" in ours and "550" in ours
    assert "lea" not in ours and "Secret" not in ours


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "subject", "method"),
    [("fr", "Invitation : atelier-conseil « Énergie »", "REQUEST"), ("en", "Cancelled: workshop", "CANCEL")],
)
def test_an_invitation_arrives_whole(sink: Sink, language: str, subject: str, method: str) -> None:
    calendar = f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nSUMMARY:Énergie\r\nEND:VCALENDAR\r\n"
    email = queue_email(
        key="workshop:1",
        kind="workshops.invitation",
        to="lea@example.org",
        subject=subject,
        text="Été\n.\nfin\n",
        html="<p>Été</p>",
        language=language,
        calendar=services.CalendarPart(text=calendar, method=method),
    )
    assert email is not None and deliver_due() == 1
    message = sink.received[0].message
    assert (message["Subject"], message["Content-Language"]) == (subject, language)
    assert message["Message-ID"] == email.message_id
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    assert parts[0].get_content().replace("\r\n", "\n") == "Été\n.\nfin\n"
    assert parts[2]["Content-Type"].params["method"] == method
    assert parts[2].get_payload(decode=True) == parts[3].get_payload(decode=True) == calendar.encode()


# --- being stopped, cancelled, interrupted ---


@pytest.mark.django_db
def test_deliver_due_stops_between_two_messages(sink: Sink) -> None:
    OutboxEmailFactory.create_batch(3)
    assert deliver_due(should_stop=lambda: len(sink.received) == 2) == 2
    assert OutboxEmail.objects.due().count() == 1
    assert not OutboxEmail.objects.filter(state=EmailState.INFLIGHT).exists()


@pytest.mark.django_db
def test_deliver_due_gives_way_after_its_time_and_asks_for_another_run(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    OutboxEmailFactory()
    woken: list[int] = []
    monkeypatch.setattr(delivery, "wake_worker", lambda: woken.append(1))
    monkeypatch.setattr(delivery, "RUN_SECONDS", -1)
    assert deliver_due() == 0
    assert woken == [1]
    assert OutboxEmail.objects.due().count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome(EmailState.SENT), EmailState.SENT),
        (Outcome(EmailState.RETRY, ErrorClass.DEFERRED, 451), EmailState.CANCELLED),
        (Outcome(EmailState.FAILED, ErrorClass.REFUSED, 550), EmailState.FAILED),
    ],
)
def test_a_message_cancelled_while_being_sent_is_not_tried_again(outcome: Outcome, state: EmailState) -> None:
    OutboxEmailFactory(key="workshop:1")
    email = claim_next_due()
    assert email is not None
    cancel_queued(key="workshop:1")
    settle(email, outcome)
    assert state_of(email)[0] == state
    assert email.cancel_requested is False


@pytest.mark.django_db(transaction=True)
def test_the_smtp_exchange_is_outside_any_transaction(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    OutboxEmailFactory()
    seen: list[tuple[bool, str]] = []
    send = Transport.send

    def spy(self: Transport, email: OutboxEmail) -> Outcome:
        seen.append((connection.in_atomic_block, OutboxEmail.objects.get(pk=email.pk).state))
        return send(self, email)

    monkeypatch.setattr(Transport, "send", spy)
    assert deliver_due() == 1
    assert seen == [(False, EmailState.INFLIGHT)]


@pytest.mark.django_db(transaction=True)
def test_an_acceptance_outlives_a_database_that_restarts(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    email = OutboxEmailFactory()
    failures = iter([OperationalError("terminating connection"), OperationalError("starting up")])

    def unsteady(row: OutboxEmail, outcome: Outcome) -> None:
        for failure in failures:
            raise failure
        settle(row, outcome)

    monkeypatch.setattr(delivery, "settle", unsteady)
    monkeypatch.setattr(delivery.time, "sleep", lambda seconds: None)
    assert deliver_due() == 1
    assert state_of(email)[0] == EmailState.SENT
    assert len(sink.received) == 1


# --- several workers ---


def in_parallel(*works: Any) -> list[Any]:
    """Run each callable in a thread of its own, with its own database connection, all started together."""
    barrier = threading.Barrier(len(works))

    def run(work: Any) -> Any:
        try:
            with connection.cursor() as cursor:
                # A wait that the code should not make fails instead of hanging.
                cursor.execute("SET lock_timeout = '60s'")
            barrier.wait(60)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_send_each_message_once(sink: Sink) -> None:
    emails = OutboxEmailFactory.create_batch(40)
    counts = in_parallel(*[deliver_due] * 4)
    assert sum(counts) == 40
    assert sorted(sink.recipients()) == sorted(email.to for email in emails)
    assert set(OutboxEmail.objects.values_list("state", "attempts")) == {(EmailState.SENT, 1)}


@pytest.mark.django_db(transaction=True)
def test_a_row_locked_by_another_is_left_to_it(sink: Sink) -> None:
    locked, free = OutboxEmailFactory.create_batch(2)
    with transaction.atomic():
        workflow.lock(locked)
        (count,) = in_parallel(deliver_due)
    assert count == 1
    assert sink.recipients() == [free.to]
    assert state_of(locked)[0] == EmailState.QUEUED


@pytest.mark.django_db(transaction=True)
def test_a_worker_held_by_a_mute_server_holds_up_no_other(sink: Sink) -> None:
    mute, *others = OutboxEmailFactory.create_batch(6)
    sink.hold(mute.to)

    def second() -> int:
        assert sink.holding.wait(60)
        count = deliver_due()
        sink.release()
        return count

    assert in_parallel(deliver_due, second) == [1, 5]
    assert sorted(sink.recipients()) == sorted(email.to for email in [mute, *others])


# --- what a dead worker leaves ---


def stuck(**fields: Any) -> OutboxEmail:
    """A row whose worker died six minutes ago."""
    return OutboxEmailFactory(inflight=True, claimed_at=timezone.now() - timedelta(minutes=6), **fields)


@pytest.mark.django_db
def test_requeue_stuck_puts_back_the_same_message(sink: Sink) -> None:
    email, young = stuck(), OutboxEmailFactory(inflight=True)
    assert requeue_stuck() == 1
    assert state_of(email) == (EmailState.RETRY, ErrorClass.WORKER_LOST, None)
    assert state_of(young)[0] == EmailState.INFLIGHT
    assert deliver_due() == 1
    assert sink.received[0].message["Message-ID"] == email.message_id
    assert state_of(email)[0] == EmailState.SENT


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "state"),
    [({"cancel_requested": True}, EmailState.CANCELLED), ({"attempts": MAX_ATTEMPTS}, EmailState.FAILED)],
)
def test_requeue_stuck_ends_what_must_not_go_on(fields: dict[str, Any], state: EmailState) -> None:
    email = stuck(**fields)
    assert requeue_stuck() == 1
    assert state_of(email)[0] == state


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_put_each_row_back_once() -> None:
    emails = [stuck() for _number in range(10)]
    assert sum(in_parallel(requeue_stuck, requeue_stuck)) == 10
    assert {workflow.history(email).count() for email in emails} == {1}


@pytest.mark.django_db
def test_an_acceptance_after_the_sweeper_gave_up_still_counts() -> None:
    OutboxEmailFactory()
    email = claim_next_due()
    assert email is not None
    OutboxEmail.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    requeue_stuck()
    settle(email, Outcome(EmailState.SENT))
    assert state_of(email)[0] == EmailState.SENT


@pytest.mark.django_db
def test_a_failure_after_the_sweeper_gave_up_changes_nothing() -> None:
    OutboxEmailFactory()
    email = claim_next_due()
    assert email is not None
    OutboxEmail.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    requeue_stuck()
    second = claim_next_due()
    assert second is not None
    settle(email, Outcome(EmailState.FAILED, ErrorClass.REFUSED, 550))
    assert state_of(email)[0] == EmailState.INFLIGHT
    settle(second, Outcome(EmailState.SENT))
    assert state_of(email)[0] == EmailState.SENT


# --- the tasks ---


@pytest.mark.django_db
def test_sweep_wakes_a_worker_only_when_something_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(services, "wake_worker", lambda: woken.append(1))
    OutboxEmailFactory(next_attempt_at=timezone.now() + timedelta(hours=1))
    OutboxEmailFactory(sent=True)
    tasks.sweep()
    assert woken == []
    stuck()
    tasks.sweep()
    assert woken == [1]


@pytest.mark.django_db
def test_heartbeat_shows_life() -> None:
    assert not services.worker_is_alive(60)
    tasks.heartbeat()
    assert services.worker_is_alive(60)


@pytest.mark.django_db
def test_the_deliver_task_sends(sink: Sink) -> None:
    OutboxEmailFactory()
    tasks.deliver_due()
    assert len(sink.received) == 1
