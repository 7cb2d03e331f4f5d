"""Admitting, changing, discharging and removing patients: rights field by field, versions and history."""

from datetime import date, timedelta

import pytest

from patients.models import Patient
from patients.representations import represent_patient_version
from patients.services.errors import Conflict, NotAllowed, Refused, Stale
from patients.services.patients import admit_patient, change_patient, delete_patient
from patients.services.reports import delete_report
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import at, change, fresh, last_number, record, told_since

pytestmark = pytest.mark.django_db

NAMES = {"first_name": "Ada", "last_name": "Byron"}


# ---------------------------------------------------------------- admitting


def test_an_admission_is_now_where_no_time_is_given_and_is_told_once(lead):
    number = last_number()
    patient = fresh(admit_patient(by=lead, now=at(3), **NAMES))
    assert (patient.admission_date, patient.created_at, patient.version) == (at(3), at(3), 1)
    assert patient.next_due_at == at(3, minutes=15)
    assert told_since(number) == [("patients", "create")]
    (version,) = Patient.history.filter(id=patient.pk)
    assert (version.history_type, version.history_user, version.history_date) == ("+", lead, at(3))


def test_who_is_entered_long_after_admission_is_due_15_minutes_after_that(lead):
    patient = admit_patient(by=lead, now=at(10), admission_date=at(2), **NAMES)
    assert fresh(patient).next_due_at == at(10, minutes=15)


@pytest.mark.parametrize(
    "values,field",
    [
        ({"admission_date": at(1, minutes=6)}, "admission_date"),
        ({"admission_date": at(0), "dismissal_date": at(1, minutes=6)}, "dismissal_date"),
        ({"admission_date": at(0), "dismissal_date": at(-1)}, "dismissal_date"),
        ({"date_of_birth": date(2024, 3, 2)}, "date_of_birth"),
    ],
    ids=["admitted ahead", "discharged ahead", "discharged before admission", "born tomorrow"],
)
def test_dates_that_cannot_be_are_refused_by_name(lead, values, field):
    with pytest.raises(Refused) as refused:
        admit_patient(by=lead, now=at(1), **NAMES, **values)
    assert list(refused.value.errors) == [field]
    assert not Patient.objects.exists()


def test_scale_2_at_admission_needs_a_doctor_or_lead(lead):
    with pytest.raises(NotAllowed) as refused:
        admit_patient(by=factories.make_user("service"), now=at(1), spo2_scale=2, **NAMES)
    assert list(refused.value.errors) == ["spo2_scale"]
    assert admit_patient(by=lead, now=at(1), spo2_scale=2, **NAMES).spo2_scale == 2


# ---------------------------------------------------------------- changing


def test_an_edit_makes_a_version_with_its_user_and_tells_once(patient, lead):
    number = last_number()
    change(patient, by=lead, now=at(1), bed="9", dismissal_date=None)
    after = fresh(patient)
    assert (after.bed, after.version, after.updated_at) == ("9", 2, at(1))
    assert told_since(number) == [("patients", "update")]
    newest = Patient.history.filter(id=patient.pk).latest("history_id")
    assert (newest.history_type, newest.history_user, newest.bed) == ("~", lead, "9")


def test_values_that_are_what_they_were_need_no_right_and_make_no_version(patient, nurse):
    number = last_number()
    change(patient, by=nurse, now=at(1), last_name="Byron", spo2_scale=1)
    assert (fresh(patient).version, Patient.history.count(), last_number()) == (1, 1, number)


def test_what_is_derived_makes_no_version_and_no_history(patient, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    assert (fresh(patient).version, Patient.history.count()) == (1, 1)


PLAN_CHANGES = {"pathway": "dengue", "spo2_scale": 2, "pregnant": True, "monitoring_interval": 60}
OTHER_CHANGES = {
    "first_name": "Eve", "last_name": "King", "hospital_number": "H1", "date_of_birth": date(1950, 1, 1), "sex": "male",
    "ward": "8B", "bed": "2", "allergies": "nuts", "diagnosis": "fever", "admission_date": at(-1),
    "dismissal_date": at(1), "fever_onset_at": at(0), "hematocrit_baseline": 40.0,
}  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "nurse", "service", "doctor", "lead", "superuser", None])
@pytest.mark.parametrize("field,value", [*PLAN_CHANGES.items(), *OTHER_CHANGES.items()])
def test_each_field_is_changed_by_those_roles_alone_that_may(patient, role, field, value):
    may = {"doctor", "lead", "superuser"} if field in PLAN_CHANGES else {"service", "lead", "superuser"}
    if field == "bed":
        may |= {"nurse", "doctor"}  # within the ward
    user = factories.make_user(role)
    if role in may:
        change(patient, by=user, now=at(1), **{field: value})
        assert getattr(fresh(patient), field) == value
        return
    with pytest.raises(NotAllowed) as refused:
        change(patient, by=user, now=at(1), **{field: value})
    assert list(refused.value.errors) == [field]
    assert fresh(patient).version == 1


def test_a_doctor_who_changes_the_plan_and_a_name_is_told_which_one_was_too_much(patient, doctor):
    with pytest.raises(NotAllowed) as refused:
        change(patient, by=doctor, now=at(1), pathway="dengue", last_name="King", first_name="Ada")
    assert list(refused.value.errors) == ["last_name"]
    assert fresh(patient).pathway == "news2"


def test_a_change_of_another_version_is_stale_and_changes_nothing(patient, lead):
    change_patient(patient.pk, by=lead, now=at(1), changes={"bed": "1"}, expected_version=1)
    with pytest.raises(Stale) as stale:
        change_patient(patient.pk, by=lead, now=at(2), changes={"bed": "2"}, expected_version=1)
    assert (stale.value.current.version, stale.value.current.bed) == (2, "1")
    assert fresh(patient).bed == "1"


def test_a_change_of_nobody_says_so(lead):
    with pytest.raises(Patient.DoesNotExist):
        change_patient(999_999, by=lead, now=at(1), changes={"bed": "1"})


def test_an_admission_moved_past_a_report_of_the_stay_is_refused(patient, lead, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    with pytest.raises(Refused) as refused:
        change(patient, by=lead, now=at(3), admission_date=at(2))
    assert list(refused.value.errors) == ["admission_date"]
    assert fresh(patient).admission_date == at(0)
    change(patient, by=lead, now=at(3), admission_date=at(1))
    assert fresh(patient).admission_date == at(1)


def test_an_admission_may_be_moved_back(patient, lead, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    change(patient, by=lead, now=at(3), admission_date=at(-20))
    assert fresh(patient).next_due_at == at(13)


def test_a_readmission_may_leave_the_reports_of_the_stay_before_behind(patient, lead, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    change(patient, by=lead, now=at(30), dismissal_date=None, admission_date=at(30))
    assert (fresh(patient).admission_date, fresh(patient).last_report) == (at(30), None)


def test_a_discharge_five_minutes_ahead_is_allowed_and_holds_at_once(patient, lead):
    change(patient, by=lead, now=at(1), dismissal_date=at(1) + timedelta(minutes=5))
    assert (fresh(patient).is_discharged, fresh(patient).next_due_at) == (True, None)


# ---------------------------------------------------------------- removing


def test_a_patient_of_whom_nothing_was_recorded_can_be_removed(patient, lead):
    pk, number = patient.pk, last_number()
    delete_patient(pk, by=lead, now=at(1))
    assert not Patient.objects.exists()
    assert told_since(number) == [("patients", "delete")]
    last = Patient.history.filter(id=pk).latest("history_id")
    assert (last.history_type, last.history_user) == ("-", lead)


def test_a_patient_with_a_report_is_not_removed(patient, lead, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    with pytest.raises(Conflict, match="discharge"):
        delete_patient(patient.pk, by=lead, now=at(2))
    assert Patient.objects.exists()


def test_a_patient_whose_reports_were_all_deleted_still_has_their_history(patient, lead, nurse):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    delete_report(report.pk, by=lead, now=at(2))
    with pytest.raises(Conflict):
        delete_patient(patient.pk, by=lead, now=at(3))
    assert Patient.objects.exists()


def test_removing_another_version_is_stale(patient, lead):
    with pytest.raises(Stale):
        delete_patient(patient.pk, by=lead, now=at(1), expected_version=2)
    assert Patient.objects.exists()


def test_a_discharge_before_the_newest_report_is_refused_and_names_its_time(patient, lead, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    record(patient, NORMAL, when=at(2), by=nurse)
    with pytest.raises(Refused) as refused:
        change(patient, by=lead, now=at(3), dismissal_date=at(1.5))
    assert refused.value.errors == {
        "dismissal_date": ["The newest report was taken at 2024-03-01T10:00:00Z, after this time."]
    }
    assert fresh(patient).dismissal_date is None
    assert change(patient, by=lead, now=at(3), dismissal_date=at(2)).dismissal_date == at(2)
    with pytest.raises(Refused):
        change(patient, by=lead, now=at(3), dismissal_date=at(1.9))


# ---------------------------------------------------------------- why


def test_why_a_patient_was_changed_stands_in_the_version(patient, doctor):
    why = "Chronic hypercapnia, blood gas of this morning. " * 20
    change_patient(patient.pk, by=doctor, now=at(2), changes={"spo2_scale": 2}, reason=why)
    change_patient(patient.pk, by=doctor, now=at(3), changes={"monitoring_interval": 60})
    versions = [represent_patient_version(version) for version in patient.history.order_by("history_id")]
    assert [
        (one["spo2_scale"], one["history_change_reason"], (one["history_user"] or {}).get("id"))
        for one in versions[-2:]
    ] == [(2, why, doctor.pk), (2, "", doctor.pk)]
