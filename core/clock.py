"""The database's clock: the only one that judges a deadline, whatever the web server's says."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return PostgreSQL's `clock_timestamp()`: the real instant, even late in a long transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0]
