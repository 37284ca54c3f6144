"""A real IMAP server (pymap) on a free port of this machine, and what a test puts into it and finds in it."""

import imaplib
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from industrie_positive.services.processes import free_port
from outbox.mailbox import Mailbox

USER, PASSWORD = "portal", "correct horse / battery"
DONE = "Portal-read"


class ImapServer:
    """One mailbox in memory: a new server has another UIDVALIDITY and nothing in it."""

    def __init__(self, certificate: Path | None = None) -> None:
        tls = ["--cert", str(certificate), "--key", str(certificate)] if certificate else ["--no-tls"]
        # A free port may be somebody else's by the time that pymap takes it: another one then.
        for _attempt in range(5):
            self.port = free_port()
            command = [sys.executable, "-c", "from pymap.main import main; main()"]
            command += ["--host", "127.0.0.1", "--port", str(self.port), *tls]
            self.process = subprocess.Popen(
                [*command, "dict", "--demo-user", USER, "--demo-password", PASSWORD],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers():
                return
        raise AssertionError("pymap does not start")

    def _answers(self) -> bool:
        """Wait until the server takes connections; False when it ended instead."""
        end = time.monotonic() + 60
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return self.process.poll() is None
            except OSError:
                assert time.monotonic() < end, "pymap does not answer"
                time.sleep(0.05)
        return False

    def mailbox(self, **changes: Any) -> Mailbox:
        """The settings that lead here."""
        known: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "password": PASSWORD,
            "tls": False,
            "starttls": False,
            "folder": "INBOX",
            "done": DONE,
        }
        return Mailbox(**known | changes)

    def stop(self) -> None:
        """Be gone."""
        self.process.kill()
        self.process.wait(60)

    @contextmanager
    def _session(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=60) as imap:
            imap.login(USER, PASSWORD)
            yield imap

    def deliver(self, *messages: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        """Put messages into a folder, as a mail server does."""
        with self._session() as imap:
            for message in messages:
                when = imaplib.Time2Internaldate(at) if at else None
                assert imap.append(folder, None, when, message)[0] == "OK"  # type: ignore[arg-type]

    def create(self, folder: str) -> None:
        """Make a folder."""
        with self._session() as imap:
            assert imap.create(folder)[0] == "OK"

    def messages(self, folder: str = "INBOX") -> list[bytes]:
        """What lies in a folder; nothing when it does not exist."""
        with self._session() as imap:
            if imap.select(folder, readonly=True)[0] != "OK":
                return []
            found = imap.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
            return [part[1] for part in found if isinstance(part, tuple)]

    def flags(self) -> list[bytes]:
        """The flags of what lies in the inbox."""
        with self._session() as imap:
            imap.select("INBOX", readonly=True)
            return [line for line in imap.uid("FETCH", "1:*", "(FLAGS)")[1] if isinstance(line, bytes)]


def make_certificate(folder: Path) -> Path:
    """Write a certificate for this machine with its key; SSL_CERT_FILE makes a client trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def tls_front(port: int, certificate: Path) -> Iterator[int]:
    """Speak TLS on a port of its own and pass everything on to `port`, as a server with implicit TLS does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                accepted, _address = listener.accept()
                with suppress(OSError):
                    inner = context.wrap_socket(accepted, server_side=True)
                    outer = socket.create_connection(("127.0.0.1", port))
                    for pair in ((inner, outer), (outer, inner)):
                        threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
