"""Escalation: what nobody acknowledges goes to the doctor, then to the lead, once each."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Notification
from patients.services import escalations
from patients.services.notifications import acknowledge
from patients.services.reports import delete_report
from tests import factories
from tests.factories import client_of
from tests.rules.builders import NORMAL
from tests.services.builders import at, change, frames, fresh, last_number, record, remind_all, told, total

pytestmark = pytest.mark.django_db

QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)


@pytest.fixture
def high(patient, nurse):
    """An open notification of severity high, raised at one hour."""
    record(patient, total(8), when=at(1), by=nurse)
    (notification,) = told(patient)
    assert notification.severity == "high"
    return notification


def escalate(*, now):
    return escalations.send_due(now=now)


def test_what_nobody_acknowledges_goes_to_the_doctor_and_then_to_the_lead(patient, high):
    assert escalate(now=at(1) + QUARTER - SECOND) == 0
    number = last_number()
    assert escalate(now=at(1) + QUARTER) == 1
    after = fresh(high)
    assert (after.status, after.escalated_to, after.escalated_at) == ("escalated", "doctor", at(1.25))
    assert fresh(patient).open_notifications == 1
    pushed = [(frame["stream"], frame["payload"]) for frame in frames(after=number)]
    assert [(stream, payload["type"]) for stream, payload in pushed] == [
        ("notifications", "change"),
        ("history", "notification"),
    ]
    assert {payload["data"]["escalated_to"] for _, payload in pushed} == {"doctor"}
    assert escalate(now=at(1.5) - SECOND) == 0, "told twice"
    assert escalate(now=at(1.5)) == 1
    after = fresh(high)
    assert (after.escalated_to, after.escalated_at, after.escalate_at) == ("lead", at(1.5), None)
    assert client_of("viewer").get(f"/api/notifications/{high.pk}/").json()["escalations"] == [
        {"to": "doctor", "at": "2024-03-01T09:15:00Z"},
        {"to": "lead", "at": "2024-03-01T09:30:00Z"},
    ], "every step is there to be seen, not the last alone"
    assert escalate(now=at(100)) == 0, "there is nobody else"


def test_after_an_outage_the_lead_is_told_no_sooner_after_the_doctor_than_ever(high):
    assert escalate(now=at(9)) == 1
    assert escalate(now=at(9)) == 0
    assert (fresh(high).escalated_to, fresh(high).escalate_at) == ("doctor", at(9) + QUARTER)


@pytest.mark.parametrize("told_before", [0, 1])
def test_acknowledging_stops_it_at_any_stage(high, nurse, told_before):
    if told_before:
        escalate(now=at(1) + QUARTER)
    acknowledge(high.pk, by=nurse, now=at(1.3))
    assert escalate(now=at(50)) == 0
    assert (fresh(high).status, len(fresh(high).escalations)) == ("acknowledged", told_before)


def test_what_is_resolved_is_not_escalated(patient, high, nurse):
    record(patient, NORMAL, when=at(1.1), by=nurse)
    assert escalate(now=at(50)) == 0
    assert fresh(high).status == "resolved"


def test_what_comes_back_begins_with_the_doctor_again(patient, high, nurse, lead):
    escalate(now=at(1) + QUARTER)
    record(patient, total(8), when=at(1.3), by=nurse)
    better = record(patient, NORMAL, when=at(1.4), by=nurse)
    delete_report(better.pk, by=lead, now=at(2))
    again = fresh(high)
    assert (again.status, again.escalated_to, again.escalated_at) == ("open", "", None)
    assert escalate(now=at(2) + QUARTER - SECOND) == 0
    assert escalate(now=at(2) + QUARTER) == 1
    assert [entry["to"] for entry in fresh(high).escalations] == ["doctor", "doctor"]


def test_what_comes_back_acknowledged_waits_for_nobody(patient, high, nurse, lead):
    acknowledge(high.pk, by=nurse, now=at(1.1))
    record(patient, total(8), when=at(1.3), by=nurse)
    better = record(patient, NORMAL, when=at(1.4), by=nurse)
    delete_report(better.pk, by=lead, now=at(2))
    assert (fresh(high).status, fresh(high).escalate_at) == ("acknowledged", None)
    assert escalate(now=at(50)) == 0


def test_medium_and_low_ones_wait_for_nobody(patient, nurse):
    record(patient, total(5), when=at(1), by=nurse)
    assert [notification.severity for notification in told(patient)] == ["medium"]
    remind_all(now=at(2))
    assert [notification.kind for notification in told(patient)][1:] == ["observation_due"]
    assert escalate(now=at(2.2)) == 0


def test_an_overdue_set_escalates_whatever_its_severity(patient):
    remind_all(now=at(minutes=15))
    remind_all(now=at(1))
    due, overdue = told(patient)
    assert (overdue.kind, overdue.severity, overdue.escalate_at) == (
        "observation_overdue",
        "medium",
        at(1) + QUARTER,
    )
    assert escalate(now=at(1) + QUARTER) == 1
    assert (fresh(due).status, fresh(overdue).escalated_to) == ("resolved", "doctor")
    assert fresh(patient).open_notifications == 1


def test_a_discharge_ends_it(patient, high, lead):
    change(patient, by=lead, now=at(1.1), dismissal_date=at(1.1))
    assert escalate(now=at(50)) == 0


def test_the_time_is_settable(patient, nurse, settings):
    settings.ESCALATE_AFTER = timedelta(minutes=2)
    record(patient, total(8), when=at(1), by=nurse)
    assert escalate(now=at(1) + timedelta(minutes=2)) == 1


def test_many_patients_are_escalated_in_portions_and_none_is_left(nurse, lead, monkeypatch):
    monkeypatch.setattr(escalations, "MOST_AT_ONCE", 3)
    for _ in range(7):
        patient = factories.make_patient(by=lead, now=at(0), admission_date=at(0))
        record(patient, total(8), when=at(1), by=nurse)
    counts = []
    while count := escalate(now=at(2)):
        counts.append(count)
    assert counts == [3, 3, 1]
    assert Notification.objects.filter(status="escalated", escalated_to="doctor").count() == 7


def test_where_nothing_is_due_a_look_takes_one_query(high):
    with CaptureQueriesContext(connection) as queries:
        assert escalate(now=at(1.1)) == 0
    assert len(queries) == 1


def test_an_escalation_that_fails_has_changed_nothing(high, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    number = last_number()
    monkeypatch.setattr("patients.events._insert", fail)
    with pytest.raises(OSError, match="disk"):
        escalate(now=at(2))
    assert (fresh(high).status, last_number()) == ("open", number)
