"""For tests of what happens behind a lock: know, without a clock, that another connection waits for ours."""

from django.db import connection


def somebody_waits() -> bool:
    """Tell whether a connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        # The list of activities is otherwise the same for a whole transaction.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None
