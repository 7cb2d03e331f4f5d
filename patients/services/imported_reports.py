"""The reports of one patient from a file: checked and scored outside a transaction, stored in short ones.

Whoever writes waits for a transaction, so none holds more than MOST_IN_ONE rows. Until the patient's last row is
stored nothing is derived from any, and nobody is told what follows: the rules run once, on the newest. Where the import
is cut off before (the process dies), the worker does that instead.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from django.db import connection
from rest_framework.exceptions import APIException

from .. import events
from ..api.parsers import read_json
from ..api.serializers import ReportSerializer
from ..models import AmendmentText, Patient, Report
from ..representations import RECORDED_FIELDS, represent_history, represent_report
from ..rules.due_limit import is_high
from ..rules.pathways import PATHWAYS
from ..rules.stay import ReportFacts
from .course import due_of
from .errors import Refused
from .import_rows import (
    BECAUSE_IMPORTED,
    LINK,
    NO_FAULT_OF_A_ROW,
    UNFORESEEN,
    Outcome,
    RecordChanged,
    Row,
    one_row,
    refuse_cells,
)
from .locks import lock_patient
from .reports import refuse_impossible
from .scoring import keep_due, keep_score
from .stay import course_with, report_facts, score_values
from .unsettled import mark_as_imported, settle_imported
from .unusual import unusual_of_report

logger = logging.getLogger("wardlight.import")

JSON_COLUMNS: Final = frozenset({"warning_signs", "not_measured"})
MOST_IN_ONE: Final = 200  # rows in one transaction


@dataclass
class _New:
    """A report that is not there yet, with its row and what of it is improbable (field -> sentences)."""

    row: Row
    report: Report
    unusual: dict[str, list[str]] = field(default_factory=dict)
    is_done: bool = False  # stored, there already, or rejected


@dataclass
class _Checked:
    """What is to be stored, the oldest first, and what of the database it was checked by."""

    patient: Patient
    new: list[_New]
    seen: "_Seen"
    outcome: Outcome  # of the rows that are not new


class _OnlyTried(Exception):
    """Takes back what was stored to see whether it can be."""


def store_reports(
    patient_id: int,
    rows: Sequence[Row],
    *,
    by: Any,
    now: datetime,
    recorder_of: Callable[[datetime], Any] | None = None,
) -> Outcome:
    """Store the reports of one patient that are not there yet; what cannot be stored is a reject of its row.

    `recorder_of`: as in `intake.take_in`. Raises what is of the database and not of a row; what was stored until then
    stays.
    """
    outcome = Outcome()
    check = partial(_check, patient_id, by=by, now=now, recorder_of=recorder_of)
    while True:
        checked = _whatever_can_be(rows, do=check, row_of=lambda row: row, outcome=outcome) or check([])
        outcome.add(checked.outcome)
        try:
            _store_in_batches(checked, by=by, now=now, outcome=outcome)
        except RecordChanged:
            rows = [one.row for one in checked.new if not one.is_done]
        else:
            return outcome


# ---------------------------------------------------------------- checking


def _check(
    patient_id: int,
    rows: Iterable[Row],
    *,
    by: Any,
    now: datetime,
    recorder_of: Callable[[datetime], Any] | None,
) -> _Checked:
    """The reports of these rows that are not there yet, scored by the record as it is, and with what was due then."""
    patient = Patient.objects.get(pk=patient_id)
    seen, outcome = _Seen(patient_id), Outcome()
    new: list[_New] = []
    for row in rows:
        with one_row(row, outcome=outcome):
            report = _read_report(row, patient=patient, by=by, now=now)
            if not seen.add(report):
                outcome.known += 1
                continue
            if recorder_of is not None:
                report.recorded_by = report._history_user = recorder_of(report.datetime)
                report.created_at = report.updated_at = report._history_date = report.datetime
            new.append(_New(row, report))
    _look_for_unusual(new, patient=patient)
    new.sort(key=lambda one: one.report.datetime)
    _keep_due_times(patient, [one.report for one in new])
    return _Checked(patient, new, seen, outcome)


class _Seen:
    """Every report of a patient, as it is and as it ever was: what was imported, then corrected or deleted here, must
    not come back as it was."""

    def __init__(self, patient_id: int) -> None:
        self._patient_id = patient_id
        self._newest_version = self._newest_text = 0
        self._keys = self._read_newer()
        self._come: set[tuple[Any, ...]] = set()

    def add(self, report: Report) -> bool:
        """Whether this report is none of them; from now on it is."""
        is_new = _key(report) not in self._keys
        self._keys.add(_key(report))
        return is_new

    def look_again(self) -> None:
        """Read what was stored since the first look."""
        self._come |= self._read_newer()

    def has_come(self, report: Report) -> bool:
        """Whether it was stored since the first look."""
        return _key(report) in self._come

    def _read_newer(self) -> set[tuple[Any, ...]]:
        keys: set[tuple[Any, ...]] = set()
        versions = Report.history.filter(patient_id=self._patient_id, history_id__gt=self._newest_version)
        for version in versions:
            keys.add(_key(version))
            self._newest_version = max(self._newest_version, version.history_id)
        texts = AmendmentText.objects.filter(patient_id=self._patient_id, pk__gt=self._newest_text)
        for text in texts.select_related("amendment"):
            keys.add(_key_before(text))
            self._newest_text = max(self._newest_text, text.pk)
        return keys


def _look_for_unusual(new: list[_New], *, patient: Patient) -> None:
    """Note what of new reports is improbable, each beside what was before it, stored or in the file."""
    weight = None
    for _, one, weighed in sorted(_in_time(new, patient=patient), key=lambda entry: entry[0]):
        if one is not None:
            one.unusual = unusual_of_report(patient, values=vars(one.report), last_weight=weight)
        weight = weight if weighed is None else weighed


def _in_time(new: list[_New], *, patient: Patient) -> Iterator[tuple[datetime, _New | None, float | None]]:
    """Time and weight of the new reports, and, where any has a weight, before them those of the stored ones."""
    if any(one.report.weight is not None for one in new):
        weighed = Report.objects.filter(patient=patient, weight__isnull=False)
        for stored in weighed.order_by("id").only("datetime", "weight"):
            yield stored.datetime, None, stored.weight
    for one in new:
        yield one.report.datetime, one, one.report.weight


def _read_report(row: Row, *, patient: Patient, by: Any, now: datetime) -> Report:
    """The report of a row, scored and not stored. Raises Refused for what it cannot be."""
    columns = {name: value for name, value in row.columns.items() if name != LINK}
    data = {name: read_cell(name, value) for name, value in columns.items()}
    serializer = ReportSerializer(
        data={**data, "patient": patient.pk}, context={"user": by, "reads_text": True}
    )
    refuse_cells(serializer, columns=columns)
    values = {**serializer.validated_data}
    if "datetime" not in values:
        raise Refused({"datetime": ["It is needed: a report without its time cannot be told from another."]})
    del values["patient"], values["history_change_reason"]
    refuse_impossible(patient, values=values, now=now)
    report = Report(patient=patient, recorded_by=by, created_at=now, updated_at=now, **values)
    keep_score(report, score_values(patient, values, taken_at=report.datetime))
    return report


def read_cell(name: str, text: str) -> Any:
    """What a cell says: lists and objects are JSON. What is none is left for the serializer to refuse."""
    if name not in JSON_COLUMNS:
        return text
    try:
        return read_json(text.encode())
    except APIException:
        return text


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


# ---------------------------------------------------------------- storing


def _store_in_batches(checked: _Checked, *, by: Any, now: datetime, outcome: Outcome) -> None:
    """Store what is new, and settle with the last of it. Raises RecordChanged with what is left not done."""
    batches = [checked.new[start : start + MOST_IN_ONE] for start in range(0, len(checked.new), MOST_IN_ONE)]
    for batch in batches or [[]]:
        is_last = not batches or batch is batches[-1]
        store = partial(_store, checked, by=by, now=now, is_last=is_last)
        done = _whatever_can_be(batch, do=store, row_of=lambda one: one.row, outcome=outcome)
        if done is None and is_last:
            done = store([])
        if done is not None:
            outcome.add(done)
        for one in batch:
            one.is_done = True


def _store(checked: _Checked, batch: Sequence[_New], *, by: Any, now: datetime, is_last: bool) -> Outcome:
    """One transaction: these reports with their versions, each told as if it had been saved alone."""
    outcome = Outcome()
    with with_a_break(), events.unit_of_work():
        patient = lock_patient(checked.patient.pk)
        if patient.version != checked.patient.version:
            raise RecordChanged
        checked.seen.look_again()
        new = [one for one in batch if not checked.seen.has_come(one.report)]
        outcome.known = len(batch) - len(new)
        outcome.reports = len(new)
        if new:
            _insert(patient, [one.report for one in new], by=by, now=now)
        if is_last and patient.unsettled_from is not None:
            settle_imported(patient, now=now)
        elif new:
            # Nobody is told: it says only what the worker is to do where no next transaction comes.
            Patient.objects.filter(pk=patient.pk).update(
                unsettled_from=patient.unsettled_from, resettle_at=patient.resettle_at
            )
    for one in new:
        outcome.warn(one.row, one.unusual)
    return outcome


def _insert(patient: Patient, reports: list[Report], *, by: Any, now: datetime) -> None:
    for report in reports:
        report.patient = patient
        report.pk = None  # given where it was tried before
    Report.objects.bulk_create(reports)
    versions = Report.history.bulk_history_create(
        reports, default_user=by, default_change_reason=BECAUSE_IMPORTED, default_date=now
    )
    for report, version in zip(reports, versions, strict=True):
        version.history_user = version.recorded_by = report.recorded_by
        events.note_change("reports", "create", report.pk, partial(represent_report, report))
        events.note_change("history", "create", version.pk, partial(represent_history, version))
    mark_as_imported(patient, first_report=reports[0].pk)


@contextmanager
def with_a_break() -> Iterator[None]:
    """After a transaction on SQLite leave the file to others for as long as it was held.

    Who waits there only looks again from time to time: between two imports' transactions they might never get in.
    """
    began = time.monotonic()
    yield
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        time.sleep(time.monotonic() - began)


Item = TypeVar("Item")
Result = TypeVar("Result")


def _whatever_can_be(
    items: Sequence[Item],
    *,
    do: Callable[[Sequence[Item]], Result],
    row_of: Callable[[Item], Row],
    outcome: Outcome,
) -> Result | None:
    """`do` it with all of these at once; where that fails, try each alone, and do it with those that can be.

    What cannot be is a reject of its row. None where nothing was done.
    """
    try:
        return do(items)
    except NO_FAULT_OF_A_ROW:
        raise
    except Exception:
        logger.exception("rows of a patient could not be imported at once")
    possible = []
    for item in items:
        with one_row(row_of(item), outcome=outcome):
            try:
                with events.unit_of_work():
                    do([item])
                    raise _OnlyTried
            except _OnlyTried:
                possible.append(item)
    if not possible:
        return None
    try:
        return do(possible)
    except NO_FAULT_OF_A_ROW:
        raise
    except Exception:
        logger.exception("rows that can be imported one by one cannot be imported at once")
    for item in possible:
        outcome.reject(row_of(item), {"": [UNFORESEEN]})
    return None
