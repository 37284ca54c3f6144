"""`python -m industrie_positive.services exec [--throwaway] -- COMMAND…` and `… run`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from .backends import shared_or_persistent_backends, throwaway_backends
from .errors import ServiceError, Stopped, explain_os_error
from .processes import die_with_parent


def _raise_stopped(signum: int, _frame: FrameType | None) -> None:
    raise Stopped(signum)


def _command_signals() -> None:
    """In the child: Ctrl-C works again, and without us (and so without servers) it ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    die_with_parent(signal.SIGTERM)


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
            preexec_fn=_command_signals,
        )
        signal.signal(signal.SIGTERM, lambda signum, frame: command.send_signal(signum))
        code = command.wait()
    return code if code >= 0 else 128 - code


def main() -> int:
    """Run one sub-command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m industrie_positive.services", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("exec", help="run a command with PostgreSQL and Redis up")
    one.add_argument("--throwaway", action="store_true", help="with fresh data, deleted at the end")
    one.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a PostgreSQL setting")
    one.add_argument("command", nargs=argparse.REMAINDER)
    verbs.add_parser("run", help="serve the portal with demonstration data")
    arguments = parser.parse_args()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, _raise_stopped)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup means to outlive the terminal
        signal.signal(signal.SIGHUP, _raise_stopped)
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
        return 0 if arguments.verb == "run" else 128 + stop.signum
    except ServiceError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(explain_os_error(error), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
