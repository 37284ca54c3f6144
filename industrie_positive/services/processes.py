"""Starting and stopping child processes so that none outlives us."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

# Loaded before any fork: between fork and exec only simple calls are safe.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def die_with_parent(signum: int) -> None:
    """In the child, before exec: have the kernel send `signum` when our parent dies, even by kill -9."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signum)


def make_catches_ctrl_c() -> bool:
    """Whether our parent is a make that would still take a SIGINT.

    Sent to make alone (not by a terminal, which tells all of us), SIGINT makes it wait for us without a word; while
    it waits it no longer catches the signal, and that shows.
    """
    if "MAKELEVEL" not in os.environ:
        return False
    try:
        status = Path(f"/proc/{os.getppid()}/status").read_text()
    except OSError:
        return False
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
    return bool(caught and int(caught[1], 16) & 1 << (signal.SIGINT - 1))


def ignore_stop_signals() -> None:
    """While stopping: a second Ctrl-C must not cut the clean end short. Each wait there is bounded."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)


# Bound, and never listening: Linux gives their ports to nobody who asks for any free one, while a server that asks for
# one of them by its number (with SO_REUSEADDR, as servers do) has it.
_kept: list[socket.socket] = []


def free_port() -> int:
    """A TCP port of the loopback nobody listens on; on Linux it is kept for whoever we name it to, until we end."""
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port = int(probe.getsockname()[1])
    if sys.platform == "linux":
        _kept.append(probe)
    else:
        probe.close()
    return port


def stop_process(process: subprocess.Popen[bytes], *signals: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn, waiting its seconds for the process to end; kill it at the end."""
    for signum, seconds in signals:
        if process.poll() is not None:
            return
        process.send_signal(signum)
        try:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    process.wait()


def last_line(path: Path) -> str:
    """The last line of a log, for an error message."""
    try:
        lines = path.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
