"""Several workers at once: each reminder is told once, on both engines."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.events import log_state
from patients.models import Notification
from patients.services import escalations, reminders
from patients.services.errors import Conflict
from patients.services.notifications import acknowledge_all, unacknowledge
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import at, frames, record, remind_all

PATIENTS = 30
WORKERS = 6


@pytest.fixture
def ward(transactional_db):
    log_state()
    lead = factories.make_user("lead")
    return [factories.make_patient(by=lead, now=at(0), admission_date=at(0)) for _ in range(PATIENTS)]


def at_once(*works):
    """Start all of them at one moment, each on a thread with a connection of its own; return their answers."""
    start = threading.Barrier(len(works))

    def run(work):
        start.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_workers_at_once_tell_each_reminder_once(ward, monkeypatch):
    monkeypatch.setattr(reminders, "MOST_AT_ONCE", 7)
    counts = at_once(*[lambda: remind_all(now=at(minutes=15))] * WORKERS)
    remind_all(now=at(minutes=15))  # what a worker left out because another one held the row
    assert sum(counts) <= PATIENTS
    assert Notification.objects.count() == PATIENTS
    assert set(Notification.objects.values_list("kind", flat=True)) == {"observation_due"}
    told = [
        frame["payload"]["data"]["patient"]
        for frame in frames()
        if frame["payload"]["type"] == "notification"
    ]
    assert sorted(told) == [patient.pk for patient in ward]


def test_the_tasks_of_one_patient_on_two_workers_tell_once(ward):
    first = ward[0].pk
    counts = at_once(*[lambda: reminders.send_due(now=at(minutes=15), patient_id=first)] * WORKERS)
    assert (sum(counts), Notification.objects.count()) == (1, 1)


def test_sets_recorded_while_the_reminders_go_out_leave_none_open(ward):
    """Whichever comes first: a reminder is told and resolved by the set, or not told at all."""
    nurse = factories.make_user("nurse")

    def record_all():
        for patient in ward:
            record(patient, NORMAL, when=at(minutes=15), by=nurse)

    at_once(record_all, *[lambda: remind_all(now=at(minutes=15))] * 3)
    assert remind_all(now=at(minutes=15)) == 0
    assert set(Notification.objects.values_list("status", flat=True)) <= {"resolved"}
    for patient in ward:
        patient.refresh_from_db()
        assert (patient.next_due_at, patient.reminder_at, patient.open_notifications) == (
            at(12.25),
            at(12.25),
            0,
        )


def test_several_workers_escalate_each_notification_once(ward):
    remind_all(now=at(1))

    def escalate_all():
        count = 0
        while told := escalations.send_due(now=at(2)):
            count += told
        return count

    counts = at_once(*[escalate_all] * WORKERS)
    assert sum(counts) + escalate_all() == PATIENTS
    overdue = Notification.objects.filter(kind="observation_overdue")
    assert [len(notification.escalations) for notification in overdue] == [1] * PATIENTS


def test_of_two_who_acknowledge_all_at_once_each_notification_has_one_name(ward):
    remind_all(now=at(1))
    nurse, doctor = factories.make_user("nurse"), factories.make_user("doctor")
    patient = ward[0]
    both = at_once(
        *(
            lambda by=by: [
                (n.pk, n.acknowledged_by_id) for n in acknowledge_all(patient.pk, by=by, now=at(1))
            ]
            for by in (nurse, doctor)
        )
    )
    (stored,) = Notification.objects.filter(patient=patient)
    assert [(stored.pk, stored.acknowledged_by_id)] in both
    assert sorted(both, key=len) == [[], [(stored.pk, stored.acknowledged_by_id)]], (
        "the other found nothing waiting"
    )
    patient.refresh_from_db()
    assert patient.open_notifications == 0


def test_undoing_twice_at_once_is_done_once(ward):
    remind_all(now=at(1))
    nurse = factories.make_user("nurse")
    (overdue,) = acknowledge_all(ward[0].pk, by=nurse, now=at(1))

    def undo():
        try:
            return unacknowledge(overdue.pk, by=nurse, now=at(1)).status
        except Conflict as error:
            return str(error)

    assert sorted(at_once(undo, undo, undo)) == ["This notification is not acknowledged."] * 2 + ["open"]
    ward[0].refresh_from_db()
    assert ward[0].open_notifications == 1


def test_acknowledging_undoing_escalating_and_recording_at_once_leave_each_patient_in_order(ward):
    """Whichever comes first: what is counted is what waits, and what waits escalates."""
    remind_all(now=at(1))
    nurse = factories.make_user("nurse")
    now = at(1.25)  # escalations are due

    def acknowledge_and_undo():
        for patient in ward:
            for one in acknowledge_all(patient.pk, by=nurse, now=now):
                with suppress(Conflict):
                    unacknowledge(one.pk, by=nurse, now=now)

    def record_some():
        for patient in ward[::2]:
            record(patient, NORMAL, when=now, by=nurse)

    at_once(acknowledge_and_undo, record_some, lambda: escalations.send_due(now=now))
    while escalations.send_due(now=now):
        pass
    for number, patient in enumerate(ward):
        patient.refresh_from_db()
        (overdue,) = Notification.objects.filter(patient=patient)
        if number % 2 == 0:
            assert (overdue.status, patient.open_notifications) == ("resolved", 0)
            assert overdue.escalate_at is None
        else:
            assert (overdue.status, patient.open_notifications) == ("escalated", 1)
            assert [step["to"] for step in overdue.escalations] == ["doctor"]


def test_a_thousand_reminders_take_no_more_statements_than_ten(ward):
    """Each further one costs an entry in a list, not a journey to the database."""

    def statements(most):
        with CaptureQueriesContext(connection) as queries:
            assert reminders.send_due(now=at(minutes=15)) == most
        return len(queries)

    reminders_at_once, reminders.MOST_AT_ONCE = reminders.MOST_AT_ONCE, 5
    try:
        few = statements(5)
        reminders.MOST_AT_ONCE = 25
        assert statements(25) <= few
    finally:
        reminders.MOST_AT_ONCE = reminders_at_once
