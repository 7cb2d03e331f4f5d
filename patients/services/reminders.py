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
from .locks import save_derived_of_all

logger = logging.getLogger("wardlight.reminders")

TASK_NAME = "patients.tasks.remind"
MOST_AT_ONCE = 200

_MOVE_TASK = (
    f"UPDATE {Task._meta.db_table} SET run_at = %s, locked_by = NULL, locked_at = NULL, attempts = 0 "
    "WHERE task_hash = %s"
)

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

    At most MOST_AT_ONCE in one transaction, in as many statements as for one: call it again until it returns 0. A
    patient whom somebody is writing at this moment is left out; their lock is gone at the next wake-up.
    """
    due = Patient.objects.filter(reminder_at__lte=now)
    if patient_id is not None:
        due = due.filter(pk=patient_id)
    if not due.exists():
        return 0  # before the transaction: on SQLite its beginning alone keeps every writer waiting
    with unit_of_work():
        patients = _lock(due)
        _tell(patients, now=now)
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


def _tell(patients: Sequence[Patient], *, now: datetime) -> None:
    unresolved = _unresolved_by_patient(patients)
    earlier = notifications.earlier_reminders(patients)
    new: list[Notification] = []
    for patient in patients:
        if patient.next_due_at is None:
            continue
        severity, reasons = _severity(patient), [_reason(patient)]
        reminder = earlier.get(patient.pk)
        if reminder is None:
            reminder = _reminder(patient, severity=severity, reasons=reasons, now=now)
            new.append(reminder)
        else:
            notifications.remind_again(reminder, severity=severity, reasons=reasons, now=now)
        if reminder.pk is None or reminder.pk not in {other.pk for other in unresolved[patient.pk]}:
            unresolved[patient.pk].append(reminder)
    notifications.remind_all(new, now=now)
    for patient in patients:
        patient.open_notifications = notifications.count_open(unresolved[patient.pk])
        patient.reminder_at, patient.reminder_kind = _next_reminder(
            patient, unresolved=unresolved[patient.pk]
        )
    save_derived_of_all(patients, fields=("open_notifications", "reminder_at", "reminder_kind"))
    _wake_workers(patients)


def _reminder(
    patient: Patient, *, severity: str, reasons: list[dict[str, Any]], now: datetime
) -> Notification:
    return Notification(
        kind=patient.reminder_kind,
        severity=severity,
        patient=patient,
        report_id=patient.due_report_id,
        due_at=patient.next_due_at,
        reasons=reasons,
        created_at=now,
    )


def _wake_workers(patients: Iterable[Patient]) -> None:
    """`_wake_worker` for many, in a few statements."""
    by_hash = {Task.objects.new_task(TASK_NAME, [p.pk]).task_hash: p for p in patients}
    tasks = Task.objects.filter(task_hash__in=list(by_hash))
    told_last = [task_hash for task_hash, patient in by_hash.items() if patient.reminder_at is None]
    tasks.filter(task_hash__in=told_last).delete()
    there = set(tasks.values_list("task_hash", flat=True))
    run_at = Task._meta.get_field("run_at")
    moves = [
        (run_at.get_db_prep_value(patient.reminder_at, connection), task_hash)
        for task_hash, patient in by_hash.items()
        if task_hash in there
    ]
    if moves:
        with connection.cursor() as cursor:
            cursor.executemany(_MOVE_TASK, moves)
    for task_hash, patient in by_hash.items():
        if patient.reminder_at is not None and task_hash not in there:
            _wake_worker(patient, had_task=False)


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
