"""`python -m industrie_positive.services exec [--throwaway] -- COMMAND…` and `… run`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from .backends import shared_or_persistent_backends, throwaway_backends
from .errors import ServiceError, explain_os_error


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked us to end
    """SIGTERM or SIGINT arrived."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


def _raise_stopped(signum: int, _frame: FrameType | None) -> None:
    raise Stopped(signum)


def execute(arguments: argparse.Namespace) -> int:
    """Run a command with the backends up; returns its exit code."""
    options = dict(item.split("=", 1) for item in arguments.set)
    backends = throwaway_backends(options) if arguments.throwaway else shared_or_persistent_backends(options)
    with backends as pair:
        # The command shares our terminal and gets Ctrl-C itself; we only outlive it to stop the servers.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        command = subprocess.Popen(
            arguments.command,
            env={**os.environ, **pair.environment()},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        signal.signal(signal.SIGTERM, lambda signum, frame: command.send_signal(signum))
        code = command.wait()
    return code if code >= 0 else 128 - code


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m industrie_positive.services", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("exec", help="run a command with PostgreSQL and Redis up")
    one.add_argument("--throwaway", action="store_true", help="with fresh data, deleted at the end")
    one.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a PostgreSQL setting")
    one.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("run", help="serve the portal with demonstration data")
    arguments = parser.parse_args()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, _raise_stopped)
    try:
        if arguments.verb == "run":
            from .supervisor import run

            return run()
        if arguments.command[:1] == ["--"]:
            del arguments.command[0]
        if not arguments.command:
            parser.error("which command? … exec -- COMMAND")
        return execute(arguments)
    except Stopped as stop:
        return 128 + stop.signum
    except ServiceError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(explain_os_error(error), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
