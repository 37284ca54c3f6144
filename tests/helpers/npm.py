"""Tools of the tests that npm has: fetched once into var/, at a fixed version."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def npm_package(name: str, version: str, folder: Path) -> Path:
    """Return an npm package's folder; raises RuntimeError with what to do when it cannot be fetched."""
    package = folder / "node_modules" / name
    if (package / "package.json").exists():
        return package
    npm = shutil.which("npm")
    if not npm:
        raise RuntimeError(f"npm is needed to fetch {name} (Debian: apt-get install npm)")
    folder.mkdir(parents=True, exist_ok=True)
    fetched = subprocess.run(
        [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", f"{name}@{version}"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if fetched.returncode:
        raise RuntimeError(f"npm could not fetch {name}: {fetched.stderr.strip()[-400:]}")
    return package
