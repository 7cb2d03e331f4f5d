"""The clock is stepped while reminders wait, and it goes over both changes of summer time: nothing lost, nothing twice.

Through the one clock (patients/clock.py), on the worker's own rounds.
"""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests import factories
from tests.support.counts import count

# Each round looks after its connection, as a thread of its own would: no transaction of the test around it.
pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)
PATIENTS = count(reduced=12, full=300)
BERLIN = ZoneInfo("Europe/Berlin")


class Clock:
    """Stands still between two rounds of the worker; notes how often each (kind, patient) is pushed as a reminder."""

    def __init__(self, monkeypatch):
        from patients import clock, events
        from patients.worker import Worker

        self.now, self.pushed = START, Counter()
        monkeypatch.setattr(events, "_publisher", self.note)
        monkeypatch.setattr(clock, "now", lambda: self.now)
        self.worker = Worker()

    def note(self, entries):
        for entry in entries:
            payload = json.loads(entry.frame)["payload"]
            if payload["type"] == "notification" and not payload["data"]["escalated_to"]:
                self.pushed[payload["data"]["kind"], payload["data"]["patient"]] += 1

    def run(self, *, until, every=timedelta(minutes=20)):
        """Rounds until that instant, and one at it."""
        while self.now < until:
            self.worker.run_due()
            self.now = min(self.now + every, until)
        self.worker.run_due()


@pytest.fixture
def clock(monkeypatch, db):
    return Clock(monkeypatch)


def admit(*, due_at):
    """Patients without a set, one due at each of these instants."""
    lead = factories.make_user("lead", username=f"lead-{len(due_at)}")
    admitted = [at - timedelta(minutes=15) for at in due_at]
    return [factories.make_patient(by=lead, now=at, admission_date=at) for at in admitted]


def reminders_stored():
    """How often each (kind, patient) is stored."""
    from patients.models import Notification

    return Counter((n.kind, n.patient_id) for n in Notification.objects.exclude(kind="deterioration"))


def assert_each_once(clock, patients, *, kinds=("observation_due", "observation_overdue"), may_lack=()):
    """`may_lack`: kinds that are not told of whom a worker is late to."""
    from patients.models import Notification

    stored = reminders_stored()
    assert clock.pushed == stored
    assert set(stored.values()) <= {1}, "twice"
    assert stored.keys() <= {(kind, patient.pk) for patient in patients for kind in kinds}
    for kind in kinds:
        if kind not in may_lack:
            assert all(stored[kind, patient.pk] for patient in patients), f"{kind} is lost"
    unresolved = Counter(
        n.patient_id for n in Notification.objects.exclude(kind="deterioration").exclude(status="resolved")
    )
    assert unresolved == Counter({patient.pk: 1 for patient in patients}), "side by side"


@pytest.mark.parametrize("step", [timedelta(minutes=2), timedelta(hours=25)], ids=["2 minutes", "25 hours"])
@pytest.mark.parametrize("direction", [1, -1], ids=["forward", "back"])
def test_a_stepped_clock_loses_nothing_and_tells_nothing_twice(clock, step, direction):
    patients = admit(due_at=[START + number * timedelta(hours=3) / PATIENTS for number in range(PATIENTS)])
    half_way = START + timedelta(hours=1, minutes=30)
    clock.run(until=half_way)
    assert 0 < len(reminders_stored()) < 2 * PATIENTS
    clock.now += direction * step
    clock.worker.run_due()
    clock.run(until=START + timedelta(hours=4), every=timedelta(hours=1))
    # Between rounds so far apart the grace time of four minutes is over: these are told once, that they are overdue.
    assert_each_once(clock, patients, may_lack=("observation_due",))


def test_after_a_step_back_escalations_come_once_each_too(clock, settings):
    from patients.models import Notification

    patients = admit(due_at=[START] * 3)
    clock.run(until=START + timedelta(minutes=25))
    clock.now -= timedelta(hours=25)
    clock.run(until=START + timedelta(hours=2))
    overdue = Notification.objects.filter(kind="observation_overdue")
    assert [[entry["to"] for entry in n.escalations] for n in overdue] == [["doctor", "lead"]] * 3
    assert_each_once(clock, patients)


@pytest.mark.parametrize(
    "change", [datetime(2024, 3, 31, 1, 0, tzinfo=UTC), datetime(2024, 10, 27, 1, 0, tzinfo=UTC)],
    ids=["into summer time", "out of summer time"],
)  # fmt: skip
def test_over_a_change_of_the_clocks_four_hours_stay_four_hours(clock, settings, change):
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override(BERLIN):
        nurse = factories.make_user("nurse")
        first = change - timedelta(hours=5)
        clock.now = first
        patients = admit(due_at=[first + timedelta(hours=1)] * 2)
        taken_at = (change - timedelta(hours=2)).astimezone(BERLIN)  # 00:00 or 01:00 of that night
        for patient in patients:
            factories.make_report(
                patient, by=nurse, now=taken_at, pulse=100, datetime=taken_at, **FOUR_HOURLY
            )
        due_at = change + timedelta(hours=2)
        clock.run(until=due_at - timedelta(seconds=1), every=timedelta(minutes=30))
        assert reminders_stored() == Counter()
        clock.run(until=due_at)
        assert_each_once(clock, patients, kinds=("observation_due",))
        clock.run(until=due_at + timedelta(minutes=30))
        assert_each_once(clock, patients)


# With a pulse of 100 a complete set of total 1: due four hours later.
FOUR_HOURLY = {
    "temperature": 36.8, "respiration": 14, "bp_sys": 124, "bp_dia": 78, "o2sat": 98.0,
    "supplemental_oxygen": False, "consciousness": "A",
}  # fmt: skip


def test_a_worker_beats_again_at_once_after_a_step_back_and_a_dead_ones_heartbeat_hides_no_living_one(clock):
    from patients.api.health import look
    from patients.models import WorkerHeartbeat

    clock.worker.run_due()
    WorkerHeartbeat.objects.create(name="dead", beat_at=clock.now)
    clock.now -= timedelta(hours=25)
    assert "worker" in look().degraded, "both heartbeats lie ahead: nobody beats now"
    clock.worker.run_due()
    assert "worker" not in look().degraded
