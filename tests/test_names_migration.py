"""The migration that fills the keys of names and places, on a database filled by the version before."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from patients.migrations import __name__ as migrations_name
from tests.services.builders import at

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("patients", "0013_one_reminder")


@pytest.fixture
def version_before():
    call_command("migrate", *BEFORE, verbosity=0)
    try:
        yield MigrationExecutor(connection).loader.project_state([BEFORE]).apps
    finally:
        call_command("migrate", verbosity=0)


def test_patients_who_were_there_are_searched_ordered_and_known_to_the_day(version_before, monkeypatch):
    from importlib import import_module

    monkeypatch.setattr(import_module(f"{migrations_name}.0014_folded_names"), "AT_ONCE", 2)
    patients = version_before.get_model("patients", "Patient")
    for number, (last_name, bed) in enumerate(
        [("O’Brien", "10"), ("Łoś", "2"), ("Straße", ""), ("Ng", "b 7"), ("Zoë", "1")]
    ):
        patients.objects.create(
            last_name=last_name,
            first_name="Ada",
            bed=bed,
            ward="7A",
            hospital_number=f"A-00{number}" if number else None,
            admission_date=at(0),
            date_of_birth="1958-07-01" if number else None,
        )
    call_command("migrate", verbosity=0)
    rows = apps.get_model("patients", "Patient").objects.order_by("bed_key")
    assert list(
        rows.values_list("last_name_key", "bed_key", "hospital_number_key", "hospital_number_alike")
    ) == [
        ("strasse", "", "a-002", "a-012"),
        ("zoe", "011", "a-004", "a-014"),
        ("los", "012", "a-001", "a-011"),
        ("obrien", "0210", None, None),
        ("ng", "b 017", "a-003", "a-013"),
    ]
    assert set(rows.values_list("search_key", "ward_key", "date_of_birth_precision")) == {
        ("strasse\nada\na-002", "017a", "day"), ("zoe\nada\na-004", "017a", "day"),
        ("los\nada\na-001", "017a", "day"), ("obrien\nada", "017a", "day"), ("ng\nada\na-003", "017a", "day"),
    }  # fmt: skip
