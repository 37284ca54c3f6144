"""What tests of replies share: an invitation sent, and a calendar that answers it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from outbox.inbound import plus_address
from tests.outbox.imap import ImapServer
from tests.workshops.factories import InvitationFactory
from tests.workshops.replies.samples import Facts, apple
from workshops.models import CalendarReply, Invitation
from workshops.replies.services import handle_received, receive_mail

LONG_AGO = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def inbound(settings: Settings) -> None:
    """The portal reads answers."""
    settings.INBOUND_ADDRESS = "reponses@example.org"


@pytest.fixture
def imap():
    """A real IMAP server with an empty mailbox."""
    server = ImapServer()
    yield server
    server.stop()


@pytest.fixture
def invitation() -> Invitation:
    """Somebody's, sent yesterday, silent."""
    return InvitationFactory(email="lea@example.com", person__email="lea@example.com", person__language="fr")


def facts_of(invitation: Invitation, *, minutes: int = 0, **changes: Any) -> Facts:
    """What the invited person's calendar knows; `minutes` later than a fixed instant of the past."""
    known: dict[str, Any] = {
        "uid": invitation.workshop.uid,
        "attendee": invitation.email,
        "organizer": plus_address(invitation.reply_tag),
        "sequence": invitation.workshop.sequence,
        "dtstamp": LONG_AGO + timedelta(minutes=minutes),
    }
    return Facts(**(known | changes))


def take(raw: bytes) -> CalendarReply:
    """Let a mail come in and be handled; return what became of it."""
    receive_mail(raw)
    handle_received()
    return CalendarReply.objects.latest("id")


@pytest.fixture
def answer() -> Callable[..., CalendarReply]:
    """Let an invitation's calendar answer."""

    def send(
        invitation: Invitation, partstat: str = "ACCEPTED", *, client: Any = apple, **changes: Any
    ) -> CalendarReply:
        return take(client(facts_of(invitation, partstat=partstat, **changes)))

    return send
