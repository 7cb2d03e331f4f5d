"""The lock that orders the writers of one patient, and the one way to store what is derived."""

from collections.abc import Iterable
from typing import Final

from ..models import Patient

DERIVED_FIELDS: Final = (
    "last_report", "last_scored", "current_risk", "next_due_at", "due_interval", "due_report_id",
    "open_notifications", "reminder_at", "reminder_kind",
)  # fmt: skip


def lock_patient(patient_id: int) -> Patient:
    """The patient's row, locked until the commit: writers of one patient come one after the other.

    Lock order everywhere: the patient, then rows of theirs, then the event counter. Raises Patient.DoesNotExist.
    """
    return Patient.objects.select_for_update(of=("self",)).get(pk=patient_id)


def save_derived(patient: Patient, *, fields: Iterable[str] = DERIVED_FIELDS) -> None:
    """Store what is derived. It is no edit of the patient: no new version, no row of history."""
    patient.skip_history_when_saving = True
    try:
        patient.save(update_fields=list(fields))
    finally:
        del patient.skip_history_when_saving
