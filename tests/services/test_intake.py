"""Importing many at once: strictly, each told, nothing raised for the past, nothing added twice."""

from datetime import datetime

import pytest

from patients.api.serializers import ReportSerializer
from patients.models import Notification, Patient, Report
from patients.services import imported_reports, intake
from patients.services.course import due_of
from patients.services.import_rows import Row
from patients.services.imported_reports import read_cell
from patients.services.intake import take_in
from patients.services.patients import admit_patient, change_patient
from patients.services.reports import correct_report, delete_report, record_report
from tests.services.builders import at, causes, frames, fresh, last_number, told, told_since, wake_ups

pytestmark = pytest.mark.django_db

NUMBER = "H1"
NORMAL = {
    "respiration": "16", "o2sat": "97", "supplemental_oxygen": "false", "bp_sys": "120", "bp_dia": "80",
    "pulse": "70", "consciousness": "A", "temperature": "37.0",
}  # fmt: skip
ILL = {**NORMAL, "respiration": "26", "pulse": "132"}
PATIENT = {
    "hospital_number": NUMBER, "first_name": "Ada", "last_name": "Byron", "admission_date": "2024-03-01T08:00:00Z",
}  # fmt: skip


def report_row(line, hours, values, **more):
    return Row(line, {"hospital_number": NUMBER, "datetime": at(hours).isoformat(), **values, **more})


@pytest.fixture
def take(lead):
    """Take rows in as the lead, at twelve hours after admission."""
    return lambda patients, reports: take_in(patients, reports, by=lead, now=at(12))


def only_patient():
    return Patient.objects.get()


def test_patients_and_reports_are_taken_in_with_their_scores_and_versions(take, lead):
    of_patients, of_reports = take(
        [Row(2, PATIENT)], [report_row(2, 1, NORMAL), report_row(3, 5, ILL), report_row(4, 9, NORMAL)]
    )
    assert (of_patients.patients, of_reports.reports, of_patients.rejects + of_reports.rejects) == (1, 3, [])
    reports = Report.objects.order_by("datetime")
    assert [report.news2["score"] for report in reports] == [0, 6, 0]
    assert [report.due_at for report in reports] == [at(13), at(6), at(10)], "6 to 0 is a fall"
    assert {report.recorded_by for report in reports} == {lead}
    version = Report.history.earliest("history_id")
    assert (version.history_type, version.history_user, version.history_change_reason) == (
        "+",
        lead,
        "imported",
    )
    assert Report.history.count() == 3


def test_what_follows_is_that_of_the_newest(take):
    take([Row(2, PATIENT)], [report_row(2, 9, NORMAL), report_row(3, 5, ILL)])
    patient = only_patient()
    assert (patient.last_report.datetime, patient.last_scored.datetime) == (at(9), at(9))
    assert (patient.current_risk, patient.next_due_at, wake_ups(patient)) == ("low", at(10), [at(10)])


def test_nothing_is_raised_for_the_past(take):
    take([Row(2, PATIENT)], [report_row(2, 1, ILL), report_row(3, 5, NORMAL), report_row(4, 9, NORMAL)])
    assert not Notification.objects.exists()


def test_the_rules_run_once_on_each_patients_newest_set(take):
    take([Row(2, PATIENT)], [report_row(2, 1, ILL), report_row(3, 5, NORMAL), report_row(4, 9, ILL)])
    (raised,) = told(only_patient())
    assert "single_three:pulse" in causes(raised)
    newest = Report.objects.latest("datetime")
    assert (raised.report, raised.history_id) == (newest, newest.history.get().history_id)


def test_fluids_after_the_newest_set_do_not_hide_it_from_the_rules(take):
    take([Row(2, PATIENT)], [report_row(2, 9, ILL), report_row(3, 10, {"fi_oral": "200"})])
    (raised,) = told(only_patient())
    assert raised.report.datetime == at(9)
    assert only_patient().last_report.datetime == at(10)


def test_each_report_and_version_is_told(take):
    number = last_number()
    take([Row(2, PATIENT)], [report_row(2, 1, NORMAL), report_row(3, 5, NORMAL)])
    assert sorted(told_since(number)) == [
        ("history", "create"), ("history", "create"), ("patients", "create"), ("patients", "update"),
        ("reports", "create"), ("reports", "create"),
    ]  # fmt: skip
    pushed = {
        frame["payload"]["data"]["id"] for frame in frames(after=number) if frame["stream"] == "reports"
    }
    assert pushed == set(Report.objects.values_list("pk", flat=True))


# ---------------------------------------------------------------- a second run


def test_a_second_run_adds_and_tells_nothing(take):
    rows = (
        [Row(2, {**PATIENT, "height": "170", "weight": "70.5"})],
        [report_row(2, 1, NORMAL), report_row(3, 5, ILL)],
    )
    take(*rows)
    number = last_number()
    of_patients, of_reports = take(*rows)
    assert (of_patients.patients, of_patients.known, of_reports.reports, of_reports.known) == (0, 1, 0, 3)
    assert (Report.objects.count(), Report.history.count(), last_number()) == (3, 3, number)


def test_one_line_twice_in_a_file_is_taken_in_once(take):
    _, of_reports = take([Row(2, PATIENT)], [report_row(2, 1, NORMAL), report_row(3, 1, NORMAL)])
    assert (of_reports.reports, of_reports.known) == (1, 1)


def test_another_value_at_the_same_time_is_another_report(take):
    _, of_reports = take([Row(2, PATIENT)], [report_row(2, 1, NORMAL), report_row(3, 1, ILL)])
    assert of_reports.reports == 2


def test_a_second_run_brings_back_neither_what_was_corrected_nor_what_was_deleted(take, lead):
    rows = [Row(2, PATIENT)], [report_row(2, 1, NORMAL), report_row(3, 5, ILL)]
    take(*rows)
    first, second = Report.objects.order_by("datetime")
    correct_report(first.pk, by=lead, now=at(12), changes={"pulse": 71})
    delete_report(second.pk, by=lead, now=at(12), reason="wrong patient")
    _, of_reports = take(*rows)
    assert (of_reports.reports, of_reports.known) == (0, 2)
    assert [report.pulse for report in Report.objects.all()] == [71]


def test_a_later_file_with_more_reports_adds_those(take):
    take([Row(2, PATIENT)], [report_row(2, 1, NORMAL)])
    _, of_reports = take([Row(2, PATIENT)], [report_row(2, 1, NORMAL), report_row(3, 2, ILL)])
    assert (of_reports.reports, of_reports.known) == (1, 1)
    assert only_patient().current_risk == "medium"


# ---------------------------------------------------------------- height and weight, rejects


def test_height_and_weight_of_a_patient_become_a_report_at_admission(take):
    take([Row(2, {**PATIENT, "height": "170.5", "weight": "70"})], [])
    report = Report.objects.get()
    assert (report.datetime, report.height, report.weight, report.is_set) == (at(0), 170.5, 70.0, False)


@pytest.mark.parametrize(
    "columns,field",
    [
        ({**NORMAL, "pulse": "301"}, "pulse"),
        ({**NORMAL, "pulse": "70.5"}, "pulse"),
        ({**NORMAL, "puls": "70"}, "puls"),
        ({**NORMAL, "consciousness": "X"}, "consciousness"),
        ({**NORMAL, "temperature": "nan"}, "temperature"),
        ({**NORMAL, "datetime": "yesterday"}, "datetime"),
        ({**NORMAL, "datetime": at(-1).isoformat()}, "datetime"),
        ({**NORMAL, "datetime": at(12.2).isoformat()}, "datetime"),
    ],
    ids=["above the range", "a fraction", "unknown", "no level", "no number", "no time", "before", "ahead"],
)
def test_a_row_that_fails_is_handed_back_with_its_field_and_the_rest_is_stored(take, columns, field):
    bad = Row(2, {"hospital_number": NUMBER, "datetime": at(1).isoformat(), **columns})
    _, of_reports = take([Row(2, PATIENT)], [bad, report_row(3, 5, NORMAL)])
    assert [(reject.row, reject.field) for reject in of_reports.rejects] == [(bad, field)]
    assert of_reports.rejects[0].reason
    assert (of_reports.reports, Report.objects.get().datetime) == (1, at(5))


def test_a_row_without_a_time_is_refused_since_it_cannot_be_told_from_another(take):
    _, of_reports = take([Row(2, PATIENT)], [Row(2, {"hospital_number": NUMBER, **NORMAL})])
    assert [reject.field for reject in of_reports.rejects] == ["datetime"]


def test_a_report_of_nobody_is_handed_back(take):
    stray = Row(2, {"hospital_number": "H9", "datetime": at(1).isoformat(), **NORMAL})
    unlinked = Row(3, {"datetime": at(1).isoformat(), **NORMAL})
    _, of_reports = take([], [stray, unlinked])
    assert [(reject.row.line, reject.field) for reject in of_reports.rejects] == [
        (2, "hospital_number"), (3, "hospital_number"),
    ]  # fmt: skip


def test_a_number_that_two_people_have_takes_in_neither_the_second_nor_a_report(take):
    other = Row(3, {**PATIENT, "first_name": "Mary", "last_name": "Shelley", "height": "170"})
    of_patients, of_reports = take([Row(2, PATIENT), other], [report_row(2, 1, ILL)])
    assert [(reject.row, reject.field) for reject in of_patients.rejects] == [(other, "hospital_number")]
    assert [reject.field for reject in of_reports.rejects] == ["hospital_number"]
    assert (only_patient().last_name, Report.objects.count()) == ("Byron", 0)


def test_reports_of_another_persons_number_are_handed_back_in_a_later_file_too(take):
    take([Row(2, PATIENT)], [])
    other = Row(2, {**PATIENT, "first_name": "Mary"})
    of_patients, of_reports = take([other], [report_row(2, 1, ILL)])
    assert (of_patients.known, len(of_patients.rejects), len(of_reports.rejects)) == (0, 1, 1)
    assert not Report.objects.exists()


def test_a_patient_whose_name_was_put_right_here_is_known_by_the_files_name(take, lead):
    take([Row(2, PATIENT)], [])
    change_patient(only_patient().pk, by=lead, now=at(12), changes={"last_name": "Lovelace"})
    for row in (Row(2, {**PATIENT, "last_name": "BYRON"}), Row(2, {**PATIENT, "last_name": "Lovelace"})):
        of_patients, _ = take([row], [])
        assert (of_patients.known, of_patients.rejects) == (1, [])


@pytest.mark.parametrize("text", ["[[", ",", '"', "[", "['lethargy']", "lethargy;mucosal_bleed"])
def test_a_broken_list_of_warning_signs_is_refused_and_not_read_as_none(take, text):
    _, of_reports = take([Row(2, PATIENT)], [report_row(2, 1, NORMAL, warning_signs=text)])
    assert [reject.field for reject in of_reports.rejects] == ["warning_signs"]


@pytest.mark.parametrize(
    "text,signs",
    [
        ("[]", []),
        ('["lethargy"]', ["lethargy"]),
        ("lethargy, mucosal_bleed", ["lethargy", "mucosal_bleed"]),
        ("lethargy mucosal_bleed", ["lethargy", "mucosal_bleed"]),
    ],
)
def test_warning_signs_are_read_as_a_list_or_as_words(take, text, signs):
    take([Row(2, PATIENT)], [report_row(2, 1, NORMAL, warning_signs=text)])
    assert Report.objects.get().warning_signs == signs


def test_a_patient_who_cannot_be_is_handed_back_with_their_reports(take):
    nameless = Row(2, {"hospital_number": NUMBER})
    unlinked = Row(3, {"first_name": "A", "last_name": "B"})
    of_patients, of_reports = take([nameless, unlinked], [report_row(2, 1, NORMAL)])
    assert [(reject.row.line, reject.field) for reject in of_patients.rejects] == [
        (2, "last_name"), (2, "first_name"), (3, "hospital_number"),
    ]  # fmt: skip
    assert [reject.field for reject in of_reports.rejects] == ["hospital_number"]
    assert not Patient.objects.exists()


def test_reports_of_somebody_discharged_are_taken_in_up_to_then_and_remind_nobody(take):
    discharged = Row(2, {**PATIENT, "dismissal_date": at(6).isoformat()})
    of_patients, of_reports = take([discharged], [report_row(2, 5, ILL), report_row(3, 7, NORMAL)])
    assert (of_patients.patients, of_reports.reports) == (1, 1)
    assert [reject.field for reject in of_reports.rejects] == ["datetime"]
    patient = fresh(only_patient())
    assert (patient.next_due_at, told(patient), wake_ups(patient)) == (None, [], [])


def test_of_two_who_take_the_same_file_in_at_once_one_adds_the_patient(take, monkeypatch):
    def admit_twice(**values):
        admit_patient(**values)
        return admit_patient(**values)

    monkeypatch.setattr(intake, "admit_patient", admit_twice)
    of_patients, of_reports = take([Row(2, PATIENT)], [report_row(2, 1, NORMAL)])
    assert (of_patients.patients, of_patients.known, of_reports.reports) == (0, 1, 1)


def test_what_was_due_after_each_report_is_what_recording_them_one_by_one_gives(take, lead, nurse):
    """However long nobody took a complete set: many lone temperatures, refusals, own intervals, a score again."""
    thin = {"temperature": "37.5"}
    kinds = [thin, thin, {"pulse": "140"}, {**thin, "monitoring_interval": "10"}, thin, {"weight": "60"},
             {"not_measured": '{"pulse": "refused"}'}]  # fmt: skip
    rows = [
        report_row(number, number / 6, NORMAL if number in (20, 21, 60) else kinds[number % len(kinds)])
        for number in range(2, 71)
    ]
    take([Row(2, PATIENT)], rows)
    taken_in = only_patient()
    other = admit_patient(
        by=lead,
        now=taken_in.created_at,
        first_name="B",
        last_name="B",
        admission_date=taken_in.admission_date,
    )
    for row in rows:
        when = datetime.fromisoformat(row.columns["datetime"])
        serializer = ReportSerializer(
            data={
                name: read_cell(name, value)
                for name, value in row.columns.items()
                if name != "hospital_number"
            }
            | {"patient": other.pk},
            context={"user": nurse, "reads_text": True},
        )
        serializer.is_valid(raise_exception=True)
        values = {**serializer.validated_data}
        del values["patient"], values["history_change_reason"]
        record_report(patient_id=other.pk, by=nurse, now=at(12), **{**values, "datetime": when})
    due = [
        list(Report.objects.filter(patient=patient).order_by("datetime").values_list("datetime", "due_at"))
        for patient in (taken_in, other)
    ]
    assert len(due[0]) == len(rows)
    assert due[0] == due[1]


def test_a_long_stay_of_lone_values_is_not_looked_through_again_for_each_of_them(take, monkeypatch):
    sizes = []
    monkeypatch.setattr(
        imported_reports,
        "due_of",
        lambda patient, *, sets, report: sizes.append(len(sets)) or due_of(patient, sets=sets, report=report),
    )
    take(
        [Row(2, PATIENT)],
        [report_row(number, number / 60, {"temperature": "37.5"}) for number in range(2, 402)],
    )
    assert len(sizes) == 400
    assert max(sizes) < 30


def test_what_is_wrong_with_height_and_weight_is_told_of_the_patients_row(take):
    row = Row(2, {**PATIENT, "height": "900"})
    of_patients, of_reports = take([row], [])
    assert [(reject.row, reject.field) for reject in of_patients.rejects] == [(row, "height")]
    assert (of_patients.patients, of_reports.rejects) == (1, [])


def test_a_row_with_more_cells_than_columns_is_not_guessed_at(take):
    surplus = Row(3, {**PATIENT, "hospital_number": "H2"}, has_surplus=True)
    of_patients, of_reports = take(
        [Row(2, PATIENT), surplus], [Row(2, report_row(2, 1, NORMAL).columns, has_surplus=True)]
    )
    assert [reject.row.line for reject in of_patients.rejects + of_reports.rejects] == [3, 2]
    assert (Patient.objects.count(), Report.objects.count()) == (1, 0)


def test_a_file_may_bring_spo2_scale_2_whoever_takes_it_in(nurse):
    of_patients, _ = take_in([Row(2, {**PATIENT, "spo2_scale": "2"})], [], by=nurse, now=at(12))
    assert (of_patients.patients, of_patients.rejects) == (1, [])
    assert only_patient().spo2_scale == 2
