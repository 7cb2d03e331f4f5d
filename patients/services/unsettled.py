"""Patients of whom an import has stored reports and nothing is derived yet.

The last transaction of the import settles them; where the import is cut off before, the worker does (plans.py).
"""

from datetime import datetime, timedelta
from typing import Final

from .. import clock
from ..models import Patient, Report
from . import running
from .course import newest_version_of, settle
from .due_limits import look_again
from .stay import recent_sets

UNTIL_CUT_OFF: Final = timedelta(minutes=2)  # how long after its last transaction an import counts as cut off


def mark_as_imported(patient: Patient, *, first_report: int) -> None:
    """Let the worker settle the patient, of whom an import stores reports, should that be cut off.

    `first_report`: the id of the first report of which nothing is derived. The row is saved by the caller.
    """
    if patient.unsettled_from is None:
        patient.unsettled_from = first_report
    patient.resettle_at = clock.now() + UNTIL_CUT_OFF


def settle_imported(patient: Patient, *, now: datetime) -> None:
    """Derive and tell what the reports of an import show, all at once. The patient's row is locked."""
    imported = Report.objects.filter(patient=patient, id__gte=patient.unsettled_from)
    # The rules look at sets: fluids or a laboratory value after the last one must not hide it from them.
    order = ("-is_set", "-datetime", "-id")
    newest = imported.select_related("recorded_by").order_by(*order).first()
    patient.unsettled_from = None
    running.look_again(patient, now=now)
    patient.course = None  # many reports further, and not by one step: settling reads it anew
    sets = recent_sets(patient)
    look_again(patient, sets=sets)
    if newest is None:
        settle(patient, sets=sets, now=now)
        return
    newest.patient = patient
    settle(
        patient, sets=sets, now=now, report=newest, history_id=newest_version_of(newest.pk), is_taken_in=True
    )
