"""What follows from a report: the due time, the risk shown, and which deterioration is raised or resolved."""

from datetime import date

import pytest

from patients.services.notifications import acknowledge
from patients.services.reports import correct_report, delete_report
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
    wake_ups,
)

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]


def deteriorations(patient):
    return told(patient, kind="deterioration")


def state(patient):
    after = fresh(patient)
    return after.current_risk, after.next_due_at


# ---------------------------------------------------------------- the due time


def test_the_first_set_is_due_15_minutes_after_admission(patient):
    after = fresh(patient)
    assert (after.next_due_at, after.due_interval, after.due_report_id) == (at(minutes=15), 15, None)
    assert (after.current_risk, after.last_report) == (None, None)


@pytest.mark.parametrize(
    "values,risk,due_at",
    [
        (total(0), "low", at(13)),
        (total(4), "low", at(5)),
        (SINGLE_THREE, "low-medium", at(2)),
        (total(6), "medium", at(2)),
        (total(7), "high", at(1, minutes=15)),
    ],
    ids=["0", "4", "single 3", "6", "7"],
)
def test_each_result_has_its_risk_and_its_due_time(patient, nurse, values, risk, due_at):
    record(patient, values, when=at(1), by=nurse)
    assert state(patient) == (risk, due_at)
    assert wake_ups(patient) == [due_at]


def test_the_reports_own_interval_goes_before_the_patients_and_that_before_the_pathways(
    patient, nurse, doctor
):
    change(patient, by=doctor, now=at(0.5), monitoring_interval=30)
    record(patient, total(0), when=at(1), by=nurse)
    assert state(patient)[1] == at(1.5)
    record(patient, total(0), when=at(1.5), by=nurse, monitoring_interval=120)
    assert state(patient)[1] == at(3.5)


def test_an_incomplete_set_brings_the_time_forward_but_never_back(patient, nurse):
    record(patient, total(0), when=at(1), by=nurse)
    record(patient, {"respiration": 30}, when=at(2), by=nurse)
    assert state(patient) == ("low-medium", at(3))
    record(patient, {"temperature": 37.0}, when=at(2.5), by=nurse)
    assert state(patient) == ("low-medium", at(3))


def test_an_incomplete_set_never_makes_a_patient_look_better(patient, nurse):
    record(patient, total(7), when=at(1), by=nurse)
    record(patient, {"pulse": 70}, when=at(1.1), by=nurse)
    after = fresh(patient)
    assert (after.current_risk, after.last_scored.news2["score"]) == ("high", 7)
    assert [notification.status for notification in deteriorations(patient)] == ["open"]


def test_a_late_report_does_not_move_the_due_time_and_raises_nothing(patient, nurse):
    newest = record(patient, total(0), when=at(5), by=nurse)
    late = record(patient, total(10), when=at(3), now=at(6), by=nurse)
    after = fresh(patient)
    assert fresh(late).news2["score"] == 10
    assert state(patient) == ("low", at(17))
    assert (after.last_report, after.last_scored) == (newest, newest)
    assert deteriorations(patient) == []
    assert fresh(late).due_at == at(17)


def test_of_two_reports_of_one_moment_the_one_recorded_later_is_the_newer(patient, nurse):
    record(patient, total(2), when=at(1), by=nurse)
    second = record(patient, total(0), when=at(1), by=nurse)
    assert state(patient) == ("low", at(13))
    assert fresh(patient).last_report == second


def test_who_is_not_scored_is_due_after_four_hours(patient, nurse, doctor):
    change(patient, by=doctor, now=at(0.5), pregnant=True)
    record(patient, {"pulse": 130}, when=at(1), by=nurse)
    assert state(patient) == (None, at(5))


def test_pathway_none_without_an_interval_is_never_due_and_wakes_nobody(patient, doctor):
    change(patient, by=doctor, now=at(0.1), pathway="none")
    after = fresh(patient)
    assert (after.next_due_at, after.reminder_at, after.reminder_kind) == (None, None, "")
    assert wake_ups(patient) == []


def test_a_changed_plan_moves_the_due_time_from_the_newest_set(patient, nurse, doctor):
    record(patient, total(0), when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), monitoring_interval=90)
    assert state(patient)[1] == at(2.5)
    assert wake_ups(patient) == [at(2.5)]
    change(patient, by=doctor, now=at(2), monitoring_interval=None)
    assert state(patient)[1] == at(13)


def test_a_new_name_or_bed_moves_nothing(patient, nurse, lead):
    record(patient, total(0), when=at(1), by=nurse)
    before = fresh(patient)
    change(patient, by=lead, now=at(2), bed="9", last_name="King")
    after = fresh(patient)
    assert (after.next_due_at, after.reminder_at) == (before.next_due_at, before.reminder_at)


# ---------------------------------------------------------------- raising


def test_getting_worse_raises_one_notification_that_holds_every_finding(patient, nurse):
    record(patient, total(0), when=at(1), by=nurse)
    worse = record(patient, {**total(7), "consciousness": "V"}, when=at(5), by=nurse)
    (raised,) = deteriorations(patient)
    assert causes(raised) == {"risk_band", "total_rise", "single_three:consciousness"}
    assert (raised.severity, raised.status, raised.report) == ("high", "open", worse)
    assert (raised.created_at, raised.due_at, raised.suppressed_count) == (at(5), None, 0)
    assert raised.history_id == worse.history.get().history_id
    assert fresh(patient).open_notifications == 1


@pytest.mark.parametrize(
    "values,severity", [(SINGLE_THREE, "low"), (total(5), "medium"), (total(7), "high")], ids=["3", "5", "7"]
)
def test_the_severity_is_that_of_the_band(patient, nurse, values, severity):
    record(patient, values, when=at(1), by=nurse)
    assert [notification.severity for notification in deteriorations(patient)] == [severity]


def test_a_raised_notification_is_told_on_its_own_stream_and_on_history(patient, nurse):
    number = last_number()
    record(patient, total(7), when=at(1), by=nurse)
    (raised,) = deteriorations(patient)
    about = [
        frame for frame in frames(after=number) if frame["payload"]["data"].get("kind") == "deterioration"
    ]
    assert [(frame["stream"], frame["payload"]["type"]) for frame in about] == [
        ("notifications", "change"), ("history", "notification"),
    ]  # fmt: skip
    assert all(frame["payload"]["data"]["id"] == raised.pk for frame in about)
    assert about[0]["payload"]["event"] != about[1]["payload"]["event"]


def test_the_lower_bound_of_an_incomplete_set_may_raise(patient, nurse):
    record(patient, total(0), when=at(1), by=nurse)
    record(patient, {"respiration": 30, "consciousness": "U"}, when=at(2), by=nurse)
    (raised,) = deteriorations(patient)
    assert "risk_band" in causes(raised)
    assert raised.severity == "medium"


def test_fluids_after_an_ill_set_say_nothing_again(patient, nurse):
    record(patient, total(7), when=at(1), by=nurse)
    acknowledge(deteriorations(patient)[0].pk, by=nurse, now=at(1))
    record(patient, {"fi_oral": 100.0}, when=at(3), by=nurse)
    (only,) = deteriorations(patient)
    assert only.suppressed_count == 0


def test_a_complete_set_entered_behind_a_newer_incomplete_one_still_raises(patient, nurse):
    """It is no late one: it is the newest complete set, and the incomplete one says nothing of it."""
    record(patient, total(0), when=at(1), by=nurse)
    record(patient, {"blood_glucose": 6.0}, when=at(5, minutes=10), by=nurse)
    ill = record(patient, total(9), when=at(5), now=at(5, minutes=15), by=nurse)
    assert state(patient)[0] == "high"
    (raised,) = deteriorations(patient)
    assert (raised.report, raised.severity, raised.history_id) == (ill, "high", ill.history.get().history_id)


def test_a_correction_behind_a_newer_incomplete_set_still_raises(patient, nurse):
    complete = record(patient, total(0), when=at(1), by=nurse)
    record(patient, {"blood_glucose": 6.0}, when=at(2), by=nurse)
    correct_report(complete.pk, by=nurse, now=at(3), changes={"consciousness": "U"})
    (raised,) = deteriorations(patient)
    assert (raised.report, causes(raised)) == (complete, {"risk_band", "single_three:consciousness"})


def test_correcting_the_newest_set_to_worse_raises(patient, nurse):
    report = record(patient, total(0), when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(1.5), changes={"respiration": 25})
    (raised,) = deteriorations(patient)
    assert raised.report == report
    assert raised.history_id == report.history.latest("history_id").history_id


def test_correcting_an_older_set_to_better_lets_the_rules_look_at_the_newest_again(patient, nurse):
    first = record(patient, SINGLE_THREE, when=at(1), by=nurse)
    newest = record(patient, SINGLE_THREE, when=at(2), by=nurse)
    (told_first,) = deteriorations(patient)
    correct_report(first.pk, by=nurse, now=at(2.5), changes={"respiration": 16})
    told_first, told_newest = deteriorations(patient)
    assert (told_first.status, told_first.resolved_because) == ("resolved", "based on amended observation")
    assert (told_newest.status, told_newest.report) == ("open", newest)


# ---------------------------------------------------------------- resolving


def test_a_later_complete_set_without_its_causes_resolves(patient, nurse):
    record(patient, total(7), when=at(1), by=nurse)
    record(patient, total(0), when=at(2), by=nurse)
    (over,) = deteriorations(patient)
    assert (over.status, over.resolved_at) == ("resolved", at(2))
    assert "complete set" in over.resolved_because
    assert fresh(patient).open_notifications == 0


def test_a_later_incomplete_set_resolves_nothing_however_well_it_looks(patient, nurse):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)
    record(patient, {"respiration": 16, "temperature": 37.0}, when=at(2), by=nurse)
    assert [notification.status for notification in deteriorations(patient)] == ["open"]


def test_a_well_set_entered_behind_a_newer_incomplete_one_resolves(patient, nurse):
    record(patient, SINGLE_THREE, when=at(1), by=nurse)
    record(patient, {"blood_glucose": 6.0}, when=at(2, minutes=10), by=nurse)
    record(patient, total(0), when=at(2), now=at(2, minutes=15), by=nurse)
    assert [notification.status for notification in deteriorations(patient)] == ["resolved"]
    assert state(patient)[0] == "low"


def test_a_set_that_shows_one_of_the_causes_still_resolves_nothing(patient, nurse):
    record(patient, {**total(7), "consciousness": "V"}, when=at(1), by=nurse)
    record(patient, {**NORMAL, "consciousness": "V"}, when=at(1.2), by=nurse)
    assert deteriorations(patient)[0].status == "open"


def test_a_late_well_set_does_not_resolve_what_a_newer_one_showed(patient, nurse):
    record(patient, total(7), when=at(5), by=nurse)
    record(patient, total(0), when=at(4), now=at(5.1), by=nurse)
    assert deteriorations(patient)[0].status == "open"


def test_an_amendment_after_which_no_cause_remains_resolves(patient, nurse):
    report = record(patient, SINGLE_THREE, when=at(1), by=nurse)
    number = last_number()
    correct_report(report.pk, by=nurse, now=at(1.5), changes={"respiration": 16})
    (over,) = deteriorations(patient)
    assert (over.status, over.resolved_because) == ("resolved", "based on amended observation")
    assert ("notifications", "update") in [
        (frame["stream"], frame["payload"].get("action")) for frame in frames(after=number)
    ]


def test_an_amendment_after_which_a_cause_remains_leaves_it_open(patient, nurse):
    report = record(patient, total(7), when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(1.1), changes={"o2sat": 97.0})
    assert fresh(report).news2["score"] == 6
    (still,) = deteriorations(patient)
    assert (still.status, still.suppressed_count) == ("open", 0)


def test_making_the_report_no_set_at_all_resolves(patient, nurse):
    report = record(patient, {"respiration": 30, "fi_oral": 100.0}, when=at(1), by=nurse)
    assert deteriorations(patient)[0].status == "open"
    correct_report(report.pk, by=nurse, now=at(1.5), changes={"respiration": None})
    assert deteriorations(patient)[0].status == "resolved"


def test_deleting_its_report_resolves_and_the_rules_look_at_the_newest_left(patient, nurse, lead):
    ill = record(patient, SINGLE_THREE, when=at(1), by=nurse)
    well = record(patient, total(0), when=at(2), by=nurse)
    assert deteriorations(patient)[0].status == "resolved"
    delete_report(well.pk, by=lead, now=at(2.5))
    first, again = deteriorations(patient)
    assert (first.status, again.status, again.report) == ("resolved", "open", ill)
    delete_report(ill.pk, by=lead, now=at(3))
    again = deteriorations(patient)[1]
    assert (again.status, again.resolved_because) == ("resolved", "entered in error")


def test_discharge_resolves_everything_and_stops_the_reminders(patient, nurse, lead):
    record(patient, total(7), when=at(1), by=nurse)
    remind_all(now=at(1.5))
    assert {notification.status for notification in told(patient)} == {"open"}
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    assert {(n.status, n.resolved_because) for n in told(patient)} == {("resolved", "discharged")}
    after = fresh(patient)
    assert (after.next_due_at, after.reminder_at, after.open_notifications) == (None, None, 0)
    assert wake_ups(patient) == []
    assert remind_all(now=at(100)) == 0


def test_a_readmission_starts_anew(patient, nurse, lead):
    record(patient, total(5), when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    change(patient, by=lead, now=at(50), dismissal_date=None, admission_date=at(50))
    after = fresh(patient)
    assert (after.last_report, after.last_scored, after.due_report_id, after.current_risk) == (None,) * 4
    assert after.next_due_at == at(50, minutes=15)
    # 5 against 5 would be no rise: what is compared is this stay alone.
    record(patient, total(5), when=at(51), by=nurse)
    assert [n.status for n in deteriorations(patient)] == ["resolved", "open"]


def test_undoing_a_discharge_takes_the_stay_up_again(patient, nurse, lead):
    report = record(patient, total(5), when=at(1), by=nurse)
    change(patient, by=lead, now=at(1.5), dismissal_date=at(1.5))
    change(patient, by=lead, now=at(1.6), dismissal_date=None)
    after = fresh(patient)
    assert (after.next_due_at, after.current_risk, after.last_report) == (at(2), "medium", report)
    assert wake_ups(patient) == [at(2)]


# ---------------------------------------------------------------- a mistake undone


@pytest.fixture
def told_twice_bad(patient, nurse):
    """Well, then two sets equally bad: the second alone would tell nothing."""
    record(patient, total(0), when=at(1), by=nurse)
    record(patient, total(7), when=at(2), by=nurse)
    record(patient, total(7), when=at(3), by=nurse)
    return deteriorations(patient)[0]


def test_deleting_the_set_that_closed_it_opens_a_deterioration_again(patient, nurse, lead, told_twice_bad):
    mistake = record(patient, total(0), when=at(4), by=nurse)
    assert fresh(told_twice_bad).status == "resolved"
    number = last_number()
    delete_report(mistake.pk, by=lead, now=at(4.1), reason="wrong patient")
    (again,) = deteriorations(patient)
    assert (again.status, again.resolved_at, again.resolved_because) == ("open", None, "")
    assert fresh(patient).open_notifications == 1
    assert ("history", "notification") in told_since(number)


def test_what_is_opened_again_stands_beside_the_reminder_that_came_meanwhile(
    patient, nurse, lead, told_twice_bad
):
    mistake = record(patient, total(0), when=at(4), by=nurse, monitoring_interval=720)
    remind_all(now=at(16))
    delete_report(mistake.pk, by=lead, now=at(16.1))
    assert [(n.kind, n.status) for n in told(patient)] == [
        ("deterioration", "open"), ("observation_due", "open"),
    ]  # fmt: skip


def test_what_is_told_after_a_deletion_names_the_newest_set_not_a_refusal_after_it(patient, nurse, lead):
    ill = record(patient, total(7), when=at(1), by=nurse)
    better = record(patient, total(0), when=at(2), by=nurse)
    record(patient, {"not_measured": {"pulse": "refused"}}, when=at(3), by=nurse)
    delete_report(better.pk, by=lead, now=at(3.1))
    assert [n.report_id for n in deteriorations(patient) if n.status == "open"] == [ill.pk]


def test_what_is_closed_by_the_same_change_keeps_nothing_else_closed(patient, nurse, lead):
    at_least_7 = {name: value for name, value in total(7).items() if name != "consciousness"}
    record(patient, at_least_7, when=at(1), by=nurse)
    record(patient, {"temperature": 37.0}, when=at(1.5), by=nurse)
    better = record(patient, total(5), when=at(2), by=nurse)
    assert [(n.severity, n.status) for n in deteriorations(patient)] == [
        ("high", "resolved"),
        ("medium", "open"),
    ]
    delete_report(better.pk, by=lead, now=at(2.1))
    assert [(n.severity, n.status) for n in deteriorations(patient)] == [
        ("high", "open"),
        ("medium", "resolved"),
    ]


def test_correcting_the_set_that_closed_it_opens_a_deterioration_again(patient, nurse, told_twice_bad):
    mistake = record(patient, total(0), when=at(4), by=nurse)
    correct_report(mistake.pk, by=nurse, now=at(4.1), changes=total(7))
    (again,) = deteriorations(patient)
    assert again.status == "open"


def test_an_undone_discharge_opens_a_deterioration_again_with_its_acknowledgement(
    patient, nurse, lead, told_twice_bad
):
    acknowledge(told_twice_bad.pk, by=nurse, now=at(3.1))
    change(patient, by=lead, now=at(4), dismissal_date=at(4))
    assert fresh(told_twice_bad).status == "resolved"
    change(patient, by=lead, now=at(4.1), dismissal_date=None)
    again = fresh(told_twice_bad)
    assert (again.status, again.acknowledged_by) == ("acknowledged", nurse)


def test_what_a_set_in_between_ended_stays_closed(patient, nurse, lead, told_twice_bad):
    record(patient, total(0), when=at(4), by=nurse)
    second = record(patient, total(0), when=at(5), by=nurse)
    delete_report(second.pk, by=lead, now=at(5.1))
    assert fresh(told_twice_bad).status == "resolved"


def test_what_its_own_set_put_right_no_longer_shows_stays_closed(patient, nurse, lead):
    ill = record(patient, total(7), when=at(2), by=nurse)
    better = record(patient, total(0), when=at(3), by=nurse)
    correct_report(ill.pk, by=nurse, now=at(3.1), changes=total(0))
    delete_report(better.pk, by=lead, now=at(3.2))
    assert [n.status for n in deteriorations(patient)] == ["resolved"]


def test_a_set_of_the_same_moment_that_was_there_before_has_ended_nothing(patient, nurse, lead):
    record(patient, total(0), when=at(2), by=nurse)
    for hours in (2, 3):
        record(patient, total(7), when=at(hours), by=nurse)
    mistake = record(patient, total(0), when=at(4), by=nurse)
    delete_report(mistake.pk, by=lead, now=at(4.1))
    assert [n.status for n in deteriorations(patient)] == ["open"]


def test_of_what_was_told_again_after_an_hour_only_the_newest_is_opened_again(
    patient, nurse, lead, told_twice_bad
):
    acknowledge(told_twice_bad.pk, by=nurse, now=at(3.1))
    for hours, points in ((4, 5), (5, 7)):
        record(patient, total(points), when=at(hours), by=nurse)
    assert [n.status for n in deteriorations(patient)] == ["acknowledged", "open"]
    change(patient, by=lead, now=at(6), dismissal_date=at(6))
    change(patient, by=lead, now=at(6.1), dismissal_date=None)
    assert [n.status for n in deteriorations(patient)] == ["resolved", "open"]


def test_who_came_of_age_since_the_admission_keeps_what_was_told(patient, nurse, lead):
    """16 on the second day: scored since, so that a later set can show the end."""
    change(patient, by=lead, now=at(1), date_of_birth=date(2008, 3, 2))
    record(patient, total(7), when=at(30), by=nurse)
    change(patient, by=lead, now=at(30.1), monitoring_interval=15)
    assert [n.status for n in deteriorations(patient)] == ["open"]


def test_who_is_no_longer_scored_is_shown_with_no_earlier_score(patient, nurse, doctor):
    record(patient, total(5), when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), pregnant=True)
    record(patient, total(5), when=at(3), by=nurse)
    assert (fresh(patient).last_scored, fresh(patient).current_risk) == (None, None)


def test_a_readmission_opens_nothing_of_the_earlier_stay(patient, nurse, lead, told_twice_bad):
    change(patient, by=lead, now=at(4), dismissal_date=at(4))
    change(patient, by=lead, now=at(30), dismissal_date=None, admission_date=at(30))
    assert fresh(told_twice_bad).status == "resolved"
