"""Many rows in a few statements leave what Django's own way leaves."""

from datetime import UTC, datetime, timedelta

import pytest
from background_task.models import Task
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.bulk import insert_all, update_all
from patients.models import Notification, Patient
from patients.services.reminders import TASK_NAME, task_hash
from tests import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = 120  # more than one statement of insert_all


@pytest.fixture
def patients():
    Patient.objects.bulk_create(
        Patient(first_name=str(number), last_name="Bulk", admission_date=NOON) for number in range(ROWS)
    )
    return list(Patient.objects.order_by("id"))


def reminder(patient, *, number):
    """Every other one with what may be null, and texts that a statement could trip over."""
    return Notification(
        patient_id=patient.id,
        kind="observation_due",
        severity="low",
        reasons=[
            {"rule": "observation_due", "message": "100 % „fällig“ 'now' \\ ☃", "values": {"n": number}}
        ],
        created_at=NOON,
        due_at=NOON + timedelta(seconds=number) if number % 2 else None,
        escalate_at=NOON if number % 2 else None,
    )


def test_inserted_rows_are_what_django_would_have_stored(patients):
    ours = [reminder(patient, number=number) for number, patient in enumerate(patients)]
    insert_all(list(reversed(ours)), unique="patient_id")
    stored = {row.pk: row for row in Notification.objects.all()}
    Notification.objects.all().delete()
    theirs = [reminder(patient, number=number) for number, patient in enumerate(patients)]
    Notification.objects.bulk_create(theirs)

    def values(row):
        return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields[1:]}

    assert [values(stored[row.pk]) for row in ours] == [
        values(row) for row in Notification.objects.filter(pk__in=[row.pk for row in theirs]).order_by("id")
    ]
    assert len({row.pk for row in ours}) == ROWS


def test_an_inserted_row_is_a_model_that_saves_as_an_update(patients):
    row = reminder(patients[0], number=1)
    insert_all([row], unique="patient_id")
    row.status = "resolved"
    row.save()
    assert list(Notification.objects.values_list("status", flat=True)) == ["resolved"]


def test_updated_rows_hold_their_values_and_the_others_theirs(patients):
    *changed, untouched = patients
    update_all(
        Patient,
        ("reminder_at", "reminder_kind", "open_notifications", "course"),
        [
            (NOON + timedelta(minutes=n) if n % 3 else None, f"k{n}", n, {"n": [n]} if n % 2 else None, p.id)
            for n, p in enumerate(changed)
        ],
        key="id",
    )
    for n, patient in enumerate(Patient.objects.filter(id__lt=untouched.id).order_by("id")):
        assert patient.reminder_at == (NOON + timedelta(minutes=n) if n % 3 else None)
        assert (patient.reminder_kind, patient.open_notifications) == (f"k{n}", n)
        assert patient.course == ({"n": [n]} if n % 2 else None)
    untouched.refresh_from_db()
    assert (untouched.reminder_at, untouched.reminder_kind, untouched.open_notifications) == (None, "", 0)


def test_a_column_can_become_all_null(patients):
    """PostgreSQL takes a list of nulls for text, which an instant is not."""
    Patient.objects.update(reminder_at=NOON)
    update_all(Patient, ("reminder_at",), [(None, patient.id) for patient in patients], key="id")
    assert not Patient.objects.exclude(reminder_at=None).exists()


def test_many_rows_are_one_statement_on_postgresql(patients):
    rows = [(number, patient.id) for number, patient in enumerate(patients)]
    with CaptureQueriesContext(connection) as queries:
        update_all(Patient, ("open_notifications",), rows, key="id")
    assert len(queries) == 1


def test_nothing_to_do_asks_nothing():
    with CaptureQueriesContext(connection) as queries:
        insert_all([], unique="patient_id")
        update_all(Patient, ("open_notifications",), [], key="id")
    assert len(queries) == 0


def test_a_task_is_found_by_the_hash_that_the_library_gives_it():
    patient = factories.make_patient(by=factories.make_user("lead"))
    assert Task.objects.get(task_name=TASK_NAME).task_hash == task_hash(patient.id)
