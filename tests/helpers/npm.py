"""Tools of the tests that npm has: fetched once into var/, at a fixed version."""

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 2
# Five tries of each file in about a minute; npm's own are three, in more.
RETRIES = ("--fetch-retries=4", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=20000")


def npm_package(name: str, version: str, folder: Path) -> Path:
    """Return an npm package's folder; raises RuntimeError with what to do when it cannot be fetched."""
    package = folder / "node_modules" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The workers of a first run ask for it at the same moment: one fetches, the others wait, and it is there whole.
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _version(package) != version:
            half = folder.with_name(f".{folder.name}.new")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            _fetch(f"{name}@{version}", half)
            if folder.exists():
                shutil.rmtree(folder)
            half.rename(folder)
    return package


def _version(package: Path) -> str:
    try:
        version: str = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError):
        return ""
    return version


def _fetch(name: str, folder: Path) -> None:
    npm = shutil.which("npm")
    if not npm:
        raise RuntimeError(f"npm is needed to fetch {name} (Debian: apt-get install npm)")
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", *RETRIES, name]
    said = ""
    for _attempt in range(ATTEMPTS):
        try:
            fetched = subprocess.run(command, capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            said = "no answer for five minutes"
            continue
        if fetched.returncode == 0:
            return
        said = fetched.stderr.strip()[-400:]
    raise RuntimeError(f"npm could not fetch {name}: {said}")
