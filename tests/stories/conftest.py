"""The whole portal as `make run` starts it: web, worker, beat and mail sink as processes, on its own database."""

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
import pytest

from industrie_positive.services.processes import free_port
from tests.helpers.browser import PATIENCE as BROWSER_PATIENCE
from tests.helpers.browser import SIZES
from tests.outbox.imap import PASSWORD as IMAP_PASSWORD
from tests.outbox.imap import USER, ImapServer

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "industrie-positive"
# Only what never comes takes so long: a wake-up that was lost is made good in half a minute.
PATIENCE = 120


@dataclass
class Portal:
    """The running portal, and what a test may see of it from outside."""

    url: str
    database_url: str
    mail_folder: Path
    output: str

    def mails(self, to: str = "", subject: str = "") -> list[EmailMessage]:
        """Return the messages that the sink has received, oldest first, to an address and with words in the subject."""
        found = []
        for path in sorted(self.mail_folder.glob("*.eml")):
            message: Any = message_from_bytes(path.read_bytes(), policy=policy.default)
            if to in message["X-Envelope-To"] and subject in message["Subject"]:
                found.append(message)
        return found

    def wait_for_mails(self, count: int, to: str = "", subject: str = "") -> list[EmailMessage]:
        """Return exactly that many such messages as soon as they are there; fail when they are not in time."""
        found = wait_for(lambda: self.mails(to, subject), lambda mails: len(mails) >= count)
        assert len(found) == count, [(mail["X-Envelope-To"], mail["Subject"]) for mail in found]
        return found

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement on the portal's database: what a test does to time, by moving dates."""
        with psycopg2.connect(self.database_url) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def wait_for(read: Callable[[], Any], enough: Callable[[Any], bool], *, seconds: float = PATIENCE) -> Any:
    """Read until it is enough, or for so many seconds; return what was read last."""
    deadline = time.monotonic() + seconds
    value = read()
    while not enough(value) and time.monotonic() < deadline:
        time.sleep(0.05)
        value = read()
    return value


def follow(page: Any, selector: str) -> None:
    """Click what leads to another page, and wait until that page is there."""
    with page.expect_navigation():
        page.click(selector)


@pytest.fixture(scope="package")
def imap() -> Iterator[ImapServer]:
    """The mailbox where calendars' answers arrive."""
    server = ImapServer()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def portal(tmp_path_factory: pytest.TempPathFactory, imap: ImapServer) -> Iterator[Portal]:
    """Start what `make run` starts, on a fresh database; stop it as Ctrl-C does."""
    server = urlsplit(os.environ["DATABASE_URL"])
    name = f"story_{secrets.token_hex(4)}"
    database_url = urlunsplit(server._replace(path=f"/{name}"))
    admin = psycopg2.connect(os.environ["DATABASE_URL"])
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {name}")
    folder = tmp_path_factory.mktemp("portal")
    port = free_port()
    log = folder / "output.log"
    imap_user, imap_password = quote(USER, safe=""), quote(IMAP_PASSWORD, safe="")
    environment = {
        **os.environ,
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "VAR_DIR": str(folder / "var"),
        "REDIS_PREFIX": name,
        "REMINDER_CHECK_SECONDS": "1",
        "INBOUND_IMAP_URL": f"imap://{imap_user}:{imap_password}@127.0.0.1:{imap.port}/INBOX",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SITE_URL": f"http://127.0.0.1:{port}",
    }
    environment.pop("PORTAL_MODE", None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "industrie_positive.services", "run"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        text = wait_for(
            lambda: log.read_text(encoding="utf-8", errors="replace"),
            lambda text: "Ctrl-C" in text or process.poll() is not None,
            seconds=240,
        )
        assert "Ctrl-C" in text, f"make run did not start:\n{text}"
        yield Portal(f"http://127.0.0.1:{port}", database_url, folder / "var" / "mail", text)
    finally:
        process.terminate()
        process.wait(120)
        admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()


@pytest.fixture
def visitor(browser: Any, portal: Portal) -> Iterator[Callable[..., Any]]:
    """Give a function that opens a page for somebody: `visitor("titulaire.bulane")`, or `visitor()` for the public."""
    contexts = []
    faults: list[str] = []

    def enter(account: str = "", *, english: bool = False, javascript: bool = True) -> Any:
        context = browser.new_context(
            base_url=portal.url,
            viewport=SIZES["large"],
            reduced_motion="reduce",
            java_script_enabled=javascript,
            timezone_id="Europe/Paris",
        )
        context.set_default_timeout(BROWSER_PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(portal.url) else faults.append(f"asked {request.url}")
            ),
        )
        if account:
            page.goto("/en/connexion/" if english else "/connexion/")
            page.fill("input[name=login]", f"{account}@example.org")
            page.fill("input[name=password]", PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(re.compile("/espace/"))
        return page

    yield enter
    for context in contexts:
        context.close()
    assert not faults, "\n".join(faults)
