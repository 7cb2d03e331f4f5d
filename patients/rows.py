"""Rows of lists, read without making a model of each.

Three models a row (a version, its recorder, its writer), their signals and Django's conversion of each value took most
of a list's time (docs/performance.md). The query stays the queryset's own; what it gives becomes plain objects with the
same attributes, so that one function represents a row and a model alike. An attribute that was not loaded is missing:
nothing asks the database again. A test holds both ways against each other.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, Final

import orjson
from django.db.models import JSONField, QuerySet
from django.db.models.query import BaseIterable


def without_models(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The same rows as plain objects, those that they are joined with (select_related) as well.

    Two rows joined with the same one share its object.
    """
    lean: Any = rows.all()
    lean._iterable_class = _Rows
    return lean


class _Rows(BaseIterable):
    """What a queryset iterates with, in the place of Django's ModelIterable."""

    def __iter__(self) -> Iterator[SimpleNamespace]:
        queryset: Any = self.queryset
        compiler = queryset.query.get_compiler(using=queryset.db)
        found = compiler.execute_sql(chunked_fetch=self.chunked_fetch, chunk_size=self.chunk_size)
        # A statement that is composed once (patients/prepared.py) keeps how its rows are read, too.
        convert, layout = kept = getattr(compiler, "rows_layout", None) or (
            _row_converter(compiler),
            _Layout(compiler.klass_info, compiler.select),
        )
        compiler.rows_layout = kept
        read = _Reader(layout).read
        for chunk in found:
            for values in chunk:
                yield read(convert(values))


class _Layout:
    """Where the columns of one table lie in a joined row, and those of the tables joined to it."""

    def __init__(self, klass_info: Any, select: Sequence[Any]) -> None:
        columns = klass_info["select_fields"]
        self.names: Final = [select[column][0].target.attname for column in columns]
        self.values_of: Final = itemgetter(slice(columns[0], columns[-1] + 1))
        self.key: Final = columns[self.names.index(klass_info["model"]._meta.pk.attname)]
        self.joined: Final = [
            (_name_of(joined), _Layout(joined, select))
            for joined in klass_info.get("related_klass_infos", ())
        ]


class _Reader:
    """Makes the objects of the rows of one answer."""

    def __init__(self, layout: _Layout) -> None:
        self._names: Final = layout.names
        self._values_of: Final = layout.values_of
        self._key: Final = layout.key
        self._joined: Final = [(name, _Reader(joined)) for name, joined in layout.joined]
        self._seen: Final[dict[Any, SimpleNamespace]] = {}

    def read(self, row: Sequence[Any]) -> SimpleNamespace:
        made = SimpleNamespace()
        attributes = made.__dict__
        attributes.update(zip(self._names, self._values_of(row), strict=True))
        for name, reader in self._joined:
            attributes[name] = reader._read_joined(row)
        return made

    def _read_joined(self, row: Sequence[Any]) -> SimpleNamespace | None:
        key = row[self._key]
        if key is None:
            return None
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = self.read(row)
        return seen


def _name_of(joined: Any) -> str:
    field = joined["field"]
    name: str = field.remote_field.get_accessor_name() if joined["reverse"] else field.name
    return name


# ---------------------------------------------------------------- values
def _row_converter(compiler: Any) -> Callable[[Sequence[Any]], Sequence[Any]]:
    columns = [column for column, *_ in compiler.select]
    converters = [
        (position, _converter(converters, column, compiler.connection))
        for position, (converters, column) in compiler.get_converters(columns).items()
    ]

    def convert(row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for position, converter in converters:
            value = values[position]
            if value is not None:
                values[position] = converter(value)
        return values

    return convert


def _converter(converters: Sequence[Any], column: Any, connection: Any) -> Callable[[Any], Any]:
    """What Django does with a value of this column that is not null; the frequent ones without its detours."""
    if type(column.output_field) is JSONField and column.output_field.decoder is None:
        return orjson.loads
    # The two of SQLite, which knows neither zones nor truth values; PostgreSQL's driver converts these by itself.
    if converters == [getattr(connection.ops, "convert_datetimefield_value", None)]:
        return _in_utc
    if converters == [getattr(connection.ops, "convert_booleanfield_value", None)]:
        return bool

    def convert(value: Any) -> Any:
        for converter in converters:
            value = converter(value, column, connection)
        return value

    return convert


def _in_utc(value: datetime) -> datetime:
    """Instants are stored in UTC and without a zone there."""
    return value.replace(tzinfo=UTC)
