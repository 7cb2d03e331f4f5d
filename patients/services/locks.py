"""The lock that orders the writers of one patient, and the one way to store what is derived."""

from collections.abc import Iterable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Final

from django.db.models import F

from ..bulk import update_all
from ..events import note_change
from ..models import Patient
from ..prepared import Hole, PreparedQuery
from ..representations import represent_patient

DERIVED_FIELDS: Final = (
    "last_report", "last_scored", "current_risk", "next_due_at", "due_interval", "due_report_id",
    "last_high_at", "due_limit", "open_notifications", "reminder_at", "reminder_kind", "running_plan", "paused_until",
    "paused_by_nurse", "due_not_before", "resettle_at", "course",
    "unsettled_from",
)  # fmt: skip


# With when the newest report was taken, which tells whether a new one is newer.
_LOCK: Final = PreparedQuery(
    lambda: (
        Patient.objects.select_for_update(of=("self",))
        .annotate(last_report_at=F("last_report__datetime"))
        .filter(pk=Hole("pk", field=Patient._meta.pk))
    )
)


def lock_patient(patient_id: int) -> Patient:
    """The patient's row, locked until the commit: writers of one patient come one after the other.

    Lock order everywhere: the patient, then rows of theirs, then the event counter. Raises Patient.DoesNotExist.
    """
    patient: Patient | None = _LOCK.first(pk=patient_id)
    if patient is None:
        raise Patient.DoesNotExist(f"There is no patient {patient_id}.")
    patient.derived_as_stored = derived_of(patient)
    return patient


def derived_of(patient: Patient) -> list[Any]:
    """The derived columns, a report as its id: comparing the reports themselves would load them."""
    return [patient.serializable_value(field) for field in DERIVED_FIELDS]


def save_derived(patient: Patient, *, fields: Iterable[str] = DERIVED_FIELDS) -> None:
    """Store what is derived. It is no edit of the patient: no new version, no row of history."""
    patient.skip_history_when_saving = True
    try:
        patient.save(update_fields=list(fields))
    finally:
        del patient.skip_history_when_saving
    patient.derived_as_stored = derived_of(patient)


def save_derived_of_all(patients: Iterable[Any], *, fields: Sequence[str]) -> None:
    """`save_derived` of many rows (or plain objects), all locked by the caller; each change is told."""
    patients = list(patients)
    read = attrgetter(*fields, "id")
    update_all(Patient, fields, [read(patient) for patient in patients], key="id")
    for patient in patients:
        note_change("patients", "update", patient.id, partial(represent_patient, patient))
