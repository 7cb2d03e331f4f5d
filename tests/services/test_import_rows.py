"""What a row of a file may hold: one that cannot be stored spoils no other, and says what to do."""

import pytest

from patients.models import Patient, Report
from patients.services import imported_reports, intake
from patients.services.csv_rows import UnreadableFile, rows_of
from patients.services.import_rows import Row
from patients.services.intake import take_in
from patients.services.patients import admit_patient
from tests.services.builders import at

pytestmark = pytest.mark.django_db

PATIENT = {"last_name": "Byron", "first_name": "Ada", "admission_date": "2024-03-01T08:00:00Z"}
REPORT = {"datetime": "2024-03-01T09:00:00Z", "pulse": "70"}


@pytest.fixture
def take(lead):
    def take(patients=(), reports=(), **options):
        return take_in(
            [Row(line, columns) for line, columns in enumerate(patients, 2)],
            [Row(line, columns) for line, columns in enumerate(reports, 2)],
            by=lead,
            now=at(12),
            **options,
        )

    return take


def reasons(outcome):
    return {(reject.row.line, reject.field): reject.reason for reject in outcome.rejects}


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("around", ["{} ", "\u00a0{}", "\t{}\u200b", "\ufeff{}\u2060"], ids=ascii)
def test_a_number_is_trimmed_once_in_patients_and_reports_alike(take, around):
    number = around.format("H1")
    of_patients, of_reports = take(
        [{**PATIENT, "hospital_number": number, "height": "170"}],
        [{**REPORT, "hospital_number": "H1"}, {**REPORT, "hospital_number": number, "pulse": "71"}],
    )
    assert (of_patients.patients, of_reports.reports, of_patients.rejects + of_reports.rejects) == (1, 3, [])
    assert Patient.objects.get().hospital_number == "H1"


@pytest.mark.parametrize("blank", ["", " ", "\u200b", "\u00a0\t"], ids=ascii)
def test_a_number_of_which_nothing_is_seen_is_missing(take, blank):
    of_patients, of_reports = take(
        [{**PATIENT, "hospital_number": blank}], [{**REPORT, "hospital_number": blank}]
    )
    assert [*reasons(of_patients)] == [*reasons(of_reports)] == [(2, "hospital_number")]
    assert not Patient.objects.exists()


def test_names_of_columns_are_trimmed_too():
    (row,) = rows_of("\ufeff hospital_number ,\u00a0last_name\nH1,\u200b Byron \n".encode())
    assert row.columns == {"hospital_number": "H1", "last_name": "Byron"}


# ---------------------------------------------------------------- whatever a row raises


def test_what_a_patients_row_raises_is_its_reject_and_the_others_are_stored(take, monkeypatch):
    def admit(**values):
        if values["last_name"] == "Byron":
            raise ZeroDivisionError
        return admit_patient(**values)

    monkeypatch.setattr(intake, "admit_patient", admit)
    of_patients, of_reports = take(
        [{**PATIENT, "hospital_number": "H1"}, {**PATIENT, "hospital_number": "H2", "last_name": "King"}],
        [{**REPORT, "hospital_number": "H1"}, {**REPORT, "hospital_number": "H2"}],
    )
    assert "could not be stored" in reasons(of_patients)[2, ""]
    assert (of_patients.patients, of_reports.reports) == (1, 1)
    assert [*reasons(of_reports)] == [(2, "hospital_number")]
    assert Report.objects.get().patient.hospital_number == "H2"


@pytest.mark.parametrize("broken", ["score_values", "_keep_due_times", "_insert"])
def test_what_a_reports_row_raises_is_its_reject_and_the_others_are_stored(take, monkeypatch, broken):
    working = getattr(imported_reports, broken)

    def fail_for_99(patient, values, **more):
        pulses = [row.pulse for row in values] if isinstance(values, list) else [values["pulse"]]
        if 99 in pulses:
            raise ZeroDivisionError
        return working(patient, values, **more)

    monkeypatch.setattr(imported_reports, broken, fail_for_99)
    times = [f"2024-03-01T{hour:02}:00:00Z" for hour in (9, 10, 11)]
    _, of_reports = take(
        [{**PATIENT, "hospital_number": "H1"}],
        [
            {"hospital_number": "H1", "datetime": when, "pulse": pulse}
            for when, pulse in zip(times, ("70", "99", "71"), strict=True)
        ],
    )
    assert "could not be stored" in reasons(of_reports)[3, ""]
    assert (of_reports.reports, of_reports.known, len(of_reports.rejects)) == (2, 0, 1)
    assert sorted(Report.objects.values_list("pulse", flat=True)) == [70, 71]
    assert Report.history.count() == 2


# ---------------------------------------------------------------- what to do


@pytest.mark.parametrize(
    "field,cell,said",
    [
        ("hospital_number", "NA", "Leave the cell empty"),
        ("hospital_number", "unknown", "Leave the cell empty"),
        ("date_of_birth", "n/a", "Leave the cell empty"),
        ("date_of_birth", "12/31/1958", "Write year, month, day"),
        ("date_of_birth", "31.12.1958", "Write year, month, day"),
        ("admission_date", "03/01/2024 08:00", "Write year, month, day"),
        ("sex", "-", "Leave the cell empty"),
        ("allergies", "NKDA", "allergy_status"),
        ("allergies", "none", "allergy_status"),
        ("height", "NULL", "Leave the cell empty"),
        ("weight", "70,5", "Write 70.5"),
    ],
)
def test_a_cell_that_says_nothing_is_refused_with_what_to_do(take, field, cell, said):
    of_patients, _ = take([{**PATIENT, "hospital_number": "H1", field: cell}])
    assert said in reasons(of_patients)[2, field]
    assert cell in reasons(of_patients)[2, field]


@pytest.mark.parametrize("field", ["last_name", "first_name", "ward"])
def test_a_person_and_a_ward_may_be_called_na(take, field):
    of_patients, _ = take([{**PATIENT, "hospital_number": "H1", field: "Na"}])
    assert (of_patients.rejects, getattr(Patient.objects.get(), field)) == ([], "Na")


def test_all_that_is_wrong_with_a_row_is_said_at_once(take):
    of_patients, _ = take([{"hospital_number": "H1", "last_name": "x" * 101, "sex": "NA"}])
    assert {field for _, field in reasons(of_patients)} == {"last_name", "sex"}


@pytest.mark.parametrize(
    "when,said",
    [
        ("2023-10-29T02:30", ["came twice", "2023-10-29T02:30:00+02:00 or 2023-10-29T02:30:00+01:00"]),
        ("2023-03-26 02:30", ["never came", "Check the time"]),
    ],
)
def test_a_local_time_that_came_twice_or_never_is_not_guessed(take, settings, when, said):
    settings.TIME_ZONE = "Europe/Berlin"
    number = {"hospital_number": "H1"}
    _, of_reports = take(
        [{**PATIENT, **number, "admission_date": "2023-01-01T00:00:00Z"}],
        [{**REPORT, **number, "datetime": when}],
    )
    assert all(words in reasons(of_reports)[2, "datetime"] for words in said), reasons(of_reports)


@pytest.mark.parametrize("separator,called", [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_a_file_of_other_separators_is_refused_with_what_to_do(separator, called):
    with pytest.raises(UnreadableFile, match=f"separated by {called}.*commas"):
        rows_of(separator.join(("hospital_number", "last_name")).encode())


# ---------------------------------------------------------------- possible doubles


def warned(outcome):
    return {(remark.row.line, remark.field): remark.reason for remark in outcome.warnings}


def test_the_same_name_and_birth_date_are_taken_and_warned_of(take):
    born = {"date_of_birth": "1958-06-15"}
    of_patients, _ = take(
        [
            {**PATIENT, **born, "hospital_number": "H1", "last_name": "O'Brien"},
            {**PATIENT, **born, "hospital_number": "H2", "last_name": "O’BRIEN"},
            {**PATIENT, **born, "hospital_number": "H3", "last_name": "King"},
            {**PATIENT, "hospital_number": "H4", "last_name": "O'Brien"},
        ]
    )
    assert (of_patients.patients, of_patients.rejects) == (4, [])
    [(place, reason)] = warned(of_patients).items()
    assert (place, "H1" in reason) == ((3, "last_name"), True)


@pytest.mark.parametrize("number", ["a-0042", "A-42", "A-00042"])
def test_a_number_that_differs_by_case_or_leading_zeros_is_taken_and_warned_of(take, number):
    of_patients, _ = take(
        [
            {**PATIENT, "hospital_number": "A-0042"},
            {**PATIENT, "hospital_number": number, "first_name": "Eve"},
            {**PATIENT, "hospital_number": "A-420", "first_name": "Mary"},
        ]
    )
    assert (of_patients.patients, of_patients.rejects) == (3, [])
    [(place, reason)] = warned(of_patients).items()
    assert (place, "A-0042" in reason) == ((3, "hospital_number"), True)
