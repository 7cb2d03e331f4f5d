"""How errors are answered: one shape, no traceback, the same for both doors (contract.md, "Every write")."""

import logging

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError, IntegrityError, transaction
from django.http import Http404
from rest_framework.exceptions import ParseError, Throttled, ValidationError

from patients.api import errors, listing
from patients.models import Notification, Patient, Report
from patients.representations import represent_notification, represent_patient, represent_report
from patients.rules.ranges import RANGES
from patients.services.errors import Conflict, KeyReused, NotAllowed, Refused, Stale
from tests.factories import client_of, make_patient, make_report
from tests.observations import ILL

pytestmark = pytest.mark.home("sqlite")


@pytest.mark.parametrize(
    "error,answer",
    [
        (Refused({"pulse": ["no"]}), (400, {"pulse": ["no"]})),
        (NotAllowed({"bed": ["no"]}), (403, {"bed": ["no"]})),
        (Conflict("resolved"), (409, {"detail": "resolved"})),
        (KeyReused("again"), (422, {"detail": "again"})),
        (Stale({"id": 1}), (409, {"id": 1})),
        (ValidationError({"a": ["b"]}), (400, {"a": ["b"]})),
        (ValidationError(["b"]), (400, ["b"])),
        (ParseError("no JSON"), (400, {"detail": "no JSON"})),
        (Http404(), (404, {"detail": "Not found."})),
        (Patient.DoesNotExist(), (404, {"detail": "Not found."})),
        (PermissionDenied(), (403, {"detail": "Your role does not allow this."})),
        (ModelValidationError({"ward": ["no"]}), (400, {"ward": ["no"]})),
        (ModelValidationError("no"), (400, {"detail": "no"})),
        (DataError(), (400, {"detail": "The database cannot hold one of these values."})),
        (RequestDataTooBig(), (413, {"detail": "The body is larger than 1 MiB."})),
        (SuspiciousOperation(), (400, {"detail": "The request could not be read."})),
        (RecursionError(), (400, {"detail": "The body is nested too deep."})),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_foreseen_has_its_answer(error, answer):
    assert errors.answer_of(error) == answer


def test_what_nobody_foresaw_is_logged_and_answered_without_a_word_of_it(caplog):
    with caplog.at_level(logging.ERROR):
        status, body = errors.answer_of(ZeroDivisionError("Ada Byron's secret"))
    assert status == 500
    assert "not known whether this was stored" in body["detail"]
    assert "secret" not in str(body)
    assert "Ada Byron's secret" in caplog.text


@pytest.mark.django_db
def test_a_view_that_fails_answers_500_in_json(monkeypatch, caplog):
    monkeypatch.setattr(listing, "log_state", lambda: 1 / 0)
    response = client_of("viewer").get("/api/patients/")
    assert response.status_code == 500
    assert set(response.json()) == {"detail"}
    assert "Traceback" not in response.content.decode()
    assert "ZeroDivisionError" in caplog.text


def test_a_throttle_says_when_to_come_back():
    response = errors.exception_handler(Throttled(wait=7), {})
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")


@pytest.mark.django_db
def test_a_stale_write_is_answered_with_the_object():
    patient = make_patient()
    report = make_report(patient, **ILL)
    notification = Notification.objects.get()
    assert errors.answer_of(Stale(patient)) == (409, represent_patient(patient))
    assert errors.answer_of(Stale(report)) == (409, represent_report(report))
    assert errors.answer_of(Stale(notification)) == (409, represent_notification(notification))


@pytest.mark.django_db
def test_strangers_are_told_to_sign_in():
    from rest_framework.test import APIClient

    for path in ("patients", "reports", "history", "notifications", "ranges"):
        response = APIClient().get(f"/api/{path}/")
        assert response.status_code == 401
        assert set(response.json()) == {"detail"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["patients", "reports", "history", "notifications"])
@pytest.mark.parametrize("pk", ["0", "999", "9" * 18, "9" * 19, "9" * 40, "one", "1.5", "-1"])
def test_an_id_that_nobody_has_is_404(path, pk):
    response = client_of("lead").get(f"/api/{path}/{pk}/")
    assert response.status_code == 404
    assert set(response.json()) == {"detail"}


# ---------------------------------------------------------------- what the database itself refuses
def blame(row):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        row.save()
    status, body = errors.answer_of(refusal.value)
    assert status == 400
    return set(body)


@pytest.mark.django_db
@pytest.mark.parametrize("field", sorted(RANGES))
def test_a_refusal_by_the_database_names_the_measurement(field):
    low, high = RANGES[field].hard
    patient = make_patient()
    values = {"bp_sys": 300} if field == "bp_dia" else {}
    assert blame(Report(patient=patient, **{**values, field: high + 1})) == {field}
    assert blame(Report(patient=patient, **{field: low - 1})) == {field}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "field,values",
    [
        ("spo2_scale", {"spo2_scale": 3}),
        ("monitoring_interval", {"monitoring_interval": 4}),
        ("hematocrit_baseline", {"hematocrit_baseline": 81}),
        ("dismissal_date", {"dismissal_date": "2000-01-01T00:00:00Z"}),
        ("hospital_number", {"hospital_number": "H1"}),
    ],
)
def test_a_refusal_by_the_database_names_the_patients_field(field, values):
    make_patient(hospital_number="H1")
    assert blame(Patient(first_name="A", last_name="B", **values)) == {field}


@pytest.mark.django_db
def test_a_refusal_by_the_database_names_the_diastolic_pressure_and_the_interval():
    patient = make_patient()
    assert blame(Report(patient=patient, bp_sys=80, bp_dia=90)) == {"bp_dia"}
    assert blame(Report(patient=patient, monitoring_interval=4)) == {"monitoring_interval"}


def test_another_constraint_is_400_and_logged(caplog):
    status, body = errors.answer_of(IntegrityError("FOREIGN KEY constraint failed"))
    assert (status, set(body)) == (400, {"detail"})
    assert "FOREIGN KEY" in caplog.text
