"""The version of what people read: a kept page is keyed by it, so a change is seen at once by every process."""

from typing import Any

from django.db import connection
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from core.enums import Counter

_VERSION = "SELECT version FROM core_publication WHERE id = %s"


def current_version(counter: Counter = Counter.PUBLIC) -> int:
    """Return how many commits have changed public content: one plain indexed SELECT, as each public page runs it."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [counter.value])
        row = cursor.fetchone()
    return row[0] if row else 0


def version_with_row(counter: Counter) -> Any:
    """Return the same as an expression, to read it in one snapshot with the rows that it is the version of."""
    return RawSQL(_VERSION, [counter.value], output_field=BigIntegerField(null=True))  # noqa: S611 - a constant
