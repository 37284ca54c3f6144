"""From the mailbox to the answer: a real IMAP server, real processes killed between any two steps."""

import asyncio
import io
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from aiosmtpd.smtp import Envelope
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from core.models import TransitionLog
from core.workflow import lock
from industrie_positive.services.smtp_sink import KeepInFolder
from outbox.inbound import plus_address
from outbox.models import Heartbeat, OutboxEmail
from tests.helpers.locks import somebody_waits
from tests.outbox.imap import DONE, PASSWORD, USER, ImapServer
from tests.workshops.factories import InvitationFactory
from tests.workshops.replies.conftest import facts_of
from tests.workshops.replies.samples import CLIENTS, apple, exchange, gmail
from workshops.enums import Answer
from workshops.models import CalendarReply, Invitation
from workshops.replies import services
from workshops.replies.enums import ReplyCause, ReplyState
from workshops.replies.tasks import forget_old_replies, read_replies

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(180)]
committed = pytest.mark.django_db(transaction=True)


def answers() -> dict[str, int]:
    """How often each invitation's answer was recorded."""
    rows = TransitionLog.objects.filter(field="answer").values_list("object_id", flat=True)
    return {pk: list(rows).count(pk) for pk in rows}


class Reader:
    """A process that reads the mailbox once, as a worker does."""

    def __init__(self, imap: ImapServer, *, port: int | None = None) -> None:
        database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
        address = f"imap://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port or imap.port}/INBOX?done={DONE}"
        environment = os.environ | {
            "DATABASE_URL": urlunsplit(database),
            "DJANGO_SETTINGS_MODULE": "industrie_positive.settings",
            "INBOUND_IMAP_URL": address,
            "INBOUND_ADDRESS": "reponses@example.org",
        }
        code = (
            "import django; django.setup(); from workshops.replies.tasks import read_replies; read_replies()"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=django_settings.BASE_DIR,
            env=environment,
            stderr=subprocess.PIPE,
        )

    def kill_when(self, condition: Callable[[], bool]) -> None:
        """Kill it without warning as soon as something is so."""
        while not condition():
            assert self.process.poll() is None, "it ended before"
        self.process.kill()
        self.process.communicate(timeout=60)

    def finish(self) -> None:
        """Let it do its work."""
        _output, errors = self.process.communicate(timeout=90)
        assert self.process.returncode == 0, errors.decode()


@committed
def test_a_reader_killed_before_it_commits_loses_nothing(imap: ImapServer, invitation: Invitation) -> None:
    imap.deliver(apple(facts_of(invitation)))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE workshops_calendarreply IN EXCLUSIVE MODE")
        Reader(imap).kill_when(somebody_waits)
    assert len(imap.messages()) == 1 and not CalendarReply.objects.exists()
    Reader(imap).finish()
    invitation.refresh_from_db()
    assert invitation.answer == Answer.YES and answers() == {invitation.pk: 1}
    assert imap.messages() == [] and len(imap.messages(DONE)) == 1


@committed
def test_a_reader_killed_before_it_files_away_doubles_nothing(
    imap: ImapServer, invitation: Invitation
) -> None:
    imap.deliver(apple(facts_of(invitation)))
    with front(imap.port, stall_at=b"MOVE") as (port, stalled):
        Reader(imap, port=port).kill_when(stalled.is_set)
    assert len(imap.messages()) == 1
    assert CalendarReply.objects.get().state == ReplyState.RECEIVED
    Reader(imap).finish()
    invitation.refresh_from_db()
    assert invitation.answer == Answer.YES and answers() == {invitation.pk: 1}
    assert CalendarReply.objects.count() == 1 and imap.messages() == []


@committed
def test_a_reader_killed_while_it_answers_leaves_the_answer_to_the_next(
    imap: ImapServer, invitation: Invitation
) -> None:
    imap.deliver(apple(facts_of(invitation)))
    with transaction.atomic():
        Invitation.objects.select_for_update().get(pk=invitation.pk)
        Reader(imap).kill_when(somebody_waits)
    assert CalendarReply.objects.get().state == ReplyState.RECEIVED and answers() == {}
    with transaction.atomic():
        # The server holds the killed reader's lock until it sees that nobody is there, and the next would skip the row.
        lock(CalendarReply.objects.get())
    Reader(imap).finish()
    assert CalendarReply.objects.get().state == ReplyState.APPLIED and answers() == {invitation.pk: 1}
    assert OutboxEmail.objects.filter(kind="workshop-answer").count() == 1


@contextmanager
def front(port: int, *, stall_at: bytes) -> Iterator[tuple[int, threading.Event]]:
    """Pass everything on to `port` until the client says a word; then say so and keep silent."""
    stalled, listener = threading.Event(), socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket, word: bytes) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if word and word in data:
                    stalled.set()
                    return
                target.sendall(data)

    def serve() -> None:
        with suppress(OSError):
            inner, _address = listener.accept()
            outer = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=pump, args=(outer, inner, b""), daemon=True).start()
            pump(inner, outer, stall_at)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], stalled
    finally:
        listener.close()


# --- the task ---


@pytest.fixture
def mailbox(settings: Settings, imap: ImapServer) -> ImapServer:
    """The settings lead to a real mailbox."""
    settings.INBOUND_MAILBOX = imap.mailbox()
    return imap


def test_each_clients_mail_in_the_mailbox_is_an_answer_and_the_strange_wait(mailbox: ImapServer) -> None:
    rows = {client: InvitationFactory() for client in CLIENTS}
    strange = [
        b"",
        b"\0\xff" * 500,
        b"Subject: hello\r\n\r\nHow are you?",
        gmail(facts_of(rows["gmail"], uid="x")),
    ]
    mails = [CLIENTS[client](facts_of(row)) for client, row in rows.items()]
    mailbox.deliver(
        *[
            mail
            for pair in zip(mails, [*strange, b"Subject: z\r\n\r\n"], strict=True)
            for mail in pair
            if mail
        ]
    )
    read_replies()
    assert set(Invitation.objects.values_list("answer", flat=True)) == {Answer.YES}
    states = list(CalendarReply.objects.values_list("state", flat=True))
    assert sorted(states) == ["applied"] * 5 + ["quarantined"] * 4
    assert mailbox.messages() == [] and Heartbeat.objects.filter(name="mailbox").exists()
    read_replies()
    assert CalendarReply.objects.count() == 9


@committed
def test_two_workers_at_once_take_each_answer_once(mailbox: ImapServer) -> None:
    rows = InvitationFactory.create_batch(6)
    mailbox.deliver(*[exchange(facts_of(row)) for row in rows])
    together = threading.Barrier(2, timeout=30)

    def work() -> None:
        try:
            together.wait()
            read_replies()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work) for _worker in range(2)]:
            done.result(timeout=90)
    services.handle_received()
    assert (
        CalendarReply.objects.filter(state=ReplyState.APPLIED).count() == 6 == CalendarReply.objects.count()
    )
    assert answers() == {row.pk: 1 for row in rows}
    assert OutboxEmail.objects.filter(kind="workshop-answer").count() == 6
    assert mailbox.messages() == []


def test_a_mailbox_restored_with_new_uids_changes_nothing(settings: Settings, invitation: Invitation) -> None:
    raw = apple(facts_of(invitation))
    for older in ([], [b"Subject: x\r\n\r\n"]):
        # Each server has its own UIDVALIDITY; the second has the message under another UID.
        server = ImapServer()
        try:
            settings.INBOUND_MAILBOX = server.mailbox()
            server.deliver(*older, raw)
            read_replies()
            assert server.messages() == []
        finally:
            server.stop()
    assert answers() == {invitation.pk: 1} and CalendarReply.objects.count() == 2


def test_a_server_that_is_gone_leaves_what_was_received_to_be_handled(
    settings: Settings, imap: ImapServer, invitation: Invitation, caplog: pytest.LogCaptureFixture
) -> None:
    services.receive_mail(apple(facts_of(invitation)))
    with socket.socket() as nobody, caplog.at_level(logging.DEBUG):
        # Held, so that no other server takes the port, and not listened to.
        nobody.bind(("127.0.0.1", 0))
        settings.INBOUND_MAILBOX = imap.mailbox(port=nobody.getsockname()[1])
        read_replies()
    invitation.refresh_from_db()
    assert invitation.answer == Answer.YES
    assert "cannot be read: ConnectionRefusedError" in caplog.text
    assert not Heartbeat.objects.filter(name="mailbox").exists()


def test_without_a_mailbox_nothing_is_connected_to(settings: Settings, invitation: Invitation) -> None:
    assert settings.INBOUND_MAILBOX is None
    read_replies()
    forget_old_replies()


def test_the_logs_name_nobody(
    mailbox: ImapServer,
    invitation: Invitation,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "judge", lambda *args, **kwargs: 1 / 0)
    mailbox.deliver(apple(facts_of(invitation)))
    with caplog.at_level(logging.DEBUG):
        read_replies()
    assert "ZeroDivisionError" in caplog.text
    assert "lea" not in caplog.text.lower() and invitation.reply_tag not in caplog.text
    reply = CalendarReply.objects.get()
    assert (reply.state, reply.cause, reply.sender) == (
        ReplyState.QUARANTINED,
        ReplyCause.FAILED,
        "lea@example.com",
    )


def test_a_database_error_puts_one_reply_off_and_no_other(
    invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = InvitationFactory()
    for row in (invitation, other):
        services.receive_mail(apple(facts_of(row)))
    real = services.answer_invitation

    def sometimes(*, invitation: Invitation, **kwargs: Any) -> Invitation:
        if invitation.pk != other.pk:
            raise OperationalError("deadlock detected")
        return real(invitation=invitation, **kwargs)

    monkeypatch.setattr(services, "answer_invitation", sometimes)
    assert services.handle_received() == 1
    assert answers() == {other.pk: 1}
    monkeypatch.undo()
    assert services.handle_received() == 1
    assert answers() == {other.pk: 1, invitation.pk: 1}


def test_what_is_old_is_deleted_decided_or_not_with_its_log(
    mailbox: ImapServer, invitation: Invitation, settings: Settings
) -> None:
    long_ago = timezone.now() - timedelta(days=settings.INBOUND_RETENTION_DAYS + 2)
    mailbox.create(DONE)
    mailbox.deliver(b"Subject: old\r\n\r\n", folder=DONE, at=long_ago)
    mailbox.deliver(b"Subject: new\r\n\r\n", folder=DONE)
    for raw in (b"Subject: x\r\n\r\n", apple(facts_of(invitation))):
        services.receive_mail(raw)
    services.handle_received()
    CalendarReply.objects.update(received_at=long_ago)
    services.receive_mail(b"Subject: y\r\n\r\n")
    services.handle_received()
    forget_old_replies()
    assert [reply.subject for reply in CalendarReply.objects.all()] == ["y"]
    assert TransitionLog.objects.filter(content_type__model="calendarreply").count() == 1
    assert TransitionLog.objects.filter(field="answer").count() == 1
    assert mailbox.messages(DONE) == [b"Subject: new\r\n\r\n"]


# --- by the mail server's own hand ---


def test_a_mail_from_standard_input_is_an_answer(
    invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = apple(facts_of(invitation))
    for _time in range(2):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
        call_command("receive_reply")
    assert answers() == {invitation.pk: 1} and CalendarReply.objects.count() == 1
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b" \n")))
    with pytest.raises(CommandError):
        call_command("receive_reply")


@committed
def test_the_demos_sink_hands_answers_over_and_nothing_else(
    invitation: Invitation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    monkeypatch.setenv("DATABASE_URL", urlunsplit(database))
    monkeypatch.setenv("INBOUND_ADDRESS", "reponses@example.org")
    answer = apple(facts_of(invitation))

    def deliver(recipient: str) -> str:
        # In a thread: Playwright's loop may run in this one.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, hand_in(recipient)).result(timeout=90)

    async def hand_in(recipient: str) -> str:
        envelope = Envelope()
        envelope.mail_from, envelope.rcpt_tos, envelope.content = "lea@example.com", [recipient], answer
        return await KeepInFolder(tmp_path).handle_DATA(None, None, envelope)  # type: ignore[arg-type]

    assert deliver("lea@example.com") == "250 kept"
    assert not CalendarReply.objects.exists()
    assert deliver(plus_address(invitation.reply_tag)) == "250 handed over"
    assert answers() == {invitation.pk: 1}
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    assert deliver(plus_address(invitation.reply_tag)) == "451 not now"
