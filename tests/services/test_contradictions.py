"""What contradicts itself is refused where a write touches it; what was stored before can be corrected elsewhere."""

from datetime import date, timedelta

import pytest

from patients.models import Report
from patients.services.errors import Refused
from patients.services.history import amend_version
from patients.services.patients import admit_patient, change_patient
from patients.services.reports import correct_report, preview_report
from tests.rules.builders import NORMAL
from tests.services.builders import at, change, fresh, record

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

NAMES = {"first_name": "Ada", "last_name": "Byron"}
AIR_WITH_FLOW = {**NORMAL, "supplemental_oxygen": False, "oxygen_flow": 15.0}
BOTH = {"supplemental_oxygen", "oxygen_flow"}


def refused(write, *arguments, **named):
    """The fields that a write was refused for."""
    with pytest.raises(Refused) as error:
        write(*arguments, **named)
    assert all(messages and all(messages) for messages in error.value.errors.values())
    return set(error.value.errors)


@pytest.fixture
def report(patient, nurse):
    """Stored before the rule was made: on air, with a flow of 15."""
    stored = record(patient, NORMAL, when=at(1), by=nurse)
    Report.objects.filter(pk=stored.pk).update(oxygen_flow=15.0)
    return stored


# ---------------------------------------------------------------- air and a flow
def test_a_new_set_on_air_with_a_flow_is_refused_and_nothing_is_stored(patient, nurse):
    assert refused(record, patient, AIR_WITH_FLOW, when=at(1), by=nurse) == BOTH
    assert refused(preview_report, patient_id=patient.pk, now=at(1), **AIR_WITH_FLOW) == BOTH
    assert not Report.objects.exists()
    assert not Report.history.exists()


def test_a_correction_that_makes_the_contradiction_is_refused(patient, nurse):
    on_air = record(patient, NORMAL, when=at(1), by=nurse)
    on_oxygen = record(
        patient, {**NORMAL, "supplemental_oxygen": True, "oxygen_flow": 4.0}, when=at(2), by=nurse
    )
    for report, changes in ((on_air, {"oxygen_flow": 15.0}), (on_oxygen, {"supplemental_oxygen": False})):
        assert refused(correct_report, report.pk, by=nurse, now=at(3), changes=changes) == BOTH
        assert fresh(report).version == 1
    both = {"supplemental_oxygen": False, "oxygen_flow": None}
    assert correct_report(on_oxygen.pk, by=nurse, now=at(3), changes=both).news2["score"] == 0


def test_what_was_stored_before_can_be_corrected_elsewhere_and_put_right(report, nurse):
    corrected = correct_report(report.pk, by=nurse, now=at(2), changes={"pulse": 140, "oxygen_flow": 15.0})
    assert (corrected.pulse, corrected.oxygen_flow, corrected.version) == (140, 15.0, 2)
    assert refused(correct_report, report.pk, by=nurse, now=at(2), changes={"oxygen_flow": 10.0}) == BOTH
    right = correct_report(report.pk, by=nurse, now=at(2), changes={"supplemental_oxygen": True})
    assert (right.news2["parts"]["supplemental_oxygen"], right.oxygen_flow) == (2, 15.0)


def test_amending_a_version_asks_the_same(report, patient, lead, nurse):
    version = Report.history.get()
    amend = {"by": lead, "now": at(2), "reason": "typed wrong"}
    assert refused(amend_version, version.pk, changes={"oxygen_flow": 15.0}, **amend) == BOTH
    assert amend_version(version.pk, changes={"pulse": 90}, **amend).pulse == 90


def test_a_flow_alone_is_kept_incomplete_and_counts(patient, nurse):
    kept = record(patient, {**NORMAL, "supplemental_oxygen": None, "oxygen_flow": 4.0}, when=at(1), by=nurse)
    assert (kept.news2["lower_bound"], kept.news2["complete"]) == (2, False)
    assert (kept.news2["parts"]["supplemental_oxygen"], kept.news2["missing"]) == (
        None,
        ["supplemental_oxygen"],
    )


# ---------------------------------------------------------------- a value and the reason why there is none
def test_a_value_beside_its_reason_is_refused_where_one_of_them_is_written(patient, nurse):
    unable = {"not_measured": {"pulse": "unable"}}
    assert refused(record, patient, {"pulse": 70, **unable}, when=at(1), by=nurse) == {
        "pulse",
        "not_measured",
    }
    partial = record(patient, {"temperature": 37.0, **unable}, when=at(1), by=nurse)
    correct = {"by": nurse, "now": at(2)}
    assert refused(correct_report, partial.pk, changes={"pulse": 70}, **correct) == {"pulse", "not_measured"}
    measured = correct_report(partial.pk, changes={"pulse": 70, "not_measured": {}}, **correct)
    assert (measured.pulse, measured.not_measured) == (70, {})


# ---------------------------------------------------------------- before birth
def test_nobody_is_admitted_before_birth(lead):
    admit = {"by": lead, "now": at(1), "date_of_birth": date(2024, 3, 1), **NAMES}
    assert refused(admit_patient, admission_date=at(-24), **admit) == {"admission_date", "date_of_birth"}
    assert refused(admit_patient, fever_onset_at=at(-24), **admit) == {"fever_onset_at", "date_of_birth"}
    assert admit_patient(admission_date=at(0), fever_onset_at=at(0), **admit).admission_date == at(0)


def test_the_day_of_birth_is_the_wards_day(lead, settings):
    """23:30 UTC is half past midnight in Berlin: the newborn of that night is admitted on the day of birth."""
    settings.TIME_ZONE = "Europe/Berlin"
    admit = {"by": lead, "now": at(20), "admission_date": at(15, minutes=30), **NAMES}
    assert admit_patient(date_of_birth=date(2024, 3, 2), **admit).pk
    assert "admission_date" in refused(
        admit_patient, date_of_birth=date(2024, 3, 3), **{**admit, "now": at(40)}
    )


def test_neither_birth_nor_admission_moves_past_the_other(patient, lead, nurse):
    change(patient, by=lead, now=at(1), date_of_birth=date(2024, 2, 1))
    early = at(-24 * 40)
    assert refused(change, patient, by=lead, now=at(1), admission_date=early) == {
        "admission_date",
        "date_of_birth",
    }
    late = {"date_of_birth": date(2024, 3, 2)}
    assert refused(change, patient, by=lead, now=at(48), **late) == {"admission_date", "date_of_birth"}
    assert fresh(patient).version == 2


def test_a_birth_after_a_report_of_an_earlier_stay_is_refused(patient, lead, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    change(patient, by=lead, now=at(96), dismissal_date=None, admission_date=at(96))
    assert refused(change, patient, by=lead, now=at(96), date_of_birth=date(2024, 3, 3)) == {"date_of_birth"}
    change(patient, by=lead, now=at(96), date_of_birth=date(2024, 3, 1))


def test_of_a_patient_stored_with_an_admission_before_birth_the_rest_is_edited(patient, lead, nurse):
    type(patient).objects.filter(pk=patient.pk).update(date_of_birth=date(2024, 3, 2))
    assert change(patient, by=lead, now=at(24), bed="9", date_of_birth=date(2024, 3, 2)).bed == "9"
    assert refused(record, patient, NORMAL, when=at(2), by=nurse, now=at(24)) == {"datetime"}
    assert record(patient, NORMAL, when=at(24), by=nurse).pk
    assert change(patient, by=lead, now=at(24), date_of_birth=date(2023, 3, 2)).date_of_birth.year == 2023


# ---------------------------------------------------------------- one stay after the other
@pytest.fixture
def discharged(patient, lead):
    """From at(0) to at(10)."""
    change(patient, by=lead, now=at(10), dismissal_date=at(10))
    return patient


def readmit(patient, *, by, now, at):
    return change_patient(patient.pk, by=by, now=now, changes={"dismissal_date": None, "admission_date": at})


def test_a_stay_begins_when_the_one_before_has_ended(discharged, lead):
    assert refused(readmit, discharged, by=lead, now=at(12), at=at(9, minutes=59)) == {"admission_date"}
    assert refused(readmit, discharged, by=lead, now=at(12), at=at(-5)) == {"admission_date"}
    assert readmit(discharged, by=lead, now=at(12), at=at(10)).admission_date == at(10)


def test_a_discharge_is_taken_back_with_the_admission_that_it_had(discharged, lead):
    assert readmit(discharged, by=lead, now=at(12), at=at(0)).admission_date == at(0)
    moved = change(discharged, by=lead, now=at(12), admission_date=at(-3))
    assert moved.admission_date == at(-3), "a discharge that was taken back ended no stay"


@pytest.mark.parametrize("is_discharged_again", [False, True])
def test_an_admission_is_not_moved_into_the_stay_before(discharged, lead, is_discharged_again):
    readmit(discharged, by=lead, now=at(30), at=at(30))
    if is_discharged_again:
        change(discharged, by=lead, now=at(40), dismissal_date=at(40))
    assert refused(change, discharged, by=lead, now=at(41), admission_date=at(9)) == {"admission_date"}
    assert change(discharged, by=lead, now=at(41), admission_date=at(11)).admission_date == at(11)
    assert refused(change, discharged, by=lead, now=at(41), admission_date=at(9)) == {"admission_date"}


def test_the_end_that_counts_is_the_one_as_corrected(discharged, lead):
    change(discharged, by=lead, now=at(12), dismissal_date=at(8))
    assert readmit(discharged, by=lead, now=at(12), at=at(9)).admission_date == at(9)
    assert refused(change, discharged, by=lead, now=at(12), admission_date=at(7)) == {"admission_date"}
    assert change(discharged, by=lead, now=at(12), bed="9").bed == "9"


def test_of_three_stays_the_last_begins_after_the_second(discharged, lead):
    readmit(discharged, by=lead, now=at(20), at=at(20))
    change(discharged, by=lead, now=at(30), dismissal_date=at(30))
    readmit(discharged, by=lead, now=at(40), at=at(40))
    assert refused(change, discharged, by=lead, now=at(41), admission_date=at(25)) == {"admission_date"}
    assert change(discharged, by=lead, now=at(41), admission_date=at(30)).admission_date == at(30)


# ---------------------------------------------------------------- improbable
def test_a_preview_asks_about_a_weight_a_tenth_off_the_newest_one(patient, nurse):
    record(patient, {"weight": 70.0}, when=at(1), by=nurse)
    record(patient, {"pulse": 70}, when=at(2), by=nurse)

    def unusual(when, **values):
        return set(preview_report(patient_id=patient.pk, now=at(9), datetime=when, **values)["unusual"])

    assert unusual(at(3), weight=154.3) == {"weight"}
    assert unusual(at(3), weight=72.0) == unusual(at(0), weight=154.3) == set()
    record(patient, {"weight": 154.3}, when=at(4), by=nurse)
    assert (unusual(at(5), weight=154.0), unusual(at(3), weight=154.0)) == (set(), {"weight"})


def test_a_preview_asks_about_a_short_adult_and_of_no_child(patient, lead):
    short = {"patient_id": patient.pk, "now": at(1), "height": 90.0}
    assert set(preview_report(**short)["unusual"]) == {"height"}
    change(patient, by=lead, now=at(1), date_of_birth=at(0).date() - timedelta(days=900))
    assert preview_report(**short)["unusual"] == {}
