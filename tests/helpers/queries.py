"""Pages ask the database the same number of questions whatever they show."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_of(client: Client, url: str, **extra: Any) -> list[str]:
    """Return the SQL that a GET of an address runs, which must answer 200."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url, **extra)
    assert response.status_code == 200, f"{url} answered {response.status_code}"
    return [query["sql"] for query in captured.captured_queries]


@contextmanager
def counting_queries() -> Iterator[Counter[str]]:
    """Count what is asked of the database by its first word; keeps no SQL, however long it is."""
    counts: Counter[str] = Counter()

    def count(execute: Any, sql: Any, *rest: Any) -> Any:
        counts[str(sql).split(None, 1)[0]] += 1
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        yield counts


def assert_constant_queries(
    make_one: Callable[[], Any],
    make_many: Callable[[], Any],
    url: str,
    *,
    client: Client | None = None,
    at_most: int | None = None,
    **extra: Any,
) -> int:
    """Assert that an address takes as many queries after `make_many` as after `make_one`; return how many.

    The first request is thrown away: it fills content types and the like, once a process.
    """
    client = client or Client()
    make_one()
    queries_of(client, url, **extra)
    few = queries_of(client, url, **extra)
    make_many()
    many = queries_of(client, url, **extra)
    if len(few) != len(many):
        extra_queries = "\n".join(many) if len(many) > len(few) else "\n".join(few)
        raise AssertionError(f"{url}: {len(few)} queries, then {len(many)}:\n{extra_queries}")
    if at_most is not None:
        assert len(many) <= at_most, f"{url}: {len(many)} queries, {at_most} allowed:\n" + "\n".join(many)
    return len(many)
