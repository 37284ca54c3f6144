"""The supervisor's judgement on children that end, and the mail sink."""

import os
import signal
import smtplib
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from industrie_positive.services import supervisor
from industrie_positive.services.backends import Backends
from industrie_positive.services.errors import explain_os_error
from industrie_positive.services.processes import free_port
from industrie_positive.services.supervisor import RESTARTS, Child

ROOT = Path(__file__).resolve().parents[2]


def test_child_that_keeps_ending_is_named_and_given_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = Child("worker", ["sh", "-c", "echo start; exit 3"], tmp_path / "worker.log", 5)
    child.start({})
    assert supervisor._watch([child], Backends("", "", []), {}) == 1
    assert (tmp_path / "worker.log").read_text().count("start") == RESTARTS + 1
    said = capsys.readouterr().out
    assert said.count("worker : arrêté (code 3), relancé") == RESTARTS
    assert "worker : s’arrête sans cesse (code 3)" in said


def test_server_that_ends_stops_the_portal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    server = SimpleNamespace(process=ended, log=tmp_path / "log")
    assert supervisor._watch([], Backends("", "", [server]), {}) == 1  # type: ignore[list-item]
    assert "s’est arrêté" in capsys.readouterr().out


def test_child_leaves_no_grandchild_when_it_is_stopped(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"sleep 100 & echo $! > {note}.new; mv {note}.new {note}; exit 0"
    child = Child("web", ["sh", "-c", script], tmp_path / "web.log", 5)
    child.start({"PATH": os.environ["PATH"]})
    assert child.process is not None
    child.process.wait(60)
    child.stop()
    grandchild = int(note.read_text())
    deadline = time.monotonic() + 60
    while subprocess.run(["ps", "-o", "stat=", "-p", str(grandchild)], capture_output=True, text=True).stdout[
        :1
    ] not in ("", "Z"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_mail_sink_keeps_each_message_for_its_owner_alone(tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "industrie_positive.services.smtp_sink",
        str(port),
        str(tmp_path / "mail"),
    ]
    sink = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                client = smtplib.SMTP("127.0.0.1", port, timeout=30)
                break
            except OSError:
                assert time.monotonic() < deadline and sink.poll() is None
                time.sleep(0.05)
        with client:
            for number in (1, 2):
                client.sendmail(
                    "a@example.org",
                    ["é@example.org"],
                    f"Subject: {number}\r\n\r\nDéjà".encode(),
                    ["SMTPUTF8"],
                )
        files = sorted((tmp_path / "mail").iterdir(), key=lambda file: file.stem.rpartition("-")[2])
        assert ["Subject: 1" in files[0].read_text(), "Subject: 2" in files[1].read_text()] == [True, True]
        assert "X-Envelope-To: é@example.org" in files[0].read_text()
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        sink.send_signal(signal.SIGTERM)
    assert sink.wait(60) == 0


@pytest.mark.parametrize(
    ("number", "advice"), [(28, "No disk space left"), (13, "Cannot write"), (30, "Cannot write")]
)
def test_os_error_says_what_to_do(number: int, advice: str) -> None:
    line = explain_os_error(OSError(number, os.strerror(number), "/some/where"))
    assert advice in line and "/some/where" in line and "\n" not in line
