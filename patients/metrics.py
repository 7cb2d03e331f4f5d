"""What `/metrics` tells besides django-prometheus's own figures of requests: the ward's machinery, no patient.

Read when somebody asks, from the hub of this process and from the database, so nothing is counted twice by several
processes and a worker without a port is seen as well.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import DatabaseError
from django.db.models import Count, Exists, Min, OuterRef, Q
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from . import clock
from .models import Event, Notification, Patient, WorkerHeartbeat

LATENESS_WINDOW: Final = timedelta(hours=1)

EVENTS: Final = Counter("wardlight_events", "Entries of the event log that this process handed out.")
FAN_OUT: Final = Histogram(
    "wardlight_fan_out_seconds",
    "From taking new entries of the log until they were written to every connection of this process.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


class WardCollector(Collector):
    """Gauges that are true at the moment of asking."""

    def describe(self) -> list[Metric]:
        return []  # else the registry would read the database when this is registered

    def collect(self) -> Iterator[Metric]:
        yield from _of_this_process()
        try:
            yield from _of_the_database()
        except DatabaseError:
            yield _gauge("wardlight_database_up", "Whether the database answers.", 0)


def register() -> None:
    """Add the collector to the process's registry, once."""
    REGISTRY.register(WardCollector())


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)


def _of_this_process() -> Iterator[Metric]:
    from .realtime import hub as hubs

    hub = hubs.running_hub()
    connections = 0 if hub is None else sum(1 for _ in hub.connections())
    yield _gauge("wardlight_connected_clients", "WebSockets open on this process.", connections)
    if hub is not None:
        yield _gauge("wardlight_handed_out_event", "Number up to which clients were handed all.", hub.last)


def _of_the_database() -> Iterator[Metric]:
    from .events import log_state

    now = clock.now()
    yield _gauge("wardlight_database_up", "Whether the database answers.", 1)
    yield _gauge("wardlight_last_event", "Number of the newest entry of the event log.", log_state().last)
    yield _gauge("wardlight_kept_events", "Entries of the event log that are kept.", _kept_events())
    newest = WorkerHeartbeat.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    if newest is not None:
        age = (now - newest).total_seconds()
        yield _gauge("wardlight_worker_heartbeat_age_seconds", "Since a worker last looked for work.", age)
    waiting_since = Patient.objects.filter(reminder_at__lte=now).aggregate(at=Min("reminder_at"))["at"]
    waiting = 0.0 if waiting_since is None else (now - waiting_since).total_seconds()
    yield _gauge(
        "wardlight_reminder_waiting_seconds", "How late the oldest reminder not yet told is.", waiting
    )
    told_due = Notification.objects.filter(kind=Notification.Kind.OBSERVATION_DUE)
    # Where the grace time was over already the overdue one is the first that was told of its set.
    told_first = Q(kind=Notification.Kind.OBSERVATION_DUE) | ~Exists(
        told_due.filter(patient=OuterRef("patient"), due_at=OuterRef("due_at"))
    )
    told = Notification.objects.filter(
        told_first, created_at__gt=now - LATENESS_WINDOW, due_at__isnull=False
    ).values_list("created_at", "due_at")
    latest = max(((created - due).total_seconds() for created, due in told if due), default=0.0)
    yield _gauge("wardlight_reminder_lateness_seconds", "The latest reminder told in the last hour.", latest)
    yield _gauge(
        "wardlight_patients", "Patients on the ward.", Patient.objects.filter(dismissal_date=None).count()
    )
    by_status = GaugeMetricFamily(
        "wardlight_unresolved_notifications", "Notifications not yet resolved.", labels=["status"]
    )
    unresolved = Notification.objects.exclude(status=Notification.Status.RESOLVED)
    for status, count in unresolved.values_list("status").annotate(Count("pk")).order_by("status"):
        by_status.add_metric([status], count)
    yield by_status


def _kept_events() -> int:
    """From the ends of the log, which has no holes: counting a day's entries would read them all."""
    first = Event.objects.order_by("number").values_list("number", flat=True).first()
    last = Event.objects.order_by("-number").values_list("number", flat=True).first()
    return 0 if first is None or last is None else last - first + 1
