"""Amending and retiring versions of reports (contract.md, "History"). One transaction each.

The newest version of a report and the report itself never disagree: what changes the one changes the other, in every
field, and score, due time and notifications follow. An older version changes alone.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ..events import unit_of_work
from ..models import Patient, Report
from ..representations import represent_history
from .course import due_of, settle
from .due_limits import look_again
from .errors import Refused, Stale
from .ledger import enter_amendment, enter_retirement, newest_version_of
from .locks import lock_patient
from .reports import note_corrected, own_fields, refuse_impossible, remove_report, with_report
from .scoring import keep_due, keep_in_line, score_again
from .stay import recent_sets

HistoricalReport: Any = Report.history.model

# Everything that a report and a version of it have in common.
_SHARED: Final = tuple(field.attname for field in Report._meta.fields if field.attname != "id")


def amend_version(
    history_id: int,
    *,
    by: Any,
    now: datetime,
    changes: Mapping[str, Any],
    reason: str,
    expected_version: int | None = None,
) -> Any:
    """Correct the values of a version itself; no new one is made. Returns it (HistoricalReport) as it then stands.

    Where it is the newest of a report that exists, the report takes the change and its `version` rises; an older
    one keeps its number. Values that are what they were change nothing. Raises HistoricalReport.DoesNotExist (also
    for a retired one), Stale, and Refused: no reason, a row that tells of a deletion, a value that is not possible.
    """
    with unit_of_work():
        patient, version = _lock(history_id, reason=reason, expected_version=expected_version)
        changed = {field: value for field, value in changes.items() if getattr(version, field) != value}
        if not changed:
            return version
        before = represent_history(version)
        judged_at = min(version.datetime, changed.get("datetime", version.datetime))
        for field, value in changed.items():
            setattr(version, field, value)
        values = {field: getattr(version, field) for field in own_fields()}
        refuse_impossible(patient, values=values, now=now, touched=changed)
        score_again(version, values=values)
        note_corrected(version, changed)
        version.amendments += 1
        version.history_change_reason = reason
        report = _report_of(version, patient=patient)
        if report is None:
            enter_amendment(version, before=before, by=by, now=now, reason=reason)
            version.save()
            return version
        sets = _bring_in_line(report, version=version, judged_at=judged_at, now=now)
        enter_amendment(version, before=before, by=by, now=now, reason=reason)
        _store(report, version=version)
        settle(patient, sets=sets, now=now, report=report, history_id=version.pk)
        keep_in_line(patient, sets=sets, by=by, now=now)
        return version


def retire_version(
    history_id: int, *, by: Any, now: datetime, reason: str, expected_version: int | None = None
) -> None:
    """Take a version off the lists; the ledger keeps it.

    Where it is the newest of a report that exists, the report falls back to the version before it: the report's
    `version` rises and that version takes the number. Without one before it the report is deleted. Raises as
    `amend_version`.
    """
    with unit_of_work():
        patient, version = _lock(history_id, reason=reason, expected_version=expected_version)
        report = _report_of(version, patient=patient)
        if report is None:
            enter_retirement(version, by=by, now=now, reason=reason)
            _mark_retired(version)
            return
        earlier = HistoricalReport.objects.filter(id=report.pk, is_retired=False, pk__lt=version.pk)
        restored = earlier.select_related("recorded_by", "history_user").order_by("-history_id").first()
        if restored is None:
            enter_retirement(version, by=by, now=now, reason=reason)
            _mark_retired(version)
            remove_report(report, by=by, now=now, reason=reason)
            return
        restored_before = represent_history(restored)
        judged_at = min(report.datetime, restored.datetime)
        sets = _bring_in_line(report, version=restored, judged_at=judged_at, now=now)
        enter_retirement(
            version, by=by, now=now, reason=reason, restored=restored, restored_before=restored_before
        )
        _mark_retired(version)
        _store(report, version=restored)
        settle(patient, sets=sets, now=now, report=report, history_id=restored.pk)
        keep_in_line(patient, sets=sets, by=by, now=now)


def _lock(history_id: int, *, reason: str, expected_version: int | None) -> tuple[Patient, Any]:
    shown = HistoricalReport.objects.filter(is_retired=False)
    patient = lock_patient(shown.values_list("patient_id", flat=True).get(pk=history_id))
    version = shown.select_related("recorded_by", "history_user").get(pk=history_id)
    if version.history_type == "-":
        raise Refused(
            {
                "history_type": [
                    "This row says that the report was deleted: it is neither amended nor retired."
                ]
            }
        )
    if not reason.strip():
        raise Refused({"history_change_reason": ["Say why: the ledger keeps the reason."]})
    if expected_version is not None and expected_version != version.version:
        raise Stale(version)
    return patient, version


def _report_of(version: Any, *, patient: Patient) -> Report | None:
    """The report whose newest version this is; None where it is an older one, or the report was deleted."""
    report = Report.objects.select_related("recorded_by").filter(pk=version.id).first()
    if report is None or newest_version_of(report).pk != version.pk:
        return None
    report.patient = patient
    return report


def _bring_in_line(report: Report, *, version: Any, judged_at: datetime, now: datetime) -> list[Any]:
    """Give the report the version's values, and both the next number; returns the recent sets of the stay.

    `judged_at`: the earlier of the report's time before and now.
    """
    number = report.version + 1
    for field in _SHARED:
        setattr(report, field, getattr(version, field))
    report.version, report.updated_at = number, now
    sets = with_report(report, sets=recent_sets(report.patient, without=report.pk, back_to=judged_at))
    look_again(report.patient, sets=sets, changed=report)
    keep_due(report, due_of(report.patient, sets=sets, report=report))
    for field in _SHARED:
        setattr(version, field, getattr(report, field))
    return sets


def _store(report: Report, *, version: Any) -> None:
    """The report without a new version: this one tells of it."""
    report.skip_history_when_saving = True
    report.save()
    version.save()


def _mark_retired(version: Any) -> None:
    version.is_retired = True
    version.save(update_fields=["is_retired"])
