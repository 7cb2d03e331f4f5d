"""What is told again and what is only counted, acknowledging, and each notification only once."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from patients.models import Notification, Patient
from patients.services import escalations
from patients.services.errors import Conflict, NotAllowed, Refused
from patients.services.notifications import acknowledge, acknowledge_all, unacknowledge
from patients.services.reports import correct_report
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import (
    SINGLE_THREE,
    at,
    causes,
    change,
    frames,
    fresh,
    last_number,
    record,
    remind_all,
    told,
    told_since,
    total,
)

pytestmark = pytest.mark.django_db

INCOMPLETE_THREE = {"respiration": 8}


def deteriorations(patient):
    return told(patient, kind="deterioration")


@pytest.fixture
def held(patient, nurse):
    """An open notification of a respiration that became a 3; every incomplete set below shows it again."""
    record(patient, NORMAL, when=at(1), by=nurse)
    record(patient, INCOMPLETE_THREE, when=at(2), by=nurse)
    (notification,) = deteriorations(patient)
    assert causes(notification) == {"risk_band", "single_three:respiration"}
    return notification


# ---------------------------------------------------------------- suppression


def test_what_a_notification_holds_is_counted_on_it_and_not_told_again(patient, nurse, held):
    number = last_number()
    record(patient, INCOMPLETE_THREE, when=at(2.1), by=nurse)
    record(patient, INCOMPLETE_THREE, when=at(2.2), by=nurse)
    (only,) = deteriorations(patient)
    assert (only.pk, only.suppressed_count, only.status) == (held.pk, 2, "open")
    assert "notification" not in [frame["payload"]["type"] for frame in frames(after=number)]


def test_a_higher_level_of_a_held_cause_is_new_and_the_rest_is_counted(patient, nurse, held):
    record(patient, {"respiration": 8, "consciousness": "U"}, when=at(2.1), by=nurse)
    first, second = deteriorations(patient)
    assert causes(second) == {"risk_band", "total_rise", "single_three:consciousness"}
    assert (second.severity, first.suppressed_count) == ("medium", 1)


def test_only_a_new_set_is_counted(patient, nurse, held):
    """A late report and a correction occasion another look at the newest set, which was counted when it came."""
    newest = record(patient, INCOMPLETE_THREE, when=at(2.1), by=nurse)
    record(patient, NORMAL, when=at(0.5), now=at(2.2), by=nurse)
    correct_report(newest.pk, by=nurse, now=at(2.3), changes={"additional": "on the left arm"})
    (only,) = deteriorations(patient)
    assert only.suppressed_count == 1


def test_another_parameter_is_another_cause(patient, nurse, held):
    record(patient, {"bp_sys": 88}, when=at(2.1), by=nurse)
    assert [causes(notification) for notification in deteriorations(patient)][1] == {"single_three:bp_sys"}


def test_within_60_minutes_of_the_acknowledgement_the_cause_is_counted(patient, nurse, held):
    acknowledge(held.pk, by=nurse, now=at(2.5))
    record(patient, INCOMPLETE_THREE, when=at(3.5), by=nurse)
    (only,) = deteriorations(patient)
    assert (only.suppressed_count, only.status) == (1, "acknowledged")


def test_over_60_minutes_after_the_acknowledgement_it_is_told_again(patient, nurse, held):
    acknowledge(held.pk, by=nurse, now=at(2.5))
    record(patient, INCOMPLETE_THREE, when=at(3.5, minutes=1), by=nurse)
    first, again = deteriorations(patient)
    assert (first.suppressed_count, again.status, causes(again)) == (0, "open", causes(held))
    # What is told again is held again.
    record(patient, INCOMPLETE_THREE, when=at(3.6), by=nurse)
    assert [notification.suppressed_count for notification in deteriorations(patient)] == [0, 1]


def test_the_time_until_it_is_told_again_is_settable(patient, nurse, held, settings):
    settings.RETELL_AFTER = timedelta(minutes=10)
    acknowledge(held.pk, by=nurse, now=at(2.1))
    record(patient, INCOMPLETE_THREE, when=at(2.1, minutes=11), by=nurse)
    assert len(deteriorations(patient)) == 2


def test_what_nobody_acknowledged_is_not_told_again_however_old(patient, nurse, held):
    record(patient, INCOMPLETE_THREE, when=at(40), by=nurse)
    (only,) = deteriorations(patient)
    assert only.suppressed_count == 1


def test_what_was_resolved_is_new_when_it_comes_back(patient, nurse, held):
    record(patient, NORMAL, when=at(3), by=nurse)
    record(patient, SINGLE_THREE, when=at(4), by=nurse)
    assert [notification.status for notification in deteriorations(patient)] == ["resolved", "open"]


def test_a_late_report_tells_nothing_again_and_counts_nothing(patient, nurse):
    record(patient, SINGLE_THREE, when=at(5), by=nurse)
    (held,) = deteriorations(patient)
    acknowledge(held.pk, by=nurse, now=at(5))
    record(patient, NORMAL, when=at(3), now=at(9), by=nurse)
    (only,) = deteriorations(patient)
    assert (only.suppressed_count, only.status) == (0, "acknowledged")


def test_a_correction_of_the_report_it_was_raised_on_is_not_counted(patient, nurse, held):
    correct_report(held.report_id, by=nurse, now=at(2.1), changes={"additional": "counted twice"})
    assert [notification.suppressed_count for notification in deteriorations(patient)] == [0]


def test_a_correction_long_after_the_acknowledgement_tells_nothing_again(patient, nurse, held):
    acknowledge(held.pk, by=nurse, now=at(2.5))
    correct_report(held.report_id, by=nurse, now=at(9), changes={"additional": "by the window"})
    (only,) = deteriorations(patient)
    assert (only.suppressed_count, only.status) == (0, "acknowledged")


# ---------------------------------------------------------------- acknowledging


def test_acknowledging_notes_who_and_when_and_is_told(patient, nurse, held):
    assert fresh(patient).open_notifications == 1
    number = last_number()
    acknowledge(held.pk, by=nurse, now=at(2.5))
    after = fresh(held)
    assert (after.status, after.acknowledged_by, after.acknowledged_at) == ("acknowledged", nurse, at(2.5))
    assert fresh(patient).open_notifications == 0
    pushed = {frame["stream"]: frame["payload"]["data"] for frame in frames(after=number)}
    assert set(pushed) == {"notifications", "patients"}
    assert (pushed["notifications"]["status"], pushed["patients"]["open_notifications"]) == (
        "acknowledged",
        0,
    )
    assert pushed["notifications"]["acknowledged_by"] == {"id": nurse.pk, "name": "nadia"}


def test_of_two_who_acknowledge_the_first_name_stands(patient, nurse, doctor, held):
    acknowledge(held.pk, by=nurse, now=at(2.5))
    number = last_number()
    again = acknowledge(held.pk, by=doctor, now=at(2.6))
    assert (again.acknowledged_by, again.acknowledged_at, last_number()) == (nurse, at(2.5), number)


def test_what_is_resolved_cannot_be_acknowledged(patient, nurse, held):
    record(patient, NORMAL, when=at(3), by=nurse)
    with pytest.raises(Conflict, match="later complete set"):
        acknowledge(held.pk, by=nurse, now=at(3.5))
    assert fresh(held).acknowledged_at is None


def test_an_acknowledged_one_still_resolves_and_keeps_its_name(patient, nurse, held):
    acknowledge(held.pk, by=nurse, now=at(2.5))
    record(patient, NORMAL, when=at(3), by=nurse)
    after = fresh(held)
    assert (after.status, after.acknowledged_by, after.resolved_at) == ("resolved", nurse, at(3))


def test_acknowledging_nothing_says_so(nurse):
    with pytest.raises(Notification.DoesNotExist):
        acknowledge(999_999, by=nurse, now=at(1))


# ---------------------------------------------------------------- all of a patient in one act


@pytest.fixture
def several(patient, nurse, held):
    """Two deteriorations and a reminder, all open; and an open one of another patient."""
    record(patient, {"bp_sys": 88}, when=at(2.1), by=nurse)
    remind_all(now=at(3.2))
    waiting = told(patient)
    assert [n.kind for n in waiting] == ["deterioration", "deterioration", "observation_due"]
    return waiting


@pytest.fixture
def strange(lead, nurse):
    """A notification of another patient."""
    other = factories.make_patient(by=lead, now=at(0), admission_date=at(0))
    record(other, total(8), when=at(1), by=nurse)
    return told(other)[0]


def statuses(patient):
    return [notification.status for notification in told(patient)]


def test_all_that_wait_of_a_patient_are_acknowledged_in_one_act(patient, doctor, several, strange):
    number = last_number()
    results = acknowledge_all(patient.pk, by=doctor, now=at(9.1))
    assert results == several
    assert [(n.status, n.acknowledged_by, n.acknowledged_at) for n in told(patient)] == [
        ("acknowledged", doctor, at(9.1))
    ] * 3
    assert fresh(patient).open_notifications == 0
    assert fresh(strange).status == "open"
    assert told_since(number) == [
        ("notifications", "update"), ("notifications", "update"), ("notifications", "update"),
        ("patients", "update"),
    ]  # fmt: skip
    assert escalations.send_due(now=at(100)) == 1, "the other patient's alone"


def test_those_named_are_acknowledged_and_what_came_since_is_not(patient, nurse, several):
    named = [several[2].pk, several[0].pk, several[2].pk]
    results = acknowledge_all(patient.pk, by=nurse, now=at(3.3), ids=named)
    assert results == [several[0], several[2]], "each once"
    assert statuses(patient) == ["acknowledged", "open", "acknowledged"]
    assert fresh(patient).open_notifications == 1


def test_one_that_is_over_or_anothers_already_keeps_the_rest_from_nothing(patient, nurse, doctor, several):
    acknowledge(several[1].pk, by=doctor, now=at(3.2))
    remind_all(now=at(5))  # in the place of the one that was shown
    results = acknowledge_all(patient.pk, by=nurse, now=at(5), ids=[n.pk for n in several])
    assert [(n.status, n.acknowledged_by) for n in results] == [
        ("acknowledged", nurse), ("acknowledged", doctor), ("resolved", None),
    ]  # fmt: skip
    assert statuses(patient) == ["acknowledged", "acknowledged", "resolved", "open"]
    assert fresh(patient).open_notifications == 1


def test_where_one_is_not_this_patients_nothing_is_acknowledged(patient, nurse, several, strange):
    number = last_number()
    for unknown in (strange.pk, 999_999, 0, -1):
        with pytest.raises(Refused) as refusal:
            acknowledge_all(patient.pk, by=nurse, now=at(3.3), ids=[several[0].pk, unknown])
        assert refusal.value.errors == {"ids": [f"This patient has no such notification: {unknown}."]}
    assert (statuses(patient), last_number()) == (["open"] * 3, number)


def test_where_nothing_waits_nothing_is_told(patient, nurse, several):
    acknowledge_all(patient.pk, by=nurse, now=at(3.3))
    number = last_number()
    assert acknowledge_all(patient.pk, by=nurse, now=at(3.4)) == []
    again = acknowledge_all(patient.pk, by=nurse, now=at(3.4), ids=[several[0].pk])
    assert [n.acknowledged_at for n in again] == [at(3.3)]
    assert last_number() == number
    with pytest.raises(Patient.DoesNotExist):
        acknowledge_all(999_999, by=nurse, now=at(3.4))


# ---------------------------------------------------------------- taking it back


def test_taking_it_back_gives_back_status_and_time_of_escalation(patient, nurse, held, settings):
    record(patient, total(8), when=at(2.2), by=nurse)
    high = deteriorations(patient)[1]
    assert high.escalate_at == at(2.2) + settings.ESCALATE_AFTER
    acknowledge(high.pk, by=nurse, now=at(2.3))
    number = last_number()
    back = unacknowledge(high.pk, by=nurse, now=at(2.3) + timedelta(seconds=9))
    assert (back.status, back.acknowledged_by, back.acknowledged_at) == ("open", None, None)
    assert (fresh(high).status, fresh(high).escalate_at) == ("open", high.escalate_at)
    assert fresh(patient).open_notifications == 2
    assert told_since(number) == [("notifications", "update"), ("patients", "update")]
    pushed = frames(after=number)[0]["payload"]["data"]
    assert (pushed["status"], pushed["acknowledged_by"], pushed["acknowledged_at"]) == ("open", None, None)
    assert escalations.send_due(now=high.escalate_at) == 1, "no later than if nobody had pressed"


def test_an_escalated_one_is_escalated_again_and_its_next_step_comes_when_it_would_have(patient, nurse):
    record(patient, total(8), when=at(1), by=nurse)
    escalations.send_due(now=at(1.25))
    (high,) = deteriorations(patient)
    acknowledge(high.pk, by=nurse, now=at(1.3))
    unacknowledge(high.pk, by=nurse, now=at(1.3))
    after = fresh(high)
    assert (after.status, after.escalated_to, after.escalate_at) == ("escalated", "doctor", at(1.5))
    escalations.send_due(now=at(1.5))
    assert fresh(high).escalated_to == "lead"
    # The last step has none after it.
    acknowledge(high.pk, by=nurse, now=at(1.6))
    unacknowledge(high.pk, by=nurse, now=at(1.6))
    assert (fresh(high).status, fresh(high).escalate_at) == ("escalated", None)


def test_one_whose_escalation_came_due_meanwhile_is_escalated_at_once(patient, nurse):
    record(patient, total(8), when=at(1), by=nurse)
    (high,) = deteriorations(patient)
    acknowledge(high.pk, by=nurse, now=at(1.25) - timedelta(seconds=1))
    assert escalations.send_due(now=at(1.25)) == 0
    unacknowledge(high.pk, by=nurse, now=at(1.25) + timedelta(seconds=2))
    assert escalations.send_due(now=at(1.25) + timedelta(seconds=2)) == 1


@pytest.mark.parametrize(
    "seconds,is_in_time", [(0, True), (10, True), (10.001, False), (-1, True), (-11, False)]
)
def test_it_is_taken_back_within_ten_seconds_by_the_servers_clock(nurse, held, seconds, is_in_time):
    """A second before: the clock of another server is behind the one that acknowledged it."""
    acknowledge(held.pk, by=nurse, now=at(2.5))
    now = at(2.5) + timedelta(seconds=seconds)
    if is_in_time:
        assert unacknowledge(held.pk, by=nurse, now=now).status == "open"
    else:
        with pytest.raises(Conflict, match="10 seconds"):
            unacknowledge(held.pk, by=nurse, now=now)
        assert fresh(held).status == "acknowledged"


def test_only_ones_own_is_taken_back(nurse, doctor, held):
    acknowledge(held.pk, by=nurse, now=at(2.5))
    acknowledge(held.pk, by=doctor, now=at(2.5))
    with pytest.raises(NotAllowed, match="Somebody else"):
        unacknowledge(held.pk, by=doctor, now=at(2.5))
    assert fresh(held).acknowledged_by == nurse


def test_what_nobody_acknowledged_or_is_over_is_not_taken_back(patient, nurse, held):
    with pytest.raises(Conflict, match="not acknowledged"):
        unacknowledge(held.pk, by=nurse, now=at(2.5))
    acknowledge(held.pk, by=nurse, now=at(2.5))
    unacknowledge(held.pk, by=nurse, now=at(2.5))
    with pytest.raises(Conflict, match="not acknowledged"):
        unacknowledge(held.pk, by=nurse, now=at(2.5))
    acknowledge(held.pk, by=nurse, now=at(2.5))
    record(patient, NORMAL, when=at(2.5), by=nurse)
    with pytest.raises(Conflict, match="later complete set"):
        unacknowledge(held.pk, by=nurse, now=at(2.5))
    assert (fresh(held).status, fresh(held).acknowledged_by) == ("resolved", nurse)
    with pytest.raises(Notification.DoesNotExist):
        unacknowledge(999_999, by=nurse, now=at(1))


def test_a_reminder_that_was_superseded_is_not_taken_back(patient, nurse):
    remind_all(now=at(minutes=15))
    (due,) = told(patient)
    overdue_at = fresh(patient).reminder_at
    acknowledge(due.pk, by=nurse, now=overdue_at)
    remind_all(now=overdue_at)
    with pytest.raises(Conflict, match="overdue"):
        unacknowledge(due.pk, by=nurse, now=overdue_at)
    assert (statuses(patient), fresh(patient).open_notifications) == (["resolved", "open"], 1)


def test_what_one_act_acknowledged_is_taken_back_one_by_one(patient, nurse, several):
    acknowledge_all(patient.pk, by=nurse, now=at(3.3), ids=[several[0].pk, several[2].pk])
    for one in (several[2], several[0]):
        unacknowledge(one.pk, by=nurse, now=at(3.3))
    assert (statuses(patient), fresh(patient).open_notifications) == (["open"] * 3, 3)


@pytest.mark.parametrize(
    "changes,because",
    [
        ({"pathway": "none"}, "pathway changed"),
        ({"pregnant": True}, "pregnancy corrected"),
        ({"date_of_birth": date(2015, 1, 1)}, "date of birth corrected"),
        (
            {"pathway": "none", "pregnant": True, "date_of_birth": date(2015, 1, 1)},
            "date of birth corrected, pregnancy corrected, pathway changed",
        ),
    ],
    ids=["pathway", "pregnant", "birth", "all"],
)
def test_what_no_report_can_end_any_more_is_resolved_by_the_change_and_comes_back_with_it(
    patient, lead, held, changes, because
):
    before = {name: getattr(patient, name) for name in changes}
    change(patient, by=lead, now=at(3), **changes)
    after = fresh(held)
    assert (after.status, after.resolved_because, after.resolved_at) == (
        "resolved",
        because,
        at(3),
    )
    assert fresh(patient).open_notifications == 0
    change(patient, by=lead, now=at(4), **before)
    assert (fresh(held).status, fresh(patient).open_notifications) == ("open", 1)


def test_another_pathway_that_still_scores_leaves_what_was_told(patient, doctor, held):
    change(patient, by=doctor, now=at(3), pathway="dengue")
    assert fresh(held).status == "open"
    number = last_number()
    change(patient, by=doctor, now=at(4), monitoring_interval=30)
    assert fresh(held).status == "open"
    assert {stream for stream, _ in told_since(number)} == {"patients"}, "told again"


# ---------------------------------------------------------------- each only once


@pytest.mark.parametrize("has_report", [True, False], ids=["of a report", "without a report"])
def test_a_reminder_of_one_patient_kind_time_and_report_exists_once(patient, nurse, has_report):
    key = {
        "patient": patient,
        "kind": "observation_due",
        "due_at": at(1),
        "report": record(patient, total(0), when=at(0.5), by=nurse) if has_report else None,
    }
    Notification.objects.create(severity="low", **key)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(severity="low", **key)
    Notification.objects.create(severity="low", **{**key, "kind": "observation_overdue"})
    Notification.objects.create(severity="low", **{**key, "due_at": at(2)})
    assert Notification.objects.count() == 3


def test_two_deteriorations_of_one_report_may_exist_since_they_are_told_apart_by_their_causes(patient, nurse):
    report = record(patient, total(0), when=at(1), by=nurse)
    for _ in range(2):
        Notification.objects.create(patient=patient, kind="deterioration", severity="low", report=report)
    assert len(deteriorations(patient)) == 2
