"""Reads that need joins: each loads with one query what the representation of its objects shows."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractHour

from .models import Amendment, Notification, Patient, Pause, Report, WorkerHeartbeat
from .rules.fluids import FLUID_FIELDS, FluidsRecorded
from .rules.names import search_words

HistoricalReport: Any = Report.history.model
HistoricalPatient: Any = Patient.history.model

OLDEST_HEARTBEAT: Final = timedelta(seconds=10)

# What is shown of a user and of a report in other objects; joined rows are loaded with no more.
_OF_A_USER = ("id", "username", "first_name", "last_name")
_OF_A_REPORT = ("id", "datetime", "news2")


def patients_with_last_reports() -> QuerySet[Patient]:
    """Every patient, with the two reports that their row on the board shows."""
    patients = _join(Patient.objects.all(), "last_report", _OF_A_REPORT)
    return _join(patients, "last_scored", _OF_A_REPORT)


def reports_with_recorder() -> QuerySet[Report]:
    """Every report that was not deleted."""
    return _join(Report.objects.all(), "recorded_by", _OF_A_USER)


def totals() -> QuerySet[Report]:
    """Every report, and of each what its total stands in."""
    return Report.objects.only("id", "patient_id", "datetime", "news2", "supplemental_oxygen")


def versions_with_users() -> QuerySet[Any]:
    """Every version of every report, those of deleted reports too; retired ones are not shown."""
    versions: QuerySet[Any] = HistoricalReport.objects.filter(is_retired=False)
    return _join(_join(versions, "recorded_by", _OF_A_USER), "history_user", _OF_A_USER)


def amendments_with_users() -> QuerySet[Amendment]:
    """Every entry of the ledger, those of retired versions too."""
    return _join(Amendment.objects.select_related("text"), "amended_by", _OF_A_USER)


def patient_versions_with_users() -> QuerySet[Any]:
    """Every version of every patient's own fields."""
    return _join(HistoricalPatient.objects.all(), "history_user", _OF_A_USER)


def notifications_with_acknowledger() -> QuerySet[Notification]:
    """Every notification, resolved ones too."""
    return _join(Notification.objects.all(), "acknowledged_by", _OF_A_USER)


def pauses_with_setter() -> QuerySet[Pause]:
    """Every pause, those that are over too; not those that were taken back before they began."""
    return _join(Pause.objects.filter(cancelled_at=None), "set_by", _OF_A_USER)


def _join(rows: QuerySet[Any], name: str, shown: tuple[str, ...]) -> QuerySet[Any]:
    """`rows` with what the foreign key `name` points to, of which only the fields `shown` are loaded."""
    joined = rows.model._meta.get_field(name).related_model._meta
    hidden = [f"{name}__{field.name}" for field in joined.concrete_fields if field.name not in shown]
    return rows.select_related(name).defer(*hidden)


def search_patients(patients: QuerySet[Patient], *, text: str) -> QuerySet[Patient]:
    """Those whose names or hospital number hold every word of `text`, in any order.

    Case, accents and apostrophes do not count (rules/names.py).
    """
    for word in search_words(text):
        patients = patients.filter(search_key__contains=word)
    return patients


class Raised(NamedTuple):
    """What was raised in a period: `counts`, one row for each ward, hour, severity, kind and step of escalation, and
    `delays`, one row for each notification that was acknowledged."""

    counts: Iterable[Mapping[str, Any]]
    delays: Iterable[Mapping[str, Any]]


def notifications_raised(*, since: datetime, until: datetime, ward: str | None, zone: tzinfo) -> Raised:
    """The notifications raised from `since` to before `until`, counted by the database.

    `ward` is the patient's of today; `hour` the one (0 to 23, in `zone`) in which it was raised. `due`: how many were
    the first that was told of observations that fell due, which is the overdue one where nobody was told in time;
    `overdue`: how many of these became overdue. `delay`: from raising to acknowledging,
    one by one, since only PostgreSQL can say a median.
    """
    raised = Notification.objects.filter(created_at__gte=since, created_at__lt=until).order_by()
    if ward is not None:
        raised = raised.filter(patient__ward=ward)
    raised = raised.annotate(ward=F("patient__ward"), hour=ExtractHour("created_at", tzinfo=zone))
    overdue = Q(kind=Notification.Kind.OBSERVATION_OVERDUE)
    same_time = Notification.objects.filter(patient=OuterRef("patient"), due_at=OuterRef("due_at"))
    is_due = Q(kind=Notification.Kind.OBSERVATION_DUE) | (overdue & Q(was_told_due=False))
    counts = (
        raised.annotate(
            became_overdue=Exists(same_time.filter(overdue)),
            was_told_due=Exists(same_time.filter(kind=Notification.Kind.OBSERVATION_DUE)),
        )
        .values("ward", "hour", "severity", "kind", "escalated_to")
        .annotate(
            volume=Count("pk"),
            acknowledged=Count("acknowledged_at"),
            due=Count("pk", filter=is_due),
            overdue=Count("pk", filter=is_due & Q(became_overdue=True)),
        )
    )
    delay = ExpressionWrapper(F("acknowledged_at") - F("created_at"), output_field=DurationField())
    acknowledged = raised.filter(acknowledged_at__isnull=False).annotate(delay=delay)
    return Raised(counts, acknowledged.values("ward", "hour", "severity", "kind", "escalated_to", "delay"))


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


def newest_beat(*, now: datetime) -> datetime | None:
    """When a worker last beat; None where none did within ten seconds.

    A beat that lies further ahead than that, from before the clock was set back, is none.
    """
    around_now = (now - OLDEST_HEARTBEAT, now + OLDEST_HEARTBEAT)
    beats = WorkerHeartbeat.objects.filter(beat_at__range=around_now)
    newest: datetime | None = beats.aggregate(at=Max("beat_at"))["at"]
    return newest
