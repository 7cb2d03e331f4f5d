"""Reminders: when something must be said, waking somebody up for it, and saying it exactly once.

Due and overdue are one thing: at most one reminder of a patient is unresolved. At the end of the grace time the overdue
one takes the place of the due one; where that is over already, the due one is never told.

The instant lives in the patient's row (`reminder_at`); the background task only wakes a worker. Saying it takes the
patient's lock, looks again, stores the notification under a unique key and moves `reminder_at` on, all in one
transaction: two workers cannot both do it, and a worker that dies has done none of it.
"""

import json
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha1
from typing import Any, Final

from background_task.models import Task
from django.db import connection
from django.db.models import QuerySet

from ..bulk import update_all
from ..events import unit_of_work
from ..models import Notification, Patient
from ..rows import without_models
from ..rules.schedule import grace_interval
from . import notifications
from .locks import save_derived_of_all

logger = logging.getLogger("wardlight.reminders")

TASK_NAME: Final = "patients.tasks.remind"
MOST_AT_ONCE: Final = 1000

_DUE: Final = Notification.Kind.OBSERVATION_DUE
_OVERDUE: Final = Notification.Kind.OBSERVATION_OVERDUE

# What a reminder needs of a patient, and what the pushed patient shows: the reports' 130 columns would take longest.
_COLUMNS: Final = (
    *(field.name for field in Patient._meta.concrete_fields if field.name != "course"),
    *(
        f"{report}__{name}"
        for report in ("last_report", "last_scored")
        for name in ("id", "datetime", "news2")
    ),
)


def plan_next(patient: Patient, *, unresolved: Sequence[Notification]) -> None:
    """Set `reminder_at` and `reminder_kind` by the due time and what was told already (`unresolved`), and wake a worker
    then.

    The row is saved by the caller.
    """
    earlier_at = patient.reminder_at
    told = {notification.kind for notification in unresolved}
    patient.reminder_at, patient.reminder_kind = _next_reminder(patient, told=told)
    if patient.reminder_at != earlier_at:
        _wake_worker(patient, had_task=earlier_at is not None)


def _next_reminder(patient: Patient, *, told: Collection[str]) -> tuple[datetime | None, str]:
    """When to say what next; `told` are the kinds of the patient's unresolved notifications."""
    if patient.next_due_at is None:
        return None, ""
    if _OVERDUE in told:
        return None, ""
    if _DUE in told:
        return _overdue_at(patient), _OVERDUE
    return patient.next_due_at, _DUE


def _overdue_at(patient: Patient) -> datetime:
    """The end of the grace time of a patient who has a due time."""
    assert patient.next_due_at is not None
    return patient.next_due_at + grace_interval(timedelta(minutes=patient.due_interval or 0))


def _wake_worker(patient: Patient, *, had_task: bool) -> None:
    """Move the patient's one task to `reminder_at`: the row itself, since the library's rescheduling skips locked
    tasks and its removal hashes arguments two ways (traps.md)."""
    from ..tasks import remind

    tasks = Task.objects.get_task(TASK_NAME, [patient.id])
    if patient.reminder_at is None:
        tasks.delete()
        return
    moved = (
        tasks.update(run_at=patient.reminder_at, locked_by=None, locked_at=None, attempts=0)
        if had_task
        else 0
    )
    if not moved:
        remind(patient.id, schedule=patient.reminder_at)


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
    """The rows, locked, as plain objects with a patient's attributes."""
    can_skip = connection.features.has_select_for_update_skip_locked
    due = due.select_for_update(skip_locked=can_skip, of=("self",)).only(*_COLUMNS)
    due = due.select_related("last_report", "last_scored").order_by("reminder_at", "pk")
    return list(without_models(due[:MOST_AT_ONCE]))


def _told_by_patient(patients: Iterable[Patient]) -> tuple[dict[int, set[str]], Counter[int]]:
    """The kinds of each patient's unresolved notifications, and how many of these wait for somebody."""
    kinds: dict[int, set[str]] = defaultdict(set)
    waiting: Counter[int] = Counter()
    unresolved = Notification.objects.filter(patient__in=[patient.id for patient in patients]).exclude(
        status=Notification.Status.RESOLVED
    )
    for patient_id, kind, status in unresolved.values_list("patient_id", "kind", "status"):
        kinds[patient_id].add(kind)
        waiting[patient_id] += notifications.is_waiting(status)
    return kinds, waiting


def _tell(patients: Sequence[Patient], *, now: datetime) -> None:
    for patient in patients:
        if patient.next_due_at is not None and _overdue_at(patient) <= now:
            patient.reminder_kind = _OVERDUE  # after an outage or a deletion: nobody is told twice of one set
    overdue = [patient for patient in patients if patient.reminder_kind == _OVERDUE]
    notifications.resolve_superseded(overdue, now=now)
    earlier = notifications.earlier_reminders(patients)
    new: list[Notification] = []
    for patient in patients:
        if patient.next_due_at is None:
            continue
        severity, reasons = _severity(patient), [_reason(patient)]
        reminder = earlier.get(patient.id)
        if reminder is None:
            new.append(_reminder(patient, severity=severity, reasons=reasons, now=now))
        else:
            notifications.remind_again(reminder, severity=severity, reasons=reasons, now=now)
    notifications.remind_all(new, now=now)
    kinds, waiting = _told_by_patient(patients)
    for patient in patients:
        patient.open_notifications = waiting[patient.id]
        patient.reminder_at, patient.reminder_kind = _next_reminder(patient, told=kinds[patient.id])
    save_derived_of_all(patients, fields=("open_notifications", "reminder_at", "reminder_kind"))
    _wake_workers(patients)


def _reminder(
    patient: Patient, *, severity: str, reasons: list[dict[str, Any]], now: datetime
) -> Notification:
    return Notification(
        kind=patient.reminder_kind,
        severity=severity,
        patient_id=patient.id,
        report_id=patient.due_report_id,
        due_at=patient.next_due_at,
        reasons=reasons,
        created_at=now,
    )


def _wake_workers(patients: Iterable[Patient]) -> None:
    """`_wake_worker` for many, in a few statements."""
    by_hash = {task_hash(patient.id): patient for patient in patients}
    told_last = [of_task for of_task, patient in by_hash.items() if patient.reminder_at is None]
    Task.objects.filter(task_hash__in=told_last).delete()
    there = set(Task.objects.filter(task_hash__in=list(by_hash)).values_list("task_hash", flat=True))
    moves = [(by_hash[of_task].reminder_at, None, None, 0, of_task) for of_task in there]
    update_all(Task, ("run_at", "locked_by", "locked_at", "attempts"), moves, key="task_hash")
    for of_task, patient in by_hash.items():
        if patient.reminder_at is not None and of_task not in there:
            _wake_worker(patient, had_task=False)


def task_hash(patient_id: int) -> str:
    """What the library finds a task by. It makes a model or a query for it, which is much for a thousand."""
    parameters = json.dumps(([patient_id], {}), sort_keys=True)
    return sha1(f"{TASK_NAME}{parameters}".encode(), usedforsecurity=False).hexdigest()


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
