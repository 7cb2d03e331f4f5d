"""Reminders: when the next observation is due, when it is overdue, once each, and what takes them back."""

from collections import Counter

import pytest
from background_task.models import Task
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Notification
from patients.services import plans, reminders
from patients.services.history import retire_version
from patients.services.notifications import acknowledge
from patients.services.patients import delete_patient
from patients.services.reports import correct_report, delete_report
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import (
    SINGLE_THREE,
    at,
    change,
    frames,
    fresh,
    last_number,
    record,
    remind_all,
    told,
    total,
    wake_ups,
)

pytestmark = pytest.mark.django_db


def reminded(patient):
    """(kind, severity, due_at, status) of the patient's reminders, oldest first."""
    return [
        (notification.kind, notification.severity, notification.due_at, notification.status)
        for notification in told(patient)
        if notification.kind != "deterioration"
    ]


# ---------------------------------------------------------------- due, overdue, none


def test_nothing_is_told_before_its_time(patient):
    assert reminders.send_due(now=at(minutes=14.99)) == 0
    assert told(patient) == []


def test_before_the_first_set_the_reminder_has_no_report(patient):
    assert reminders.send_due(now=at(minutes=15)) == 1
    (reminder,) = told(patient)
    assert (reminder.kind, reminder.severity, reminder.status) == ("observation_due", "low", "open")
    assert (reminder.due_at, reminder.report_id, reminder.created_at) == (
        at(minutes=15),
        None,
        at(minutes=15),
    )
    assert fresh(patient).open_notifications == 1


def test_after_a_set_the_reminder_names_it(patient, nurse):
    report = record(patient, total(1), when=at(1), by=nurse)
    remind_all(now=at(5))
    (reminder,) = told(patient)
    assert (reminder.report, reminder.due_at) == (report, at(5))
    assert reminder.reasons[0]["rule"] == "observation_due"
    assert reminder.reasons[0]["values"] == {"due_at": "2024-03-01T13:00:00Z", "interval_minutes": 240}


def test_the_chain_is_due_then_overdue_after_a_quarter_of_the_interval_then_nothing(patient, nurse):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)  # hourly
    after = fresh(patient)
    assert (after.reminder_at, after.reminder_kind, wake_ups(patient)) == (at(2), "observation_due", [at(2)])
    assert remind_all(now=at(2)) == 1
    after = fresh(patient)
    overdue_at = at(2, minutes=15)
    assert (after.reminder_at, after.reminder_kind) == (overdue_at, "observation_overdue")
    assert wake_ups(patient) == [overdue_at]
    assert remind_all(now=at(2, minutes=14.9)) == 0
    assert remind_all(now=overdue_at) == 1
    after = fresh(patient)
    assert (after.reminder_at, after.reminder_kind, wake_ups(patient)) == (None, "", [])
    assert remind_all(now=at(1000)) == 0
    assert reminded(patient) == [
        ("observation_due", "low", at(2), "resolved"), ("observation_overdue", "medium", at(2), "open"),
    ]  # fmt: skip
    assert fresh(patient).open_notifications == 2, "the deterioration and the overdue set"


def test_the_grace_is_30_minutes_at_most(patient, nurse):
    record(patient, total(0), when=at(1), by=nurse)  # 12 hours
    remind_all(now=at(13))
    assert fresh(patient).reminder_at == at(13.5)


@pytest.mark.parametrize(
    "values,due,overdue",
    [(total(0), "low", "medium"), (SINGLE_THREE, "low", "medium"), (total(5), "medium", "high"),
     (total(7), "medium", "high")],
    ids=["low", "low-medium", "medium", "high"],
)  # fmt: skip
def test_the_severity_follows_the_risk_and_overdue_is_one_step_higher(patient, nurse, values, due, overdue):
    record(patient, values, when=at(1), by=nurse)
    remind_all(now=fresh(patient).reminder_at)
    remind_all(now=fresh(patient).reminder_at)
    assert [severity for _, severity, _, _ in reminded(patient)] == [due, overdue]


@pytest.mark.parametrize("late", [at(minutes=18.75), at(500)], ids=["by the grace time", "by weeks"])
def test_told_late_after_an_outage_the_overdue_one_alone_goes_out_once(patient, late):
    """clinical.md: the grace of 15 minutes is 3:45."""
    number = last_number()
    assert remind_all(now=late) == 1
    assert reminded(patient) == [("observation_overdue", "medium", at(minutes=15), "open")]
    assert remind_all(now=at(501)) == 0
    after = fresh(patient)
    assert (after.open_notifications, after.reminder_at, wake_ups(patient)) == (1, None, [])
    pushed = [
        frame["payload"]["data"]["kind"] for frame in frames(after=number) if frame["stream"] == "history"
    ]
    assert pushed == ["observation_overdue"]


def test_told_late_within_the_grace_time_the_due_one_goes_out(patient):
    assert remind_all(now=at(minutes=18.7)) == 1
    assert reminded(patient) == [("observation_due", "low", at(minutes=15), "open")]


@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_the_overdue_one_takes_the_place_of_the_due_one_on_every_screen(patient, nurse, is_acknowledged):
    remind_all(now=at(minutes=15))
    (due,) = told(patient)
    if is_acknowledged:
        acknowledge(due.pk, by=nurse, now=at(minutes=16))
    number = last_number()
    remind_all(now=at(minutes=19))
    due, overdue = told(patient)
    assert (due.status, due.resolved_at, due.resolved_because) == ("resolved", at(minutes=19), "overdue")
    assert (due.acknowledged_by == nurse) == is_acknowledged, "who acknowledged it stays to be seen"
    assert fresh(patient).open_notifications == 1
    pushed = [(frame["stream"], frame["payload"]) for frame in frames(after=number)]
    seen = [
        (stream, payload["type"], payload.get("action"), payload["data"].get("status"), payload["data"]["id"])
        for stream, payload in pushed
    ]
    assert seen == [
        ("notifications", "change", "update", "resolved", due.pk),
        ("notifications", "change", "create", "open", overdue.pk),
        ("history", "notification", None, "open", overdue.pk),
        ("patients", "change", "update", None, patient.pk),
    ]
    assert pushed[0][1]["data"]["resolved_because"] == "overdue"
    assert (pushed[0][1]["data"]["acknowledged_by"] is not None) == is_acknowledged
    assert pushed[3][1]["data"]["open_notifications"] == 1


def test_where_the_overdue_one_cannot_be_told_the_due_one_stays(patient, monkeypatch):
    """One transaction: never are there none."""
    remind_all(now=at(minutes=15))

    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("patients.services.notifications.remind_all", fail)
        with pytest.raises(OSError, match="disk"):
            remind_all(now=at(1))
    assert reminded(patient) == [("observation_due", "low", at(minutes=15), "open")]
    assert fresh(patient).reminder_kind == "observation_overdue"
    assert remind_all(now=at(1)) == 1


def test_telling_twice_at_one_instant_tells_once(patient):
    assert [reminders.send_due(now=at(minutes=15)) for _ in range(3)] == [1, 0, 0]
    assert len(told(patient)) == 1


def test_one_patients_task_tells_that_patient_alone(patient, lead):
    other = factories.make_patient(by=lead, now=at(0), admission_date=at(0))
    assert reminders.send_due(now=at(minutes=15), patient_id=patient.pk) == 1
    assert (len(told(patient)), len(told(other))) == (1, 0)


def test_many_due_at_once_are_told_in_batches_and_none_twice(lead, monkeypatch):
    monkeypatch.setattr(reminders, "MOST_AT_ONCE", 4)
    patients = [factories.make_patient(by=lead, now=at(0), admission_date=at(0)) for _ in range(10)]
    assert [reminders.send_due(now=at(minutes=15)) for _ in range(4)] == [4, 4, 2, 0]
    assert [len(told(patient)) for patient in patients] == [1] * 10


def test_a_reminder_is_stored_and_told_though_nobody_is_connected(patient):
    number = last_number()
    remind_all(now=at(minutes=15))
    pushed = [(frame["stream"], frame["payload"]["type"]) for frame in frames(after=number)]
    assert sorted(pushed) == [
        ("history", "notification"),
        ("notifications", "change"),
        ("patients", "change"),
    ]


def test_with_nothing_due_a_look_is_one_query_and_no_lock(patient):
    with CaptureQueriesContext(connection) as queries:
        assert reminders.send_due(now=at(minutes=1)) == 0
    (look,) = [query["sql"] for query in queries.captured_queries]
    assert look.startswith("SELECT")
    assert "FOR UPDATE" not in look


# ---------------------------------------------------------------- moving


def test_a_new_set_moves_the_one_task_and_makes_no_second(patient, nurse):
    for hour in (1, 2, 3):
        record(patient, total(0), when=at(hour), by=nurse)
    assert wake_ups(patient) == [at(15)]
    assert Task.objects.count() == 1


def test_a_task_that_a_dead_worker_locked_is_moved_all_the_same(patient, nurse):
    Task.objects.update(locked_by="999999", locked_at=at(0))
    record(patient, total(0), when=at(1), by=nurse)
    (task,) = Task.objects.all()
    assert (task.run_at, task.locked_by) == (at(13), None)


def test_a_set_that_moves_the_time_ahead_resolves_the_open_reminders(patient, nurse):
    remind_all(now=at(minutes=15))
    remind_all(now=at(1))
    record(patient, total(0), when=at(1), by=nurse)
    assert [n.resolved_because for n in told(patient)] == ["overdue", "the next observation is due later"]
    after = fresh(patient)
    assert (after.open_notifications, after.reminder_at, after.reminder_kind) == (
        0,
        at(13),
        "observation_due",
    )


def test_an_acknowledged_reminder_is_resolved_too(patient, nurse):
    remind_all(now=at(minutes=15))
    acknowledge(told(patient)[0].pk, by=nurse, now=at(0.3))
    record(patient, total(0), when=at(0.5), by=nurse)
    assert reminded(patient)[0][3] == "resolved"


def test_a_set_that_leaves_the_time_in_the_past_resolves_nothing_and_it_still_becomes_overdue(patient, nurse):
    remind_all(now=at(minutes=15))
    record(patient, SINGLE_THREE, when=at(minutes=5), now=at(3), by=nurse)  # was due at 1:05
    assert fresh(patient).next_due_at == at(1, minutes=5)
    assert reminded(patient)[0][3] == "open"
    remind_all(now=at(3))
    assert [(kind, status) for kind, _, _, status in reminded(patient)] == [
        ("observation_due", "resolved"), ("observation_overdue", "open"),
    ]  # fmt: skip
    assert [n.resolved_because for n in told(patient, kind="observation_due")] == ["overdue"]


def test_a_late_report_leaves_the_reminder_open(patient, nurse):
    record(patient, SINGLE_THREE, when=at(3), by=nurse)
    remind_all(now=at(4))
    record(patient, NORMAL, when=at(2), now=at(4.1), by=nurse)
    assert reminded(patient) == [("observation_due", "low", at(4), "open")]


def test_a_server_whose_clock_is_behind_ends_no_reminder_of_a_time_that_stands(patient, nurse):
    remind_all(now=at(minutes=15))
    record(patient, {"fi_oral": 100.0}, when=at(minutes=14), now=at(minutes=14.9), by=nurse)
    assert reminded(patient) == [("observation_due", "low", at(minutes=15), "open")]


def test_an_acknowledged_due_one_still_becomes_overdue(patient, nurse):
    remind_all(now=at(minutes=15))
    acknowledge(told(patient)[0].pk, by=nurse, now=at(minutes=16))
    remind_all(now=at(1))
    assert [(kind, status) for kind, _, _, status in reminded(patient)] == [
        ("observation_due", "resolved"), ("observation_overdue", "open"),
    ]  # fmt: skip


def test_a_plan_that_moves_the_time_ahead_resolves_and_one_that_does_not_leaves_it(patient, nurse, doctor):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)
    remind_all(now=at(2))
    change(patient, by=doctor, now=at(2.05), monitoring_interval=30)  # was due at 1:30
    assert reminded(patient)[0][3] == "open"
    change(patient, by=doctor, now=at(2.25), monitoring_interval=75)  # due at this moment
    assert reminded(patient)[0][3] == "open"
    change(patient, by=doctor, now=at(2.3), monitoring_interval=240)
    assert reminded(patient)[0][3] == "resolved"
    assert wake_ups(patient) == [at(5)]


def test_where_no_further_set_is_asked_for_no_reminder_is_left(patient, doctor):
    remind_all(now=at(minutes=15))
    change(patient, by=doctor, now=at(minutes=16), pathway="none")
    assert fresh(patient).next_due_at is None
    assert reminded(patient)[0][3] == "resolved"


def test_an_amendment_that_moves_the_time_ahead_resolves(patient, nurse):
    report = record(patient, SINGLE_THREE, when=at(1), by=nurse)
    remind_all(now=at(2))
    correct_report(report.pk, by=nurse, now=at(2.1), changes={"respiration": 16})
    assert reminded(patient) == [("observation_due", "low", at(2), "resolved")]
    assert fresh(patient).next_due_at == at(13)


def test_deleting_the_newest_set_lets_the_reminder_of_the_one_before_go_out_again(patient, nurse, lead):
    """It was resolved by the set that is now gone; (patient, kind, due_at, report) is unique, so it is reopened."""
    record(patient, SINGLE_THREE, when=at(1), by=nurse)
    remind_all(now=at(2))
    (first,) = [notification for notification in told(patient) if notification.kind == "observation_due"]
    acknowledge(first.pk, by=nurse, now=at(2))
    wrong = record(patient, SINGLE_THREE, when=at(2.1), by=nurse)
    assert reminded(patient)[0][3] == "resolved"
    delete_report(wrong.pk, by=lead, now=at(2.2))
    assert (fresh(patient).next_due_at, wake_ups(patient)) == (at(2), [at(2)])
    number = last_number()
    assert reminders.send_due(now=at(2.2)) == 1
    again = fresh(first)
    assert (again.status, again.resolved_at, again.resolved_because) == ("open", None, "")
    assert (again.acknowledged_by, again.acknowledged_at) == (None, None)
    assert "notification" in [frame["payload"]["type"] for frame in frames(after=number)]
    assert reminders.send_due(now=at(2.2)) == 0


def test_a_reminder_that_goes_out_again_says_what_holds_by_then(patient, nurse, lead):
    corrected = record(patient, SINGLE_THREE, when=at(1), by=nurse, monitoring_interval=60)
    remind_all(now=at(2))
    wrong = record(patient, SINGLE_THREE, when=at(2.1), by=nurse)
    earlier = {"datetime": at(0.5), "monitoring_interval": 90}
    correct_report(corrected.pk, by=nurse, now=at(2.2), changes={**total(5), **earlier})
    delete_report(wrong.pk, by=lead, now=at(2.3))
    remind_all(now=at(2.3))
    (again,) = [n for n in told(patient) if n.kind == "observation_due"]
    assert (again.severity, again.due_at, again.status) == ("medium", at(2), "open")
    assert again.reasons[0]["values"] == {"due_at": "2024-03-01T10:00:00Z", "interval_minutes": 90}


def test_deleting_the_only_set_lets_the_first_reminder_go_out_again(patient, nurse, lead):
    remind_all(now=at(minutes=15))
    report = record(patient, total(0), when=at(minutes=16), by=nurse)
    delete_report(report.pk, by=lead, now=at(minutes=17))
    assert reminders.send_due(now=at(minutes=17)) == 1
    assert [notification.report_id for notification in told(patient)] == [None]
    assert reminded(patient)[0][3] == "open"


# ---------------------------------------------------------------- at most one, whatever happens


def unresolved(patient):
    """(kind, due_at) of the reminders that are not over."""
    return [(kind, due_at) for kind, _, due_at, status in reminded(patient) if status != "resolved"]


def test_deleting_the_newest_set_long_after_tells_only_that_the_one_before_is_overdue(patient, nurse, lead):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)  # hourly
    remind_all(now=at(2))
    wrong = record(patient, total(0), when=at(2.1), by=nurse)
    delete_report(wrong.pk, by=lead, now=at(3))
    assert remind_all(now=at(3)) == 1
    assert unresolved(patient) == [("observation_overdue", at(2))]
    assert fresh(patient).open_notifications == 2, "and the deterioration"
    # The set that is recorded at last, and deleted as well, has the overdue one told again: the same row.
    again = record(patient, total(0), when=at(3.1), by=nurse)
    assert unresolved(patient) == []
    delete_report(again.pk, by=lead, now=at(3.2))
    number = last_number()
    assert remind_all(now=at(3.2)) == 1
    assert unresolved(patient) == [("observation_overdue", at(2))]
    assert len(told(patient, kind="observation_overdue")) == 1
    assert "notification" in [frame["payload"]["type"] for frame in frames(after=number)]


def test_retiring_the_newest_version_of_the_newest_set_tells_the_same(patient, nurse, lead):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)
    remind_all(now=at(2))
    wrong = record(patient, total(0), when=at(2.1), by=nurse)
    version = wrong.history.latest("history_id")
    retire_version(version.pk, by=lead, now=at(3), reason="wrong patient")
    assert remind_all(now=at(3)) == 1
    assert unresolved(patient) == [("observation_overdue", at(2))]


def test_a_plan_that_moves_the_time_into_the_past_takes_the_place_of_the_due_one(patient, nurse, doctor):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)
    remind_all(now=at(2))
    change(patient, by=doctor, now=at(2.05), monitoring_interval=30)  # was due at 1:30, overdue at 1:37:30
    assert unresolved(patient) == [("observation_due", at(2))]
    assert remind_all(now=at(2.05)) == 1
    assert unresolved(patient) == [("observation_overdue", at(1.5))]
    assert fresh(patient).open_notifications == 2, "and the deterioration"


def test_a_discharge_taken_back_after_the_grace_time_tells_only_that_the_set_is_overdue(patient, lead):
    remind_all(now=at(minutes=15))
    change(patient, by=lead, now=at(minutes=16), dismissal_date=at(minutes=16))
    assert (unresolved(patient), fresh(patient).open_notifications) == ([], 0)
    change(patient, by=lead, now=at(1), dismissal_date=None)
    assert remind_all(now=at(1)) == 1
    assert unresolved(patient) == [("observation_overdue", at(minutes=15))]
    change(patient, by=lead, now=at(1.1), dismissal_date=at(1.1))
    change(patient, by=lead, now=at(1.2), dismissal_date=None)
    assert remind_all(now=at(1.2)) == 1
    assert unresolved(patient) == [("observation_overdue", at(minutes=15))]
    assert fresh(patient).open_notifications == 1


def test_a_pause_that_ends_tells_first_that_the_set_is_due(patient, nurse, doctor):
    remind_all(now=at(minutes=15))
    plans.add_pause(
        patient.pk, by=doctor, now=at(minutes=16), since=at(minutes=16), until=at(2), reason="theatre"
    )
    assert unresolved(patient) == []
    assert remind_all(now=at(2)) == 1
    assert unresolved(patient) == [("observation_due", at(2))]


def test_an_overdue_one_is_not_followed_by_another_whatever_moves(patient, nurse, doctor):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)
    remind_all(now=at(3))
    for minutes in (90, 30, 60):  # due at 2:30, 1:30 and 2:00, all of them past
        change(patient, by=doctor, now=at(3.1), monitoring_interval=minutes)
        assert remind_all(now=at(3.1)) == 0
    assert unresolved(patient) == [("observation_overdue", at(2))]


def test_many_become_overdue_in_as_many_statements_as_few(lead, monkeypatch):
    for _ in range(30):
        factories.make_patient(by=lead, now=at(0), admission_date=at(0))
    remind_all(now=at(minutes=15))

    def statements(most):
        monkeypatch.setattr(reminders, "MOST_AT_ONCE", most)
        with CaptureQueriesContext(connection) as queries:
            assert reminders.send_due(now=at(minutes=19)) == most
        return len(queries)

    few = statements(5)
    assert statements(25) <= few
    status = Notification.objects.values_list("kind", "status", "resolved_because")
    assert Counter(status) == {
        ("observation_due", "resolved", "overdue"): 30, ("observation_overdue", "open", ""): 30,
    }  # fmt: skip


def test_a_deleted_patient_wakes_nobody(patient, lead):
    delete_patient(patient.pk, by=lead, now=at(1))
    assert Task.objects.count() == 0
    assert remind_all(now=at(100)) == 0
