"""Columns that are made of other columns of their row: what names, beds and numbers are searched and ordered by."""

from collections.abc import Callable
from typing import Any, Final

from django.db import models

from .rules.names import name_key, place_key, search_text

_MAKERS: Final[dict[str, Callable[..., str]]] = {
    "name": name_key,
    "place": place_key,
    "alike": place_key,
    "search": search_text,
}
_ORDERING_KINDS: Final = ("name", "place")


class KeyField(models.TextField):
    """Made anew of the columns `of` whenever the row is saved; null where the one column it is made of is.

    `kind`: "name" and "place" are ordered by, "search" is searched, and rows that share an "alike" may be one
    (patients/rules/names.py). Compared byte by byte on both databases: a collation
    of PostgreSQL would leave spaces and punctuation out, and differ from one server to the next.
    """

    def __init__(self, *args: Any, of: tuple[str, ...] = (), kind: str = "name", **options: Any) -> None:
        options["editable"] = False
        super().__init__(*args, **options)
        self.of = tuple(of)
        self.kind = kind

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        del options["editable"]
        return name, path, args, {**options, "of": self.of, "kind": self.kind}

    def db_parameters(self, connection: Any) -> Any:
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}

    def pre_save(self, model_instance: Any, add: bool) -> str | None:
        made = self.make(model_instance)
        setattr(model_instance, self.attname, made)
        return made

    def make(self, row: Any) -> str | None:
        """The key of `row` as its columns are now."""
        values = [getattr(row, name) for name in self.of]
        if self.null and values == [None]:
            return None
        return _MAKERS[self.kind](*values)


def key_of(model: type[models.Model], name: str) -> KeyField | None:
    """The column that rows of `model` are ordered by in place of column `name`; None where that is itself."""
    for field in model._meta.fields:
        if isinstance(field, KeyField) and field.kind in _ORDERING_KINDS and field.of == (name,):
            return field
    return None
