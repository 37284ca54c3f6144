"""Reads a mailbox by IMAP so that no message is lost and none is kept twice.

A message is filed away in another folder only once `store` has committed it; until then it stays in the inbox and is
read again. What a message is known by is its own bytes, so neither UIDs nor UIDVALIDITY are remembered between two
readings: a mailbox that was moved or restored is simply read again. Any number of workers may read at once.
"""

import imaplib
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as clock
from typing import Any

logger = logging.getLogger(__name__)

# One run: then other tasks take their turn, and a mailbox full of junk is emptied over several minutes.
MOST_MESSAGES = 200
RUN_SECONDS = 40
TIMEOUT = 20
MAX_BYTES = 1_000_000
# What is kept of a longer one: its headers, for whoever decides.
_HEAD_BYTES = 32_000


class MailboxError(Exception):
    """The mailbox cannot be read now; the next minute tries again. The message names the step, never a person."""


@dataclass(frozen=True)
class Mailbox:
    """Where the portal's inbound mail lies: by TLS (`imaps://`), STARTTLS, or bare on this machine."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    starttls: bool
    folder: str
    done: str


_FACTS = re.compile(rb"(?i)\b(UID|RFC822\.SIZE) (\d+)")
# Takes a message's bytes and whether they were cut; returns once they are committed.
Store = Callable[[bytes, bool], Any]


def read_mailbox(mailbox: Mailbox, *, store: Store) -> int:
    """Give each message of the inbox to `store`, file it away, and return how many.

    A message that cannot be fetched or stored stays where it is and delays no other. Raises MailboxError when the
    server cannot be reached or refuses.
    """
    done = 0
    end = time.monotonic() + RUN_SECONDS
    with _opened(mailbox, mailbox.folder) as (imap, count):
        # What the server can do is often said only to who is logged in.
        movable = b"MOVE" in b" ".join(_must(imap.capability(), "capability")).upper().split()
        for uid, size in _waiting(imap, min(count, MOST_MESSAGES)):
            if time.monotonic() > end:
                break
            found = _fetched(imap, uid, size)
            if found is None:
                continue
            try:
                store(*found)
            except Exception as error:
                logger.error("An inbound message could not be stored: %s", type(error).__name__)
                continue
            _file_away(imap, uid, mailbox.done, by_move=movable)
            done += 1
    return done


def forget_before(mailbox: Mailbox, day: date) -> int:
    """Delete from the folder of read messages those that arrived before a day, and return how many."""
    try:
        with _opened(mailbox, mailbox.done) as (imap, count):
            noon = datetime.combine(day, clock(12), UTC)
            question = f"BEFORE {imaplib.Time2Internaldate(noon)[1:12].strip()}"
            found = _must(imap.uid("SEARCH", question), "search") if count else []
            uids = [uid for line in found if isinstance(line, bytes) for uid in line.decode().split()]
            for uid in uids:
                _must(imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), "flag")
            if uids:
                _must(imap.expunge(), "expunge")
            return len(uids)
    except NoFolderError:
        # Nothing was filed away yet.
        return 0


class NoFolderError(MailboxError):
    """The server has no such folder."""


@contextmanager
def _opened(mailbox: Mailbox, folder: str) -> Iterator[tuple[imaplib.IMAP4, int]]:
    """Log in and select a folder; give the connection and the number of its messages. Every failure is one kind."""
    imap: imaplib.IMAP4 | None = None
    try:
        imap = _connected(mailbox)
        imap.login(mailbox.user, mailbox.password)
        status, data = imap.select(_quoted(folder))
        if status != "OK":
            raise NoFolderError("select")
        yield imap, int((data[0] or b"0").decode())
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise MailboxError(type(error).__name__) from error
    finally:
        if imap is not None:
            with suppress(Exception):
                imap.logout()


def _connected(mailbox: Mailbox) -> imaplib.IMAP4:
    if mailbox.tls:
        return imaplib.IMAP4_SSL(
            mailbox.host, mailbox.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT
        )
    imap = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=TIMEOUT)
    if mailbox.starttls:
        try:
            imap.starttls(ssl.create_default_context())
        except BaseException:
            imap.shutdown()
            raise
    return imap


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _must(answer: tuple[str, list[Any]], step: str) -> list[Any]:
    if answer[0] != "OK":
        raise MailboxError(step)
    return answer[1]


def _waiting(imap: imaplib.IMAP4, most: int) -> list[tuple[str, int]]:
    """Return the UIDs and sizes of the first messages; a list by number, because one of all UIDs has no bound."""
    if not most:
        return []
    lines = _must(imap.fetch(f"1:{most}", "(UID RFC822.SIZE FLAGS)"), "list")
    facts = [_FACTS.findall(line) for line in lines if isinstance(line, bytes) and b"\\Deleted" not in line]
    known = [{name.upper(): number.decode() for name, number in found} for found in facts]
    return [(fact[b"UID"], int(fact[b"RFC822.SIZE"])) for fact in known if len(fact) == 2]


def _fetched(imap: imaplib.IMAP4, uid: str, size: int) -> tuple[bytes, bool] | None:
    """Return a message's bytes and whether they are cut, without marking it read; None when it is gone."""
    cut = size > MAX_BYTES
    status, answer = imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{_HEAD_BYTES}>)" if cut else "(BODY.PEEK[])")
    body = next((item[1] for item in answer if isinstance(item, tuple)), None)
    if status != "OK" or not isinstance(body, bytes):
        # Moved by another worker, or broken on the server: the others are read all the same.
        logger.info("An inbound message could not be fetched")
        return None
    return body, cut


def _file_away(imap: imaplib.IMAP4, uid: str, folder: str, *, by_move: bool) -> None:
    """Move a message out of the inbox; one that another worker moved meanwhile is no matter."""
    verb = "MOVE" if by_move else "COPY"
    if imap.uid(verb, uid, _quoted(folder))[0] != "OK":
        imap.create(_quoted(folder))
        _must(imap.uid(verb, uid, _quoted(folder)), "move")
    if verb == "COPY":
        _must(imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"), "flag")
        _must(imap.expunge(), "expunge")
