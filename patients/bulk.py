"""Many rows in a few statements, for what happens to a thousand rows at one moment.

Django makes an expression of every value of every row (`bulk_create`, `bulk_update`): with a thousand reminders that
took longer than the database did. No signal is sent, as with Django's own; the caller notes what changed.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model

MOST_VALUES: Final = 999  # in one statement: SQLite takes no more in some builds
MOST_UPDATED: Final = 1000  # rows in one statement of PostgreSQL


def insert_all(instances: Sequence[Model], *, unique: str) -> None:
    """Insert these, all of one model, and set the key of each.

    Args:
        instances: without keys.
        unique: an attribute whose value is another one in each of them; it tells which row got which key, since no
            database promises to return them in order.
    """
    if not instances:
        return
    meta = instances[0]._meta
    assert meta.pk is not None
    fields = [field for field in meta.concrete_fields if field is not meta.pk]
    rows = _prepare(
        fields, [[getattr(instance, field.attname) for field in fields] for instance in instances]
    )
    returned = {field.attname: field.column for field in fields}[unique]
    columns = ", ".join(_quote(field) for field in fields)
    one_row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    keys: dict[Any, Any] = {}
    with connection.cursor() as cursor:
        for portion in _portions(rows, MOST_VALUES // len(fields)):
            cursor.execute(
                f"INSERT INTO {meta.db_table} ({columns}) VALUES {', '.join([one_row] * len(portion))} "
                f"RETURNING {returned}, {meta.pk.column}",
                [value for row in portion for value in row],
            )
            keys.update(cursor.fetchall())
    for instance in instances:
        instance.pk = keys[getattr(instance, unique)]
        instance._state.adding = False
        instance._state.db = connection.alias


def update_all(model: type[Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], *, key: str) -> None:
    """Set `fields` of the rows with these keys: each row gives the fields' values in order, the key last."""
    if not rows:
        return
    columns: list[Any] = [model._meta.get_field(name) for name in (*fields, key)]
    prepared = _prepare(columns, rows)
    if connection.vendor == "postgresql":
        _update_from_values(model, columns, prepared)
        return
    setting = ", ".join(f"{_quote(column)} = %s" for column in columns[:-1])
    with connection.cursor() as cursor:  # SQLite, in whose library this is a loop within one statement
        cursor.executemany(
            f"UPDATE {model._meta.db_table} SET {setting} WHERE {_quote(columns[-1])} = %s", prepared
        )


def _update_from_values(model: type[Model], columns: Sequence[Any], rows: list[list[Any]]) -> None:
    """One journey to the server instead of one a row. The casts tell it the type of a column that is all null."""
    one_row = "(" + ", ".join(f"%s::{column.rel_db_type(connection)}" for column in columns) + ")"
    names = ", ".join(_quote(column) for column in columns)
    setting = ", ".join(f"{_quote(column)} = given.{_quote(column)}" for column in columns[:-1])
    key = _quote(columns[-1])
    with connection.cursor() as cursor:
        for portion in _portions(rows, MOST_UPDATED):
            cursor.execute(
                f"UPDATE {model._meta.db_table} AS kept SET {setting} FROM (VALUES "
                f"{', '.join([one_row] * len(portion))}) AS given ({names}) WHERE kept.{key} = given.{key}",
                [value for row in portion for value in row],
            )


def _prepare(fields: Sequence[Any], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The values as the database wants them; one that comes again and again (a status, now) is asked for once."""
    database = connections[DEFAULT_DB_ALIAS]  # not the proxy, which looks it up at every use
    rows = list(rows)  # holds every value, so that no two of them can have one address
    prepared: dict[tuple[int, int], Any] = {}
    for position, field in enumerate(fields):
        for row in rows:
            place = (position, id(row[position]))
            if place not in prepared:
                prepared[place] = field.get_db_prep_save(row[position], database)
    return [[prepared[position, id(value)] for position, value in enumerate(row)] for row in rows]


def _portions(rows: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _quote(field: Any) -> str:
    return connection.ops.quote_name(field.column)
