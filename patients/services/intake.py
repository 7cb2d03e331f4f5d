"""Taking in patients and reports from elsewhere, many at once: `import_csv` and the demo ward.

Everything is checked as if it came over REST; what fails, whatever the reason, is handed back with it, and the rest is
stored. Each patient is one transaction, and so are the reports of one. Nothing is raised for the past: the rules run
once, on each patient's newest report.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import IntegrityError, InterfaceError, OperationalError
from rest_framework.exceptions import APIException, ValidationError

from .. import events
from ..api.parsers import read_json
from ..api.serializers import PatientSerializer, ReportSerializer
from ..models import AmendmentText, Patient, Report
from ..representations import RECORDED_FIELDS, represent_history, represent_report
from ..rules.due_limit import is_high
from ..rules.names import fold, trimmed
from ..rules.news2 import is_attempt, is_set
from ..rules.pathways import PATHWAYS
from ..rules.stay import ReportFacts
from .cells import remarks_on
from .course import due_of, settle
from .doubles import possible_doubles_of
from .due_limits import look_again
from .errors import NotAllowed, Refused
from .locks import lock_patient
from .patients import admit_patient
from .reports import refuse_impossible
from .scoring import keep_due
from .stay import course_with, recent_sets, report_facts, score_values
from .unusual import unusual_of_patient, unusual_of_report

logger = logging.getLogger("wardlight.import")

BODY_COLUMNS: Final = ("height", "weight")  # of a patient: the first report, at admission
LINK: Final = "hospital_number"
_NAMES: Final = ("last_name", "first_name")
JSON_COLUMNS: Final = frozenset({"warning_signs", "not_measured"})
_SURPLUS: Final = {"": ["It has values in columns that the first line does not name."]}
_UNFORESEEN: Final = "It could not be stored, and nothing of it was; the server's log says why."
# These are of the database, not of a row: all that follow would fail alike, and nobody knows what was stored.
_NO_FAULT_OF_A_ROW: Final = (OperationalError, InterfaceError)


@dataclass(frozen=True)
class Row:
    """One row of a file: the line on which it begins, and its columns as text, without what nobody sees at their ends;
    an empty column is left out.

    `has_surplus`: it has values for which the header names no column. `patient_row`: the patient's own row, where this
    one is the first report that was made of it.
    """

    line: int
    columns: Mapping[str, str]
    has_surplus: bool = False
    patient_row: "Row | None" = None

    def __post_init__(self) -> None:
        # Here, once: else a number is one thing where it is looked up and another where it is stored.
        seen = ((name, trimmed(cell)) for name, cell in self.columns.items())
        object.__setattr__(self, "columns", {name: cell for name, cell in seen if cell})


@dataclass(frozen=True)
class Remark:
    """Why a row was not taken in, or what of one that was is to be looked at."""

    row: Row
    field: str
    reason: str


@dataclass
class Outcome:
    """What became of the rows."""

    patients: int = 0
    reports: int = 0
    known: int = 0  # rows that were there already
    rejects: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)  # of rows that were taken in

    @property
    def rejected_rows(self) -> list[Row]:
        """The rows that were not taken in, or not all of them, in the file's order."""
        rows = {id(reject.row): reject.row for reject in self.rejects}
        return sorted(rows.values(), key=lambda row: row.line)

    def reject(self, row: Row, errors: Any) -> None:
        """Note why `row` failed, one entry a field; `errors` in DRF's shape."""
        if not isinstance(errors, Mapping):
            errors = {"": errors}
        for name, messages in errors.items():
            messages = messages if isinstance(messages, list) else [messages]
            self.rejects.append(Remark(row, str(name), " ".join(str(message) for message in messages)))

    def add(self, other: "Outcome") -> None:
        """What became of further rows."""
        self.patients += other.patients
        self.reports += other.reports
        self.known += other.known
        self.rejects += other.rejects
        self.warnings += other.warnings

    def warn(self, row: Row, unusual: Mapping[str, list[str]]) -> None:
        """Note what of `row` is improbable: field to messages."""
        for name, messages in unusual.items():
            self.warnings += [Remark(row, name, message) for message in messages]


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
    is taken in: nobody can say whose they are.
    `recorder_of` says who recorded what was taken at an instant, and then entered it at once (the demo); without it
    all is entered by `by` at `now`. Without `is_taken_over` the role of `by` decides on what only doctors may set of a
    patient. What is wrong with the first report that a patient's height and weight make is told of the patient's row.
    """
    of_patients, of_reports = Outcome(), Outcome()
    waiting: dict[str, list[Row]] = {}
    doubtful: set[str] = set()
    first_reports: list[Row] = []
    for row in patient_rows:
        with _one_row(row, outcome=of_patients):
            number = row.columns.get(LINK)
            if row.has_surplus:
                raise Refused(_SURPLUS)
            if number is None:
                raise Refused({LINK: ["It is needed: it links the reports to the patient."]})
            if _is_of_another_name(row):
                doubtful.add(number)
                raise Refused({LINK: ["The patient with this number has another name."]})
            of_patients.add(_take_in_patient(row, by=by, now=now, is_taken_over=is_taken_over))
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
        elif rows:
            store = partial(_store_reports, patient.pk, by=by, now=now, recorder_of=recorder_of)
            of_reports.add(_store_whatever_can_be(rows, store=store))
    _tell_of_patients_row(of_patients, of_reports)
    return of_patients, of_reports


@contextmanager
def _one_row(row: Row, *, outcome: Outcome) -> Iterator[None]:
    """Whatever is raised within becomes the reject of this row, so that no row spoils a file."""
    try:
        yield
    except ValidationError as error:
        outcome.reject(row, error.detail)
    except (Refused, NotAllowed) as error:
        outcome.reject(row, error.errors)
    except _NO_FAULT_OF_A_ROW:
        raise
    except Exception:
        logger.exception("line %d of a file could not be stored", row.line)
        outcome.reject(row, {"": [_UNFORESEEN]})


def _store_whatever_can_be(rows: Sequence[Row], *, store: Callable[[Sequence[Row]], Outcome]) -> Outcome:
    """What became of the rows of one patient; `store` takes them in at once.

    Where that fails, each is tried alone, and those are stored at once that could be.
    """
    try:
        return store(rows)
    except _NO_FAULT_OF_A_ROW:
        raise
    except Exception:
        logger.exception("the reports of a patient could not be stored at once")
    outcome = Outcome()
    storable = []
    for row in rows:
        with _one_row(row, outcome=outcome):
            try:
                with events.unit_of_work():
                    store([row])
                    raise _OnlyTried
            except _OnlyTried:
                storable.append(row)
    if storable:
        try:
            outcome.add(store(storable))
        except _NO_FAULT_OF_A_ROW:
            raise
        except Exception:
            logger.exception("reports that can be stored one by one cannot be stored at once")
            for row in storable:
                outcome.reject(row, {"": [_UNFORESEEN]})
    return outcome


class _OnlyTried(Exception):
    """Takes back what was stored to see whether it can be."""


def _store_reports(
    patient_id: int,
    rows: Sequence[Row],
    *,
    by: Any,
    now: datetime,
    recorder_of: Callable[[datetime], Any] | None,
) -> Outcome:
    """Take in the reports of one patient, in one transaction."""
    outcome = Outcome()
    with events.unit_of_work():
        new = _read_new_reports(patient_id, rows, outcome=outcome, by=by, now=now)
        _warn_of_unusual(new, outcome=outcome)
        reports = [report for _, report in new]
        if recorder_of is not None:
            for report in reports:
                report.recorded_by = report._history_user = recorder_of(report.datetime)
                report.created_at = report.updated_at = report._history_date = report.datetime
        if reports:
            _store(reports[0].patient, reports, by=by, now=now)
        outcome.reports = len(reports)
    return outcome


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


def _take_in_patient(row: Row, *, by: Any, now: datetime, is_taken_over: bool) -> Outcome:
    """Admit the patient of a row, unless the patient is there already. Raises what admitting raises, and Refused."""
    outcome = Outcome()
    if Patient.objects.filter(hospital_number=row.columns[LINK]).exists():
        outcome.known = 1
        return outcome
    data = {name: value for name, value in row.columns.items() if name not in BODY_COLUMNS}
    serializer = PatientSerializer(data=data, context={"user": by, "reads_text": True})
    _refuse_cells(serializer, columns=data)
    try:
        patient = admit_patient(by=by, now=now, is_taken_over=is_taken_over, **serializer.validated_data)
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


def _refuse_cells(serializer: Any, *, columns: Mapping[str, str]) -> None:
    """Raise Refused for what the serializer refuses, and for cells that hold a word for "nothing"."""
    remarks = remarks_on(columns)
    if not serializer.is_valid() or remarks:
        raise Refused({**serializer.errors, **remarks})


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


def _read_new_reports(
    patient_id: int, rows: Iterable[Row], *, outcome: Outcome, by: Any, now: datetime
) -> list[tuple[Row, Report]]:
    """The reports of these rows that are not there yet, not stored, each with its row."""
    patient = lock_patient(patient_id)
    # Every version counts: what was taken in, then corrected or deleted here, must not come back as it was.
    known = {_key(version) for version in Report.history.filter(patient_id=patient_id)}
    texts = AmendmentText.objects.filter(patient_id=patient_id).select_related("amendment")
    known |= {_key_before(text) for text in texts}
    new: list[tuple[Row, Report]] = []
    for row in rows:
        with _one_row(row, outcome=outcome):
            report = _read_report(row, patient=patient, by=by, now=now)
            if _key(report) in known:
                outcome.known += 1
                continue
            known.add(_key(report))
            new.append((row, report))
    return new


def _warn_of_unusual(new: list[tuple[Row, Report]], *, outcome: Outcome) -> None:
    """Note what of new reports of one patient is improbable, each beside what was before it, stored or in the file."""
    weight = None
    for _, row, report in sorted(_in_time(new), key=lambda one: one[0]):
        if row is not None:
            outcome.warn(row, unusual_of_report(report.patient, values=vars(report), last_weight=weight))
        weight = weight if report.weight is None else report.weight


def _in_time(new: list[tuple[Row, Report]]) -> Iterator[tuple[datetime, Row | None, Report]]:
    """The new reports with their rows, and, where any has a weight, before them the stored ones that have one."""
    if any(report.weight is not None for _, report in new):
        weighed = Report.objects.filter(patient=new[0][1].patient, weight__isnull=False)
        for stored in weighed.order_by("id").only("datetime", "weight"):
            yield stored.datetime, None, stored
    for row, report in new:
        yield report.datetime, row, report


def _read_report(row: Row, *, patient: Patient, by: Any, now: datetime) -> Report:
    """The report of a row, scored and not stored. Raises Refused for what it cannot be."""
    columns = {name: value for name, value in row.columns.items() if name != LINK}
    data = {name: read_cell(name, value) for name, value in columns.items()}
    serializer = ReportSerializer(
        data={**data, "patient": patient.pk}, context={"user": by, "reads_text": True}
    )
    _refuse_cells(serializer, columns=columns)
    values = {**serializer.validated_data}
    if "datetime" not in values:
        raise Refused({"datetime": ["It is needed: a report without its time cannot be told from another."]})
    del values["patient"], values["history_change_reason"]
    refuse_impossible(patient, values=values, now=now)
    report = Report(patient=patient, recorded_by=by, created_at=now, updated_at=now, **values)
    score = score_values(patient, values, taken_at=report.datetime)
    report.news2, report.is_set, report.is_complete = score.as_dict(), _is_set(values), score.complete
    return report


def read_cell(name: str, text: str) -> Any:
    """What a cell says: lists and objects are JSON. What is none is left for the serializer to refuse."""
    if name not in JSON_COLUMNS:
        return text
    try:
        return read_json(text.encode())
    except APIException:
        return text


def _is_set(values: Mapping[str, Any]) -> bool:
    return is_set(values) or is_attempt(values)


def _key(report: Any) -> tuple[Any, ...]:
    """What makes a report, or a version of one, the same as a row."""
    return (report.datetime, *(_comparable(getattr(report, name)) for name in RECORDED_FIELDS))


def _comparable(value: Any) -> str:
    # PostgreSQL gives the members of an object back in an order of its own.
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else str(value)


def _key_before(text: AmendmentText) -> tuple[Any, ...]:
    """What an amended or retired version was known by before; `text`: its entry's, with the entry."""
    before = {**text.amendment.before, **text.before}
    return (
        datetime.fromisoformat(before["datetime"]),
        *(_comparable(before[name]) for name in RECORDED_FIELDS),
    )


def _store(patient: Patient, reports: list[Report], *, by: Any, now: datetime) -> None:
    """Insert reports and versions in bulk, telling each as if it had been saved alone, then settle once."""
    reports.sort(key=lambda report: report.datetime)
    _keep_due_times(patient, reports)
    patient.course = None  # many reports further, and not by one step: settling reads it anew
    Report.objects.bulk_create(reports)
    versions = Report.history.bulk_history_create(
        reports, default_user=by, default_change_reason="taken in", default_date=now
    )
    for report, version in zip(reports, versions, strict=True):
        version.history_user = version.recorded_by = report.recorded_by
        events.note_change("reports", "create", report.pk, partial(represent_report, report))
        events.note_change("history", "create", version.pk, partial(represent_history, version))
    sets = recent_sets(patient)
    look_again(patient, sets=sets)
    # The rules look at sets: fluids or a laboratory value after the last one must not hide it from them.
    newest = max(reports, key=lambda report: (report_facts(report).is_set, report.datetime, report.pk))
    settle(
        patient,
        sets=sets,
        now=now,
        report=newest,
        history_id=versions[reports.index(newest)].pk,
        is_taken_in=True,
    )


def _keep_due_times(patient: Patient, reports: list[Report]) -> None:
    """What was due after each report, as the sets until then asked for."""
    window: list[ReportFacts] = []  # from the newest set that decides on, and the scored one before that
    scored: ReportFacts | None = None  # the newest
    due_at: datetime | None = None
    has_course = bool(PATHWAYS[patient.pathway].course_fields)
    patient.last_high_at = patient.due_limit = None  # as of each report; settling reads them anew
    for report in reports:
        sets, decides = window, False
        is_of_stay = report.is_set and report.datetime >= patient.admission_date
        facts = report_facts(report) if is_of_stay else None
        if facts is not None:
            is_unscored = facts.score.not_scored_because is not None and not facts.is_attempt
            decides = facts.score.complete or is_unscored
            sets = [*([] if scored is None else [scored]), facts] if decides else [*window, facts]
        keep_due(report, due_of(patient, sets=sets, report=report))
        # An incomplete set that brings nothing forward now never will: what follows it is later. Else days of lone
        # temperatures would be looked through for each of them. A course may yet change what earlier sets asked for.
        if has_course or decides or report.due_at != due_at:
            window = sets
        due_at = report.due_at
        if facts is not None:
            scored = facts if facts.is_scored else scored
            patient.last_high_at = facts.datetime if is_high(facts) else patient.last_high_at
        course = course_with(patient, report=report)
        patient.course = None if course is None else course.as_dict()
