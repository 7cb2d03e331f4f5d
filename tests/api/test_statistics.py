"""/api/notifications/statistics/: volume, time to acknowledge, overdue share (contract.md)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Notification
from tests.factories import client_of, make_patient

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ADDRESS = "/api/notifications/statistics/"


@pytest.fixture(autouse=True)
def _at_noon(at, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    at(NOON)


@pytest.fixture
def viewer():
    return client_of("viewer")


def told(patient, *, hours_ago, kind="deterioration", severity="high", seconds=None, due_at=None):
    created_at = NOON - timedelta(hours=hours_ago)
    return Notification.objects.create(
        patient=patient,
        kind=kind,
        severity=severity,
        created_at=created_at,
        due_at=due_at,
        acknowledged_at=None if seconds is None else created_at + timedelta(seconds=seconds),
    )


def test_times_are_told_by_the_step_at_which_somebody_answered(viewer):
    patient = make_patient(ward="7A")
    for step, seconds in (("", 60), ("", 120), ("doctor", 1000), ("lead", None)):
        notification = told(patient, hours_ago=1, seconds=seconds)
        Notification.objects.filter(pk=notification.pk).update(escalated_to=step)
    steps = viewer.get(ADDRESS).json()["by_escalated_to"]
    assert [(s["escalated_to"], s["volume"], s["acknowledged"]) for s in steps] == [
        ("", 2, 2), ("doctor", 1, 1), ("lead", 1, 0),
    ]  # fmt: skip
    assert [s["time_to_acknowledge"]["median"] for s in steps] == [60.0, 1000.0, None]


def only(rows, **key):
    (found,) = [row for row in rows if key.items() <= row.items()]
    return found


def test_an_empty_period_has_no_times_and_no_share(viewer):
    body = viewer.get(ADDRESS).json()
    assert (body["since"], body["until"], body["ward"]) == (
        "2026-03-03T12:00:00Z",
        "2026-03-10T12:00:00Z",
        None,
    )
    assert body["total"] == {
        "volume": 0,
        "acknowledged": 0,
        "time_to_acknowledge": {"median": None, "p90": None},
        "due": 0,
        "overdue": 0,
        "overdue_share": None,
    }
    assert [body[f"by_{name}"] for name in ("ward", "hour", "severity", "kind")] == [[], [], [], []]


def test_volume_and_times_by_ward_hour_severity_and_kind(viewer):
    north, south = make_patient(ward="North"), make_patient(ward="South")
    for seconds in range(1, 11):
        told(north, hours_ago=2, seconds=seconds)
    told(south, hours_ago=13, severity="low", seconds=60)
    told(south, hours_ago=13, severity="low")
    body = viewer.get(ADDRESS).json()
    assert (body["total"]["volume"], body["total"]["acknowledged"]) == (12, 11)
    assert body["total"]["time_to_acknowledge"] == {"median": 6.0, "p90": 10.0}
    assert only(body["by_ward"], ward="North")["time_to_acknowledge"] == {"median": 5.0, "p90": 9.0}
    assert only(body["by_ward"], ward="South")["volume"] == 2
    assert [(row["hour"], row["volume"]) for row in body["by_hour"]] == [(0, 2), (11, 10)]
    assert [(row["severity"], row["volume"]) for row in body["by_severity"]] == [("low", 2), ("high", 10)]
    assert [(row["kind"], row["volume"]) for row in body["by_kind"]] == [("deterioration", 12)]


def test_the_hour_is_the_wards_across_a_clock_change(viewer, at):
    at(datetime(2026, 4, 1, tzinfo=UTC))
    patient = make_patient()
    for day in (28, 29):  # Berlin: UTC+1, and from the morning of the 29th UTC+2
        Notification.objects.create(
            patient=patient,
            kind="deterioration",
            severity="low",
            created_at=datetime(2026, 3, day, 10, tzinfo=UTC),
        )
    assert [row["hour"] for row in viewer.get(ADDRESS).json()["by_hour"]] == [11, 12]


def test_the_overdue_share_is_of_what_fell_due(viewer):
    patient, other = make_patient(ward="A"), make_patient(ward="B")
    for hours in (1, 2, 3):
        due_at = NOON - timedelta(hours=hours)
        told(patient, hours_ago=hours, kind="observation_due", severity="low", due_at=due_at)
    first_due = NOON - timedelta(hours=3)
    told(patient, hours_ago=2.75, kind="observation_overdue", severity="medium", due_at=first_due)
    told(other, hours_ago=3, kind="observation_due", severity="low", due_at=first_due)
    body = viewer.get(ADDRESS).json()
    assert (body["total"]["due"], body["total"]["overdue"], body["total"]["overdue_share"]) == (4, 1, 0.25)
    assert only(body["by_ward"], ward="A")["overdue_share"] == 0.3333
    assert only(body["by_ward"], ward="B")["overdue_share"] == 0.0
    assert only(body["by_kind"], kind="observation_overdue")["overdue_share"] is None


def test_a_set_of_which_only_the_overdue_one_was_told_fell_due_as_well(viewer):
    """After an outage: the grace time was over when somebody was told first."""
    patient = make_patient(ward="A")
    told(patient, hours_ago=1, kind="observation_due", severity="low", due_at=NOON - timedelta(hours=1))
    late = NOON - timedelta(hours=3)
    told(patient, hours_ago=2, kind="observation_overdue", severity="medium", due_at=late)
    body = viewer.get(ADDRESS).json()
    assert (body["total"]["due"], body["total"]["overdue"], body["total"]["overdue_share"]) == (2, 1, 0.5)


def test_a_period_begins_at_since_and_ends_before_until(viewer):
    patient = make_patient()
    for hours in (1, 2, 3):
        told(patient, hours_ago=hours)
    query = {"since": "2026-03-10T10:00:00Z", "until": "2026-03-10T11:00:00Z"}
    assert viewer.get(ADDRESS, query).json()["total"]["volume"] == 1


def test_one_ward_alone(viewer):
    told(make_patient(ward="A"), hours_ago=1)
    told(make_patient(ward="B"), hours_ago=1)
    body = viewer.get(ADDRESS, {"ward": "A"}).json()
    assert (body["ward"], body["total"]["volume"], len(body["by_ward"])) == ("A", 1, 1)
    assert viewer.get(ADDRESS, {"ward": "C"}).json()["total"]["volume"] == 0


@pytest.mark.parametrize(
    "query,named",
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2025-12-07T12:00:00Z"}, "since"),
        ({"since": "2026-03-11T12:00:00Z"}, "since"),
        ({"wards": "A"}, "wards"),
        ({"ward": "x" * 41}, "ward"),
        ({"ward": "a\x00"}, "ward"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(viewer, query, named):
    response = viewer.get(ADDRESS, query)
    assert (response.status_code, list(response.json())) == (400, [named])


def test_92_days_are_possible(viewer):
    assert viewer.get(ADDRESS, {"since": "2025-12-08T12:00:00Z"}).status_code == 200


def test_it_costs_the_same_queries_however_much_was_told(viewer):
    def queries():
        with CaptureQueriesContext(connection) as made:
            viewer.get(ADDRESS)
        return len(made)

    told(make_patient(), hours_ago=1, seconds=5)
    queries()  # the first one also asks for the role
    one = queries()
    for number in range(5):
        told(make_patient(ward=str(number)), hours_ago=number, seconds=5)
    assert queries() == one == 3, "the event, the counts and the delays"


def test_strangers_get_nothing(client):
    assert client.get(ADDRESS).status_code == 401
