"""Queries composed once give what the plain ones give, for any values, again and again."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from patients.models import Patient
from patients.prepared import Hole, PreparedCount, PreparedQuery

pytestmark = pytest.mark.django_db

ADMITTED = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def patients() -> list[Patient]:
    return [
        Patient.objects.create(
            first_name="Ada", last_name=name, ward=ward, admission_date=ADMITTED + timedelta(hours=hours)
        )
        for name, ward, hours in (("Byron", "7A", 0), ("Curie", "7A", 1), ("Noether", "7B", 2))
    ]


def field(name: str):
    return Patient._meta.get_field(name)


def test_rows_are_the_models_that_the_plain_query_gives(patients):
    query = PreparedQuery(
        lambda: Patient.objects.filter(
            ward=Hole("ward", field=field("ward")),
            admission_date__gte=Hole("since", field=field("admission_date")),
        ).order_by("id")
    )
    for ward, since in (
        ("7A", ADMITTED),
        ("7A", ADMITTED + timedelta(minutes=30)),
        ("7B", ADMITTED),
        ("8", ADMITTED),
    ):
        plain = list(Patient.objects.filter(ward=ward, admission_date__gte=since).order_by("id"))
        prepared = query.all(ward=ward, since=since)
        assert prepared == plain
        assert [vars(row) | {"_state": None} for row in prepared] == [
            vars(row) | {"_state": None} for row in plain
        ]


def test_values_come_as_dictionaries(patients):
    query = PreparedQuery(
        lambda: Patient.objects.filter(pk=Hole("pk", field=Patient._meta.pk)).values(
            "last_name", "admission_date"
        )
    )
    assert query.all(pk=patients[1].pk) == [
        {"last_name": "Curie", "admission_date": ADMITTED + timedelta(hours=1)}
    ]


def test_a_row_that_is_not_there_is_none(patients):
    query = PreparedQuery(lambda: Patient.objects.filter(pk=Hole("pk", field=Patient._meta.pk)))
    assert query.first(pk=patients[0].pk) == patients[0]
    assert query.first(pk=0) is None


def test_it_sees_what_was_written_since_the_last_call(patients):
    query = PreparedQuery(lambda: Patient.objects.filter(pk=Hole("pk", field=Patient._meta.pk)))
    assert query.first(pk=patients[0].pk).bed == ""
    Patient.objects.filter(pk=patients[0].pk).update(bed="12")
    assert query.first(pk=patients[0].pk).bed == "12"


def test_a_lock_is_asked_for_each_time_where_the_database_has_row_locks(patients):
    query = PreparedQuery(
        lambda: Patient.objects.select_for_update().filter(pk=Hole("pk", field=Patient._meta.pk))
    )
    for _ in range(2):
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            assert query.first(pk=patients[0].pk) == patients[0]
        has_lock = "FOR UPDATE" in queries.captured_queries[-1]["sql"]
        assert has_lock == connection.features.has_select_for_update


def test_a_count_is_taken_anew_each_time(patients):
    count = PreparedCount(lambda: Patient.objects.filter(ward="7A").values("pk")[:3])
    assert count.get() == 2
    for _ in range(2):
        Patient.objects.create(first_name="Ada", last_name="More", ward="7A", admission_date=ADMITTED)
    with CaptureQueriesContext(connection) as queries:
        assert count.get() == 3, "as many as the queryset counts at most"
    assert len(queries) == 1
