"""Queries that Django composes once.

For the handful of reads that every saved set and every request makes: composing such a statement takes Django
longer than the database takes to answer it (docs/performance.md). Rows become objects by Django's
own code, so they are what the plain query gives; a test holds the two against each other for each query.

Used for what was measured to matter; everything else is a plain queryset.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from django.db import connection
from django.db.models import Expression, QuerySet


class Hole(Expression):
    """The place of a value that each call fills in. `field` says how the database wants it."""

    def __init__(self, name: str, *, field: Any) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def fill(self, value: Any) -> Any:
        return self.output_field.get_db_prep_value(value, connection=connection)


class PreparedQuery:
    """A queryset with holes, made by `compose` at the first call in each thread."""

    def __init__(self, compose: "Callable[[], QuerySet[Any]]") -> None:
        self._compose: Final = compose
        self._of_thread = threading.local()

    def all(self, **values: Any) -> list[Any]:
        """The rows for these values, as the queryset would give them."""
        statement: _Statement | None = getattr(self._of_thread, "statement", None)
        if statement is None:
            statement = self._of_thread.statement = _Statement(self._compose())
        return statement.run(values)

    def first(self, **values: Any) -> Any:
        """The first row, or None."""
        return next(iter(self.all(**values)), None)


class PreparedCount:
    """How many rows the queryset has that `compose` makes, composed once in each thread; without holes."""

    def __init__(self, compose: "Callable[[], QuerySet[Any]]") -> None:
        self._compose: Final = compose
        self._of_thread = threading.local()

    def get(self) -> int:
        statement: tuple[str, Any] | None = getattr(self._of_thread, "statement", None)
        if statement is None:
            rows = self._compose()
            counted, parameters = rows.query.get_compiler(using=rows.db).as_sql()
            statement = self._of_thread.statement = (
                f"SELECT COUNT(*) FROM ({counted}) AS counted",
                parameters,
            )
        with connection.cursor() as cursor:
            cursor.execute(*statement)
            return int(cursor.fetchone()[0])


class _Statement:
    """The composed SQL; stands in for Django's compiler when rows are made into objects."""

    def __init__(self, rows: "QuerySet[Any]") -> None:
        self._rows = rows
        self._compiler = rows.query.get_compiler(using=rows.db)
        self._sql, self._parameters = self._compiler.as_sql()
        self.select = self._compiler.select
        self.klass_info = self._compiler.klass_info
        self.annotation_col_map = self._compiler.annotation_col_map
        self.connection = self._compiler.connection
        self.get_converters = self._compiler.get_converters
        self._found: list[Any] = []
        rows.query.get_compiler = lambda *args, **kwargs: self  # type: ignore[method-assign]

    def run(self, values: dict[str, Any]) -> list[Any]:
        parameters = [
            parameter.fill(values[parameter.name]) if isinstance(parameter, Hole) else parameter
            for parameter in self._parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            self._found = cursor.fetchall()
        make_objects: Any = self._rows._iterable_class
        try:
            return list(make_objects(self._rows))
        finally:
            self._found = []

    # What Django's iterables ask of a compiler.
    def execute_sql(self, *args: Any, **kwargs: Any) -> list[list[Any]]:
        return [self._found]

    def results_iter(self, results: Any = None, **kwargs: Any) -> Iterator[Any]:
        rows: Iterator[Any] = self._compiler.results_iter([self._found])
        return rows
