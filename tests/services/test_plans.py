"""Plans and pauses: what they do to the due time, to reminders and to alerts, also when they end by themselves."""

from datetime import timedelta

import pytest

from patients.models import Notification, Pause, Plan
from patients.services import plans
from patients.services.errors import Conflict, Refused
from patients.services.plans import settle_run_out
from patients.services.reports import correct_report, delete_report
from tests.rules.builders import NORMAL
from tests.services.builders import (
    at,
    causes,
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

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

QUARTERS = [{"every": 15, "for": 120}, {"every": 60, "for": None}]


def plan(patient, *, by, now, steps=QUARTERS, until=None, **call_at):
    return plans.set_plan(
        patient.pk,
        by=by,
        now=now,
        steps=steps,
        call_at=call_at,
        until=until or at(24),
        reason="chest drain",
    )


def pause(patient, *, by, now, until, since=None):
    return plans.add_pause(patient.pk, by=by, now=now, since=since or now, until=until, reason="theatre")


def due(patient):
    return fresh(patient).next_due_at


# ---------------------------------------------------------------- the plan's interval


def test_a_plan_moves_the_due_time_from_the_newest_set_on(patient, nurse, doctor):
    record(patient, NORMAL, when=at(1), by=nurse)
    assert due(patient) == at(13)
    plan(patient, by=doctor, now=at(1, minutes=5))
    assert due(patient) == at(1, minutes=15)
    assert wake_ups(patient) == [at(1, minutes=15)]
    record(patient, NORMAL, when=at(2), by=nurse)
    assert due(patient) == at(2, minutes=15)
    report = record(patient, NORMAL, when=at(4), by=nurse)
    assert (due(patient), report.due_at) == (at(5), at(5))


def test_a_plan_that_is_ended_gives_the_due_time_back(patient, nurse, doctor):
    record(patient, NORMAL, when=at(1), by=nurse)
    plan(patient, by=doctor, now=at(1, minutes=5))
    plans.end_plan(patient.pk, by=doctor, now=at(1, minutes=10))
    assert (due(patient), fresh(patient).running_plan) == (at(13), None)
    kept = Plan.objects.get()
    assert (kept.ended_at, kept.ended_by) == (at(1, minutes=10), doctor)
    with pytest.raises(Plan.DoesNotExist):
        plans.end_plan(patient.pk, by=doctor, now=at(1, minutes=11))


def test_a_plan_ends_by_itself_and_the_due_time_is_computed_anew(patient, nurse, doctor):
    plan(patient, by=doctor, now=at(0.5), until=at(2))
    record(patient, NORMAL, when=at(1, minutes=55), by=nurse)
    assert due(patient) == at(2, minutes=10)
    assert settle_run_out(now=at(1, minutes=59)) == 0
    number = last_number()
    assert settle_run_out(now=at(2)) == 1
    assert (due(patient), fresh(patient).running_plan) == (at(13, minutes=55), None)
    assert [frame["payload"]["data"]["plan"] for frame in frames(after=number)] == [None]
    assert settle_run_out(now=at(2)) == 0
    assert (Plan.objects.get().ended_at, Plan.objects.get().ended_by) == (at(2), None)


def test_a_set_saved_before_the_worker_looks_is_due_without_the_plan_that_ran_out(patient, nurse, doctor):
    plan(patient, by=doctor, now=at(0.5), until=at(2))
    report = record(patient, NORMAL, when=at(2), by=nurse)
    assert (due(patient), report.due_at) == (at(14), at(14))
    assert fresh(patient).running_plan is None


def test_another_plan_takes_the_place_of_the_one_that_runs_which_is_kept(patient, doctor, lead):
    plan(patient, by=doctor, now=at(1))
    plan(patient, by=lead, now=at(2), steps=[{"every": 240, "for": None}])
    first, second = Plan.objects.order_by("id")
    assert (first.ended_at, first.ended_by, second.ended_at) == (at(2), lead, None)
    assert fresh(patient).running_plan["steps"] == [{"every": 240, "for": None}]


def test_a_plan_does_not_begin_over(patient, doctor):
    with pytest.raises(Refused) as refusal:
        plan(patient, by=doctor, now=at(2), until=at(2))
    assert set(refusal.value.errors) == {"until"}
    assert not Plan.objects.exists()


def test_a_plan_is_no_edit_of_the_patient_and_is_told_once(patient, doctor):
    number, versions = last_number(), patient.history.count()
    plan(patient, by=doctor, now=at(1))
    (frame,) = frames(after=number)
    assert (frame["stream"], frame["payload"]["data"]["plan"]["steps"]) == ("patients", QUARTERS)
    assert (fresh(patient).version, patient.history.count()) == (patient.version, versions)


def test_a_discharge_hides_plan_and_pause_and_taking_it_back_gives_them_back(patient, nurse, doctor, lead):
    record(patient, NORMAL, when=at(1), by=nurse)
    plan(patient, by=doctor, now=at(1))
    pause(patient, by=doctor, now=at(1), until=at(4))
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    row = fresh(patient)
    assert (row.running_plan, row.paused_until, row.next_due_at, row.resettle_at) == (None, None, None, None)
    with pytest.raises(Conflict):
        plan(patient, by=doctor, now=at(2))
    change(patient, by=lead, now=at(3), dismissal_date=None)
    row = fresh(patient)
    assert (row.paused_until, row.next_due_at, row.running_plan["reason"]) == (at(4), at(4), "chest drain")
    assert row.resettle_at == at(4), "the pause ends before the plan does"


def test_a_new_stay_begins_without_the_plan_and_the_pauses_of_the_one_before(patient, doctor, lead):
    plan(patient, by=doctor, now=at(1))
    pause(patient, by=doctor, now=at(1), until=at(9))
    pause(patient, by=doctor, now=at(1), since=at(10), until=at(12))
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    change(patient, by=lead, now=at(3), dismissal_date=None, admission_date=at(3))
    row = fresh(patient)
    assert (row.running_plan, row.paused_until, row.resettle_at) == (None, None, None)
    assert row.next_due_at == at(3, minutes=15)
    assert Plan.objects.get().ended_by == lead


def test_where_the_last_step_fails_nothing_of_a_plan_is_left_behind(patient, doctor, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(plans, "settle", fail)
    with pytest.raises(RuntimeError):
        plan(patient, by=doctor, now=at(1))
    with pytest.raises(RuntimeError):
        pause(patient, by=doctor, now=at(1), until=at(2))
    assert not Plan.objects.exists()
    assert not Pause.objects.exists()
    assert not Pause.history.exists()


# ---------------------------------------------------------------- what a plan calls for


def test_below_the_plans_score_nobody_is_called_and_that_is_counted_where_all_see_it(patient, nurse, doctor):
    record(patient, NORMAL, when=at(0.5), by=nurse)
    plan(patient, by=doctor, now=at(0.6), score=9)
    earlier = Plan.objects.get()
    plans.end_plan(patient.pk, by=doctor, now=at(0.7))
    plan(patient, by=doctor, now=at(1), score=7)
    report = record(patient, total(6), when=at(2), by=nurse)
    assert told(patient) == []
    assert (report.news2["score"], fresh(patient).current_risk) == (6, "medium")
    running = Plan.objects.latest("id")
    assert fresh(patient).running_plan["suppressed_count"] == running.suppressed_count == 1
    assert fresh(earlier).suppressed_count == 0
    correct_report(report.pk, by=nurse, now=at(2, minutes=5), changes={"bp_dia": 70})
    assert fresh(running).suppressed_count == 1
    record(patient, total(7), when=at(3), by=nurse)
    (raised,) = told(patient)
    assert (raised.severity, causes(raised)) == (
        "high",
        {"risk_band", "plan_call_at:score"},
    )
    assert fresh(running).suppressed_count == 1


def test_a_value_beyond_its_threshold_is_called_and_is_over_with_a_later_one_within(patient, nurse, doctor):
    plan(patient, by=doctor, now=at(0.5), score=7, pulse={"below": None, "above": 95})
    record(patient, total(1), when=at(1), by=nurse)
    (raised,) = told(patient)
    assert (raised.severity, causes(raised), raised.status) == ("high", {"plan_call_at:pulse"}, "open")
    record(patient, total(1), when=at(1.5), by=nurse)
    assert fresh(raised).suppressed_count == 1
    record(patient, NORMAL, when=at(2), by=nurse)
    assert fresh(raised).status == Notification.Status.RESOLVED
    assert len(told(patient)) == 1


def test_an_incomplete_set_within_a_threshold_has_ended_nothing(patient, nurse, doctor, lead):
    plan(patient, by=doctor, now=at(0.5), pulse={"below": None, "above": 95})
    record(patient, total(1), when=at(1), by=nurse)
    record(patient, {"pulse": 70}, when=at(1.5), by=nurse)
    mistake = record(patient, NORMAL, when=at(2), by=nurse)
    assert [n.status for n in told(patient)] == ["resolved"]
    delete_report(mistake.pk, by=lead, now=at(2.1))
    assert [n.status for n in told(patient)] == ["open"]


def test_after_the_plan_a_set_is_judged_by_the_pathway_again(patient, nurse, doctor):
    plan(patient, by=doctor, now=at(0.5), until=at(2), pulse={"below": None, "above": 95}, score=7)
    record(patient, total(1), when=at(1), by=nurse)
    settle_run_out(now=at(2.1))
    assert Plan.objects.get().ended_at == at(2), "when it ran out, not when that was noticed"
    (raised,) = told(patient)
    assert raised.status == "open"
    record(patient, total(1), when=at(3), by=nurse)
    assert fresh(raised).status == Notification.Status.RESOLVED
    record(patient, total(5), when=at(4), by=nurse)
    assert "risk_band" in causes(told(patient)[-1])


# ---------------------------------------------------------------- pauses


def test_a_pause_moves_the_due_time_to_its_end_and_nobody_is_reminded_meanwhile(patient, nurse, doctor):
    record(patient, total(5), when=at(1), by=nurse)
    assert remind_all(now=at(2)) == 1
    pause(patient, by=doctor, now=at(2, minutes=5), until=at(4))
    assert (due(patient), fresh(patient).paused_until) == (at(4), at(4))
    assert fresh(patient).resettle_at == at(4), "it has begun: at its end there is something to do"
    (reminder,) = told(patient, kind="observation_due")
    assert reminder.status == Notification.Status.RESOLVED
    assert remind_all(now=at(3, minutes=59)) == 0
    settle_run_out(now=at(4))
    assert (due(patient), fresh(patient).paused_until) == (at(4), None)
    assert remind_all(now=at(4)) == 1
    assert [n.due_at for n in told(patient, kind="observation_due")] == [at(2), at(4)]


def test_a_due_time_behind_the_pause_stays(patient, nurse, doctor):
    record(patient, NORMAL, when=at(1), by=nurse)
    pause(patient, by=doctor, now=at(2), until=at(4))
    assert due(patient) == at(13)


def test_a_pause_ahead_begins_by_itself(patient, nurse, doctor):
    record(patient, total(5), when=at(1), by=nurse)
    pause(patient, by=doctor, now=at(1), since=at(1, minutes=30), until=at(5))
    assert (due(patient), fresh(patient).paused_until) == (at(2), None)
    number = last_number()
    assert settle_run_out(now=at(1, minutes=30)) == 1
    assert (due(patient), fresh(patient).paused_until) == (at(5), at(5))
    assert frames(after=number)[-1]["payload"]["data"]["paused_until"] == "2024-03-01T13:00:00Z"


def test_a_pause_that_is_ended_early_makes_the_set_due_at_once(patient, nurse, doctor):
    record(patient, total(5), when=at(1), by=nurse)
    running = pause(patient, by=doctor, now=at(1, minutes=30), until=at(5))
    plans.end_pause(running.pk, by=doctor, now=at(3))
    assert (due(patient), fresh(patient).paused_until) == (at(3), None)
    assert remind_all(now=at(3)) == 1
    with pytest.raises(Conflict):
        plans.end_pause(running.pk, by=doctor, now=at(3))
    assert [version.until for version in running.history.order_by("history_id")] == [at(5), at(3)]
    assert running.history.first().history_user == doctor


def test_a_set_after_the_pause_is_due_as_ever(patient, nurse, doctor):
    pause(patient, by=doctor, now=at(1), until=at(2))
    record(patient, total(5), when=at(2, minutes=30), by=nurse)
    assert due(patient) == at(3, minutes=30)


def test_a_pause_that_has_not_begun_is_taken_back_and_kept_in_its_history(patient, doctor):
    ahead = pause(patient, by=doctor, now=at(1), since=at(2), until=at(3))
    plans.end_pause(ahead.pk, by=doctor, now=at(1.5))
    assert settle_run_out(now=at(2)) == 0
    assert fresh(patient).paused_until is None
    assert ahead.history.count() == 2


def test_a_pause_may_be_made_longer_or_shorter_but_not_begin_again(patient, nurse, doctor):
    record(patient, total(5), when=at(0.5), by=nurse)
    running = pause(patient, by=doctor, now=at(1), until=at(4))
    plans.change_pause(running.pk, by=doctor, now=at(2), changes={"until": at(6)})
    assert (due(patient), fresh(patient).paused_until) == (at(6), at(6))
    plans.change_pause(running.pk, by=doctor, now=at(2), changes={"until": at(3)})
    assert due(patient) == at(3)
    with pytest.raises(Refused):
        plans.change_pause(running.pk, by=doctor, now=at(2), changes={"since": at(2)})
    later = pause(patient, by=doctor, now=at(2), since=at(8), until=at(9))
    assert plans.change_pause(later.pk, by=doctor, now=at(2), changes={"since": at(7)}).since == at(7)


@pytest.mark.parametrize(
    "since,until,field",
    [
        (at(-1), at(3), "since"),
        (at(2), at(1), "until"),
        (at(2), at(2), "until"),
        (at(2), at(26, minutes=1), "until"),
        (at(-2), at(-1), "until"),
        (at(3), at(5), "since"),
        (at(5.5), at(7), "since"),
    ],
    ids=[
        "before admission",
        "crossed",
        "empty",
        "over 24 hours",
        "over",
        "overlaps the start",
        "overlaps the end",
    ],
)
def test_a_pause_that_cannot_be_is_refused(patient, doctor, since, until, field):
    pause(patient, by=doctor, now=at(1), since=at(4), until=at(6))
    with pytest.raises(Refused) as refusal:
        plans.add_pause(patient.pk, by=doctor, now=at(1.5), since=since, until=until, reason="theatre")
    assert field in refusal.value.errors
    assert Pause.objects.count() == 1


def test_one_pause_may_follow_another_at_once(patient, doctor):
    pause(patient, by=doctor, now=at(1), until=at(2))
    pause(patient, by=doctor, now=at(1), since=at(2), until=at(3))
    assert fresh(patient).paused_until == at(2)
    settle_run_out(now=at(2))
    assert fresh(patient).paused_until == at(3)


# ---------------------------------------------------------------- sets that were refused


def test_a_refused_set_is_due_again_at_the_risks_interval_at_the_latest(patient, nurse, doctor):
    plan(patient, by=doctor, now=at(0.5), steps=[{"every": 480, "for": None}])
    ill = record(patient, total(5), when=at(1), by=nurse)
    assert due(patient) == at(9)
    refused = record(patient, {}, when=at(2), by=nurse, not_measured={"pulse": "refused"})
    row = fresh(patient)
    assert (row.next_due_at, refused.due_at) == (at(3), at(3))
    assert (row.current_risk, row.last_scored_id, row.due_report_id) == ("medium", ill.pk, ill.pk)
    assert refused.news2["score"] is None
    record(patient, NORMAL, when=at(2.5), by=nurse)
    assert due(patient) == at(10.5)


def test_a_refusal_neither_ends_nor_raises_an_alert(patient, nurse):
    record(patient, total(5), when=at(1), by=nurse)
    record(patient, {}, when=at(1.5), by=nurse, not_measured={"pulse": "refused"})
    (raised,) = told(patient)
    assert (raised.status, raised.suppressed_count) == ("open", 0)


def test_many_at_once_are_settled_in_portions(patient, doctor, lead, monkeypatch):
    from tests import factories

    monkeypatch.setattr(plans, "MOST_AT_ONCE", 2)
    for _ in range(3):
        other = factories.make_patient(by=lead, now=at(0), admission_date=at(0))
        plan(other, by=doctor, now=at(1), until=at(2))
    assert [settle_run_out(now=at(2) + timedelta(seconds=1)) for _ in range(3)] == [2, 1, 0]


# ---------------------------------------------------------------- pauses by nurses


def test_a_nurses_pause_lasts_four_hours_and_is_marked_while_it_runs(patient, nurse):
    record(patient, NORMAL, when=at(1), by=nurse)
    with pytest.raises(Refused) as refused:
        pause(patient, by=nurse, now=at(2), until=at(6, minutes=1))
    assert list(refused.value.errors) == ["until"]
    assert not Pause.objects.exists()
    begun = pause(patient, by=nurse, now=at(2), until=at(6))
    assert (begun.by_nurse, fresh(patient).paused_by_nurse, fresh(patient).paused_until) == (
        True,
        True,
        at(6),
    )
    assert Pause.history.get().by_nurse
    settle_run_out(now=at(6))
    assert (fresh(patient).paused_by_nurse, fresh(patient).paused_until) == (False, None)


def test_a_doctors_pause_lasts_a_day_and_is_not_marked(patient, doctor):
    begun = pause(patient, by=doctor, now=at(1), until=at(25))
    assert (begun.by_nurse, fresh(patient).paused_by_nurse, fresh(patient).paused_until) == (
        False,
        False,
        at(25),
    )


def test_a_nurse_puts_no_pause_after_the_other_without_a_set_between(patient, nurse):
    """Four hours and four hours more would be eight in which nobody is reminded."""
    record(patient, NORMAL, when=at(1), by=nurse)
    pause(patient, by=nurse, now=at(2), until=at(5))
    with pytest.raises(Refused) as refused:
        pause(patient, by=nurse, now=at(5), until=at(6, minutes=1))
    assert list(refused.value.errors) == ["until"]
    with pytest.raises(Refused):
        pause(patient, by=nurse, now=at(3), since=at(8), until=at(9, minutes=1))
    pause(patient, by=nurse, now=at(5), until=at(6))
    record(patient, NORMAL, when=at(6, minutes=1), by=nurse)
    pause(patient, by=nurse, now=at(7), until=at(11))


def test_what_a_nurse_ended_early_counts_for_as_long_as_it_ran(patient, nurse):
    begun = pause(patient, by=nurse, now=at(1), until=at(5))
    plans.end_pause(begun.pk, by=nurse, now=at(2))
    pause(patient, by=nurse, now=at(2), until=at(5))
    assert fresh(patient).paused_until == at(5)


def test_a_nurses_pause_that_a_doctor_changes_is_the_doctors(patient, nurse, doctor):
    begun = pause(patient, by=nurse, now=at(1), until=at(5))
    changed = plans.change_pause(begun.pk, by=doctor, now=at(2), changes={"until": at(9)})
    assert (changed.by_nurse, changed.set_by) == (False, doctor)
    assert (fresh(patient).paused_by_nurse, fresh(patient).paused_until) == (False, at(9))


def test_a_nurse_ends_a_doctors_pause(patient, nurse, doctor):
    record(patient, NORMAL, when=at(0, minutes=5), by=nurse)
    begun = pause(patient, by=doctor, now=at(1), until=at(13))
    plans.end_pause(begun.pk, by=nurse, now=at(2))
    assert fresh(patient).paused_until is None
    assert Pause.history.latest("history_id").history_user == nurse


def test_when_a_nurses_pause_ends_by_itself_what_is_due_is_told(patient, nurse):
    record(patient, total(5), when=at(1), by=nurse)
    pause(patient, by=nurse, now=at(1, minutes=30), until=at(5))
    assert remind_all(now=at(4)) == 0
    settle_run_out(now=at(5))
    assert remind_all(now=at(5)) == 1
    assert [one.kind for one in told(patient) if one.kind != "deterioration"] == ["observation_due"]
