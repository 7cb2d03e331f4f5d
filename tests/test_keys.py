"""The columns that names, beds and numbers are searched and ordered by (patients/keys.py)."""

import pytest
from django.apps import apps
from django.db import connection

from patients.keys import KeyField

pytestmark = pytest.mark.django_db

KEYS = [
    (model._meta.db_table, field.column)
    for model in apps.get_app_config("patients").get_models()
    for field in model._meta.fields
    if isinstance(field, KeyField)
]


def collation_of(table: str, column: str) -> str:
    """As the database itself says; "" where the column has none of its own."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT collname FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation "
                "WHERE attrelid = %s::regclass AND attname = %s",
                [table, column],
            )
            return cursor.fetchone()[0]
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = %s", [table])
        [definition] = [part for part in cursor.fetchone()[0].split(", ") if part.startswith(f'"{column}"')]
        return definition.partition(" COLLATE ")[2]


@pytest.mark.parametrize("table, column", KEYS)
def test_a_key_is_compared_byte_by_byte(table, column):
    """Any other collation of PostgreSQL orders otherwise than SQLite, and than the next server."""
    assert collation_of(table, column) == ("C" if connection.vendor == "postgresql" else "")


def test_there_are_keys():
    assert len(KEYS) == 7
