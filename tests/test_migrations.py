"""Migrations that change rows, tried on a filled database of the version before."""

from importlib import import_module

import pytest
from django.core.management import call_command

from patients.models import Patient
from patients.services.patients import change_patient
from tests.factories import make_patient, make_report, make_user
from tests.services.builders import at

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = dict(import_module("patients.migrations.0012_allergy_status").Migration.dependencies)["patients"]


def test_a_text_of_allergies_becomes_known_and_none_not_recorded_in_patients_and_their_versions():
    """Down to the version before and up again, with rows: none is lost, and each says what it said."""
    lead = make_user("lead")
    allergic = make_patient(by=lead, hospital_number="A", allergies="Latex", now=at(0))
    make_patient(by=lead, hospital_number="B", allergy_status="none_known", now=at(0))
    change_patient(allergic.pk, by=lead, now=at(1), changes={"allergies": ""})
    change_patient(allergic.pk, by=lead, now=at(2), changes={"allergies": "Nuts", "bed": "9"})
    make_report(allergic, now=at(3))
    call_command("migrate", "patients", BEFORE, verbosity=0)
    call_command("migrate", verbosity=0)
    assert dict(Patient.objects.values_list("hospital_number", "allergy_status")) == {
        "A": "known",
        "B": "not_recorded",
    }
    versions = Patient.history.filter(hospital_number="A").order_by("history_id")
    assert list(versions.values_list("allergies", "allergy_status")) == [
        ("Latex", "known"), ("", "not_recorded"), ("Nuts", "known"),
    ]  # fmt: skip
    change_patient(allergic.pk, by=lead, now=at(4), changes={"bed": "10"})
    assert Patient.history.filter(hospital_number="A").count() == 4
