"""For tests of what happens at the same instant, and of what happens behind a lock: real threads, real connections.

No clock: another connection's waiting is asked of the server.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection, transaction

from core.workflow import lock


def somebody_waits() -> bool:
    """Tell whether a connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        # The list of activities is otherwise the same for a whole transaction.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def _outcome(act: Callable[[], Any]) -> Any:
    """Return what a function gave, or the exception that it raised; its thread's connection is closed."""
    try:
        return act()
    except Exception as error:
        return error
    finally:
        connection.close()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run functions in threads that start together; return what each gave, or the exception that it raised."""
    line = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        def started() -> Any:
            connection.ensure_connection()
            line.wait(timeout=120)
            return act()

        return _outcome(started)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def behind(locked: Any, change: Callable[[Any], object], act: Callable[[], Any]) -> Any:
    """Lock a row, let `act` queue for it in another connection, change the row, commit; return what `act` gave."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            row = lock(locked)
            future = pool.submit(_outcome, act)
            while not (future.done() or somebody_waits()):
                pass
            assert not future.done(), f"it did not wait: {future.result()}"
            change(row)
        return future.result(timeout=120)
