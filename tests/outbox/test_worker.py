"""A real Celery worker, as a process, on a real broker: killed, stopped, started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from outbox import services
from outbox.enums import EmailState
from outbox.models import OutboxEmail
from outbox.services import queue_email
from tests.outbox.sink import Sink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def eventually(condition: Callable[[], bool], seconds: float = 120) -> bool:
    """Wait for what another process does; return at once when it is done."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Worker:
    """A Celery worker on the test's database, broker and sink, with its log."""

    def __init__(self, *, sink: Sink, log: Path) -> None:
        self.log = log
        database = urlsplit(os.environ["DATABASE_URL"])
        name = connection.settings_dict["NAME"]
        environment = os.environ | {
            "DATABASE_URL": urlunsplit(database._replace(path=f"/{name}")),
            "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "celery", "-A", "industrie_positive", "worker"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, "--concurrency=1", "--without-mingle", "--without-gossip", "--loglevel=INFO"],
                cwd=django_settings.BASE_DIR,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill the worker and its pool, without warning."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def says(self, words: str) -> bool:
        """Tell whether the log has these words."""
        return words in self.log.read_text(errors="replace")


@pytest.fixture
def start_worker(sink: Sink, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    """Start workers that do not outlive the test, on an empty queue."""
    workers: list[Worker] = []
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge("celery")

    def start() -> Worker:
        worker = Worker(sink=sink, log=tmp_path / f"worker-{len(workers)}.log")
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()


def queue_five() -> list[OutboxEmail]:
    """Queue as the portal does: in one transaction, whose commit wakes the worker."""
    with transaction.atomic():
        emails = [
            queue_email(
                key=f"workshop:{number}",
                kind="workshops.invitation",
                to=f"personne-{number}@example.org",
                subject="Atelier",
                text="Bonjour",
            )
            for number in range(5)
        ]
    return [email for email in emails if email is not None]


def all_sent() -> bool:
    """Tell whether the outbox is done."""
    return not OutboxEmail.objects.exclude(state=EmailState.SENT).exists()


def test_a_worker_killed_while_sending_loses_nothing_and_repeats_only_that_message(
    sink: Sink, start_worker: Callable[[], Worker]
) -> None:
    emails = queue_five()
    held = emails[1]
    sink.hold(held.to)
    worker = start_worker()
    assert sink.holding.wait(120), worker.log.read_text()

    worker.kill()

    states = dict(OutboxEmail.objects.values_list("pk", "state"))
    assert [states[email.pk] for email in emails] == ["sent", "inflight", "queued", "queued", "queued"]
    sink.release()
    # Five minutes pass, and beat's minute comes.
    OutboxEmail.objects.filter(pk=held.pk).update(claimed_at=timezone.now() - timedelta(minutes=6))
    current_app.send_task("outbox.tasks.sweep")
    worker = start_worker()

    assert eventually(all_sent), worker.log.read_text()
    assert sorted(sink.recipients()) == sorted([*(email.to for email in emails), held.to])
    first, second = [received.message for received in sink.received if received.recipient == held.to]
    assert first["Message-ID"] == second["Message-ID"] == held.message_id
    assert first["Date"] == second["Date"]


def test_a_worker_being_stopped_ends_after_the_message_it_is_sending(
    sink: Sink, start_worker: Callable[[], Worker]
) -> None:
    emails = queue_five()
    sink.hold(emails[1].to)
    worker = start_worker()
    assert sink.holding.wait(120), worker.log.read_text()

    worker.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: worker.says("Warm shutdown"))
    sink.release()

    assert worker.process.wait(60) == 0, worker.log.read_text()
    states = list(OutboxEmail.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["sent", "sent", "queued", "queued", "queued"]
    assert len(sink.received) == 2


def test_a_worker_shows_life_by_the_heartbeat(start_worker: Callable[[], Worker]) -> None:
    assert not services.worker_is_alive(60)
    current_app.send_task("outbox.tasks.heartbeat")
    worker = start_worker()
    assert eventually(lambda: services.worker_is_alive(60)), worker.log.read_text()
    # What it logs names no person and no address.
    assert "@example.org" not in worker.log.read_text()
