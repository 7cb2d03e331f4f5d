"""Wards and beds: one ward of two spellings, beds that are taken twice, two patients who change places."""

from datetime import timedelta

import pytest

from patients.models import Patient
from patients.services.errors import Conflict, NotAllowed, Refused, Stale
from patients.services.import_rows import Row
from patients.services.intake import take_in
from patients.services.patients import admit_patient, change_patient, swap_bed
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import at, change, fresh, last_number, record, told, told_since, total

pytestmark = pytest.mark.django_db


def admit(lead, **fields):
    return admit_patient(by=lead, now=at(0), **{"first_name": "Ada", "last_name": "Byron", **fields})


# ---------------------------------------------------------------- wards


@pytest.mark.parametrize("spelling", ["7a", " 7A", "7 A", "7\u00a0a"])
def test_a_ward_that_differs_only_by_case_or_spaces_is_the_one_that_is_there(lead, spelling):
    admit(lead, ward="7A")
    admitted = admit(lead, ward=spelling)
    assert (fresh(admitted).ward, admitted.warnings) == ("7A", {})
    moved = change(admit(lead, ward="8B"), by=lead, now=at(1), ward=spelling)
    assert (fresh(moved).ward, moved.warnings) == ("7A", {})


def test_a_ward_of_past_patients_is_there_too(lead):
    change(admit(lead, ward="7A"), by=lead, now=at(1), dismissal_date=at(1))
    assert admit(lead, ward="7a").ward == "7A"


def test_a_new_ward_is_taken_and_said_once(lead):
    first = admit(lead, ward="9C")
    assert (fresh(first).ward, list(first.warnings)) == ("9C", ["ward"])
    assert "9C" in first.warnings["ward"][0]
    assert admit(lead, ward="9C").warnings == {}
    moved = change(first, by=lead, now=at(1), ward="9D")
    assert list(moved.warnings) == ["ward"]


def test_of_two_spellings_of_before_the_one_with_the_most_patients_is_meant(lead):
    for ward in ("7a", "7A", "7A"):
        patient = admit(lead)
        Patient.objects.filter(pk=patient.pk).update(ward=ward)
    assert admit(lead, ward="7 a").ward == "7A"
    assert admit(lead, ward="7a").ward == "7a", "to the letter"


def test_a_name_that_was_misspelt_for_one_patient_can_be_put_right(lead):
    patient = admit(lead, ward="7a")
    assert change(patient, by=lead, now=at(1), ward="7A").ward == "7A"


def test_another_spelling_of_a_patients_own_ward_is_no_change(lead, nurse):
    admit(lead, ward="7A")
    patient = admit(lead, ward="7A")
    number = last_number()
    change(patient, by=nurse, now=at(1), ward="7a")
    assert (fresh(patient).version, last_number()) == (1, number)


def test_an_import_knows_the_wards_and_warns_of_a_new_one_at_its_first_row(lead):
    admit(lead, ward="7A")
    rows = [
        Row(
            line,
            {"hospital_number": f"H{line}", "first_name": "A", "last_name": "B", "ward": ward, "bed": bed},
        )
        for line, ward, bed in ((2, "7a", "1"), (3, "9C", "1"), (4, "9c", "1 "))
    ]
    outcome, _ = take_in(rows, [], by=lead, now=at(1))
    assert sorted(Patient.objects.values_list("ward", flat=True)) == ["7A", "7A", "9C", "9C"]
    assert [(one.row.line, one.field) for one in outcome.warnings] == [(3, "ward"), (4, "bed")]


# ---------------------------------------------------------------- beds


def test_a_bed_that_is_taken_twice_is_said_and_not_refused(lead):
    first, second = admit(lead, ward="7A", bed="3"), admit(lead, ward="7A")
    moved = change(second, by=lead, now=at(1), bed=" 3")
    assert moved.warnings == {
        "bed": [f"Bed  3 of ward 7A is taken twice: it is also that of patient {first.pk}."]
    }
    assert change(moved, by=lead, now=at(2), diagnosis="Fever").warnings == {}, "nobody was placed"
    third = admit(lead, ward="7A", bed="3")
    assert f"patient {first.pk}, patient {second.pk}" in third.warnings["bed"][0]


def test_a_bed_of_another_ward_of_a_discharged_patient_or_of_nobody_is_free(lead):
    change(admit(lead, ward="7A", bed="3"), by=lead, now=at(1), dismissal_date=at(1))
    admit(lead, ward="8B", bed="3")
    admit(lead, ward="7A", bed="")
    assert admit(lead, ward="7A", bed="3").warnings == {}
    assert admit(lead, ward="7A", bed="").warnings == {}


def test_who_comes_back_to_a_bed_that_was_given_away_is_said_to_share_it(lead):
    patient = admit(lead, ward="7A", bed="3")
    gone = change(patient, by=lead, now=at(1), dismissal_date=at(1))
    assert gone.warnings == {}
    admit(lead, ward="7A", bed="3")
    back = change(patient, by=lead, now=at(2), dismissal_date=None)
    assert list(back.warnings) == ["bed"]


# ---------------------------------------------------------------- changing places


def places(*patients):
    return [(one.ward, one.bed, one.version) for one in map(fresh, patients)]


def test_two_change_places_in_one_act_and_each_is_told_once(lead, nurse):
    first, second = admit(lead, ward="7A", bed="3"), admit(lead, ward="7A", bed="4")
    number = last_number()
    swapped = swap_bed(second.pk, first.pk, by=nurse, now=at(1), expected_version=1, other_version=1)
    assert [one.pk for one in swapped] == [second.pk, first.pk]
    assert places(first, second) == [("7A", "4", 2), ("7A", "3", 2)]
    assert [one.warnings for one in swapped] == [{}, {}]
    assert told_since(number) == [("patients", "update")] * 2
    newest = Patient.history.filter(id=first.pk).latest("history_id")
    assert (newest.history_user, newest.history_date, newest.bed) == (nurse, at(1), "4")


def test_swapping_back_with_the_versions_it_made_undoes_it(lead, nurse):
    first, second = admit(lead, ward="7A", bed="3"), admit(lead, ward="7A", bed="4")
    one, other = swap_bed(first.pk, second.pk, by=nurse, now=at(1))
    swap_bed(
        first.pk, second.pk, by=nurse, now=at(2), expected_version=one.version, other_version=other.version
    )
    assert places(first, second) == [("7A", "3", 3), ("7A", "4", 3)]


@pytest.mark.parametrize("stale", ["expected_version", "other_version"])
def test_either_version_that_is_not_the_current_one_stops_it(lead, stale):
    first, second = admit(lead, ward="7A", bed="3"), admit(lead, ward="7A", bed="4")
    with pytest.raises(Stale) as refused:
        swap_bed(first.pk, second.pk, by=lead, now=at(1), **{stale: 7})
    assert refused.value.current == (first if stale == "expected_version" else second)
    assert places(first, second) == [("7A", "3", 1), ("7A", "4", 1)]


def test_between_two_wards_it_is_by_who_may_change_patients(lead, nurse):
    first, second = admit(lead, ward="7A", bed="3"), admit(lead, ward="8B", bed="3")
    with pytest.raises(NotAllowed) as refused:
        swap_bed(first.pk, second.pk, by=nurse, now=at(1))
    assert list(refused.value.errors) == ["ward"]
    swap_bed(first.pk, second.pk, by=lead, now=at(1))
    assert places(first, second) == [("8B", "3", 2), ("7A", "3", 2)]


def test_nobody_swaps_with_themselves_with_a_discharged_or_an_unknown_patient(lead):
    first, gone = admit(lead, ward="7A", bed="3"), admit(lead, ward="7A", bed="4")
    change(gone, by=lead, now=at(1), dismissal_date=at(1))
    with pytest.raises(Refused) as refused:
        swap_bed(first.pk, first.pk, by=lead, now=at(2))
    assert list(refused.value.errors) == ["with"]
    with pytest.raises(Conflict):
        swap_bed(first.pk, gone.pk, by=lead, now=at(2))
    with pytest.raises(Patient.DoesNotExist):
        swap_bed(first.pk, 10**6, by=lead, now=at(2))
    assert places(first) == [("7A", "3", 1)]


def test_a_swap_that_fails_at_its_last_step_leaves_both_where_they_were(lead, monkeypatch):
    first, second = admit(lead, ward="7A", bed="3"), admit(lead, ward="7A", bed="4")
    save = Patient.save

    def fail_at_the_second(self, **options):
        if self.pk == second.pk:
            raise RuntimeError
        save(self, **options)

    monkeypatch.setattr(Patient, "save", fail_at_the_second)
    with pytest.raises(RuntimeError):
        swap_bed(first.pk, second.pk, by=lead, now=at(1))
    assert places(first, second) == [("7A", "3", 1), ("7A", "4", 1)]


# ---------------------------------------------------------------- taking it back


def test_a_move_is_taken_back_with_the_version_it_made(lead):
    patient = admit(lead, ward="7A", bed="3")
    moved = change(patient, by=lead, now=at(1), ward="8B", bed="1")
    back = {"ward": "7A", "bed": "3"}
    change_patient(patient.pk, by=lead, now=at(1, minutes=9), changes=back, expected_version=moved.version)
    assert places(patient) == [("7A", "3", 3)]


def test_a_move_is_not_taken_back_over_somebody_elses_change(lead):
    patient = admit(lead, ward="7A", bed="3")
    moved = change(patient, by=lead, now=at(1), bed="4")
    change(patient, by=lead, now=at(2), bed="5")
    with pytest.raises(Stale):
        change_patient(patient.pk, by=lead, now=at(2), changes={"bed": "3"}, expected_version=moved.version)
    assert places(patient) == [("7A", "5", 3)]


def test_a_discharge_is_taken_back_with_its_stay_plan_alerts_and_due_time(lead, nurse, doctor):
    from tests.services.test_plans import plan

    patient = admit(lead, admission_date=at(0), pathway="dengue", hematocrit_baseline=40.0)
    plan(patient, by=doctor, now=at(1))
    record(patient, NORMAL, when=at(1), by=nurse)
    record(patient, total(7), when=at(2), by=nurse)
    before = fresh(patient)
    raised = [one.status for one in told(patient, kind="deterioration")]
    assert raised == ["open"]
    gone = change(patient, by=lead, now=at(2, minutes=1), dismissal_date=at(2, minutes=1))
    now = at(2, minutes=1) + timedelta(minutes=9)
    change_patient(
        patient.pk, by=lead, now=now, changes={"dismissal_date": None}, expected_version=gone.version
    )
    after = fresh(patient)
    for field in (
        "admission_date",
        "running_plan",
        "next_due_at",
        "course",
        "hematocrit_baseline",
        "current_risk",
    ):
        assert getattr(after, field) == getattr(before, field), field
    assert [one.status for one in told(patient, kind="deterioration")] == ["open"]


def test_roles_without_the_right_swap_nothing(lead):
    first, second = admit(lead, ward="7A", bed="3"), admit(lead, ward="7A", bed="4")
    with pytest.raises(NotAllowed):
        swap_bed(first.pk, second.pk, by=factories.make_user("viewer"), now=at(1))
