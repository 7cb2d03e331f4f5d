"""Lists are read without models (patients/rows.py): what they show is what the models show, field by field."""

from datetime import UTC, timedelta
from itertools import chain
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import clock
from patients.api.listing import RESOURCES, list_objects
from patients.api.outputs import AmendmentSerializer, NotificationSerializer
from patients.api.serializers import (
    HistorySerializer,
    PatientSerializer,
    PatientVersionSerializer,
    ReportSerializer,
)
from patients.models import Amendment, Notification, Patient, Report
from patients.representations import represent_instant
from patients.rows import without_models
from patients.selectors import HistoricalPatient, HistoricalReport
from patients.services.history import amend_version
from patients.services.notifications import acknowledge
from patients.services.patients import change_patient
from patients.services.plans import set_plan
from patients.services.reports import delete_report
from tests.factories import make_patient, make_report, make_user
from tests.observations import ILL, WELL

pytestmark = pytest.mark.django_db

EVERYTHING = {
    **ILL, "supplemental_oxygen": True, "oxygen_flow": 2.5,
    "oxygen_device": "Maske – 35 %", "pain_score": 0, "blood_glucose": 5.6,
    "capillary_refill": 2.1, "fi_oral": 120.5, "fi_parenteral": 0.0, "fi_other": 0.1, "fo_urine": 333.3, "fo_uf": 1.0,
    "fo_emesis": 0.3, "fo_drainage": 7.7, "weight": 71.4, "height": 180.0, "abd_cir": 90.1, "stools": 0, "urine": 3,
    "hematocrit": 41.2, "platelet": 0.7, "wbc": 4.4, "status": "febrile", "day_of_fever": 3, "diet": "sữa 🥛",
    "warning_signs": ["abdominal_pain"], "additional": "„Übel“\n\t\"\\ ☃ 𝔘", "medical_advice": "הרבה נוזלים",
    "monitoring_interval": 60,
}  # fmt: skip

# A plain query of each model and the serializer that shows one.
MODELS = {
    "patients": (Patient, PatientSerializer),
    "reports": (Report, ReportSerializer),
    "history": (HistoricalReport, HistorySerializer),
    "notifications": (Notification, NotificationSerializer),
    "amendments": (Amendment, AmendmentSerializer),
    "patient_history": (HistoricalPatient, PatientVersionSerializer),
}


@pytest.fixture
def ward():
    """Rows with every field and with none, of people who are there, who are gone and who are nobody."""
    now = clock.now()
    lead = make_user("lead", first_name="Šárka", last_name="Nováková")
    make_patient(by=lead)  # never observed
    patient = make_patient(
        by=lead,
        hospital_number="Ä-1",
        hematocrit_baseline=41.3,
        date_of_birth=(now - timedelta(days=3)).date(),
        allergies="Ωmega\n",
    )
    set_plan(
        patient.pk,
        by=lead,
        now=now,
        steps=[{"every": 30, "for": 120}],
        call_at={"pulse": {"above": 130}},
        until=now + timedelta(hours=2),
        reason="łagodnie",
    )
    gone = make_user("nurse")
    full = make_report(patient, by=lead, now=now, reason="später eingetragen", **EVERYTHING)
    make_report(patient, by=gone, datetime=now.replace(microsecond=0), temperature=37.0)
    make_report(patient, by=lead, not_measured={"pulse": "refused"}, warning_signs=[], respiration=16)
    deleted = make_report(patient, by=gone, datetime=now - timedelta(hours=1), **WELL)
    delete_report(deleted.pk, by=lead, now=now, reason="wrong patient")
    version = HistoricalReport.objects.filter(id=full.pk).latest("history_id")
    amend_version(version.pk, by=lead, now=now, reason="gewogen", changes={"weight": 71.5})
    change_patient(patient.pk, by=lead, now=now, changes={"bed": "12½"})
    for _ in range(2):
        make_report(make_patient(), **ILL)
    acknowledge(Notification.objects.latest("id").pk, by=lead, now=now)
    gone.is_active, gone.first_name, gone.username = False, "", "gone"
    gone.save()
    Report.objects.create(patient=patient, datetime=now - timedelta(hours=2), recorded_by=None, news2={})


def plain_rows(subject, results):
    model, _ = MODELS[subject]
    key = model._meta.pk.name
    return [model.objects.get(pk=shown[key]) for shown in results]


@pytest.mark.usefixtures("ward")
def test_a_list_shows_what_the_serializer_shows_of_each_model():
    for subject in MODELS:
        results = list_objects(subject).results
        assert len(results) == RESOURCES[subject].rows().count() >= 1
        assert_shown_as_models(subject, results)


def assert_shown_as_models(subject, results):
    serializer = MODELS[subject][1]
    shown = [serializer(row).data for row in plain_rows(subject, results)]
    for listed, expected in zip(results, shown, strict=True):
        assert listed == expected
        assert list(listed) == list(expected), "in the same order"
        assert {name: type(value) for name, value in listed.items()} == {
            name: type(value) for name, value in expected.items()
        }


@pytest.mark.usefixtures("ward")
def test_every_loaded_column_has_the_value_that_the_model_has():
    querysets = [RESOURCES[subject].rows().order_by("pk") for subject in MODELS]
    pairs = (zip(without_models(rows), rows, strict=True) for rows in querysets)
    for lean, model in chain.from_iterable(pairs):
        assert type(lean) is SimpleNamespace
        columns = {
            name: value for name, value in vars(lean).items() if not isinstance(value, SimpleNamespace)
        }
        assert len(columns) >= len(model._meta.concrete_fields)
        assert columns == {name: getattr(model, name, None) for name in columns}


@pytest.mark.usefixtures("ward")
def test_the_ward_holds_what_could_go_wrong():
    """Else the tests above would show nothing."""
    reports, versions = list_objects("reports").results, list_objects("history").results
    assert {None, "Šárka Nováková", "gone"} <= {(row["recorded_by"] or {}).get("name") for row in reports}
    for name in EVERYTHING:
        assert any(row[name] not in (None, "", [], {}) for row in reports) or name in ("stools", "pain_score")
        assert name in WELL or any(row[name] in (None, "", []) for row in reports)
    assert {"+", "-"} <= {row["history_type"] for row in versions}
    assert any(row["amendments"] for row in versions)
    patients = list_objects("patients").results
    assert {row["last_report"] is None for row in patients} == {True, False}
    assert {row["plan"] is None for row in patients} == {True, False}
    assert {row["acknowledged_by"] is None for row in list_objects("notifications").results} == {True, False}


@pytest.mark.usefixtures("ward")
def test_of_the_joined_rows_only_what_is_shown_is_loaded():
    with CaptureQueriesContext(connection) as queries:
        for subject in MODELS:
            assert list_objects(subject).results
    assert not any("password" in query["sql"] for query in queries)


def test_an_attribute_that_was_not_loaded_is_missing_and_asks_for_nothing(django_assert_num_queries):
    make_patient()
    (row,) = without_models(Patient.objects.defer("bed"))
    with django_assert_num_queries(0), pytest.raises(AttributeError):
        _ = row.bed


def test_rows_joined_with_the_same_one_share_it():
    nurse, patient = make_user("nurse"), make_patient()
    for hours in (1, 2):
        make_report(patient, by=nurse, datetime=clock.now() - timedelta(hours=hours))
    one, other = without_models(RESOURCES["reports"].rows())
    assert one.recorded_by is other.recorded_by
    assert one.recorded_by.id == nurse.pk


def test_an_instant_is_written_as_isoformat_writes_it():
    now = clock.now().astimezone(UTC)
    another_century = now.replace(year=1900, month=3)  # which has every day
    for instant in (now, now.replace(microsecond=0), now.replace(microsecond=7), another_century):
        assert represent_instant(instant) == instant.isoformat().replace("+00:00", "Z")
    assert represent_instant(None) is None
