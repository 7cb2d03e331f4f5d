"""Importing patients and reports from elsewhere, many at once: `import_csv` and the demo ward.

Everything is checked as if it came over REST; what fails, whatever the reason, is handed back with it, and the rest is
stored, in short transactions. Nothing is raised for the past: the rules run once, on each patient's newest report.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError

from ..api.serializers import PatientSerializer
from ..models import Patient
from ..rules.names import fold
from .doubles import possible_doubles_of
from .errors import Refused
from .import_rows import BECAUSE_IMPORTED, LINK, Outcome, Remark, Row, one_row, refuse_cells
from .imported_reports import store_reports, with_a_break
from .patients import admit_patient
from .unusual import unusual_of_patient

BODY_COLUMNS: Final = ("height", "weight")  # of a patient: the first report, at admission
_NAMES: Final = ("last_name", "first_name")
_SURPLUS: Final = {"": ["It has values in columns that the first line does not name."]}


def take_in(
    patient_rows: Iterable[Row],
    report_rows: Iterable[Row],
    *,
    by: Any,
    now: datetime,
    recorder_of: Callable[[datetime], Any] | None = None,
    is_taken_over: bool = True,
) -> tuple[Outcome, Outcome]:
    """Store the rows and return what became of the patients' and of the reports'.

    A patient is known by the hospital number, a report by that, its time and its values: a second run adds nothing.
    Where the number is that of a patient who never had the row's name, neither the row nor any report of that number
    is imported: nobody can say whose they are.
    `recorder_of` says who recorded what was taken at an instant, and then entered it at once (the demo); without it
    all is entered by `by` at `now`. Without `is_taken_over` the role of `by` decides on what only doctors may set of a
    patient. What is wrong with the first report that a patient's height and weight make is told of the patient's row.
    """
    of_patients, of_reports = Outcome(), Outcome()
    report_rows = list(report_rows)
    with_reports = {row.columns.get(LINK) for row in report_rows}
    waiting: dict[str, list[Row]] = {}
    doubtful: set[str] = set()
    first_reports: list[Row] = []
    for row in patient_rows:
        with one_row(row, outcome=of_patients):
            number = row.columns.get(LINK)
            if row.has_surplus:
                raise Refused(_SURPLUS)
            if number is None:
                raise Refused({LINK: ["It is needed: it links the reports to the patient."]})
            if _is_of_another_name(row):
                doubtful.add(number)
                raise Refused({LINK: ["The patient with this number has another name."]})
            has_reports = number in with_reports or any(name in row.columns for name in BODY_COLUMNS)
            of_patients.add(
                _import_patient(row, by=by, now=now, is_taken_over=is_taken_over, has_reports=has_reports)
            )
            waiting.setdefault(number, [])
            first_reports += _first_report(row)
    # Of reports of one moment the file's order holds: what the file has itself is known when the patient's own comes.
    for row in (*report_rows, *first_reports):
        number = row.columns.get(LINK)
        if row.has_surplus:
            of_reports.reject(row, _SURPLUS)
        elif number in doubtful:
            of_reports.reject(
                row, {LINK: ["Two patients have this number: whose report it is cannot be known."]}
            )
        else:
            waiting.setdefault(number or "", []).append(row)
    for number, rows in waiting.items():
        patient = Patient.objects.filter(hospital_number=number).first()
        if patient is None:
            nobody = (
                f"There is no patient {number!r}."
                if number
                else "It is needed: it says whose report this is."
            )
            for row in rows:
                of_reports.reject(row, {LINK: [nobody]})
        elif rows or patient.unsettled_from is not None:
            of_reports.add(store_reports(patient.pk, rows, by=by, now=now, recorder_of=recorder_of))
    _tell_of_patients_row(of_patients, of_reports)
    return of_patients, of_reports


def _tell_of_patients_row(of_patients: Outcome, of_reports: Outcome) -> None:
    """The first reports were made of rows of the other file: there somebody can put them right."""
    for of_file, told in (
        (of_patients.rejects, of_reports.rejects),
        (of_patients.warnings, of_reports.warnings),
    ):
        of_file += [Remark(one.row.patient_row, one.field, one.reason) for one in told if one.row.patient_row]
        told[:] = [one for one in told if one.row.patient_row is None]


def _is_of_another_name(row: Row) -> bool:
    """Whether the number of a row is a patient's who, in all versions, never had the row's name."""
    patient = Patient.objects.filter(hospital_number=row.columns[LINK]).first()
    if patient is None:
        return False
    names = Patient.history.filter(id=patient.pk).values_list(*_NAMES)
    given = [fold(row.columns.get(name, "")) for name in _NAMES]
    return not any(
        all(new in ("", fold(old)) for new, old in zip(given, known, strict=True)) for known in names
    )


def _import_patient(row: Row, *, by: Any, now: datetime, is_taken_over: bool, has_reports: bool) -> Outcome:
    """Admit the patient of a row, unless the patient is there already. Raises what admitting raises, and Refused.

    `has_reports`: the same import has reports of this patient, or may have.
    """
    outcome = Outcome()
    if Patient.objects.filter(hospital_number=row.columns[LINK]).exists():
        outcome.known = 1
        return outcome
    data = {name: value for name, value in row.columns.items() if name not in BODY_COLUMNS}
    serializer = PatientSerializer(data=data, context={"user": by, "reads_text": True})
    refuse_cells(serializer, columns=data)
    values = {**serializer.validated_data}
    reason = values.pop("history_change_reason") or BECAUSE_IMPORTED
    try:
        with with_a_break():
            patient = admit_patient(
                by=by,
                now=now,
                is_taken_over=is_taken_over,
                has_reports=has_reports,
                reason=reason,
                **values,
            )
    except IntegrityError:  # somebody else takes the same file in, and was faster
        if not Patient.objects.filter(hospital_number=row.columns[LINK]).exists():
            raise
        outcome.known = 1
        return outcome
    outcome.patients = 1
    outcome.warn(row, unusual_of_patient(patient, now=now))
    outcome.warn(row, patient.warnings)
    outcome.warn(row, possible_doubles_of(patient))
    return outcome


def _first_report(row: Row) -> list[Row]:
    """The report at admission that a patient's own height and weight make."""
    body = {name: row.columns[name] for name in BODY_COLUMNS if name in row.columns}
    if not body:
        return []
    number = row.columns[LINK]
    admitted_at = row.columns.get("admission_date")
    if admitted_at is None:
        admission = Patient.objects.get(hospital_number=number).admission_date
        admitted_at = admission.isoformat()
    return [Row(row.line, {LINK: number, "datetime": admitted_at, **body}, patient_row=row)]
