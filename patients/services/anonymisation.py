"""Taking a patient's identity away for good, everywhere it is kept; the readings stay.

- The person: name, hospital number, bed, allergies (with their status) and diagnosis go; of the date of birth
  the year stays, as 1 January, because readings mean nothing without an age. The versions of the person as well.
- What people typed goes, since it may name the patient: in reports and every version of them (diet, additional,
  medical advice, why it was changed), plans, pauses, and the ledger's texts. Each version that loses a text gets an
  entry in the ledger, which does not say what the text was. An oxygen device is a reading: it goes where it holds the
  patient's name or number.
- What was told: the frames of the event log keep their numbers and lose the same; so do notifications, the answers
  kept for idempotency keys and the admin site's log.

Backups and what a browser has on its screen are out of reach.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

import orjson
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from ..events import unit_of_work
from ..models import AmendmentText, Event, IdempotencyKey, Notification, Patient, Report
from ..representations import represent_history
from .errors import Conflict
from .ledger import enter_anonymisation, newest_version_of
from .locks import lock_patient, save_derived

HistoricalPatient: Any = Patient.history.model
HistoricalReport: Any = Report.history.model

# Of reports and their versions; the reason is a version's alone.
_TYPED: Final = ("diet", "additional", "medical_advice")
_REASON: Final = "history_change_reason"
_DEVICE: Final = "oxygen_device"
_REMOVED: Final = "…"
_SHORTEST_WORD: Final = 2


def anonymise_patient(patient_id: int, *, by: Any, now: datetime) -> bool:
    """Take the identity of a discharged patient away, in one transaction; False where nothing was left of it.

    Raises Patient.DoesNotExist, and Conflict where the patient is still on the ward.
    """
    with unit_of_work():
        patient = lock_patient(patient_id)
        if not patient.is_discharged:
            raise Conflict(f"Patient {patient_id} is still on the ward: discharge first.")
        names = _Names(patient)
        steps = (
            _clear_person(patient, by=by, now=now),
            _clear_versions_of_person(patient),
            _clear_reports(patient, names=names, by=by, now=now),
            _clear_texts_beside(patient, names=names),
            _clear_log(patient, names=names),
        )
        return any(steps)


class _Names:
    """Everything the patient was ever called by, to be found in a text."""

    def __init__(self, patient: Patient) -> None:
        rows = HistoricalPatient.objects.filter(id=patient.pk)
        called = set(rows.values_list("first_name", "last_name", "hospital_number"))
        called.add((patient.first_name, patient.last_name, patient.hospital_number))
        nobody = _identity(patient.pk, born=None)
        found = {name for names in called for name in names if name and len(name) >= _SHORTEST_WORD}
        found -= {nobody["first_name"], nobody["last_name"]}
        self._pattern = re.compile(
            "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(found, key=len, reverse=True))
            or r"(?!)",
            re.IGNORECASE,
        )

    def are_in(self, text: str) -> bool:
        return self._pattern.search(text) is not None

    def taken_out(self, value: Any) -> Any:
        """`value`, as JSON can hold it, with every name in its texts replaced."""
        match value:
            case str():
                return self._pattern.sub(_REMOVED, value)
            case dict():
                return {key: self.taken_out(member) for key, member in value.items()}
            case list():
                return [self.taken_out(member) for member in value]
        return value


def _identity(patient_id: int, *, born: date | None) -> dict[str, Any]:
    """What stands in place of the identity."""
    return {
        "hospital_number": None,
        "first_name": "Anonymous",
        "last_name": f"Patient {patient_id}",
        "date_of_birth": None if born is None else born.replace(month=1, day=1),
        "date_of_birth_precision": "day" if born is None else "year",
        "bed": "",
        "allergies": "",
        "allergy_status": str(Patient.AllergyStatus.NOT_RECORDED),
        "diagnosis": "",
    }


def _changed(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in values.items() if getattr(row, field) != value}


# ---------------------------------------------------------------- the person
def _clear_person(patient: Patient, *, by: Any, now: datetime) -> bool:
    if patient.anonymised_at is None:
        patient.anonymised_at = now
        save_derived(patient, fields=("anonymised_at",))
    changed = _changed(patient, _identity(patient.pk, born=patient.date_of_birth))
    if not changed:
        return False
    for field, value in changed.items():
        setattr(patient, field, value)
    patient.version += 1
    patient.updated_at = now
    patient._history_user, patient._history_date = by, now
    patient.save()
    return True


def _clear_versions_of_person(patient: Patient) -> bool:
    is_changed = False
    for version in HistoricalPatient.objects.filter(id=patient.pk):
        values = {**_identity(patient.pk, born=version.date_of_birth), _REASON: None}
        if changed := _changed(version, values):
            HistoricalPatient.objects.filter(pk=version.pk).update(**changed)
            is_changed = True
    return is_changed


# ---------------------------------------------------------------- reports
def _clear_reports(patient: Patient, *, names: _Names, by: Any, now: datetime) -> bool:
    is_changed = False
    reports = {report.pk: report for report in Report.objects.filter(patient=patient)}
    newest = {newest_version_of(report).pk: report for report in reports.values()}
    versions = HistoricalReport.objects.filter(patient_id=patient.pk).order_by("history_id")
    for version in versions.select_related("recorded_by", "history_user"):
        changed = _changed(version, _cleared(version, names=names))
        if not changed:
            continue
        is_changed = True
        before = represent_history(version)
        report = newest.get(version.pk)
        if report is not None:
            changed = {**changed, "version": report.version + 1, "updated_at": now}
            _clear_report(report, changed)
        for field, value in changed.items():
            setattr(version, field, value)
        enter_anonymisation(version, before=before, by=by, now=now)
        if version.is_retired:  # nobody sees it, so nobody is told
            HistoricalReport.objects.filter(pk=version.pk).update(**changed)
        else:
            version.save()
    texts = AmendmentText.objects.filter(patient_id=patient.pk)
    return bool(texts.delete()[0]) or is_changed


def _cleared(version: Any, *, names: _Names) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(_TYPED, "")
    values[_REASON] = getattr(version, _REASON) and ""
    if names.are_in(version.oxygen_device):
        values[_DEVICE] = ""
    return values


def _clear_report(report: Report, changed: Mapping[str, Any]) -> None:
    for field in changed.keys() - {_REASON}:
        setattr(report, field, changed[field])
    report.skip_history_when_saving = True
    report.save()


# ---------------------------------------------------------------- what stands beside
def _clear_texts_beside(patient: Patient, *, names: _Names) -> bool:
    is_changed = False
    for notification in Notification.objects.filter(patient=patient):
        reasons = [
            {**reason, "message": names.taken_out(reason["message"])} for reason in notification.reasons
        ]
        if reasons != notification.reasons:
            notification.reasons = reasons
            notification.save(update_fields=["reasons"])
            is_changed = True
    pauses, plans = patient.pauses.model, patient.plans.model
    for texts in (
        plans.objects.filter(patient=patient),
        pauses.objects.filter(patient=patient),
        pauses.history.filter(patient_id=patient.pk),
    ):
        is_changed |= bool(texts.exclude(reason="").update(reason=""))
    entries = LogEntry.objects.filter(
        content_type__in=ContentType.objects.get_for_models(Patient, HistoricalPatient).values()
    )
    for entry in entries:
        cleared = names.taken_out(entry.object_repr)
        if cleared != entry.object_repr:
            LogEntry.objects.filter(pk=entry.pk).update(object_repr=cleared)
            is_changed = True
    return is_changed


# ---------------------------------------------------------------- what was told
def _clear_log(patient: Patient, *, names: _Names) -> bool:
    """Frames and kept answers: as they were, with the same numbers, without the identity."""
    is_changed = False
    for number, frame in _frames_of(patient.pk):
        told = orjson.loads(frame)
        told["payload"]["data"] = _clear_told(told["payload"]["data"], patient_id=patient.pk, names=names)
        cleared = orjson.dumps(told).decode()
        if cleared != frame:
            Event.objects.filter(number=number).update(frame=cleared)
            is_changed = True
    pause_ids = set(patient.pauses.values_list("pk", flat=True))
    for pk, response in IdempotencyKey.objects.values_list("pk", "response"):
        answer = orjson.loads(response)
        if answer.get("id") in pause_ids and set(answer) >= {"since", "until", "reason"}:
            answer["reason"] = ""
        cleared = orjson.dumps(_clear_told(answer, patient_id=patient.pk, names=names)).decode()
        if cleared != response:
            IdempotencyKey.objects.filter(pk=pk).update(response=cleared)
            is_changed = True
    return is_changed


def _frames_of(patient_id: int) -> Iterable[tuple[int, str]]:
    told = Event.objects.filter(stream__in=("patients", "reports", "history", "notifications"))
    for key in ("id", "patient"):
        found = told.filter(frame__contains=f'"{key}":{patient_id},')
        found = found.filter(stream="patients") if key == "id" else found
        yield from list(found.values_list("number", "frame"))


def _clear_told(data: dict[str, Any], *, patient_id: int, names: _Names) -> dict[str, Any]:
    """An object as clients see it, without the identity; one of another patient as it is."""
    if "first_name" in data and data.get("id") == patient_id:
        born = data.get("date_of_birth")
        identity = _identity(patient_id, born=None if born is None else date.fromisoformat(born))
        if identity["date_of_birth"] is not None:
            identity["date_of_birth"] = identity["date_of_birth"].isoformat()
        cleared = {**data, **identity}
        if cleared.get("plan"):
            cleared["plan"] = {**cleared["plan"], "reason": ""}
        return cleared
    if data.get("patient") != patient_id:
        return data
    cleared = {name: "" if name in (*_TYPED, _REASON) and value else value for name, value in data.items()}
    if names.are_in(cleared.get(_DEVICE) or ""):
        cleared[_DEVICE] = ""
    if "reasons" in cleared:
        cleared["reasons"] = [
            {**reason, "message": names.taken_out(reason["message"])} for reason in cleared["reasons"]
        ]
    return cleared
