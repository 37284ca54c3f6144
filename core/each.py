"""What is done to many rows, each for itself: one that fails holds up no other."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db.models import Model

M = TypeVar("M", bound=Model)

logger = logging.getLogger(__name__)


def each(rows: Iterable[M], act: Callable[[M], int]) -> int:
    """Do something to every row, in a transaction of its own (`act`'s), and return the sum of what it gave.

    A row that fails is passed over and logged, by its number and with where it failed.
    """
    done = 0
    for row in rows:
        try:
            done += act(row)
        except Exception:
            logger.exception("%s %s was passed over", row._meta.label, row.pk)
    return done
