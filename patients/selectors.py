"""Reads that need joins: each loads with one query what the representation of its objects shows."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractHour

from .models import Amendment, Notification, Patient, Pause, Report
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


def amendments_with_users() -> QuerySet[Amendment]:
    """Every entry of the ledger, those of retired versions too."""
    return Amendment.objects.select_related("amended_by", "text")


def patient_versions_with_users() -> QuerySet[Any]:
    """Every version of every patient's own fields."""
    versions: QuerySet[Any] = HistoricalPatient.objects.select_related("history_user")
    return versions


def notifications_with_acknowledger() -> QuerySet[Notification]:
    """Every notification, resolved ones too."""
    return Notification.objects.select_related("acknowledged_by")


def pauses_with_setter() -> QuerySet[Pause]:
    """Every pause, those that are over too; not those that were taken back before they began."""
    return Pause.objects.filter(cancelled_at=None).select_related("set_by")


def search_patients(patients: QuerySet[Patient], *, text: str) -> QuerySet[Patient]:
    """Those whose names or hospital number hold every word of `text`, in any order."""
    for word in text.replace(",", " ").split():
        holds_word = Q()
        for field in _SEARCHED:
            holds_word |= Q(**{f"{field}__icontains": word})
        patients = patients.filter(holds_word)
    return patients


class Raised(NamedTuple):
    """What was raised in a period: `counts`, one row for each ward, hour, severity and kind, and `delays`, one row
    for each notification that was acknowledged."""

    counts: Iterable[Mapping[str, Any]]
    delays: Iterable[Mapping[str, Any]]


def notifications_raised(*, since: datetime, until: datetime, ward: str | None, zone: tzinfo) -> Raised:
    """The notifications raised from `since` to before `until`, counted by the database.

    `ward` is the patient's of today; `hour` the one (0 to 23, in `zone`) in which it was raised. `due`: how many were
    observations that fell due, `overdue`: how many of these became overdue. `delay`: from raising to acknowledging,
    one by one, since only PostgreSQL can say a median.
    """
    raised = Notification.objects.filter(created_at__gte=since, created_at__lt=until).order_by()
    if ward is not None:
        raised = raised.filter(patient__ward=ward)
    raised = raised.annotate(ward=F("patient__ward"), hour=ExtractHour("created_at", tzinfo=zone))
    is_due = Q(kind=Notification.Kind.OBSERVATION_DUE)
    same_time = Notification.objects.filter(patient=OuterRef("patient"), due_at=OuterRef("due_at"))
    became_overdue = Exists(same_time.filter(kind=Notification.Kind.OBSERVATION_OVERDUE))
    counts = (
        raised.annotate(became_overdue=became_overdue)
        .values("ward", "hour", "severity", "kind")
        .annotate(
            volume=Count("pk"),
            acknowledged=Count("acknowledged_at"),
            due=Count("pk", filter=is_due),
            overdue=Count("pk", filter=is_due & Q(became_overdue=True)),
        )
    )
    delay = ExpressionWrapper(F("acknowledged_at") - F("created_at"), output_field=DurationField())
    acknowledged = raised.filter(acknowledged_at__isnull=False).annotate(delay=delay)
    return Raised(counts, acknowledged.values("ward", "hour", "severity", "kind", "delay"))


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
