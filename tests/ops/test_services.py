"""The embedded PostgreSQL and Redis, as processes: nothing is simulated."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from industrie_positive.services import places
from industrie_positive.services.backends import _end_orphaned_redis
from industrie_positive.services.errors import ServiceError
from industrie_positive.services.places import Account, Home
from industrie_positive.services.postgres import Postgres, bundled_programs
from industrie_positive.services.processes import free_port
from industrie_positive.services.redis import Redis, find_program, redis_answers

ROOT = Path(__file__).resolve().parents[2]
BARE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def services(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "industrie_positive.services", *arguments],
        cwd=ROOT,
        env={**BARE, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def gone(pid: int) -> bool:
    """Whether a process ended (a zombie nobody collects has)."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return not state or state.startswith("Z")


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while not gone(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.05)


@pytest.fixture
def durable_home() -> Iterator[Home]:
    """A home as `make run` has it, in a folder that the dropped user can reach."""
    with places.throwaway_home() as home:
        yield Home(home.folder, home.account, throwaway=False)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


@contextlib.contextmanager
def stopped_at_the_end(server: Postgres | Redis) -> Iterator[None]:
    try:
        yield
    finally:
        server.stop()


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


# -- exec ------------------------------------------------------------------------------------------


def test_exec_gives_working_servers_and_removes_them() -> None:
    code = (
        "import os, psycopg2, redis, sys; url = os.environ['DATABASE_URL'];"
        "psycopg2.connect(url); redis.Redis.from_url(os.environ['REDIS_URL']).ping(); print(url); sys.exit(7)"
    )
    done = services("exec", "--throwaway", "--", sys.executable, "-c", code)
    assert done.returncode == 7, done.stderr
    with pytest.raises(psycopg2.OperationalError, match="refused"):
        psycopg2.connect(done.stdout.strip())


def test_exec_keeps_the_servers_of_the_environment() -> None:
    given = {"DATABASE_URL": "postgres://a@b/c", "REDIS_URL": "redis://d"}
    done = services("exec", "--throwaway", "--", "sh", "-c", "echo $DATABASE_URL $REDIS_URL", **given)
    assert done.stdout.split() == list(given.values())


def test_exec_reports_the_signal_that_killed_the_command() -> None:
    given = {"DATABASE_URL": "postgres://a@b/c", "REDIS_URL": "redis://d"}
    assert services("exec", "--throwaway", "--", "sh", "-c", "kill -9 $$", **given).returncode == 137


def test_exec_does_without_django() -> None:
    code = (
        "import sys, industrie_positive.services.__main__, industrie_positive.services.supervisor;"
        "print([name for name in ('django.db', 'django.apps', 'industrie_positive.settings') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=BARE, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_exec_killed_by_9_takes_its_servers_with_it(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent died")
    note = tmp_path / "pids"
    script = f"echo $(ps -o pid= --ppid $PPID) > {note}.new; mv {note}.new {note}; exec sleep 60"
    command = [
        sys.executable,
        "-m",
        "industrie_positive.services",
        "exec",
        "--throwaway",
        "--",
        "sh",
        "-c",
        script,
    ]
    process = subprocess.Popen(command, cwd=ROOT, env={**BARE, "TMPDIR": "/tmp"})
    deadline = time.monotonic() + 120
    while not note.exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    children = [int(pid) for pid in note.read_text().split()]
    assert len(children) >= 3  # PostgreSQL, Redis, the command
    process.kill()
    process.wait()
    for pid in children:
        wait_until_gone(pid)


def test_a_free_port_is_given_to_nobody_else_and_taken_by_its_number() -> None:
    if sys.platform != "linux":
        pytest.skip("elsewhere it is free for all again")
    port = free_port()
    for _round in range(30):
        with contextlib.ExitStack() as others:
            for _other in range(200):
                other = others.enter_context(socket.socket())
                other.bind(("127.0.0.1", 0))
                assert other.getsockname()[1] != port
    for _turn in range(2):  # the server may end and start again
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port), timeout=60).close()


# -- PostgreSQL ------------------------------------------------------------------------------------


def test_postgres_is_closed_to_others_and_its_role_is_no_superuser(durable_home: Home, log: Path) -> None:
    postgres = Postgres(durable_home, log=log)
    with stopped_at_the_end(postgres):
        url = postgres.start()
        assert query(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(False,)]
        assert query(url, "SELECT lower('ÉTÉ'), current_setting('listen_addresses')") == [
            ("été", "127.0.0.1")
        ]
        parts = urlsplit(url)
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(url.replace(parts.password or "", "wrong"))
    assert stat.S_IMODE((durable_home.folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(postgres.data.stat().st_mode) == 0o700


def test_postgres_recovers_what_was_committed_before_kill_9(durable_home: Home, log: Path) -> None:
    first = Postgres(durable_home, log=log)
    with stopped_at_the_end(first):
        url = first.start()
        query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        assert first.process is not None
        first.process.kill()  # not waited for: a zombie that still answers to kill(pid, 0)
        second = Postgres(durable_home, log=log)
        with stopped_at_the_end(second):
            assert query(second.start(), "SELECT answer FROM kept") == [(42,)]


def test_postgres_waits_for_what_a_killed_server_left_however_slow(
    durable_home: Home, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Postgres(durable_home, log=log)
    first.start()
    assert first.process is not None
    parent = str(first.process.pid)
    shown = subprocess.run(["ps", "-o", "pid=", "--ppid", parent], capture_output=True, text=True).stdout
    children = [int(pid) for pid in shown.split()]
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    first.process.kill()
    first.process.wait()
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if seconds == 1 and naps.count(1) == 4:
            for pid in children:
                os.kill(pid, signal.SIGCONT)
        time.sleep(0.05)

    clock = SimpleNamespace(sleep=sleep, monotonic=time.monotonic)
    monkeypatch.setattr("industrie_positive.services.postgres.time", clock)
    second = Postgres(durable_home, log=log)
    try:
        with stopped_at_the_end(second):
            assert query(second.start(), "SELECT 1") == [(1,)]
    finally:
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert naps.count(1) >= 4


def test_postgres_starts_when_its_lock_names_another_program(durable_home: Home, log: Path) -> None:
    first = Postgres(durable_home, log=log)
    first.start()
    assert first.process is not None
    lock = first.data / "postmaster.pid"
    lines = lock.read_text().splitlines()
    first.process.kill()
    first.process.wait()
    lock.write_text("\n".join(["1", *lines[1:]]) + "\n")  # the pid now belongs to init
    second = Postgres(durable_home, log=log)
    with stopped_at_the_end(second):
        assert query(second.start(), "SELECT 1") == [(1,)]


def test_postgres_stops_a_server_that_outlived_its_supervisor(durable_home: Home, log: Path) -> None:
    orphan = Postgres(durable_home, log=log)
    with stopped_at_the_end(orphan):
        query(orphan.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
        heir = Postgres(durable_home, log=log)
        with stopped_at_the_end(heir):
            assert query(heir.start(), "SELECT answer FROM kept") == [(42,)]
            assert orphan.process is not None and orphan.process.wait(60) == 0


def test_postgres_says_when_a_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = subprocess.CompletedProcess(
        [],
        127,
        "",
        "postgres: error while loading shared libraries: libz.so.1: cannot open shared object file",
    )
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: broken)
    with pytest.raises(ServiceError, match=r"misses the system library libz\.so\.1.*DATABASE_URL"):
        bundled_programs()


def test_postgres_refuses_data_of_a_version_it_does_not_have(durable_home: Home, log: Path) -> None:
    postgres = Postgres(durable_home, log=log)
    postgres.data.mkdir()
    (postgres.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServiceError, match="PostgreSQL 9"):
        postgres.start()


# -- Redis -----------------------------------------------------------------------------------------


def test_redis_keeps_its_queue_over_kill_9_and_never_evicts(durable_home: Home, log: Path) -> None:
    first = Redis(durable_home, log=log)
    client = redis.Redis.from_url(first.start())
    client.lpush("queue", "one")
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert first.process is not None
    first.process.kill()
    first.process.wait()
    second = Redis(durable_home, log=log)
    with stopped_at_the_end(second):
        assert redis.Redis.from_url(second.start()).lrange("queue", 0, -1) == [b"one"]


def test_redis_refuses_a_wrong_password(durable_home: Home, log: Path) -> None:
    server = Redis(durable_home, log=log)
    with stopped_at_the_end(server):
        url = server.start()
        assert redis_answers(url)
        assert not redis_answers(url.replace(durable_home.password(), "wrong"))


def test_redis_left_by_a_killed_supervisor_is_ended(durable_home: Home, log: Path, tmp_path: Path) -> None:
    server = Redis(durable_home, log=log)
    with stopped_at_the_end(server):
        note = tmp_path / "backends.json"
        note.write_text(f'{{"REDIS_URL": "{server.start()}"}}')
        _end_orphaned_redis(note)
        assert server.process is not None and server.process.wait(60) == 0


def test_redis_missing_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ServiceError, match="install the package redis-server"):
        find_program()


# -- places ----------------------------------------------------------------------------------------


def test_servers_run_from_their_copies(
    durable_home: Home, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0 or sys.platform != "linux":
        pytest.skip("only root hands over to another user")
    monkeypatch.setattr(places, "_reachable_by_all", lambda path: False)
    for server in (Postgres(durable_home, log=log), Redis(durable_home, log=log)):
        with stopped_at_the_end(server):
            server.start()
            assert server.process is not None
            program = Path(f"/proc/{server.process.pid}/exe").resolve()
            assert program.is_relative_to(durable_home.folder / "programs")


def test_throwaway_of_a_killed_process_is_swept_and_a_living_one_is_not() -> None:
    with places.throwaway_home() as living:
        dead = living.folder.with_name(f"{places.THROWAWAY_PREFIX}dead-{os.getpid()}")
        dead.mkdir()
        (dead / "lock").touch()
        with places.throwaway_home():
            # Another run's sweep may have come first and be at it.
            deadline = time.monotonic() + 60
            while dead.exists():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert living.folder.exists()


def test_programs_are_copied_when_the_account_cannot_reach_them(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root hands over to another user")
    account = Account("nobody", pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "tree").mkdir()
    (hidden / "tree" / "program").write_text("x")
    home = Home(tmp_path, account, throwaway=True)
    copy = home.runnable(hidden / "tree", name="tree")
    assert copy.is_relative_to(tmp_path / "programs")
    assert (copy / "program").read_text() == "x"
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700
    (hidden / "link").symlink_to("/bin")
    assert home.runnable(hidden / "link" / "sh", name="linked").is_relative_to(tmp_path / "programs")
    assert home.runnable(Path("/bin/sh"), name="sh") == Path("/bin/sh")
