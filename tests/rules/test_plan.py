"""A doctor's plan: which step holds when, and what is called for at which values."""

from datetime import timedelta

import pytest

from patients.rules.pathways import PATHWAYS
from patients.rules.plan import Limits, PlanFacts, PlannedPathway, Step, call_at_findings
from patients.rules.schedule import next_due
from tests.rules.builders import at, make_complete, make_patient, make_report, make_total

PHASES = (
    Step(every=timedelta(minutes=15), lasts=timedelta(hours=2)),
    Step(every=timedelta(hours=1), lasts=timedelta(hours=4)),
    Step(every=timedelta(hours=2), lasts=None),
)


def make_plan(*, steps=PHASES, since=None, until=None, **thresholds):
    return PlanFacts(since=since or at(1), until=until or at(24), steps=steps, **thresholds)


# ---------------------------------------------------------------- the steps


@pytest.mark.parametrize(
    "taken,minutes",
    [
        (at(1), 15),
        (at(2, minutes=59), 15),
        (at(3), 60),
        (at(6, minutes=59), 60),
        (at(7), 120),
        (at(23, minutes=59), 120),
    ],
)
def test_the_steps_follow_each_other_from_the_plans_start(taken, minutes):
    assert make_plan().interval_after(taken) == timedelta(minutes=minutes)


def test_a_set_from_before_the_plan_counts_for_its_first_step():
    assert make_plan().interval_after(at(0)) == timedelta(minutes=15)


def test_from_its_end_on_a_plan_asks_for_nothing():
    assert make_plan().interval_after(at(24)) is None


def test_behind_the_last_step_a_plan_asks_for_nothing():
    plan = make_plan(steps=PHASES[:2])
    assert plan.interval_after(at(6, minutes=59)) == timedelta(hours=1)
    assert plan.interval_after(at(7)) is None


def due_at(*reports, plan, **facts):
    return next_due(make_patient(**facts), sets=reports, planned_interval=plan.interval_after).at


def test_the_plans_step_goes_before_the_patients_interval_and_behind_the_sets_own():
    plan = make_plan()
    assert due_at(make_total(7, when=at(4)), plan=plan, monitoring_interval=30) == at(5)
    assert due_at(make_total(7, when=at(4), monitoring_interval=20), plan=plan) == at(4, minutes=20)
    after_the_steps = make_plan(steps=PHASES[:1])
    assert due_at(make_total(0, when=at(4)), plan=after_the_steps, monitoring_interval=30) == at(
        4, minutes=30
    )
    assert due_at(make_total(0, when=at(4)), plan=after_the_steps) == at(16)


# ---------------------------------------------------------------- what is called for


def call(report, **thresholds):
    return {finding.cause for finding in call_at_findings(report, plan=make_plan(**thresholds))}


@pytest.mark.parametrize("total,is_called", [(6, False), (7, True), (8, True)])
def test_the_score_is_called_from_its_threshold_on(total, is_called):
    assert call(make_total(total), score=7) == ({"plan_call_at:score"} if is_called else set())


def test_an_incomplete_set_is_called_for_its_lower_bound():
    assert call(make_report({"pulse": 140, "respiration": 30}), score=6) == {"plan_call_at:score"}
    assert call(make_report({"pulse": 140, "respiration": 30}), score=7) == set()


@pytest.mark.parametrize(
    "value,is_called", [(7, True), (8, False), (9, False), (29, False), (30, False), (31, True)]
)
def test_a_value_is_called_below_and_above_its_bounds(value, is_called):
    found = call(make_complete(respiration=value), limits={"respiration": Limits(below=8, above=30)})
    assert found == ({"plan_call_at:respiration"} if is_called else set())


def test_one_bound_alone_is_enough_and_zero_is_a_value():
    assert call(make_complete(pulse=0), limits={"pulse": Limits(below=40)}) == {"plan_call_at:pulse"}
    assert call(make_complete(pulse=200), limits={"pulse": Limits(below=40)}) == set()
    assert call(make_report({"temperature": 37.0}), limits={"pulse": Limits(below=40)}) == set()


def test_every_threshold_is_severe_and_says_value_and_bound():
    plan = make_plan(score=5, limits={"o2sat": Limits(below=88)})
    score, oxygen = call_at_findings(make_complete(o2sat=87.5, pulse=120), plan=plan)
    assert {score.severity, oxygen.severity} == {"high"}
    assert "5" in score.message
    assert "87.5" in oxygen.message
    assert "below 88" in oxygen.message


def planned(**thresholds):
    return PlannedPathway(PATHWAYS["news2"], make_plan(**thresholds))


def find(pathway, *reports):
    return {finding.cause for finding in pathway.findings(make_patient(), reports=reports)}


def test_below_the_plans_score_news2_is_held_back_and_from_it_on_told():
    low = make_total(1, when=at(1), id=1)
    medium, high = make_total(6, when=at(2), id=2), make_total(7, when=at(2), id=2)
    pathway = planned(score=7)
    assert find(pathway, low, medium) == set()
    held_back = pathway.held_back(make_patient(), reports=[low, medium])
    assert {finding.cause for finding in held_back} == {"risk_band", "total_rise"}
    assert find(pathway, low, high) == {"risk_band", "total_rise", "plan_call_at:score"}
    assert pathway.held_back(make_patient(), reports=[low, high]) == []


def test_without_a_score_in_the_plan_nothing_is_held_back():
    low, medium = make_total(1, when=at(1), id=1), make_total(6, when=at(2), id=2)
    pathway = planned(limits={"pulse": Limits(above=110)})
    assert find(pathway, low, medium) == {"risk_band", "total_rise", "plan_call_at:pulse"}
    assert pathway.held_back(make_patient(), reports=[low, medium]) == []


def test_a_threshold_of_a_value_is_told_below_the_plans_score_too():
    pathway = planned(score=9, limits={"respiration": Limits(above=24)})
    assert find(pathway, make_complete(respiration=26)) == {"plan_call_at:respiration"}


def test_thresholds_hold_for_a_patient_who_is_not_scored():
    pathway = PlannedPathway(PATHWAYS["none"], make_plan(score=1, limits={"pulse": Limits(above=110)}))
    report = make_complete(pulse=120, not_scored_because="pathway_none")
    assert {f.cause for f in pathway.findings(make_patient(pathway="none"), reports=[report])} == {
        "plan_call_at:pulse"
    }


def test_the_score_itself_is_never_changed():
    report = make_total(6)
    before = report.score
    find(planned(score=9), report)
    assert report.score == before


# ---------------------------------------------------------------- what is over


def remaining(pathway, report):
    held = [("plan_call_at:score", 1), ("plan_call_at:pulse", 1), ("risk_band", 3)]
    return pathway.remaining_causes(held, report=report, patient=make_patient())


def test_a_threshold_is_over_with_a_later_value_within_it():
    pathway = planned(score=5, limits={"pulse": Limits(above=110)})
    assert remaining(pathway, make_total(7)) == {"plan_call_at:score", "plan_call_at:pulse", "risk_band"}
    assert remaining(pathway, make_total(5)) == {"plan_call_at:score", "plan_call_at:pulse"}
    assert remaining(pathway, make_total(4)) == {"plan_call_at:pulse"}
    assert remaining(pathway, make_total(0)) == set()


def test_what_was_not_measured_ends_no_threshold():
    pathway = planned(score=5, limits={"pulse": Limits(above=110)})
    assert remaining(pathway, make_report({"temperature": 37.0})) == {
        "plan_call_at:score",
        "plan_call_at:pulse",
        "risk_band",
    }


def test_without_the_plan_its_thresholds_are_over_and_news2_stays():
    pathway = PlannedPathway(PATHWAYS["news2"], plan=None)
    assert remaining(pathway, make_total(7)) == {"risk_band"}
    assert remaining(planned(), make_total(7)) == {"risk_band"}
