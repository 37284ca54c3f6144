"""Queries asked at each request of a logged-in person, with their SQL written once a process.

Django takes longer to write the SQL of a join than PostgreSQL to answer it. Where that is paid on every page, the
queryset is written once, with markers for values, and afterwards only executed. For plain columns and no other reason.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class Prepared(Generic[M]):
    """A queryset of whole rows, each with the row that its foreign key `related` names.

    `make` is called once, with the markers: values of the right type that occur nowhere else in the query.
    """

    def __init__(
        self, make: Callable[..., QuerySet[M]], *, markers: Sequence[Any], related: str | None = None
    ) -> None:
        self._make, self._markers, self._related = make, tuple(markers), related

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...], list[tuple[type[Model], list[str]]]]:
        """The SQL, its parameters with the markers among them, and whose columns each row holds."""
        rows = self._make(*self._markers)
        models: list[Any] = [rows.model]
        if self._related:
            models.append(rows.model._meta.get_field(self._related).related_model)
        columns = [[field.attname for field in model._meta.concrete_fields] for model in models]
        names = [*columns[0], *(f"{self._related}__{name}" for names in columns[1:] for name in names)]
        sql, parameters = rows.values_list(*names).query.sql_with_params()
        return sql, parameters, list(zip(models, columns, strict=True))

    def __call__(self, *values: Any) -> list[M]:
        """Return the rows for these values, in the order of the markers."""
        sql, parameters, _columns = self._written
        given = dict(zip(self._markers, values, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(value, value) for value in parameters])
            return [self._row(row) for row in cursor.fetchall()]

    def _row(self, values: tuple[Any, ...]) -> M:
        found: list[Any] = []
        for model, names in self._written[2]:
            found.append(model.from_db(connection.alias, names, values[: len(names)]))
            values = values[len(names) :]
        if self._related:
            setattr(found[0], self._related, found[1])
        return found[0]
