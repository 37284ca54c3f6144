"""`make run`: the whole portal on this machine, in one process tree that starts and stops in order."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .backends import Backends, ended_uncleanly, persistent_backends
from .errors import ServiceError, Stopped
from .places import CHECKOUT, make_var_dir, say_stopping, take_lock, write_private
from .processes import (
    die_with_parent,
    free_port,
    ignore_stop_signals,
    last_line,
    make_catches_ctrl_c,
    stop_process,
)

START_SECONDS = 120
KILLED_RUN_SECONDS = 20
# A child that ends this often within a minute will not get better by another start.
RESTARTS, RESTART_WINDOW = 3, 60


@dataclass
class Child:
    """One of the portal's own processes, kept running."""

    name: str
    command: list[str]
    log: Path
    stop_seconds: float
    process: subprocess.Popen[bytes] | None = None
    restarts: list[float] = field(default_factory=list)

    def start(self, environment: dict[str, str]) -> None:
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C must not reach a worker in the middle of a task.
            self.process = subprocess.Popen(
                self.command,
                cwd=CHECKOUT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(signal.SIGTERM),
            )

    def stop(self) -> None:
        if self.process is None:
            return
        stop_process(self.process, (signal.SIGTERM, self.stop_seconds), (signal.SIGQUIT, 5))
        # What the leader left behind would keep the port or the queue.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def run() -> int:
    """Serve until Ctrl-C, SIGTERM or a failure; returns the exit code."""
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM)  # make killed by -9: stop rather than serve on unseen
    port = _wanted_port()
    lock = take_lock()
    if lock is None:
        raise ServiceError(
            "`make run` (or another command on its data) is running in this checkout: stop it first."
        )
    with lock:
        _check_port_is_free(port)
        _say("Démarrage de PostgreSQL, de Redis et du portail…")
        with persistent_backends() as backends:
            return _serve(backends, port, lock)


def _serve(backends: Backends, port: int, lock: IO[str]) -> int:
    var = make_var_dir()
    logs = var / "log"
    mail_port = free_port()
    environment = _environment(backends, port, mail_port)
    accounts = _prepare(environment, logs / "setup.log")
    children = _children(port, mail_port, logs, var)
    if "EMAIL_URL" in os.environ:
        children = [child for child in children if child.name != "mail sink"]
    code = 0
    try:
        for child in children:
            child.start(environment)
        _wait_until_it_serves(port, children)
        _greet(port, accounts, logs)
        code = _watch(children, backends, environment)
    except Stopped:
        _say("Arrêt…")
    finally:
        ignore_stop_signals()
        say_stopping(lock)
        for child in reversed(children):
            child.stop()
    return code


def _children(port: int, mail_port: int, logs: Path, var: Path) -> list[Child]:
    """In starting order; they stop in the opposite one: the web first, what it feeds after it."""
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "industrie_positive"]
    worker = ["worker", "--concurrency=1", "--without-gossip", "--without-mingle", "--loglevel=INFO"]
    beat = ["beat", f"--schedule={var / 'beat-schedule'}", "--pidfile=", "--loglevel=INFO"]
    web = [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    # Each thread keeps a database connection; granian's own default would be 256 of them a worker.
    web += ["--workers", "2", "--blocking-threads", "4", "--workers-kill-timeout", "10", "--no-ws"]
    web += ["--respawn-failed-workers", "industrie_positive.wsgi:application"]
    sink = [python, "-m", "industrie_positive.services.smtp_sink", str(mail_port), str(var / "mail")]
    return [
        Child("mail sink", sink, logs / "mail.log", 5),
        Child("worker", [*celery, *worker], logs / "worker.log", 30),
        Child("beat", [*celery, *beat], logs / "beat.log", 10),
        Child("web", web, logs / "web.log", 15),
    ]


def _environment(backends: Backends, port: int, mail_port: int) -> dict[str, str]:
    site = f"http://127.0.0.1:{port}"
    defaults = {"SITE_URL": site, "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}", "SECRET_KEY": _secret_key()}
    fixed = {"PORTAL_MODE": "demo", "PYTHONUNBUFFERED": "1", **backends.environment()}
    return {**defaults, **os.environ, **fixed}


def _secret_key() -> str:
    path = make_var_dir() / "secret-key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(50))
    return path.read_text().strip()


def _prepare(environment: dict[str, str], log: Path) -> str:
    """Database and static files up to date; returns what load_demo printed."""
    with log.open("wb") as out:
        command = [sys.executable, "-m", "industrie_positive.services.prepare"]
        done = subprocess.run(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=out)
    if done.returncode:
        raise ServiceError(
            f"The database or the static files could not be set up: {last_line(log)} (see {log})."
        )
    return done.stdout.decode(errors="replace").rstrip()


def _wait_until_it_serves(port: int, children: list[Child]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for child in children:
            if child.process is not None and child.process.poll() is not None:
                raise ServiceError(
                    f"The {child.name} did not start: {last_line(child.log)} (see {child.log})."
                )
        if _answers(port):
            return
        time.sleep(0.1)
    raise ServiceError(f"The portal did not answer within {START_SECONDS} s (see {children[-1].log}).")


def _answers(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        link.request("GET", "/healthz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _watch(children: list[Child], backends: Backends, environment: dict[str, str]) -> int:
    """Restart a child that ends, give up when it keeps ending or when a server ended."""
    make_at_work = make_catches_ctrl_c()
    while True:
        if make_at_work and not make_catches_ctrl_c():
            raise Stopped(signal.SIGINT)
        for server in backends.started:
            if server.process is not None and server.process.poll() is not None:
                name = type(server).__name__
                _say(f"{name} s’est arrêté (voir {server.log}) : fin. `make run` retrouve les données.")
                return 1
        for child in children:
            if child.process is None or (code := child.process.poll()) is None:
                continue
            now = time.monotonic()
            child.restarts = [moment for moment in child.restarts if now - moment < RESTART_WINDOW]
            if len(child.restarts) >= RESTARTS:
                _say(f"{child.name} : s’arrête sans cesse (code {code}), fin. Voir {child.log}.")
                return 1
            child.restarts.append(now)
            _say(f"{child.name} : arrêté (code {code}), relancé. Voir {child.log}.")
            child.stop()
            child.start(environment)
        time.sleep(0.3)


def _wanted_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ServiceError(f"PORT must be a number between 1 and 65535, not {text!r}.")
    return int(text)


def _check_port_is_free(port: int) -> None:
    # What a killed run left may need a moment to end.
    deadline = time.monotonic() + (KILLED_RUN_SECONDS if ended_uncleanly() else 0)
    while (problem := _why_port_cannot_be_had(port)) and time.monotonic() < deadline:
        time.sleep(0.2)
    if problem:
        raise ServiceError(problem)


def _why_port_cannot_be_had(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return f"Port {port} needs root: choose one above 1023, as in `make run PORT=8080`."
        except OSError:
            other = port + 1 if port < 65535 else 8000
            return (
                f"Port {port} is in use: stop the program that holds it, or choose another, as in "
                f"`make run PORT={other}`."
            )
    return None


def _greet(port: int, accounts: str, logs: Path) -> None:
    _say(f"\nLe portail est ouvert : http://127.0.0.1:{port}/\n")
    if accounts:
        _say(accounts + "\n")
    _say(f"Ctrl-C arrête tout et garde les données. Journaux : {os.path.relpath(logs)}/")


def _say(text: str) -> None:
    print(text, flush=True)
