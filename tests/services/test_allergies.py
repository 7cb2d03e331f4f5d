"""Allergies: a text with the status known, or the status why there is none."""

import pytest
from django.db import IntegrityError, transaction

from patients.models import Patient
from patients.services.errors import Refused
from patients.services.patients import admit_patient
from tests.services.builders import at, change, fresh

pytestmark = pytest.mark.django_db

NAMES = {"first_name": "Ada", "last_name": "Byron"}
OTHERS = ("none_known", "not_recorded", "unavailable")


def allergies_of(patient):
    stored = fresh(patient)
    return stored.allergies, stored.allergy_status


@pytest.mark.parametrize(
    "given,stored",
    [
        ({}, ("", "not_recorded")),
        ({"allergies": ""}, ("", "not_recorded")),
        ({"allergies": "Latex"}, ("Latex", "known")),
        ({"allergies": "Latex", "allergy_status": "known"}, ("Latex", "known")),
        *(({"allergy_status": status}, ("", status)) for status in OTHERS),
    ],
)
def test_an_admission_says_what_is_known_of_allergies(lead, given, stored):
    patient = admit_patient(by=lead, now=at(1), **NAMES, **given)
    assert allergies_of(patient) == stored
    version = Patient.history.get()
    assert (version.allergies, version.allergy_status) == stored


@pytest.mark.parametrize(
    "given",
    [{"allergy_status": "known"}, *({"allergies": "Latex", "allergy_status": status} for status in OTHERS)],
)
def test_a_text_without_known_and_known_without_a_text_are_refused_by_both_names(lead, patient, given):
    for write in (
        lambda: admit_patient(by=lead, now=at(1), **NAMES, **given),
        lambda: change(patient, by=lead, now=at(1), **given),
    ):
        with pytest.raises(Refused) as refused:
            write()
        assert set(refused.value.errors) == {"allergies", "allergy_status"}
    assert Patient.objects.count() == 1
    assert (fresh(patient).version, allergies_of(patient)) == (1, ("", "not_recorded"))


@pytest.mark.parametrize(
    "before,given,after",
    [
        # A text is what is known; where it is taken away, nobody has said that there are none.
        ({"allergy_status": "none_known"}, {"allergies": "Latex"}, ("Latex", "known")),
        ({"allergies": "Latex"}, {"allergies": ""}, ("", "not_recorded")),
        ({"allergies": "Latex"}, {"allergies": "Nuts"}, ("Nuts", "known")),
        ({"allergies": "Latex"}, {"allergies": "", "allergy_status": "none_known"}, ("", "none_known")),
        ({"allergies": "Latex"}, {"allergies": "Nuts", "allergy_status": "known"}, ("Nuts", "known")),
        ({"allergy_status": "none_known"}, {"allergies": "", "bed": "9"}, ("", "none_known")),
        ({"allergy_status": "none_known"}, {"allergy_status": "unavailable"}, ("", "unavailable")),
        ({"allergy_status": "none_known"}, {"bed": "9"}, ("", "none_known")),
        ({"allergies": "Latex"}, {"bed": "9"}, ("Latex", "known")),
    ],
)
def test_the_half_that_is_not_written_follows_the_other(lead, patient, before, given, after):
    change(patient, by=lead, now=at(1), **before)
    change(patient, by=lead, now=at(2), **given)
    assert allergies_of(patient) == after
    assert Patient.history.filter(id=patient.pk).latest("history_id").allergy_status == after[1]


@pytest.mark.parametrize(
    "given",
    [{"allergies": "", "allergy_status": "known"}, {"allergy_status": "none_known"},
     {"allergies": "Latex", "allergy_status": "unavailable"}],
)  # fmt: skip
def test_what_was_known_is_not_taken_away_by_a_status_alone(lead, patient, given):
    change(patient, by=lead, now=at(1), allergies="Latex")
    with pytest.raises(Refused) as refused:
        change(patient, by=lead, now=at(2), **given)
    assert set(refused.value.errors) == {"allergies", "allergy_status"}
    assert allergies_of(patient) == ("Latex", "known")


@pytest.mark.parametrize(
    "values", [{"allergies": "Latex"}, {"allergy_status": "known"}, {"allergy_status": ""}]
)
def test_the_database_keeps_the_two_together(patient, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(**values)
