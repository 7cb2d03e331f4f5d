"""What the database itself keeps out, whoever writes to it, on every engine."""

import math

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from patients.models import IdempotencyKey, Patient, Report
from patients.rules.ranges import RANGES
from tests import factories
from tests.services.builders import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return Patient.objects.create(first_name="Ada", last_name="Byron", admission_date=at(0))


def refuses(save):
    with pytest.raises(IntegrityError), transaction.atomic():
        save()
    return True


def values_with(field, value):
    """A report's values with this one; a systolic pressure that a diastolic one fits under."""
    values = {field: value}
    if field == "bp_dia":
        values["bp_sys"] = 300
    return values


@pytest.mark.parametrize("field", RANGES)
def test_a_measurement_is_kept_at_both_ends_of_the_possible_range_and_refused_beyond(patient, field):
    low, high = RANGES[field].hard
    step = 1 if isinstance(Report._meta.get_field(field).get_prep_value(1), int) else 0.1
    for value in (low, high):
        report = Report.objects.create(patient=patient, **values_with(field, value))
        assert getattr(Report.objects.get(pk=report.pk), field) == value
    for value in (low - step, high + step):
        assert refuses(
            lambda value=value: Report.objects.create(patient=patient, **values_with(field, value))
        )


@pytest.mark.parametrize("field", RANGES)
def test_what_was_not_measured_is_null(patient, field):
    report = Report.objects.create(patient=patient)
    assert getattr(Report.objects.get(pk=report.pk), field) is None


FRACTIONS = [field for field in RANGES if Report._meta.get_field(field).get_internal_type() == "FloatField"]


@pytest.mark.parametrize("field", FRACTIONS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf], ids=str)
def test_what_is_no_number_never_gets_in(patient, field, value):
    if math.isnan(value) and connection.vendor == "sqlite":
        # SQLite knows no NaN: it keeps NULL, which says "not measured".
        report = Report.objects.create(patient=patient, **{field: value})
        assert getattr(Report.objects.get(pk=report.pk), field) is None
        return
    assert refuses(lambda: Report.objects.create(patient=patient, **{field: value}))


@pytest.mark.parametrize(
    "bp_sys,bp_dia,is_possible",
    [
        (120, 119, True), (120, 120, False), (120, 121, False), (0, 0, True), (1, 0, True),
        (None, 80, True), (120, None, True),
    ],
)  # fmt: skip
def test_the_diastolic_pressure_is_below_the_systolic_unless_both_are_0(patient, bp_sys, bp_dia, is_possible):
    def save():
        return Report.objects.create(patient=patient, bp_sys=bp_sys, bp_dia=bp_dia)

    assert save().pk if is_possible else refuses(save)


@pytest.mark.parametrize("model", [Patient, Report])
@pytest.mark.parametrize(
    "minutes,is_possible", [(4, False), (5, True), (1440, True), (1441, False), (None, True)]
)
def test_an_interval_is_5_to_1440_minutes_or_none(patient, model, minutes, is_possible):
    def save():
        if model is Report:
            return Report.objects.create(patient=patient, monitoring_interval=minutes)
        return Patient.objects.create(first_name="E", last_name="K", monitoring_interval=minutes)

    assert save().pk if is_possible else refuses(save)


@pytest.mark.parametrize(
    "values",
    [
        {"spo2_scale": 0}, {"spo2_scale": 3}, {"hematocrit_baseline": 4.9}, {"hematocrit_baseline": 80.1},
        {"admission_date": at(2), "dismissal_date": at(1)},
    ],
    ids=str,
)  # fmt: skip
def test_a_patient_who_cannot_be_is_refused(values):
    assert refuses(lambda: Patient.objects.create(**{"first_name": "Eve", "last_name": "King", **values}))


def test_a_hospital_number_is_given_once_and_any_number_of_patients_have_none():
    def admit(number):
        return Patient.objects.create(first_name="Eve", last_name="King", hospital_number=number)

    admit("H1")
    assert refuses(lambda: admit("H1"))
    assert {admit(None).hospital_number, admit(None).hospital_number} == {None}


def test_a_patient_with_reports_is_protected_by_the_database_too(patient):
    Report.objects.create(patient=patient)
    with pytest.raises(ProtectedError):
        patient.delete()


def test_an_idempotency_key_is_one_users_once():
    first, second = factories.make_user("nurse"), factories.make_user("nurse")

    def keep(user):
        return IdempotencyKey.objects.create(user=user, key="k", request_hash="h", response={})

    keep(first)
    keep(second)
    assert refuses(lambda: keep(first))


def test_a_check_has_a_message_where_a_form_validates(patient):
    with pytest.raises(ValidationError, match="report_pulse_possible"):
        Report(patient=patient, pulse=301).full_clean()
