"""Reminders: when something must be said, waking somebody up for it, and saying it exactly once.

The instant lives in the patient's row (`reminder_at`); the background task only wakes a worker. Saying it takes the
patient's lock, looks again, stores the notification under a unique key and moves `reminder_at` on, all in one
transaction: two workers cannot both do it, and a worker that dies has done none of it.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from background_task.models import Task
from django.db import connection
from django.db.models import QuerySet

from ..events import unit_of_work
from ..models import Notification, Patient
from ..rules.schedule import grace_interval
from . import notifications
from .locks import save_derived

logger = logging.getLogger("wardlight.reminders")

TASK_NAME = "patients.tasks.remind"
MOST_AT_ONCE = 200

_DUE = Notification.Kind.OBSERVATION_DUE
_OVERDUE = Notification.Kind.OBSERVATION_OVERDUE


def plan_next(patient: Patient, *, unresolved: Sequence[Notification]) -> None:
    """Set `reminder_at` and `reminder_kind` by the due time and what was told already, and wake a worker then.

    The row is saved by the caller.
    """
    earlier_at = patient.reminder_at
    patient.reminder_at, patient.reminder_kind = _next_reminder(patient, unresolved=unresolved)
    if patient.reminder_at != earlier_at:
        _wake_worker(patient, had_task=earlier_at is not None)


def _next_reminder(patient: Patient, *, unresolved: Sequence[Notification]) -> tuple[datetime | None, str]:
    if patient.next_due_at is None:
        return None, ""
    told = {notification.kind for notification in unresolved if notification.is_unresolved}
    if _OVERDUE in told:
        return None, ""
    if _DUE in told:
        grace = grace_interval(timedelta(minutes=patient.due_interval or 0))
        return patient.next_due_at + grace, _OVERDUE
    return patient.next_due_at, _DUE


def _wake_worker(patient: Patient, *, had_task: bool) -> None:
    """Move the patient's one task to `reminder_at`: the row itself, since the library's rescheduling skips locked
    tasks and its removal hashes arguments two ways (traps.md)."""
    from ..tasks import remind

    tasks = Task.objects.get_task(TASK_NAME, [patient.pk])
    if patient.reminder_at is None:
        tasks.delete()
        return
    moved = (
        tasks.update(run_at=patient.reminder_at, locked_by=None, locked_at=None, attempts=0)
        if had_task
        else 0
    )
    if not moved:
        remind(patient.pk, schedule=patient.reminder_at)


def forget(patient: Patient) -> None:
    """Wake nobody for this patient any more."""
    Task.objects.get_task(TASK_NAME, [patient.pk]).delete()


def send_due(*, now: datetime, patient_id: int | None = None) -> int:
    """Tell what is due by `now` (of one patient, or of all), oldest first; returns how many were told.

    At most MOST_AT_ONCE in one transaction: call it again until it returns 0. A patient whom somebody is writing
    at this moment is left out; their lock is gone at the next wake-up.
    """
    due = Patient.objects.filter(reminder_at__lte=now)
    if patient_id is not None:
        due = due.filter(pk=patient_id)
    if not due.exists():
        return 0  # before the transaction: on SQLite its beginning alone keeps every writer waiting
    with unit_of_work():
        patients = _lock(due)
        unresolved = _unresolved_by_patient(patients)
        for patient in patients:
            _tell(patient, unresolved=unresolved[patient.pk], now=now)
    return len(patients)


def _lock(due: QuerySet[Patient]) -> list[Patient]:
    can_skip = connection.features.has_select_for_update_skip_locked
    due = due.select_for_update(skip_locked=can_skip, of=("self",))
    return list(due.select_related("last_report", "last_scored").order_by("reminder_at", "pk")[:MOST_AT_ONCE])


def _unresolved_by_patient(patients: Iterable[Patient]) -> dict[int, list[Notification]]:
    by_patient: dict[int, list[Notification]] = {patient.pk: [] for patient in patients}
    waiting = Notification.objects.filter(patient__in=by_patient).exclude(status=Notification.Status.RESOLVED)
    for notification in waiting.order_by("id"):
        by_patient[notification.patient_id].append(notification)
    return by_patient


def _tell(patient: Patient, *, unresolved: list[Notification], now: datetime) -> None:
    if patient.next_due_at is not None:
        unresolved.append(
            notifications.remind(
                patient=patient,
                kind=patient.reminder_kind,
                severity=_severity(patient),
                due_at=patient.next_due_at,
                reasons=[_reason(patient)],
                now=now,
            )
        )
    patient.open_notifications = notifications.count_open(unresolved)
    plan_next(patient, unresolved=unresolved)
    save_derived(patient, fields=("open_notifications", "reminder_at", "reminder_kind"))


def _severity(patient: Patient) -> str:
    """Low, medium where the patient's risk is medium or high; overdue one step higher (contract.md)."""
    step = (patient.current_risk in ("medium", "high")) + (patient.reminder_kind == _OVERDUE)
    return (Notification.Severity.LOW, Notification.Severity.MEDIUM, Notification.Severity.HIGH)[step]


def _reason(patient: Patient) -> dict[str, Any]:
    is_overdue = patient.reminder_kind == _OVERDUE
    due_at = patient.next_due_at.isoformat().replace("+00:00", "Z") if patient.next_due_at else None
    return {
        "rule": patient.reminder_kind,
        "message": "The observations are overdue." if is_overdue else "The next observations are due.",
        "values": {"due_at": due_at, "interval_minutes": patient.due_interval},
    }
