"""A real SMTP server for tests: it records what it accepts and misbehaves where told to."""

import asyncio
import email
import email.policy
import socket
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from industrie_positive.services.processes import free_port


@dataclass(frozen=True)
class Received:
    """One message whose content reached the server."""

    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        parsed = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class Sink:
    """Listens on a free port. `received` holds each message taken, even when the client never heard so."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.recipient_replies: dict[str, str] = {}
        self.data_replies: dict[str, str] = {}
        self.drops: set[str] = set()
        self.close_after_each = False
        self._held: set[str] = set()
        self.holding = threading.Event()
        self.port = free_port()
        sink = self

        class Counted(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                sink.connections += 1
                super().connection_made(transport)

        class Server(Controller):
            def factory(self) -> SMTP:
                return Counted(self.handler, enable_SMTPUTF8=False, decode_data=False)

            def _trigger_server(self) -> None:
                # The library waits for its own greeting for one second: a busy machine's would count as a client.
                with socket.create_connection(("127.0.0.1", self.port), timeout=60) as client:
                    client.recv(1024)

        self._server = Server(self, hostname="127.0.0.1", port=self.port, ready_timeout=60)
        self._released: asyncio.Event | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._server.start()
        # The controller tried the port itself.
        self.connections = 0

    def stop(self) -> None:
        """Stop listening; whoever waits for an answer loses the connection."""
        self._server.stop()

    def hold(self, recipient: str) -> None:
        """Take this recipient's message, then say nothing: `holding` is set, `release` lets the answer go."""
        self._held.add(recipient)

    def release(self) -> None:
        """Answer what is held, and hold nothing any more."""
        self._held.clear()
        self._server.loop.call_soon_threadsafe(lambda: self._released and self._released.set())

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept the recipient or say what the test wants said."""
        reply = self.recipient_replies.get(address)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Record the message; then accept, refuse, drop the line or keep silent."""
        (recipient,) = envelope.rcpt_tos
        reply = self.data_replies.get(recipient)
        if reply:
            return reply
        assert isinstance(envelope.content, bytes)
        self.received.append(Received(recipient, envelope.content))
        if recipient in self.drops:
            transport: Any = server.transport
            transport.abort()
        elif recipient in self._held:
            self._released = asyncio.Event()
            self.holding.set()
            await self._released.wait()
        elif self.close_after_each:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 accepted"

    def recipients(self) -> list[str]:
        """Whose messages arrived, in order."""
        return [received.recipient for received in self.received]
