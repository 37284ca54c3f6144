"""Reading a mailbox on a real IMAP server: nothing lost, nothing twice, whatever happens between two steps."""

import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outbox import mailbox as reading
from outbox.mailbox import MailboxError, forget_before, read_mailbox
from tests.outbox.imap import DONE, PASSWORD, ImapServer, make_certificate, tls_front


def mail(number: int, body: str = "x") -> bytes:
    return f"From: a@example.org\r\nSubject: {number}\r\n\r\n{body}\r\n".encode()


class Kept:
    """What a store was given."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.cut: list[bool] = []

    def __call__(self, raw: bytes, is_cut: bool) -> None:
        self.raw.append(raw)
        self.cut.append(is_cut)


def test_what_is_read_is_kept_byte_for_byte_then_filed_away(imap: ImapServer) -> None:
    messages = [mail(1), mail(2, "é" * 500), mail(3, "\0\x01 …")]
    imap.deliver(*messages)
    kept = Kept()
    assert read_mailbox(imap.mailbox(), store=kept) == 3
    assert kept.raw == messages and kept.cut == [False] * 3
    assert imap.messages() == [] and imap.messages(DONE) == messages
    assert read_mailbox(imap.mailbox(), store=kept) == 0
    assert len(kept.raw) == 3


def test_an_empty_mailbox_is_no_matter(imap: ImapServer) -> None:
    assert read_mailbox(imap.mailbox(), store=Kept()) == 0


def test_a_message_that_cannot_be_stored_stays_unread_and_delays_no_other(
    imap: ImapServer, caplog: pytest.LogCaptureFixture
) -> None:
    imap.deliver(mail(1), mail(2), mail(3))
    kept = Kept()

    def store(raw: bytes, is_cut: bool) -> None:
        if raw == mail(2):
            raise RuntimeError("a@example.org is not welcome")
        kept(raw, is_cut)

    assert read_mailbox(imap.mailbox(), store=store) == 2
    assert kept.raw == [mail(1), mail(3)] and imap.messages() == [mail(2)]
    assert not any(b"Seen" in flags for flags in imap.flags())
    assert "example.org" not in caplog.text and "RuntimeError" in caplog.text
    assert read_mailbox(imap.mailbox(), store=kept) == 1
    assert kept.raw[-1] == mail(2)


def test_a_message_too_large_is_cut_without_being_fetched_whole(
    imap: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1000)
    monkeypatch.setattr(reading, "_HEAD_BYTES", 100)
    imap.deliver(mail(1, "y" * 2000), mail(2))
    kept = Kept()
    assert read_mailbox(imap.mailbox(), store=kept) == 2
    assert kept.raw == [mail(1, "y" * 2000)[:100], mail(2)] and kept.cut == [True, False]


def test_a_run_ends_and_the_next_goes_on(imap: ImapServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_MESSAGES", 2)
    imap.deliver(*map(mail, range(5)))
    kept = Kept()
    assert [read_mailbox(imap.mailbox(), store=kept) for _run in range(4)] == [2, 2, 1, 0]
    assert kept.raw == [mail(number) for number in range(5)]


def test_without_move_messages_are_copied_and_expunged(
    imap: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        reading.imaplib.IMAP4, "capability", lambda self: ("OK", [b"IMAP4rev1 UIDPLUS"]), raising=True
    )
    imap.deliver(mail(1), mail(2))
    assert read_mailbox(imap.mailbox(), store=Kept()) == 2
    assert imap.messages() == [] and imap.messages(DONE) == [mail(1), mail(2)]


def test_two_readers_at_once_lose_nothing(imap: ImapServer) -> None:
    messages = [mail(number) for number in range(12)]
    imap.deliver(*messages)
    kept, together = Kept(), threading.Barrier(2, timeout=60)

    def store(raw: bytes, is_cut: bool) -> None:
        if raw == messages[0] and not together.broken:
            # Both hold the first message before either has moved it.
            together.wait()
        kept(raw, is_cut)

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(read_mailbox, imap.mailbox(), store=store) for _reader in range(2)]
        assert sum(run.result(timeout=60) for run in runs) >= 12
    assert set(kept.raw) == set(messages)
    assert imap.messages() == [] and set(imap.messages(DONE)) == set(messages)


def test_a_lost_connection_before_filing_away_reads_the_message_again(imap: ImapServer) -> None:
    imap.deliver(mail(1))
    kept = Kept()

    def store(raw: bytes, is_cut: bool) -> None:
        kept(raw, is_cut)
        imap.stop()

    with pytest.raises(MailboxError):
        read_mailbox(imap.mailbox(), store=store)
    # The server comes back, from its disk, with another UIDVALIDITY and other UIDs.
    again = ImapServer()
    try:
        again.deliver(mail(0), mail(1))
        assert read_mailbox(again.mailbox(), store=kept) == 2
    finally:
        again.stop()
    assert kept.raw == [mail(1), mail(0), mail(1)]


def test_starttls_and_implicit_tls_are_spoken_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    server = ImapServer(certificate)
    try:
        server_plain = server.mailbox()
        with pytest.raises(MailboxError):
            read_mailbox(server.mailbox(starttls=True), store=Kept())
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert read_mailbox(server.mailbox(starttls=True), store=Kept()) == 0
        with tls_front(server_plain.port, certificate) as port:
            assert read_mailbox(server.mailbox(tls=True, port=port), store=Kept()) == 0
            monkeypatch.delenv("SSL_CERT_FILE")
            with pytest.raises(MailboxError):
                read_mailbox(server.mailbox(tls=True, port=port), store=Kept())
    finally:
        server.stop()


@pytest.mark.parametrize("wrong", [{"password": "no"}, {"folder": "Nowhere"}])
def test_a_refusal_is_one_kind_of_error_that_names_nobody(imap: ImapServer, wrong: dict[str, str]) -> None:
    with pytest.raises(MailboxError) as error:
        read_mailbox(imap.mailbox(**wrong), store=Kept())
    assert "portal" not in str(error.value) and PASSWORD not in str(error.value)


def test_a_server_that_is_gone_or_silent_does_not_hold_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TIMEOUT", 0.2)
    server = ImapServer()
    mailbox = server.mailbox()
    server.stop()
    with pytest.raises(MailboxError):
        read_mailbox(mailbox, store=Kept())
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailboxError):
        read_mailbox(server.mailbox(port=silent.getsockname()[1]), store=Kept())


def test_old_messages_are_deleted_from_the_folder_of_read_ones_alone(
    imap: ImapServer, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(UTC)
    assert forget_before(imap.mailbox(), now.date()) == 0
    imap.create(DONE)
    imap.deliver(mail(1), at=now - timedelta(days=90))
    imap.deliver(mail(2), folder=DONE, at=now - timedelta(days=90))
    imap.deliver(mail(3), folder=DONE, at=now)
    assert forget_before(imap.mailbox(), (now - timedelta(days=60)).date()) == 1
    assert imap.messages(DONE) == [mail(3)] and imap.messages() == [mail(1)]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
