"""Sets of observations at instants of one stay, and short ways to look at what became of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from background_task.models import Task

from patients.models import Event, Notification, Patient, Report
from patients.services import reminders
from patients.services.patients import change_patient
from patients.services.reports import record_report
from tests.rules.builders import NORMAL, TOTALS

ADMISSION = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)
# Everything normal but for a respiration of 8, the only 3: low-medium.
SINGLE_THREE = {**NORMAL, "respiration": 8}


def at(hours: float = 0, *, minutes: float = 0) -> datetime:
    """That long after the admission."""
    return ADMISSION + timedelta(hours=hours, minutes=minutes)


def total(points: int) -> dict[str, Any]:
    """A complete set of this total, without a single 3."""
    return {**NORMAL, **TOTALS[points]}


def record(
    patient: Patient,
    values: dict[str, Any],
    *,
    when: datetime,
    by: Any,
    now: datetime | None = None,
    **more: Any,
) -> Report:
    """Record `values`, taken at `when` and entered at `now` (at once, where none is given)."""
    return record_report(
        patient_id=patient.pk, by=by, now=now or when, **{**values, **more, "datetime": when}
    )


def change(patient: Patient, *, by: Any, now: datetime, **changes: Any) -> Patient:
    """Change fields of the patient."""
    return change_patient(patient.pk, by=by, now=now, changes=changes)


def fresh(instance: Any) -> Any:
    """The row as it is stored now."""
    return type(instance).objects.get(pk=instance.pk)


def told(patient: Patient, *, kind: str | None = None) -> list[Notification]:
    """The patient's notifications, oldest first."""
    notifications = Notification.objects.filter(patient=patient).order_by("id")
    return list(notifications if kind is None else notifications.filter(kind=kind))


def causes(notification: Notification) -> set[str]:
    """What the notification says got worse: rule, or rule:parameter."""
    return {
        ":".join(filter(None, (reason["rule"], reason["values"]["parameter"])))
        for reason in notification.reasons
    }


def remind_all(*, now: datetime) -> int:
    """Tell everything that is due by `now`, as a worker's round does; returns how many were told."""
    count = 0
    while sent := reminders.send_due(now=now):
        count += sent
    return count


def wake_ups(patient: Patient) -> list[datetime]:
    """When a worker is to be woken up for the patient."""
    tasks = Task.objects.get_task(reminders.TASK_NAME, [patient.pk])
    return list(tasks.order_by("run_at").values_list("run_at", flat=True))


def frames(*, after: int = 0) -> list[dict[str, Any]]:
    """The frames of the log above that number, oldest first."""
    events = Event.objects.filter(number__gt=after).order_by("number")
    return [json.loads(frame) for frame in events.values_list("frame", flat=True)]


def last_number() -> int:
    """The number of the newest event."""
    return Event.objects.order_by("-number").values_list("number", flat=True).first() or 0


def told_since(number: int) -> list[tuple[str, str]]:
    """What the log says above that number: (stream, action, or type where it is no change)."""
    return [
        (frame["stream"], frame["payload"].get("action", frame["payload"]["type"]))
        for frame in frames(after=number)
    ]
