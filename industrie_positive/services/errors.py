"""The one way this package reports trouble: a line that says what to do."""

from __future__ import annotations

import errno
import os


class ServiceError(Exception):
    """Trouble somebody can act on. Its text is the single line shown; no traceback follows."""


class Stopped(Exception):
    """Raised where we wait when SIGTERM, SIGINT or SIGHUP arrives: somebody wants us to end."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def explain_os_error(error: OSError) -> str:
    """What to do about a file-system or process error, in one line."""
    where = error.filename or "the disk"
    if error.errno == errno.ENOSPC:
        return f"No disk space left ({where}): free some, then try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        who = f"user id {os.getuid()}"
        return f"Cannot write {where} as {who}: make it writable for this user, or work in a clone you own."
    return f"{error.strerror or error} ({where})."
