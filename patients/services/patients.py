"""Admitting, changing and discharging patients: the only writers of `Patient`. One transaction each."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from ..events import unit_of_work
from ..models import Patient, Report
from ..permissions import may, role_of
from ..rules.birth import PRECISIONS, Birth
from ..rules.schedule import Due
from . import places, plans, reminders
from .course import due_of, settle
from .due_limits import forget_what_stood
from .errors import Conflict, NotAllowed, Refused, Stale
from .locks import lock_patient
from .reports import MOST_AHEAD, as_text, before_birth
from .scoring import CORRECTED, score_stay_again, what_was_corrected
from .stay import recent_sets
from .unsettled import mark_as_imported

PLAN_FIELDS: Final = ("pathway", "spo2_scale", "pregnant", "monitoring_interval")
MOVE_FIELDS: Final = ("bed",)  # within the ward; another ward is a change as any other
# Which action of permissions.TABLE it is to change a field; of all others `change`.
_RIGHTS: Final = {**dict.fromkeys(PLAN_FIELDS, "change_plan"), **dict.fromkeys(MOVE_FIELDS, "move_bed")}
_PLACING: Final = frozenset(
    {"ward", "bed", "dismissal_date"}
)  # a bed may be taken when somebody comes back to it
# What the due time and the score of the next set depend on.
_SETTLING_FIELDS: Final = frozenset(
    (
        *PLAN_FIELDS,
        "admission_date",
        "dismissal_date",
        "date_of_birth",
        "fever_onset_at",
        "hematocrit_baseline",
    )
)

_LETS_SCORE_AGAIN: Final = frozenset((*CORRECTED, "admission_date", "dismissal_date"))
_NAME_NEEDED: Final = ["A first name or a last name is needed; one of the two is enough."]
NO_NAME: Final = {"last_name": _NAME_NEEDED, "first_name": _NAME_NEEDED}
_STAY_CHANGED: Final = (
    "stay corrected"  # what was put right while the patient was discharged counts from then on
)


def admit_patient(
    *,
    by: Any,
    now: datetime,
    is_taken_over: bool = False,
    has_reports: bool = False,
    reason: str = "",
    **values: Any,
) -> Patient:
    """Take a patient in; the first set is due 15 minutes later. Raises Refused and NotAllowed.

    `is_taken_over`: from another system's file, where a doctor has set the plan already. `has_reports`: the import that
    this is part of stores reports of the patient and settles with the last one. `reason`: why the patient is monitored
    so; kept with the first version.
    """
    values.setdefault("admission_date", now)
    may_plan = is_taken_over or may(role_of(by), "patients", "change_plan")
    if values.get("spo2_scale", 1) != 1 and not may_plan:
        raise NotAllowed({"spo2_scale": ["SpO2 scale 2 is set by a doctor or lead."]})
    with unit_of_work():
        patient = Patient(created_at=now, updated_at=now)
        values = dict(_birth_as_known(values, before=None, now=now))
        ward, is_known_ward = places.find_ward(values.get("ward", ""), of=patient)
        values["ward"] = ward
        _set(patient, values, sent=values)
        _check_name(patient)
        _check_dates(patient, now=now)
        _check_birth(patient, changed=values)
        if has_reports:
            mark_as_imported(patient, first_report=0)
        _save(patient, by=by, now=now, reason=reason)
        if not has_reports:
            settle(patient, sets=[], now=now)
        patient.warnings = places.warnings_of(patient, is_new_ward=not is_known_ward)
        return patient


def change_patient(
    patient_id: int,
    *,
    by: Any,
    now: datetime,
    changes: Mapping[str, Any],
    reason: str = "",
    expected_version: int | None = None,
) -> Patient:
    """Change fields of a patient: edit, move, discharge, readmit. Returns the patient as it then stands.

    `reason`: why, kept with the new version.

    Values that are what they were make no new version, and need no right. Raises Patient.DoesNotExist, Stale,
    NotAllowed (naming the fields that the role may not change) and Refused. `warnings` of the patient say what of a
    new place is to be looked at.
    """
    with unit_of_work():
        patient = lock_patient(patient_id)
        if expected_version is not None and expected_version != patient.version:
            raise Stale(patient)
        changes = _birth_as_known(changes, before=patient.birth, now=now)
        is_known_ward = True
        if changes.get("ward", patient.ward) != patient.ward:
            ward, is_known_ward = places.find_ward(changes["ward"], of=patient)
            changes = {**changes, "ward": ward}
        changed = {field: value for field, value in changes.items() if getattr(patient, field) != value}
        if not changed:
            return patient
        _check_rights(changed, by=by)
        is_readmission = (
            patient.is_discharged and "dismissal_date" in changed and changed["dismissal_date"] is None
        )
        admitted_before = patient.admission_date
        corrected = what_was_corrected(changed)
        due_before = _due_before(patient) if corrected and not patient.is_discharged else None
        ended_before = None
        if "admission_date" in changed:
            ended_before = (
                patient.dismissal_date if is_readmission else _end_of_stay_before(patient, changed=changed)
            )
        _set(patient, changed, sent=changes)
        _check_name(patient)
        _check_dates(patient, now=now)
        _check_birth(patient, changed=changed)
        if ended_before is not None and patient.admission_date < ended_before:
            ended_at = as_text(ended_before, to="seconds")
            raise Refused({"admission_date": [f"This is before the end of the stay before at {ended_at}."]})
        if "admission_date" in changed and not is_readmission:
            _check_stay_keeps_its_reports(patient, admitted_before=admitted_before)
        if "dismissal_date" in changed and patient.is_discharged:
            _check_nothing_was_taken_after(patient)
        if is_readmission and "admission_date" in changed:
            plans.end_with_stay(patient, by=by, now=now)
        patient.version += 1
        patient.updated_at = now
        _save(patient, by=by, now=now, reason=reason)
        if _SETTLING_FIELDS.intersection(changed):
            _settle(patient, changed=changed, corrected=corrected, due_before=due_before, by=by, now=now)
        if _PLACING.intersection(changed):
            patient.warnings = places.warnings_of(patient, is_new_ward=not is_known_ward)
        return patient


def swap_bed(
    patient_id: int,
    other_id: int,
    *,
    by: Any,
    now: datetime,
    expected_version: int | None = None,
    other_version: int | None = None,
) -> list[Patient]:
    """Let two patients on the wards change places, ward and bed, in one act. Returns them, `patient_id`'s first.

    `expected_version` and `other_version`: what the client holds of the one and of the other. Raises
    Patient.DoesNotExist, Stale with the one that was changed meanwhile, Conflict where one is discharged, NotAllowed
    where they lie on two wards and the role moves beds within one only, and Refused where both are the same.
    """
    if patient_id == other_id:
        raise Refused({"with": ["Nobody changes places with themselves: name another patient."]})
    with unit_of_work():
        # By id, whoever was named first: two who swap the same two the other way round do not wait for each other.
        locked = {pk: lock_patient(pk) for pk in sorted((patient_id, other_id))}
        pair = [locked[patient_id], locked[other_id]]
        for patient, version in zip(pair, (expected_version, other_version), strict=True):
            if version is not None and version != patient.version:
                raise Stale(patient)
            if patient.is_discharged:
                raise Conflict(f"Patient {patient.pk} is discharged.")
        first, second = ({"ward": patient.ward, "bed": patient.bed} for patient in pair)
        for patient, place in zip(pair, (second, first), strict=True):
            changed = {field: value for field, value in place.items() if getattr(patient, field) != value}
            _check_rights(changed, by=by)
            if changed:
                _set(patient, changed, sent=changed)
                patient.version += 1
                patient.updated_at = now
                _save(patient, by=by, now=now)
        for patient in pair:
            patient.warnings = places.warnings_of(patient, is_new_ward=False)
        return pair


def delete_patient(patient_id: int, *, by: Any, now: datetime, expected_version: int | None = None) -> None:
    """Remove a patient of whom nothing was ever recorded. Raises Conflict where anything was, and Stale."""
    with unit_of_work():
        patient = lock_patient(patient_id)
        if expected_version is not None and expected_version != patient.version:
            raise Stale(patient)
        if patient.reports.exists() or Report.history.filter(patient_id=patient_id).exists():
            raise Conflict("Reports of this patient exist: discharge the patient instead.")
        patient._history_user = by
        patient._history_date = now
        reminders.forget(patient)
        patient.delete()


def _due_before(patient: Patient) -> Due:
    return due_of(patient, sets=recent_sets(patient), is_paused=False)


def _settle(
    patient: Patient,
    *,
    changed: Mapping[str, Any],
    corrected: str,
    due_before: Due | None,
    by: Any,
    now: datetime,
) -> None:
    """Bring everything derived in line. Where the record was corrected, or the stay begins at another time or goes on
    after a discharge, what it was judged by may have been a mistake: the newest complete set on is scored again."""
    if "monitoring_interval" in changed:
        forget_what_stood(patient)
        due_before = None
    if patient.is_discharged or not _LETS_SCORE_AGAIN.intersection(changed):
        settle(patient, sets=recent_sets(patient), now=now)
        return
    again = score_stay_again(
        patient, because=corrected or _STAY_CHANGED, by=by, now=now, due_before=due_before
    )
    settle(patient, sets=again.sets, now=now, scored_again=again.reports, corrected=corrected)


def _check_rights(changed: Mapping[str, Any], *, by: Any) -> None:
    role = role_of(by)
    refused = [field for field in changed if not may(role, "patients", _RIGHTS.get(field, "change"))]
    if refused:
        raise NotAllowed({field: ["Your role may not change this."] for field in refused})


def _set(patient: Patient, values: Mapping[str, Any], *, sent: Mapping[str, Any]) -> None:
    """Give the patient these values, and the status of the allergies that their text implies.

    `sent`: with what was written as it was before. Raises Refused where text and status do not go together.
    """
    if "allergies" in values or "allergy_status" in values:
        text = values.get("allergies", patient.allergies)
        status = sent.get("allergy_status") or implied_status(text, before=patient.allergy_status)
        if (status == Patient.AllergyStatus.KNOWN) != bool(text):
            message = [
                f"allergy_status is {status}, allergies is {'not ' if text else ''}empty: "
                "the text goes with the status known, and only with that."
            ]
            raise Refused({"allergy_status": message, "allergies": message})
        values = {**values, "allergy_status": status}
    for field, value in values.items():
        setattr(patient, field, value)


def implied_status(text: str, *, before: str) -> str:
    """The status of allergies of which somebody writes the text alone; `before`: the status that was there.

    A text is what is known. Where the known text is taken away, nobody has said that there are none.
    """
    if text:
        return str(Patient.AllergyStatus.KNOWN)
    return str(Patient.AllergyStatus.NOT_RECORDED) if before == Patient.AllergyStatus.KNOWN else before


def _birth_as_known(values: Mapping[str, Any], *, before: Birth | None, now: datetime) -> Mapping[str, Any]:
    """`values` with the date of birth as it is stored: the middle of the month or year that is known.

    A whole date without a precision is of the day. What was answered, with its precision, is what it was (`before`). A
    precision alone makes the date that is there coarser. Raises Refused for one without a date, and one that is finer.
    """
    if not values.keys() & {"date_of_birth", "date_of_birth_precision"}:
        return values
    day = values.get("date_of_birth", None if before is None else before.day)
    precision = values.get("date_of_birth_precision", PRECISIONS[0])
    if day is None:
        if precision != PRECISIONS[0]:
            raise Refused(
                {"date_of_birth_precision": ["There is no date of birth that this could be said of."]}
            )
        return {**values, "date_of_birth_precision": precision}
    birth = Birth(day, precision)
    if before is not None and "date_of_birth" not in values and birth.is_finer_than(before):
        message = f"Only {before.as_text()} is known. Send the date_of_birth with it."
        raise Refused({"date_of_birth_precision": [message]})
    if birth != before:
        birth = birth.known_to(precision, today=timezone.localdate(now))
    return {**values, "date_of_birth": birth.day, "date_of_birth_precision": birth.precision}


def _check_name(patient: Patient) -> None:
    """One of the two names is enough."""
    if not patient.first_name and not patient.last_name:
        raise Refused(NO_NAME)


def _check_birth(patient: Patient, *, changed: Collection[str]) -> None:
    """Nobody is admitted, feverish or observed before being born. Judged where a write touches one of the two dates.

    Of a month or a year by its first day.
    """
    birth = patient.birth
    if birth is None:
        return
    born = birth.first_day
    is_new = "date_of_birth" in changed or "date_of_birth_precision" in changed
    errors: dict[str, list[str]] = {}
    for field in ("admission_date", "fever_onset_at"):
        instant = getattr(patient, field)
        if (is_new or field in changed) and instant is not None and timezone.localdate(instant) < born:
            errors[field] = [before_birth(birth)]
    if errors:
        first = min(getattr(patient, field) for field in errors)
        errors["date_of_birth"] = [f"The birth cannot be after {as_text(first)}: {', '.join(errors)}."]
    elif is_new and patient.pk is not None:
        oldest = (
            Report.objects.filter(patient=patient).order_by("datetime").values_list("datetime", flat=True)
        )
        taken_at = oldest.first()
        if taken_at is not None and timezone.localdate(taken_at) < born:
            errors["date_of_birth"] = [
                f"The birth cannot be after {as_text(taken_at)}: a report was taken then."
            ]
    if errors:
        raise Refused(errors)


def _end_of_stay_before(patient: Patient, *, changed: Mapping[str, Any]) -> datetime | None:
    """When the stay before the patient's newest one ended; None where this is the first.

    A stay begins where a discharged patient has another admission and no discharge any more. A discharge that was
    taken back, with the admission it had, ended nothing; nor did one before a readmission that is now given the
    admission of the stay before: the two were one.
    """
    ended_at: datetime | None = None
    admitted_to_it: datetime | None = None
    admitted_before: datetime | None = None
    dismissed_before: datetime | None = None
    versions = Patient.history.filter(id=patient.pk).order_by("history_id")
    for admitted_at, dismissed_at in versions.values_list("admission_date", "dismissal_date"):
        if dismissed_before is not None and dismissed_at is None and admitted_at != admitted_before:
            ended_at, admitted_to_it = dismissed_before, admitted_before
        admitted_before, dismissed_before = admitted_at, dismissed_at
    return None if changed["admission_date"] == admitted_to_it else ended_at


def _check_dates(patient: Patient, *, now: datetime) -> None:
    errors: dict[str, list[str]] = {}
    if patient.admission_date > now + MOST_AHEAD:
        errors["admission_date"] = ["The admission cannot be over 5 minutes ahead."]
    if patient.dismissal_date is not None:
        if patient.dismissal_date > now + MOST_AHEAD:
            errors["dismissal_date"] = ["The discharge cannot be over 5 minutes ahead."]
        elif patient.dismissal_date < patient.admission_date:
            errors["dismissal_date"] = ["The discharge cannot be before the admission."]
    if patient.birth is not None and patient.birth.first_day > timezone.localdate(now):
        errors["date_of_birth"] = ["The date of birth cannot be in the future."]
    if errors:
        raise Refused(errors)


def _check_stay_keeps_its_reports(patient: Patient, *, admitted_before: datetime) -> None:
    """A corrected admission must not cut reports off the running stay."""
    cut_off = Report.objects.filter(
        patient=patient, datetime__gte=admitted_before, datetime__lt=patient.admission_date
    )
    if cut_off.exists():
        raise Refused({"admission_date": ["A report of this stay was taken before that time."]})


def _check_nothing_was_taken_after(patient: Patient) -> None:
    """Nobody is observed after the discharge: neither a report nor the discharge itself may say so."""
    after = Report.objects.filter(patient=patient, datetime__gt=patient.dismissal_date)
    newest = after.order_by("-datetime").values_list("datetime", flat=True).first()
    if newest is not None:
        taken_at = as_text(newest, to="seconds")
        raise Refused({"dismissal_date": [f"The newest report was taken at {taken_at}, after this time."]})


def _save(patient: Patient, *, by: Any, now: datetime, reason: str = "") -> None:
    patient._history_user = by
    patient._history_date = now
    patient._change_reason = reason or None
    patient.save()
