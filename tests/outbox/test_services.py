"""Queueing, cancelling and resending e-mails; the worker's sign of life."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from celery import Celery
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core import workflow
from outbox import services
from outbox.enums import EmailState, ErrorClass
from outbox.models import Heartbeat, OutboxEmail
from outbox.services import CalendarPart, cancel_queued, queue_email, resend_email
from tests.helpers.locks import somebody_waits
from tests.members.factories import UserFactory
from tests.outbox.factories import OutboxEmailFactory

REQUEST = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def queue(**fields: Any) -> OutboxEmail | None:
    """Queue an ordinary message, but for the given fields."""
    ordinary = {
        "key": "workshop:1",
        "kind": "workshops.invitation",
        "to": "lea@example.org",
        "subject": "Atelier",
        "text": "Bonjour",
    }
    return queue_email(**(ordinary | fields))


@pytest.fixture
def wakes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often the worker is woken."""
    woken: list[int] = []
    monkeypatch.setattr(services, "wake_worker", lambda: woken.append(1))
    return woken


@pytest.mark.django_db
def test_queue_email_writes_a_due_row() -> None:
    person = UserFactory()
    email = queue(recipient=person, language="en", unsubscribe_url="https://portail.example.org/d/x/")
    assert email is not None
    email.refresh_from_db()
    assert (email.state, email.recipient, email.language, email.attempts) == ("queued", person, "en", 0)
    assert list(OutboxEmail.objects.due()) == [email]
    assert email.message_id.startswith("<") and email.message_id.endswith("@example.org>")


@pytest.mark.django_db(transaction=True)
def test_queue_email_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError):
        queue()
    assert not OutboxEmail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_queue_email_rolled_back_leaves_no_row_and_no_wake(wakes: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue()
        raise ZeroDivisionError
    assert not OutboxEmail.objects.exists()
    assert wakes == []


@pytest.mark.django_db
@pytest.mark.parametrize("again", [{}, {"to": " LEA@EXAMPLE.org "}, {"subject": "Autre", "text": "autre"}])
def test_queue_email_twice_writes_once(again: dict[str, str]) -> None:
    first = queue()
    assert queue(**again) is None
    assert list(OutboxEmail.objects.values_list("pk", "text")) == [(first and first.pk, "Bonjour")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [{"key": "workshop:2"}, {"kind": "workshops.reminder"}, {"to": "max@example.org"}, {"sequence": 1}],
)
def test_queue_email_for_another_event_recipient_kind_or_sequence_writes(other: dict[str, Any]) -> None:
    queue()
    assert queue(**other) is not None


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work` in that many threads that start together, each with its own database connection."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        try:
            with connection.cursor() as cursor:
                # A wait that the code should not make fails instead of hanging.
                cursor.execute("SET lock_timeout = '60s'")
            barrier.wait(60)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_queue_email_by_eight_at_once_writes_once(wakes: list[int]) -> None:
    def work(number: int) -> bool:
        with transaction.atomic():
            return queue() is not None

    results = in_threads(8, work)
    assert results.count(True) == 1
    assert OutboxEmail.objects.count() == 1
    assert len(wakes) == 1


@pytest.mark.django_db(transaction=True)
def test_queue_email_waits_for_a_rival_that_rolls_back(wakes: list[int]) -> None:
    """The second writer of a key must not be told "already there" by a row that then vanishes."""
    written, answered = Event(), Event()

    def work(number: int) -> bool:
        try:
            with transaction.atomic():
                if number == 0:
                    queue()
                    written.set()
                    while not (answered.is_set() or somebody_waits()):
                        pass  # the second writer waits for this one's end; if it did not, it would have answered
                    raise ZeroDivisionError
                assert written.wait(60)
                return queue() is not None
        except ZeroDivisionError:
            return False
        finally:
            (written if number == 0 else answered).set()

    assert in_threads(2, work) == [False, True]
    assert OutboxEmail.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "",
        "pas une adresse",
        "lea@",
        "lea@example.org\r\nBcc: max@example.org",
        "léa@example.org",
        "a\0b@example.org",
        "lea@" + "x" * 400 + ".org",
        "lea@\ud800.org",
        "Léa <lea@example.org>",
        "lea@example.org, max@example.org",
    ],
)
def test_queue_email_to_a_bad_address_makes_a_failed_row(address: str) -> None:
    email = queue(to=address)
    assert email is not None
    email.refresh_from_db()
    assert (email.state, email.error_class) == (EmailState.FAILED, ErrorClass.BAD_ADDRESS)
    assert email.error_detail
    assert queue(to="max@example.org") is not None, "the caller's transaction goes on"


@pytest.mark.django_db
def test_queue_email_normalises_the_domain_only() -> None:
    email = queue(to="  Lea.Roux@Éléctrique.FR ")
    assert email is not None
    assert email.to == "Lea.Roux@xn--lctrique-90ab.fr"


@pytest.mark.django_db
def test_queue_email_cleans_what_a_person_typed() -> None:
    email = queue(
        subject="Atelier\r\nBcc: x@y.fr\0 " + "é" * 600, text="a\0b\u2028c\r\nd", html="<p>\x0be</p>"
    )
    assert email is not None
    email.refresh_from_db()
    assert email.subject.startswith("Atelier Bcc: x@y.fr é") and len(email.subject) == 500
    assert (email.text, email.html) == ("ab\nc\nd", "<p>\ne</p>")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "mistake",
    [
        {"key": ""},
        {"kind": ""},
        {"key": "k" * 201},
        {"calendar": CalendarPart(text=REQUEST, method="CANCEL")},
        {"calendar": CalendarPart(text=REQUEST, method="request")},
        {"calendar": CalendarPart(text="", method="REQUEST")},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"unsubscribe_url": "https://example.org/>\r\nBcc: x@y.fr"},
        {"reply_to": "x@y.fr\r\nBcc: z@y.fr"},
    ],
)
def test_queue_email_refuses_a_callers_mistake(mistake: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        queue(**mistake)


@pytest.mark.django_db
def test_queue_email_takes_a_named_reply_address() -> None:
    email = queue(reply_to="Secrétariat du conseil <secretariat@Example.org>")
    assert email is not None and email.reply_to == "secretariat@example.org"


@pytest.mark.django_db
def test_queue_email_in_a_thread_answers_its_first_message_to_the_same_address() -> None:
    first = queue(thread="workshop:1")
    second = queue(thread="workshop:1", sequence=1)
    third = queue(thread="workshop:1", sequence=2, to="LEA@example.org")
    elsewhere = queue(thread="workshop:1", to="max@example.org")
    alone = queue(sequence=3)
    assert first and second and third and elsewhere and alone
    assert first.in_reply_to == elsewhere.in_reply_to == alone.in_reply_to == ""
    assert second.in_reply_to == third.in_reply_to == first.message_id


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_queue_email_does_not_answer_a_message_that_never_left(state: str) -> None:
    OutboxEmailFactory.in_state(state, key="poll:1", thread="workshop:1", to="lea@example.org")
    email = queue(thread="workshop:1")
    assert email is not None and email.in_reply_to == ""


@pytest.mark.django_db(transaction=True)
def test_a_transaction_wakes_the_worker_once_after_its_commit(wakes: list[int]) -> None:
    with transaction.atomic():
        queue()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            queue(sequence=1)
            raise ZeroDivisionError
        queue(sequence=2)
        queue(sequence=3)
        assert wakes == []
    assert wakes == [1]


@pytest.mark.django_db(transaction=True)
def test_a_wake_registered_in_a_rolled_back_savepoint_is_registered_again(wakes: list[int]) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            queue()
            raise ZeroDivisionError
        queue()
    assert wakes == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fields", [{"to": "nulle part"}])
def test_nothing_to_send_wakes_nobody(wakes: list[int], fields: dict[str, str]) -> None:
    with transaction.atomic():
        queue(**fields)
    assert wakes == []


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_neither_fails_nor_delays_the_commit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(services, "current_app", Celery(broker="redis://127.0.0.1:1/0", set_as_current=False))
    # By default kombu tries again for six seconds, and sleeps between two attempts.
    slept: list[float] = []
    monkeypatch.setattr("kombu.utils.functional.sleep", slept.append)
    with transaction.atomic():
        queue()
    assert slept == []
    assert OutboxEmail.objects.due().count() == 1
    assert "not woken" in caplog.text
    assert "lea" not in caplog.text


@pytest.mark.django_db
def test_cancel_queued_cancels_what_is_not_sent_and_matches() -> None:
    waiting = OutboxEmailFactory(key="w:1", to="lea@example.org")
    retrying = OutboxEmailFactory(key="w:1", retry=True)
    others = [
        OutboxEmailFactory(key="w:2", to="lea@example.org"),
        OutboxEmailFactory(key="w:1", sent=True),
        OutboxEmailFactory(key="w:1", failed=True),
    ]
    before = [other.state for other in others]
    assert cancel_queued(key="w:1") == 2
    for email in (waiting, retrying):
        email.refresh_from_db()
        assert (email.state, email.next_attempt_at) == (EmailState.CANCELLED, None)
    for other in others:
        other.refresh_from_db()
    assert [other.state for other in others] == before
    assert cancel_queued(key="w:1") == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"to": "LEA@example.org"}, 2),
        ({"kind": "a"}, 2),
        ({"kind": "a", "to": "lea@example.org"}, 1),
        ({"key": "w:9"}, 0),
    ],
)
def test_cancel_queued_by_each_criterion(criteria: dict[str, str], expected: int) -> None:
    OutboxEmailFactory(kind="a", to="lea@example.org")
    OutboxEmailFactory(kind="b", to="lea@example.org")
    OutboxEmailFactory(kind="a", to="max@example.org")
    assert cancel_queued(**criteria) == expected


@pytest.mark.django_db
def test_cancel_queued_without_a_criterion_is_refused() -> None:
    OutboxEmailFactory()
    with pytest.raises(ValueError):
        cancel_queued()


@pytest.mark.django_db
def test_cancel_queued_marks_what_is_being_sent() -> None:
    email = OutboxEmailFactory(key="w:1", inflight=True)
    assert cancel_queued(key="w:1") == 0
    email.refresh_from_db()
    assert (email.state, email.cancel_requested) == (EmailState.INFLIGHT, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["sent", "failed", "cancelled", "retry"])
def test_resend_email_queues_the_same_message_and_logs_who_asked(state: str, wakes: list[int]) -> None:
    person = UserFactory()
    email = OutboxEmailFactory.in_state(state)
    resend_email(email=email, by=person)
    fresh = OutboxEmail.objects.due().get()
    assert (fresh.pk, fresh.message_id) == (email.pk, email.message_id)
    assert (fresh.attempts, fresh.error_class, fresh.sent_at) == (0, "", None)
    (log,) = workflow.history(email)
    assert (log.from_state, log.to_state, log.by) == (state, EmailState.QUEUED, person)
    assert wakes == [1]


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["queued", "inflight"])
def test_resend_email_refuses_what_is_on_its_way(state: str) -> None:
    email = OutboxEmailFactory.in_state(state)
    with pytest.raises(workflow.TransitionError):
        resend_email(email=email, by=None)
    assert not services.is_resendable(email)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "broken",
    [
        {"state": "queued", "next_attempt_at": None},
        {"state": "sent", "sent_at": None, "next_attempt_at": None},
        {"state": "inflight", "claimed_at": None, "next_attempt_at": None},
        {"state": "inflight", "claimed_at": timezone.now()},
        {"state": "failed", "error_class": "", "next_attempt_at": None},
        {"sent_at": timezone.now()},
        {"cancel_requested": True},
        {"calendar_method": "REQUEST"},
        {"calendar_text": REQUEST},
    ],
)
def test_the_database_refuses_a_state_without_its_dates(broken: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        OutboxEmailFactory(**broken)


@pytest.mark.django_db
def test_worker_is_alive_only_after_a_recent_heartbeat() -> None:
    assert not services.worker_is_alive(timedelta(minutes=2))
    services.beat_heart()
    services.beat_heart()
    assert Heartbeat.objects.count() == 1
    assert services.worker_is_alive(timedelta(minutes=2))
    assert services.worker_is_alive(120)
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=3))
    assert not services.worker_is_alive(timedelta(minutes=2))
