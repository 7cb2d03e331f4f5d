"""Recording, correcting and deleting reports: the only writers of `Report`. One transaction each."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from ..events import unit_of_work
from ..models import Patient, Report
from ..rules.birth import Birth
from ..rules.combinations import check_contradictions
from ..rules.formulas import mean_arterial_pressure, pulse_pressure
from ..rules.news2 import RESPONSES, response_to
from ..rules.ranges import check_possible
from ..rules.stay import ReportFacts
from .course import due_of, settle
from .due_limits import look_again
from .errors import Refused, Stale
from .locks import lock_patient
from .scoring import keep_due, keep_in_line, keep_score, save_version, score_again, sign
from .slips import check_may_strike
from .stay import recent_sets, report_facts, score_values
from .unusual import last_weight_before, unusual_of_report

MOST_AHEAD: Final = timedelta(minutes=5)  # a device's clock may run fast; further ahead is a mistake


def record_report(*, patient_id: int, by: Any, now: datetime, reason: str = "", **values: Any) -> Report:
    """Store one set of observations and everything that follows from it.

    `values` are a report's own fields, already of the right type; `datetime` defaults to `now`. Raises
    Patient.DoesNotExist, and Refused where the time or a value is not possible.
    """
    values.setdefault("datetime", now)
    with unit_of_work():
        patient = lock_patient(patient_id)
        refuse_impossible(patient, values=values, now=now)
        sets = recent_sets(patient)
        report = Report(patient=patient, recorded_by=by, created_at=now, updated_at=now, **values)
        keep_score(report, score_values(patient, values, taken_at=report.datetime))
        keep_due(report, due_of(patient, sets=with_report(report, sets=sets), report=report))
        history_id = save_version(report, by=by, reason=reason, now=now)
        settle(patient, sets=with_report(report, sets=sets), now=now, report=report, history_id=history_id)
        return report


def correct_report(
    report_id: int,
    *,
    by: Any,
    now: datetime,
    changes: Mapping[str, Any],
    reason: str = "",
    expected_version: int | None = None,
) -> Report:
    """Change fields of a report; score, due time and notifications follow. Returns it as it then stands.

    The scale it was scored on, and why it was not scored, stay: an old score never changes silently. Values that
    are what they were make no new version. Raises Report.DoesNotExist, Stale and Refused.
    """
    with unit_of_work():
        patient, report = _lock(report_id, expected_version=expected_version)
        changed = {field: value for field, value in changes.items() if getattr(report, field) != value}
        if not changed:
            return report
        judged_at = min(report.datetime, changed.get("datetime", report.datetime))
        for field, value in changed.items():
            setattr(report, field, value)
        values = {field: getattr(report, field) for field in own_fields()}
        refuse_impossible(patient, values=values, now=now, touched=changed)
        score_again(report, values=values)
        note_corrected(report, changed)
        sets = with_report(report, sets=recent_sets(patient, without=report.pk, back_to=judged_at))
        look_again(patient, sets=sets, changed=report)
        keep_due(report, due_of(patient, sets=sets, report=report))
        report.version += 1
        report.updated_at = now
        history_id = save_version(report, by=by, reason=reason, now=now)
        settle(patient, sets=sets, now=now, report=report, history_id=history_id)
        keep_in_line(patient, sets=sets, by=by, now=now)
        return report


def delete_report(
    report_id: int, *, by: Any, now: datetime, reason: str = "", expected_version: int | None = None
) -> None:
    """Take a report that was entered in error off the lists. Its versions stay, with a `-` row that says who and why.

    Doctor and lead may always, who recorded it within an hour (slips.py). What was told of it is resolved. Raises
    Report.DoesNotExist, Stale, NotAllowed, and Refused where a slip of one's own has no reason.
    """
    with unit_of_work():
        _, report = _lock(report_id, expected_version=expected_version)
        check_may_strike(report, by=by, now=now, reason=reason)
        remove_report(report, by=by, now=now, reason=reason)


def remove_report(report: Report, *, by: Any, now: datetime, reason: str) -> None:
    """Delete a report of which the patient is locked, in the caller's unit of work; what follows is settled."""
    patient, report_id = report.patient, report.pk
    sign(report, by=by, reason=reason, now=now)
    report.delete()
    sets = recent_sets(patient)
    look_again(patient, sets=sets)
    settle(patient, sets=sets, now=now, removed=report_id)
    keep_in_line(patient, sets=sets, by=by, now=now)


def preview_report(*, patient_id: int, now: datetime, **values: Any) -> dict[str, Any]:
    """What `record_report` would compute, and which values ask for a second look; nothing is stored."""
    values.setdefault("datetime", now)
    patient = Patient.objects.get(pk=patient_id)
    refuse_impossible(patient, values=values, now=now)
    report = Report(patient=patient, **values)
    score = score_values(patient, values, taken_at=report.datetime)
    keep_score(report, score)
    due = due_of(patient, sets=with_report(report, sets=recent_sets(patient)), report=report)
    response = response_to(score)
    last_weight = None
    if values.get("weight") is not None:
        last_weight = last_weight_before(patient, taken_at=report.datetime)
    return {
        "news2": score.as_dict(),
        "map": mean_arterial_pressure(bp_sys=report.bp_sys, bp_dia=report.bp_dia),
        "pulse_pressure": pulse_pressure(bp_sys=report.bp_sys, bp_dia=report.bp_dia),
        "due_at": due.at.isoformat().replace("+00:00", "Z") if due.at else None,
        "due_because": None if due.because is None else due.because.as_dict(),
        "response": None if response is None else {"key": response, "text": RESPONSES[response].response},
        "unusual": unusual_of_report(patient, values=values, last_weight=last_weight),
    }


def _lock(report_id: int, *, expected_version: int | None) -> tuple[Patient, Report]:
    patient_id = Report.objects.values_list("patient_id", flat=True).get(pk=report_id)
    patient = lock_patient(patient_id)
    report = Report.objects.select_related("recorded_by").get(pk=report_id)
    report.patient = patient
    if expected_version is not None and expected_version != report.version:
        raise Stale(report)
    return patient, report


def own_fields() -> list[str]:
    """The names of a report's own fields, as recorded: all that may be changed but `patient`."""
    return [
        field.name for field in Report._meta.fields if field.editable and field.name not in ("id", "patient")
    ]


def note_corrected(row: Any, changed: Collection[str]) -> None:
    """Let a report, or a version of one, say that these own fields of it were changed, beside those before."""
    names = {*row.corrected_fields, *changed}
    row.corrected_fields = [name for name in own_fields() if name in names]


def refuse_impossible(
    patient: Patient, *, values: Mapping[str, Any], now: datetime, touched: Collection[str] | None = None
) -> None:
    """Raise Refused for a time or a value that cannot be, and for two values that contradict each other.

    `touched`: the fields that a correction changes, None: all of a new report. The time is judged where it is one of
    them, two values where one of the two is: what was stored before a rule was made can be corrected elsewhere.
    """
    contradictions = check_contradictions(values, touched=touched)
    errors = {field: [message] for field, message in {**contradictions, **check_possible(values)}.items()}
    taken_at = values["datetime"]
    if touched is None or "datetime" in touched:
        if taken_at > now + MOST_AHEAD:
            errors["datetime"] = [
                "Observations cannot be taken in the future: the time is over 5 minutes ahead."
            ]
        elif taken_at < patient.admission_date:
            errors["datetime"] = [f"This is before the admission at {as_text(patient.admission_date)}."]
        elif patient.dismissal_date is not None and taken_at > patient.dismissal_date:
            errors["datetime"] = [f"The patient was discharged at {as_text(patient.dismissal_date)}."]
        elif patient.birth is not None and timezone.localdate(taken_at) < patient.birth.first_day:
            errors["datetime"] = [before_birth(patient.birth)]
    if errors:
        raise Refused(errors)


def before_birth(birth: Birth) -> str:
    """What is refused as earlier than the birth; of a month or a year, than its first day."""
    return f"This is before the birth {'on' if birth.precision == 'day' else 'in'} {birth.as_text()}."


def as_text(instant: datetime, *, to: str = "minutes") -> str:
    """An instant as refusals name it: ISO 8601 in UTC."""
    return instant.isoformat(timespec=to).replace("+00:00", "Z")


def with_report(report: Report, *, sets: list[ReportFacts]) -> list[ReportFacts]:
    """The recent sets of the running stay with this one; a set of an earlier stay changes nothing today."""
    is_of_this_stay = report.datetime >= report.patient.admission_date
    return [report_facts(report), *sets] if report.is_set and is_of_this_stay else sets
