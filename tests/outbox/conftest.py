"""The mail's test ground: a sink to deliver to."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.outbox.imap import ImapServer
from tests.outbox.sink import Sink


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    """A real SMTP server that the portal delivers to."""
    server = Sink()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 30
    yield server
    server.release()
    server.stop()


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    """A real IMAP server with an empty mailbox."""
    server = ImapServer()
    yield server
    server.stop()
