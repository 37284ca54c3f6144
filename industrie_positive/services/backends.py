"""The pair PostgreSQL + Redis: given by the environment, already running here, or embedded."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import ServiceError
from .places import Home, make_var_dir, persistent_home, take_lock, throwaway_home, write_private
from .postgres import Postgres
from .processes import ignore_stop_signals
from .redis import Redis, redis_answers


@dataclass
class Backends:
    """Where the two servers are, and those we started (in starting order)."""

    database_url: str
    redis_url: str
    started: list[Postgres | Redis]

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


def given() -> Backends | None:
    """Both from the environment, when both are set."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    return Backends(database_url, redis_url, []) if database_url and redis_url else None


@contextlib.contextmanager
def throwaway_backends(options: dict[str, str] | None = None) -> Iterator[Backends]:
    """Backends whose data is deleted at the end."""
    if backends := given():
        yield backends
        return
    with throwaway_home() as home, _started(home, home.folder, options) as backends:
        yield backends


@contextlib.contextmanager
def persistent_backends(options: dict[str, str] | None = None) -> Iterator[Backends]:
    """Backends with the checkout's own data. The caller holds the checkout's lock."""
    if backends := given():
        yield backends
        return
    note = _note()
    _end_orphaned_redis(note)
    with _started(persistent_home(), make_var_dir() / "log", options) as backends:
        write_private(note, json.dumps(backends.environment()))
        try:
            yield backends
        finally:
            note.unlink(missing_ok=True)


@contextlib.contextmanager
def shared_or_persistent_backends(options: dict[str, str] | None = None) -> Iterator[Backends]:
    """The backends of a `make run` under way in this checkout; else persistent ones for our time."""
    if backends := given():
        yield backends
    elif lock := take_lock():
        with lock, persistent_backends(options) as backends:
            yield backends
    else:
        yield _running_here()


def ended_uncleanly() -> bool:
    """Whether the last run was killed: asked by who holds the checkout's lock, before starting anything."""
    return _note().exists()


def _note() -> Path:
    """Where the addresses of running persistent backends stand; removed at a clean end."""
    return make_var_dir() / "backends.json"


def _running_here() -> Backends:
    try:
        urls = json.loads(_note().read_text())
    except (OSError, ValueError):
        raise ServiceError(
            "Another command is starting or stopping the services of this checkout: retry."
        ) from None
    return Backends(
        os.environ.get("DATABASE_URL") or urls["DATABASE_URL"],
        os.environ.get("REDIS_URL") or urls["REDIS_URL"],
        [],
    )


@contextlib.contextmanager
def _started(home: Home, logs: Path, options: dict[str, str] | None) -> Iterator[Backends]:
    backends = Backends(os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", ""), [])
    try:
        if not backends.database_url:
            postgres = Postgres(home, log=logs / "postgresql.log", options=options)
            backends.started.append(postgres)
            backends.database_url = postgres.start()
        if not backends.redis_url:
            redis = Redis(home, log=logs / "redis.log")
            backends.started.append(redis)
            backends.redis_url = redis.start()
        yield backends
    finally:
        ignore_stop_signals()
        for server in reversed(backends.started):
            server.stop()


def _end_orphaned_redis(note: Path) -> None:
    """Two servers must never write one append-only file: end the one a killed supervisor left."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        redis_answers(json.loads(note.read_text())["REDIS_URL"], "SHUTDOWN")
