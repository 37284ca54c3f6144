"""`make run` as its user sees it: the whole portal as processes, stopped, started again and killed."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from industrie_positive.services.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C arrête tout"
# The first start collects and compresses the static files; seconds, but more beside other tests' browsers.
PATIENCE = 300

pytestmark = [pytest.mark.xdist_group("run"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What `git clone` would give: nothing compiled, nothing collected, no data; the packages are lent by a link."""
    folder = tmp_path_factory.mktemp("run") / "clone"
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.rstrip("\0").split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    yield folder
    for note in Path("/var/lib").glob("industrie-positive-*/checkout"):
        with contextlib.suppress(OSError):  # another checkout's, just removed or another user's
            if note.read_text().strip() == str((folder / "var").resolve()):
                shutil.rmtree(note.parent)


def command_of_make_run(clone: Path) -> list[str]:
    """Return the Makefile's own line; without its bootstrap where that would install, in the tests' environment."""
    version = ".venv/bin/python -c 'import sys; print(sys.version_info[:3])'"
    stamp = f'test "$(cat uv.lock pyproject.toml | cksum) $({version})" = "$(cat .venv/portal.stamp)"'
    if subprocess.run(["sh", "-c", stamp], cwd=clone).returncode != 0:
        return [sys.executable, "-m", "industrie_positive.services", "run"]
    line = subprocess.run(["make", "-n", "run"], cwd=clone, capture_output=True, text=True, check=True).stdout
    return ["sh", "-c", line]


class Portal:
    """One `make run` in a fresh clone, with an empty home and no other environment."""

    def __init__(self, clone: Path) -> None:
        self.var = clone / "var"
        self.port = free_port()
        self.output = clone.parent / "output"
        home = clone.parent / "home"
        home.mkdir(exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PORT": str(self.port)}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command_of_make_run(clone),
                cwd=clone,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while READY not in self.said():
            assert self.process.poll() is None and time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def said(self) -> str:
        return self.output.read_text(errors="replace")  # it may be in the middle of a letter

    def get(self, path: str) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(link):
            link.request("GET", path)
            answer = link.getresponse()
            return answer.status, answer.read().decode()

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(json.loads((self.var / "backends.json").read_text())["DATABASE_URL"])
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def tree(self) -> list[int]:
        """Every process of it, the deepest first."""
        shown = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True).stdout
        children: dict[int, list[int]] = {}
        for line in shown.splitlines():
            pid, parent = map(int, line.split())
            children.setdefault(parent, []).append(pid)

        def below(pid: int) -> list[int]:
            return [found for child in children.get(pid, []) for found in [*below(child), child]]

        return [*below(self.process.pid), self.process.pid]

    def stop(self, signum: signal.Signals) -> int:
        self.process.send_signal(signum)
        return self.process.wait(180)

    def kill_tree(self) -> None:
        for pid in self.tree():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(60)


def running(pids: list[int]) -> list[int]:
    shown = subprocess.run(["ps", "-e", "-o", "pid=,stat="], capture_output=True, text=True).stdout
    alive = {int(line.split()[0]) for line in shown.splitlines() if not line.split()[1].startswith("Z")}
    return [pid for pid in pids if pid in alive]


def wait_until_gone(pids: list[int]) -> None:
    """What was killed a moment ago may not have had its turn to end."""
    deadline = time.monotonic() + 60
    while left := running(pids):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@contextlib.contextmanager
def serving(clone: Path) -> Iterator[Portal]:
    portal = Portal(clone)
    try:
        portal.wait_until_ready()
        yield portal
    finally:
        if portal.process.poll() is None:
            portal.stop(signal.SIGTERM)


def test_run_serves_and_stops_without_a_trace(clone: Path) -> None:
    with serving(clone) as portal:
        assert f"http://127.0.0.1:{portal.port}/" in portal.said()
        assert "secretariat@example.org" in portal.said()
        assert len(portal.said().splitlines()) < 20
        assert portal.get("/healthz")[0] == 200
        status, page = portal.get("/")
        assert status == 200
        stylesheet = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert portal.get(stylesheet)[0] == 200
        processes = portal.tree()
        assert portal.stop(signal.SIGINT) == 0
        wait_until_gone(processes)
    assert not (portal.var / "backends.json").exists()


def test_run_has_a_worker_that_takes_tasks_and_a_beat(clone: Path) -> None:
    with serving(clone) as portal:
        urls = json.loads((portal.var / "backends.json").read_text())
        environment = {**urls, "PATH": os.environ["PATH"], "PORTAL_MODE": "demo", "SECRET_KEY": "x"}
        # Beat would send the same within half a minute.
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "industrie_positive",
            "call",
            "outbox.tasks.heartbeat",
        ]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        deadline = time.monotonic() + 180
        while (answer := portal.get("/readyz"))[0] != 200:
            assert time.monotonic() < deadline, answer
            time.sleep(0.2)
        assert json.loads(answer[1])["worker"] is True
        while "beat: Starting" not in (portal.var / "log" / "beat.log").read_text(errors="replace"):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert "relancé" not in portal.said()


def test_run_killed_by_9_starts_again_with_its_data(clone: Path) -> None:
    with serving(clone) as killed:
        killed.sql("CREATE TABLE ops_kept AS SELECT 42 AS answer")
        killed.kill_tree()
    with serving(clone) as portal:
        assert portal.sql("SELECT answer FROM ops_kept") == [(42,)]
        portal.sql("DROP TABLE ops_kept")
        assert portal.get("/healthz")[0] == 200
        assert portal.stop(signal.SIGTERM) == 0
