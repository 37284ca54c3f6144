"""The first command a newcomer types: each thing that can be wrong gives one line that says what to do."""

import fcntl
import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "mkdir", "cat", "cksum", "tail", "grep", "id", "find", "df", "echo")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a clone as the bootstrap reads before there is an environment."""
    folder = tmp_path / "clone"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "bootstrap.sh", folder / "scripts")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of the usual tools and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is missing"))
    return folder


def add_program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)  # never write through a link to the machine's own program
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def bootstrap(
    clone: Path, path: Path | str, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "scripts/bootstrap.sh", *options, "echo", "started"],
        cwd=clone,
        env={"PATH": str(path), "HOME": str(clone.parent), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line of complaint of a command that failed."""
    assert done.returncode != 0
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert "started" not in done.stdout
    return lines[0]


def test_bootstrap_without_python_says_which(clone: Path, programs: Path) -> None:
    assert "Python 3.11 or newer is needed, found no python3" in only_line(bootstrap(clone, programs))


def test_bootstrap_with_an_old_python_names_its_version(clone: Path, programs: Path) -> None:
    add_program(programs, "python3", '[ "$1" = --version ] && echo Python 3.9.2 && exit 0; exit 1')
    assert "3.11 or newer is needed, found Python 3.9.2" in only_line(bootstrap(clone, programs))
    assert not (clone / ".venv").exists()


def test_bootstrap_without_venv_module_names_the_package(clone: Path, programs: Path) -> None:
    real = sys.executable
    add_program(programs, "apt-get", "exit 1")
    # It also stands for sys.executable, or the real program would be used from there on.
    add_program(
        programs,
        "python3",
        'case "$*" in *sys.executable*) echo "$0"; exit;; *"import venv, ensurepip"*|"-m venv"*) exit 1;; esac\n'
        f'exec {real} "$@"',
    )
    line = only_line(bootstrap(clone, programs))
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert line.startswith("Python's venv module is missing:")
    assert f"apt-get install python{version}-venv" in line


def test_bootstrap_without_a_registry_says_so(clone: Path) -> None:
    nowhere = "http://127.0.0.1:9/simple"
    installed = ROOT / ".venv" / "uv-tool"
    if (
        installed / "bin" / "uv"
    ).exists():  # then it is uv that fails; else pip, after a slow set-up of its own
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=clone, check=True)
        (clone / ".venv" / "uv-tool").symlink_to(installed)
    done = bootstrap(
        clone,
        os.environ["PATH"],
        PYTHON=sys.executable,
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL=nowhere,
        PIP_RETRIES="0",
        PIP_TIMEOUT="1",
        UV_DEFAULT_INDEX=nowhere,
        UV_HTTP_RETRIES="0",
    )
    assert "could not be downloaded: check the network" in only_line(done)


@pytest.fixture
def installing(clone: Path) -> Path:
    """A clone whose Python is there and whose packages are not; returns the folder of the installing programs."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    folder = clone / ".venv" / "uv-tool" / "bin"
    folder.mkdir(parents=True)
    return folder


def test_bootstrap_on_a_disk_that_fills_up_says_how_much_it_needs(
    clone: Path, programs: Path, installing: Path
) -> None:
    message = "error: Failed to install: django-5.2.whl: No space left on device (os error 28)"
    add_program(installing, "uv", f"echo '{message}' >&2; exit 2")
    line = only_line(bootstrap(clone, programs))
    assert line == f"No disk space left in {clone}: the environment needs about 700 MB."
    assert not (clone / ".venv" / "portal.stamp").exists(), "the next run installs again"


def test_bootstrap_on_a_full_disk_says_so_even_without_a_log(
    clone: Path, programs: Path, installing: Path
) -> None:
    add_program(installing, "uv", "exit 2")
    add_program(programs, "df", "echo Filesystem; echo /dev/disk 1000 1000 12 100% /")
    assert "No disk space left in" in only_line(bootstrap(clone, programs))


def test_bootstrap_whose_pip_finds_no_room_says_so(clone: Path, programs: Path, installing: Path) -> None:
    message = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    add_program(installing, "python", f"echo '{message}' >&2; exit 1")
    add_program(
        programs,
        "python3",
        f"""
case "$*" in
*"-m venv"*) exit 0;;
*) exec {sys.executable} "$@";;
esac""",
    )
    assert "No disk space left in" in only_line(bootstrap(clone, programs))


@pytest.fixture
def installed(clone: Path) -> None:
    """Let the clone have its packages."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    version = ".venv/bin/python -c 'import sys; print(sys.version_info[:3])'"
    stamp = f'echo "$(cat uv.lock pyproject.toml | cksum) $({version})"'
    (clone / ".venv" / "portal.stamp").write_text(
        subprocess.run(["sh", "-c", stamp], cwd=clone, capture_output=True, text=True).stdout
    )


def test_bootstrap_asks_again_for_what_could_not_be_downloaded_at_once(
    clone: Path, programs: Path, installing: Path
) -> None:
    add_program(
        installing, "uv", "[ -e tried ] && exit 0; : > tried; echo 'error: Failed to fetch: x' >&2; exit 2"
    )
    assert bootstrap(clone, programs).stdout.endswith("started\n")


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="elsewhere nothing is installed unasked")
@pytest.mark.parametrize("failures", [0, 2, 3])
def test_bootstrap_of_root_installs_the_tests_tools_and_tries_three_times(
    clone: Path, programs: Path, installed: None, failures: int
) -> None:
    add_program(programs, "apt-get", f'echo "$*" >> calls; [ "$(grep -c update calls)" -gt {failures} ]')
    add_program(programs, "id", "echo 0")
    add_program(programs, "sleep", "exit 0")
    done = bootstrap(clone, programs, "--test-tools", CHROMIUM="/any")
    calls = (clone / "calls").read_text()
    assert calls.count("update") == min(failures + 1, 3)
    assert ("install" in calls) == ("started" in done.stdout) == (failures < 3)
    if failures == 3:
        assert "The packages could not be installed" in only_line(done)


def test_bootstrap_without_the_tests_tools_names_them_in_one_command(
    clone: Path, programs: Path, installed: None
) -> None:
    add_program(programs, "apt-get", "exit 1")
    add_program(programs, "id", "echo 1000")
    add_program(programs, "npm", "exit 0")
    done = bootstrap(clone, programs, "--test-tools")
    assert only_line(done).endswith("sudo apt-get install chromium default-jre-headless.")
    add_program(programs, "java", "exit 0")
    assert "started" in bootstrap(clone, programs, "--test-tools", CHROMIUM="/any").stdout


@pytest.fixture
def foreign_clone() -> Iterator[Path]:
    """A clone that an ordinary user can read and not write."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "bootstrap.sh", folder / "scripts")
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_bootstrap_in_a_folder_it_cannot_write_says_so(foreign_clone: Path) -> None:
    identity = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
    done = subprocess.run(
        ["sh", "scripts/bootstrap.sh", "echo", "started"],
        cwd=foreign_clone,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        **identity,
    )
    assert f"Cannot write in {foreign_clone}" in only_line(done)


# -- make run, before it starts anything -------------------------------------------------------------


def run(var: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "industrie_positive.services", "run"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "VAR_DIR": str(var), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_run_with_its_port_in_use_names_the_port(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        line = only_line(run(tmp_path / "var", PORT=str(port)))
    assert f"Port {port} is in use" in line
    assert f"make run PORT={port + 1}" in line


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_run_with_an_impossible_port_says_what_is_possible(tmp_path: Path, port: str) -> None:
    assert "PORT must be a number between 1 and 65535" in only_line(run(tmp_path / "var", PORT=port))


def test_run_beside_another_run_says_so(tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    with (var / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "running in this checkout: stop it first" in only_line(run(var))


def test_run_with_a_var_folder_it_cannot_make_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert str(tmp_path / "file" / "var") in only_line(run(tmp_path / "file" / "var"))
