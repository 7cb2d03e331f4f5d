"""A doctor's plan for a patient, and pauses of the reminders: the only writers of both. One transaction each."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from ..events import unit_of_work
from ..models import Patient, Pause, Plan, Report
from ..permissions import may, role_of
from .course import settle
from .due_limits import forget_what_stood
from .errors import Conflict, Refused
from .locks import lock_patient
from .stay import recent_sets
from .unsettled import settle_imported

LONGEST_PAUSE: Final = timedelta(hours=24)  # while it runs nobody is reminded
# By who may not change the plan, and of several without a set between them together. To be confirmed by a clinician.
LONGEST_PAUSE_OF_A_NURSE: Final = timedelta(hours=4)
MOST_AT_ONCE: Final = 200


def set_plan(
    patient_id: int,
    *,
    by: Any,
    now: datetime,
    steps: list[dict[str, Any]],
    call_at: dict[str, Any],
    until: datetime,
    reason: str,
) -> Patient:
    """Let a plan run from now on, in place of the one that runs. Returns the patient as it then stands.

    Raises Patient.DoesNotExist, Conflict (discharged), Refused where `until` has passed.
    """
    with unit_of_work():
        patient = _lock_admitted(patient_id)
        if until <= now:
            raise Refused({"until": ["The end of a plan lies ahead."]})
        _end_running_plan(patient, by=by, now=now)
        Plan.objects.create(
            patient=patient, steps=steps, call_at=call_at, since=now, until=until, reason=reason, set_by=by
        )
        forget_what_stood(patient)
        settle(patient, sets=recent_sets(patient), now=now)
        return patient


def end_plan(patient_id: int, *, by: Any, now: datetime) -> None:
    """End the running plan; pathway and patient decide again. Raises Patient.DoesNotExist, Plan.DoesNotExist."""
    with unit_of_work():
        patient = lock_patient(patient_id)
        if not _end_running_plan(patient, by=by, now=now):
            raise Plan.DoesNotExist
        forget_what_stood(patient)
        settle(patient, sets=recent_sets(patient), now=now)


def add_pause(
    patient_id: int, *, by: Any, now: datetime, since: datetime, until: datetime, reason: str
) -> Pause:
    """Remind nobody of this patient from `since` to `until`.

    Who may not change the plan begins one of four hours at most, which is marked. Raises Patient.DoesNotExist, Conflict
    and Refused.
    """
    with unit_of_work():
        patient = _lock_admitted(patient_id)
        by_nurse = not may(role_of(by), "patients", "change_plan")
        pause = Pause(patient=patient, since=since, until=until, reason=reason, set_by=by, by_nurse=by_nurse)
        if until <= now:
            raise Refused({"until": ["The end of a pause lies ahead."]})
        _check(pause)
        _save(pause, by=by, now=now)
        settle(patient, sets=recent_sets(patient), now=now)
        return pause


def change_pause(pause_id: int, *, by: Any, now: datetime, changes: Mapping[str, Any]) -> Pause:
    """Change a pause that is not over: end it earlier or later, say why. Raises as `add_pause`.

    By who may change the plan: a nurse's becomes theirs by that, and is marked no longer.
    """
    with unit_of_work():
        patient, pause = _lock_pause(pause_id, now=now)
        if changes.get("since", pause.since) != pause.since and pause.since <= now:
            raise Refused({"since": ["The pause has begun."]})
        for field, value in changes.items():
            setattr(pause, field, value)
        if pause.by_nurse:
            pause.by_nurse, pause.set_by = False, by
        _check(pause)
        _save(pause, by=by, now=now)
        settle(patient, sets=recent_sets(patient), now=now)
        return pause


def end_pause(pause_id: int, *, by: Any, now: datetime) -> None:
    """End a pause now, or take it back where it has not begun. Raises Pause.DoesNotExist, Conflict where it is over."""
    with unit_of_work():
        patient, pause = _lock_pause(pause_id, now=now)
        if pause.since > now:
            pause.cancelled_at = now
        else:
            pause.until = now
        _save(pause, by=by, now=now)
        settle(patient, sets=recent_sets(patient), now=now)


def end_with_stay(patient: Patient, *, by: Any, now: datetime) -> None:
    """A new stay begins without the plan and the pauses of the one before. The patient's row is locked."""
    _end_running_plan(patient, by=by, now=now)
    for pause in Pause.objects.filter(patient=patient, cancelled_at=None, until__gt=now):
        if pause.since > now:
            pause.cancelled_at = now
        else:
            pause.until = now
        _save(pause, by=by, now=now)


def settle_run_out(*, now: datetime) -> int:
    """Settle the patients of whom a plan or a pause has ended, or a pause begun, by itself, and those whose import was
    cut off; returns how many.

    At most MOST_AT_ONCE: call it again until it returns 0. A patient whom somebody is writing is left out: that
    write settles them, or the next round does.
    """
    run_out = Patient.objects.filter(resettle_at__lte=now)
    if not run_out.exists():
        return 0  # before the transaction: on SQLite its beginning alone keeps every writer waiting
    can_skip = connection.features.has_select_for_update_skip_locked
    with unit_of_work():
        locked = run_out.select_for_update(skip_locked=can_skip, of=("self",)).order_by("resettle_at", "pk")
        patients = list(locked[:MOST_AT_ONCE])
        for patient in patients:
            if patient.unsettled_from is None:
                settle(patient, sets=recent_sets(patient), now=now)
            else:
                settle_imported(patient, now=now)
    return len(patients)


def _lock_admitted(patient_id: int) -> Patient:
    patient = lock_patient(patient_id)
    if patient.is_discharged:
        raise Conflict("The patient is discharged.")
    return patient


def _lock_pause(pause_id: int, *, now: datetime) -> tuple[Patient, Pause]:
    patient_id = Pause.objects.values_list("patient_id", flat=True).get(pk=pause_id)
    patient = _lock_admitted(patient_id)
    pause = Pause.objects.select_related("set_by").get(pk=pause_id, cancelled_at=None)
    if pause.until <= now:
        raise Conflict("The pause is over.")
    return patient, pause


def _check(pause: Pause) -> None:
    errors: dict[str, list[str]] = {}
    if pause.since < pause.patient.admission_date:
        errors["since"] = ["This is before the admission."]
    if pause.until <= pause.since:
        errors["until"] = ["A pause ends after it began."]
    elif pause.until - pause.since > LONGEST_PAUSE:
        errors["until"] = ["A pause lasts 24 hours at most: nobody is reminded while it runs."]
    elif pause.by_nurse and _with_those_before(pause) > LONGEST_PAUSE_OF_A_NURSE:
        errors["until"] = [
            "A pause by a nurse lasts 4 hours at most, with those before it since the last set of observations. "
            "A doctor or lead can set a longer one."
        ]
    if errors:
        raise Refused(errors)
    others = Pause.objects.filter(patient=pause.patient, cancelled_at=None).exclude(pk=pause.pk)
    if others.filter(since__lt=pause.until, until__gt=pause.since).exists():
        raise Refused({"since": ["Another pause of this patient lies in this time."]})


def _with_those_before(pause: Pause) -> timedelta:
    """How long this pause lasts, with what nurses have paused since the newest set of observations was taken."""
    patient = pause.patient
    newest = Report.objects.filter(patient=patient, is_set=True, datetime__gte=patient.admission_date)
    taken_at = newest.order_by("-datetime").values_list("datetime", flat=True).first()
    since = patient.admission_date if taken_at is None else taken_at
    others = Pause.objects.filter(patient=patient, cancelled_at=None, by_nurse=True, until__gt=since)
    paused = [other.until - max(other.since, since) for other in others.exclude(pk=pause.pk)]
    return sum(paused, start=pause.until - pause.since)


def _save(pause: Pause, *, by: Any, now: datetime) -> None:
    pause._history_user = by
    pause._history_date = now
    pause.save()


def _end_running_plan(patient: Patient, *, by: Any, now: datetime) -> bool:
    """Whether there was one. One that had run out keeps the end it was given."""
    running = Plan.objects.filter(patient=patient, ended_at=None).first()
    if running is None:
        return False
    has_run_out = running.until <= now
    running.ended_at = running.until if has_run_out else now
    running.ended_by = None if has_run_out else by
    running.save(update_fields=["ended_at", "ended_by"])
    return not has_run_out
