"""How objects look to the outside: the one place where they become JSON, for REST, sockets and pushed frames.

Plain dictionaries, built by hand: DRF's field-by-field rendering costs 11-13 ms for 100 rows of history, this 1-2.
What is shown may be a model or, in lists, a plain object with its attributes (patients/rows.py). The serializers use
these for output, and a test holds their declared fields against the keys here.
Instants are ISO 8601 in UTC with a `Z`; a measurement that was not taken is null.
"""

from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings

from .models import Amendment, Notification, Patient, Pause, Plan, Report
from .rules.formulas import daytime, mean_arterial_pressure, pulse_pressure

# What a report holds as recorded, in contract.md's order.
RECORDED_FIELDS = (
    "temperature", "pulse", "respiration", "bp_sys", "bp_dia", "o2sat", "supplemental_oxygen", "oxygen_flow",
    "oxygen_device", "consciousness", "pain_score", "blood_glucose", "capillary_refill",
    "fi_oral", "fi_parenteral", "fi_other", "fo_urine", "fo_uf", "fo_emesis", "fo_drainage",
    "weight", "height", "abd_cir", "stools", "urine", "hematocrit", "platelet", "wbc",
    "status", "day_of_fever", "diet", "warning_signs", "additional", "medical_advice", "not_measured",
    "monitoring_interval",
)  # fmt: skip

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_recorded_values = attrgetter(*RECORDED_FIELDS)


def represent_instant(value: datetime | None) -> str | None:
    """ISO 8601 with `Z`; the value is aware and in UTC, as the database gives it."""
    if value is None:
        return None
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)[1:-1].decode()  # isoformat() takes four times as long


def represent_user(user: Any) -> dict[str, Any] | None:
    """`{id, name}`; the full name where there is one, else the username."""
    if user is None:
        return None
    return {"id": user.id, "name": f"{user.first_name} {user.last_name}".strip() or user.username}


def represent_daytime(value: datetime) -> str:
    """The shift D, E or N (clinical.md 5) that the instant falls into, in ward time."""
    return daytime(value.astimezone(ZoneInfo(settings.TIME_ZONE)).hour)


def _represent_observations(row: Any) -> dict[str, Any]:
    """What a report and a version of a report have in common."""
    observations: dict[str, Any] = {
        "id": row.id,
        "patient": row.patient_id,
        "datetime": represent_instant(row.datetime),
        "daytime": represent_daytime(row.datetime),
        "recorded_by": represent_user(row.recorded_by),
    }
    observations.update(zip(RECORDED_FIELDS, _recorded_values(row), strict=True))
    observations["news2"] = row.news2
    observations["map"] = mean_arterial_pressure(bp_sys=row.bp_sys, bp_dia=row.bp_dia)
    observations["pulse_pressure"] = pulse_pressure(bp_sys=row.bp_sys, bp_dia=row.bp_dia)
    observations["due_at"] = represent_instant(row.due_at)
    observations["due_because"] = row.due_because
    observations["corrected_fields"] = row.corrected_fields
    observations["created_at"] = represent_instant(row.created_at)
    observations["updated_at"] = represent_instant(row.updated_at)
    observations["version"] = row.version
    return observations


def represent_report(report: Report) -> dict[str, Any]:
    """A report; `recorded_by` must be loaded (select_related) where many are represented."""
    return _represent_observations(report)


def represent_total(report: Any) -> list[Any]:
    """What a trend needs of a report: `[id, patient, ms since 1970, total or null, supplemental_oxygen]`."""
    return [
        report.id,
        report.patient_id,
        (report.datetime - _BEGINNING) // _MILLISECOND,
        report.news2.get("score"),
        report.supplemental_oxygen,
    ]


def represent_history(version: Any) -> dict[str, Any]:
    """One version of a report (HistoricalReport); `recorded_by` and `history_user` should be loaded."""
    return {
        "history_id": version.history_id,
        "history_date": represent_instant(version.history_date),
        "history_type": version.history_type,
        "history_user": represent_user(version.history_user),
        "history_change_reason": version.history_change_reason or "",
        **_represent_observations(version),
        "amendments": version.amendments,
    }


def represent_amendment(entry: Amendment) -> dict[str, Any]:
    """An entry of the ledger; `amended_by` and `text` should be loaded where many are represented.

    `before` and `after` are versions as `represent_history` gives them, `after` null where it was retired.
    `restored`: null, or what became of the version that the report fell back to.
    """
    text = getattr(entry, "text", None)  # gone where the patient was anonymised
    restored = None
    if entry.restored_history_id is not None:
        restored = {
            "history_id": entry.restored_history_id,
            "before": entry.restored_before,
            "after": entry.restored_after,
        }
    return {
        "id": entry.id,
        "history_id": entry.history_id,
        "report": entry.report_id,
        "kind": entry.kind,
        "amended_at": represent_instant(entry.amended_at),
        "amended_by": represent_user(entry.amended_by),
        "reason": text.reason if text else "",
        "before": {**entry.before, **(text.before if text else {})},
        "after": None if entry.after is None else {**entry.after, **((text.after or {}) if text else {})},
        "restored": restored,
    }


def _represent_last_report(report: Report | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {"id": report.id, "datetime": represent_instant(report.datetime), "news2": report.news2}


def _represent_last_scored(report: Report | None) -> dict[str, Any] | None:
    if report is None:
        return None
    return {
        "id": report.id,
        "datetime": represent_instant(report.datetime),
        "score": report.news2["score"],
        "risk": report.news2["risk"],
        "spo2_scale": report.news2["spo2_scale"],
    }


def _represent_stay(patient: Any) -> dict[str, Any]:
    """What a patient and a version of a patient have in common."""
    return {
        "id": patient.id,
        "hospital_number": patient.hospital_number,
        "first_name": patient.first_name,
        "last_name": patient.last_name,
        "date_of_birth": patient.date_of_birth.isoformat() if patient.date_of_birth else None,
        "date_of_birth_precision": patient.date_of_birth_precision,
        "sex": patient.sex,
        "pregnant": patient.pregnant,
        "ward": patient.ward,
        "bed": patient.bed,
        "allergies": patient.allergies,
        "allergy_status": patient.allergy_status,
        "diagnosis": patient.diagnosis,
        "admission_date": represent_instant(patient.admission_date),
        "dismissal_date": represent_instant(patient.dismissal_date),
        "pathway": patient.pathway,
        "spo2_scale": patient.spo2_scale,
        "fever_onset_at": represent_instant(patient.fever_onset_at),
        "hematocrit_baseline": patient.hematocrit_baseline,
        "monitoring_interval": patient.monitoring_interval,
        "created_at": represent_instant(patient.created_at),
        "updated_at": represent_instant(patient.updated_at),
        "version": patient.version,
    }


def represent_patient(patient: Patient) -> dict[str, Any]:
    """A patient; `last_report` and `last_scored` must be loaded where many are represented."""
    return {
        **_represent_stay(patient),
        "last_report": _represent_last_report(patient.last_report),
        "last_scored": _represent_last_scored(patient.last_scored),
        "current_risk": patient.current_risk,
        "next_due_at": represent_instant(patient.next_due_at),
        "open_notifications": patient.open_notifications,
        "plan": represent_running_plan(patient),
        "paused_until": represent_instant(patient.paused_until),
        "paused_by_nurse": patient.paused_by_nurse,
    }


def represent_plan(plan: Plan) -> dict[str, Any]:
    """A plan; also what the patient's row keeps of the running one. `every` and `for` are minutes."""
    return {
        "steps": plan.steps,
        "call_at": plan.call_at,
        "until": represent_instant(plan.until),
        "reason": plan.reason,
        "by": represent_user(plan.set_by),
        "since": represent_instant(plan.since),
        "suppressed_count": plan.suppressed_count,
    }


_PLAN_MEMBERS = ("steps", "call_at", "until", "reason", "by", "since", "suppressed_count")


def represent_running_plan(patient: Patient) -> dict[str, Any] | None:
    """The plan that the patient's row keeps, its members in the order of `represent_plan`."""
    kept = patient.running_plan
    return None if kept is None else {name: kept[name] for name in _PLAN_MEMBERS}


def represent_pause(pause: Pause) -> dict[str, Any]:
    """A pause; `set_by` should be loaded where many are represented."""
    return {
        "id": pause.id,
        "since": represent_instant(pause.since),
        "until": represent_instant(pause.until),
        "reason": pause.reason,
        "by": represent_user(pause.set_by),
        "by_nurse": pause.by_nurse,
    }


def represent_patient_version(version: Any) -> dict[str, Any]:
    """One version of a patient's own fields (HistoricalPatient); `history_user` should be loaded."""
    return {
        "history_id": version.history_id,
        "history_date": represent_instant(version.history_date),
        "history_type": version.history_type,
        "history_user": represent_user(version.history_user),
        "history_change_reason": version.history_change_reason or "",
        **_represent_stay(version),
    }


def represent_notification(notification: Notification) -> dict[str, Any]:
    """A notification; `acknowledged_by` should be loaded where many are represented."""
    return {
        "id": notification.id,
        "kind": notification.kind,
        "severity": notification.severity,
        "patient": notification.patient_id,
        "report": notification.report_id,
        "history": notification.history_id,
        "reasons": notification.reasons,
        "status": notification.status,
        "created_at": represent_instant(notification.created_at),
        "due_at": represent_instant(notification.due_at),
        "acknowledged_by": represent_user(notification.acknowledged_by),
        "acknowledged_at": represent_instant(notification.acknowledged_at),
        "escalated_at": represent_instant(notification.escalated_at),
        "escalated_to": notification.escalated_to,
        # Every step, also those before it was raised again; the two above are the last one's.
        "escalations": [
            {"to": step["to"], "at": step["at"].replace("+00:00", "Z")} for step in notification.escalations
        ],
        "resolved_at": represent_instant(notification.resolved_at),
        "resolved_because": notification.resolved_because,
        "suppressed_count": notification.suppressed_count,
    }
