"""Where the embedded services keep their files, and which system user runs them.

PostgreSQL refuses to run as root. As root we therefore run the services as an unprivileged user, with
data and a copy of the programs in a folder made for it: the clone may lie in a folder that user cannot
enter (such as /root), and we never change the permissions of folders that are not ours.
As an ordinary user everything lies in <checkout>/var.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import ServiceError

CHECKOUT = Path(__file__).resolve().parents[2]
STOPPING = "stopping"
STOPPING_SECONDS = 90
THROWAWAY_PREFIX = "industrie-positive-"


def var_dir() -> Path:
    """The private folder of logs, lock and keys: VAR_DIR (as in settings.py), else <checkout>/var."""
    return Path(os.environ.get("VAR_DIR") or CHECKOUT / "var")


@dataclass(frozen=True)
class Account:
    """The system user the embedded services run as."""

    name: str
    uid: int
    gid: int


def service_account() -> Account | None:
    """None when we are an ordinary user already; as root, an unprivileged user to become."""
    if os.geteuid() != 0:
        return None
    # initdb needs an entry in the password database, so a bare number would not do.
    for entry in [*_known("nobody", "daemon"), *sorted(pwd.getpwall(), key=lambda e: -e.pw_uid)]:
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise ServiceError(
        "PostgreSQL refuses to run as root and there is no other user: run this as an ordinary user."
    )


def _known(*names: str) -> Iterator[pwd.struct_passwd]:
    for name in names:
        with contextlib.suppress(KeyError):
            yield pwd.getpwnam(name)


@dataclass(frozen=True)
class Home:
    """A folder of the embedded services: `programs/`, `postgres/`, `redis/` and the password file.

    The folder itself belongs to whoever started us; only the data folders belong to the account, and the
    password stays readable by us alone.
    """

    folder: Path
    account: Account | None
    throwaway: bool

    def data(self, name: str) -> Path:
        """A private data folder of the account, made when missing."""
        path = self.folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        if self.account and path.stat().st_uid != self.account.uid:
            os.chown(path, self.account.uid, self.account.gid)
        return path

    def password(self) -> str:
        """The password of both servers, made once; 0600."""
        path = self.folder / "password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text().strip()

    def popen_identity(self) -> dict[str, object]:
        """Arguments for subprocess that drop root's identity."""
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def runnable(self, source: Path, *, name: str) -> Path:
        """`source` (a program or a tree) itself, or a copy the account can reach when we are root."""
        if self.account is None or _reachable_by_all(source):
            return source
        programs = self.folder / "programs"
        programs.mkdir(mode=0o755, exist_ok=True)
        programs.chmod(0o755)
        # Another environment may bring another release; the home is ours alone, so its former copy can go.
        copy = programs / f"{name}-{source.stat().st_mtime_ns}"
        if not copy.exists():
            for former in programs.iterdir():
                if former.name.startswith(name):
                    shutil.rmtree(former)
            half = programs / f"{name}.new"
            _copy(source, half / source.parent.name / source.name)
            # Python packages keep a program's libraries in a folder found relative to it.
            libraries = source.parent.with_name(f"{source.parent.name}.libs")
            if libraries.is_dir():
                _copy(libraries, half / libraries.name)
            for folder in (half, half / source.parent.name):
                folder.chmod(0o755)
            half.rename(copy)
        return copy / source.parent.name / source.name


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "pkgconfig"))
    else:
        shutil.copy2(source, target)


def _reachable_by_all(path: Path) -> bool:
    """Whether any user may walk to `path`: by its name, and to what a link on the way leads to."""
    folders = {*path.absolute().parents, *path.resolve().parents}
    return all(folder.stat().st_mode & 0o001 for folder in folders)


def persistent_home() -> Home:
    """The home whose data survives; the caller holds the checkout's lock."""
    account = service_account()
    var = make_var_dir()
    if account is None:
        folder = var / "services"
        folder.mkdir(mode=0o700, exist_ok=True)
        return Home(folder, account, throwaway=False)
    # The id makes `rm -rf var` a fresh start, and the path keeps a copied checkout off the original's data.
    instance = var / "instance"
    if not instance.exists():
        write_private(instance, secrets.token_hex(8))
    key = hashlib.sha256(f"{var.resolve()} {instance.read_text().strip()}".encode()).hexdigest()[:12]
    folder = Path("/var/lib") / f"industrie-positive-{key}"
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    (folder / "checkout").write_text(f"{var.resolve()}\n")
    return Home(folder, account, throwaway=False)


@contextlib.contextmanager
def throwaway_home() -> Iterator[Home]:
    """A home that disappears with us."""
    account = service_account()
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    parent = next((p for p in candidates if account is None or _reachable_by_all(p / "x")), candidates[0])
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=THROWAWAY_PREFIX, dir=parent))
    try:
        with (folder / "lock.new").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "lock.new").rename(folder / "lock")  # only now may a sweep look at it
            if account:
                folder.chmod(0o711)
            yield Home(folder, account, throwaway=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove the throwaway folders of processes that were killed."""
    for folder in parent.glob(f"{THROWAWAY_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid != os.geteuid():  # /tmp is everybody's: touch only what we made
                continue
            with (folder / "lock").open("r+") as file:  # made by its owner alone
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def make_var_dir() -> Path:
    """<checkout>/var, private to us."""
    var = var_dir()
    var.mkdir(mode=0o700, exist_ok=True)
    (var / "log").mkdir(exist_ok=True)
    probe = var / ".writable"
    probe.touch()
    probe.unlink()
    return var


def write_private(path: Path, text: str) -> None:
    """Write a file only we can read, whole or not at all."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(half, path)


def take_lock() -> IO[str] | None:
    """The checkout's lock as an open file (keep it), or None when another process holds it.

    A holder that is stopping is waited for.
    """
    path = make_var_dir() / "lock"
    file = open(path, "a+", encoding="ascii")  # noqa: SIM115 - held until we end
    deadline = time.monotonic() + STOPPING_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if path.read_text() == STOPPING and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            file.close()
            return None
        file.truncate(0)
        return file


def say_stopping(lock: IO[str]) -> None:
    """Tell who wants the lock that it will soon be free."""
    with contextlib.suppress(OSError):
        lock.write(STOPPING)
        lock.flush()
