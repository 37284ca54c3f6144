"""The version of all that is public: a cached page is keyed by it, so a change is seen at once by every process."""

from django.db import connection

_CURRENT = "SELECT version FROM core_publication WHERE id = 1"


def current_version() -> int:
    """Return how many commits have changed public content: one plain indexed SELECT, as each public page runs it."""
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT)
        row = cursor.fetchone()
    return row[0] if row else 0
