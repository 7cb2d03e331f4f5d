"""Reads that need joins: each loads with one query what the representation of its objects shows."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from .models import Notification, Patient, Report
from .rules.fluids import FLUID_FIELDS, FluidsRecorded

HistoricalReport: Any = Report.history.model
HistoricalPatient: Any = Patient.history.model

_SEARCHED = ("last_name", "first_name", "hospital_number")


def patients_with_last_reports() -> QuerySet[Patient]:
    """Every patient, with the two reports that their row on the board shows."""
    return Patient.objects.select_related("last_report", "last_scored")


def reports_with_recorder() -> QuerySet[Report]:
    """Every report that was not deleted."""
    return Report.objects.select_related("recorded_by")


def versions_with_users() -> QuerySet[Any]:
    """Every version of every report, those of deleted reports too; retired ones are not shown."""
    versions: QuerySet[Any] = HistoricalReport.objects.filter(is_retired=False)
    return versions.select_related("recorded_by", "history_user")


def patient_versions_with_users() -> QuerySet[Any]:
    """Every version of every patient's own fields."""
    versions: QuerySet[Any] = HistoricalPatient.objects.select_related("history_user")
    return versions


def notifications_with_acknowledger() -> QuerySet[Notification]:
    """Every notification, resolved ones too."""
    return Notification.objects.select_related("acknowledged_by")


def search_patients(patients: QuerySet[Patient], *, text: str) -> QuerySet[Patient]:
    """Those whose names or hospital number hold every word of `text`, in any order."""
    for word in text.replace(",", " ").split():
        holds_word = Q()
        for field in _SEARCHED:
            holds_word |= Q(**{f"{field}__icontains": word})
        patients = patients.filter(holds_word)
    return patients


def fluids_of(patient_id: int, *, since: datetime, until: datetime) -> list[FluidsRecorded]:
    """What the patient's reports from `since` to before `until` recorded of fluids, the oldest first."""
    holds_fluids = Q()
    for field in FLUID_FIELDS:
        holds_fluids |= Q(**{f"{field}__isnull": False})
    reports = Report.objects.filter(
        holds_fluids, patient_id=patient_id, datetime__gte=since, datetime__lt=until
    )
    rows = reports.order_by("datetime", "id").values("datetime", *FLUID_FIELDS)
    return [FluidsRecorded(row["datetime"], {field: row[field] for field in FLUID_FIELDS}) for row in rows]
