"""`python -m industrie_positive.services.prepare`: brings database and static files up to date.

One process for all of it, because starting Django is most of the time each command takes. What it says
goes to standard error (a log); standard output carries only the demonstration accounts.
"""

from __future__ import annotations

import fcntl
import hashlib
import sys
from pathlib import Path

from .places import CHECKOUT


def main() -> None:
    """Compile the texts, collect static files if they changed, migrate, load the data; print the demo accounts."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    from scripts import messages

    # Before Django reads them: a bare clone has none.
    with messages.locked():
        messages.compile_catalogue()
    django.setup()
    folder = Path(settings.STATIC_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    # Two runs that start together would delete what the other is hashing: one collects, the other waits.
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Beside the files it vouches for; a run under way reads them, so nothing is cleared.
        stamp, wanted = folder / ".stamp", _static_fingerprint()
        if not stamp.exists() or stamp.read_text() != wanted:
            call_command("collectstatic", interactive=False, verbosity=0, stdout=sys.stderr)
            stamp.write_text(wanted)
    call_command("migrate", interactive=False, stdout=sys.stderr)
    call_command("load_council", stdout=sys.stderr)
    call_command("load_demo", stdout=sys.stdout)


def _static_fingerprint() -> str:
    """Changes when any of our static files or the locked packages change."""
    digest = hashlib.sha256()
    for path in sorted([CHECKOUT / "uv.lock", *(CHECKOUT / "static").rglob("*")]):
        if path.is_file():
            digest.update(
                f"{path.relative_to(CHECKOUT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest()
            )
    return digest.hexdigest()


if __name__ == "__main__":
    main()
