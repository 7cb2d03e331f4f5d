"""Which plan runs and whether a pause does, kept in the patient's row. The row is saved by the caller."""

from datetime import datetime
from typing import Any

from django.db.models import F

from ..models import Patient, Pause, Plan
from ..representations import represent_plan


def look_again(patient: Patient, *, now: datetime) -> None:
    """Bring `running_plan`, `paused_…`, `due_not_before` and `resettle_at` in line with what holds at `now`.

    A discharge hides plan and pauses, so that taking it back gives them back. A plan that ran out is ended.
    """
    patient.running_plan = patient.paused_until = patient.due_not_before = patient.resettle_at = None
    patient.paused_by_nurse = False
    if patient.is_discharged:
        return
    plan = _running_plan(patient, now=now)
    pauses = list(Pause.objects.filter(patient=patient, cancelled_at=None, until__gte=patient.admission_date))
    begun = [pause for pause in pauses if pause.since <= now]
    patient.running_plan = None if plan is None else represent_plan(plan)
    newest = max(begun, key=lambda pause: pause.until, default=None)
    patient.due_not_before = None if newest is None else newest.until
    if newest is not None and newest.until > now:
        patient.paused_until, patient.paused_by_nurse = newest.until, newest.by_nurse
    changes = [pause.since for pause in pauses if pause.since > now]
    if patient.paused_until is not None:
        changes.append(patient.paused_until)
    if plan is not None:
        changes.append(plan.until)
    patient.resettle_at = min(changes, default=None)


def _running_plan(patient: Patient, *, now: datetime) -> Plan | None:
    plan = Plan.objects.filter(patient=patient, ended_at=None).select_related("set_by").first()
    if plan is None or plan.until > now:
        return plan
    plan.ended_at = plan.until
    plan.save(update_fields=["ended_at"])
    return None


def count_held_back(patient: Patient) -> None:
    """Count one more set whose findings the running plan held back, where everybody sees it."""
    plan: dict[str, Any] | None = patient.running_plan
    assert plan is not None  # nothing is held back without one
    running = Plan.objects.filter(patient=patient, ended_at=None)
    running.update(suppressed_count=F("suppressed_count") + 1)
    patient.running_plan = {**plan, "suppressed_count": plan["suppressed_count"] + 1}
