"""`python -m industrie_positive.services.smtp_sink PORT FOLDER`: takes every mail, delivers none.

Each message becomes a private file in FOLDER, so that nothing mailed by a demonstration reaches anybody. What is sent
to an invitation's own address (INBOUND_ADDRESS with a plus) is handed to the portal, as a real mail server would do.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from .places import CHECKOUT, write_private


class KeepInFolder:
    """aiosmtpd handler writing each message as `<time>-<pid>-<number>.eml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        number = next(self.numbers)
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{number:05d}.eml"
        content = envelope.content
        text = content.decode("utf-8", "surrogateescape") if isinstance(content, bytes) else content or ""
        recipients = ", ".join(envelope.rcpt_tos)
        write_private(
            self.folder / name, f"X-Envelope-From: {envelope.mail_from}\nX-Envelope-To: {recipients}\n{text}"
        )
        if any(is_answer(recipient) for recipient in envelope.rcpt_tos):
            return await hand_over(content if isinstance(content, bytes) else text.encode())
        return "250 kept"


def is_answer(recipient: str) -> bool:
    """Tell whether an address is an invitation's own."""
    local, _at, domain = os.environ.get("INBOUND_ADDRESS", "reponses@example.org").lower().rpartition("@")
    return recipient.lower().startswith(f"{local}+") and recipient.lower().endswith(f"@{domain}")


async def hand_over(content: bytes) -> str:
    """Let the portal take a calendar's answer; the sender keeps what it cannot take."""
    command = (sys.executable, "manage.py", "receive_reply")
    process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, stdin=asyncio.subprocess.PIPE)
    await process.communicate(content)
    return "451 not now" if process.returncode else "250 handed over"


async def serve(port: int, folder: Path) -> None:
    """Take mail on a port of this machine until SIGTERM."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    handler = KeepInFolder(folder)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="localhost", enable_SMTPUTF8=True, data_size_limit=40_000_000),
        host="127.0.0.1",
        port=port,
    )
    async with server:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
