"""A doctor's plan for a while: how often, and at which values to call (docs/adr/0014).

A plan changes the interval and the alerting, never the score.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from patients.rules.deterioration import RISK_BAND, SINGLE_THREE, TOTAL_RISE
from patients.rules.findings import Finding
from patients.rules.pathways import Course, Pathway
from patients.rules.ranges import RANGES
from patients.rules.stay import PatientFacts, ReportFacts, as_utc, newest

PLAN_CALL_AT = "plan_call_at"
SCORE = "score"
# A threshold is reached or it is not: there are no levels within the cause.
REACHED = 1
# The scored measurements that a threshold can be put on; oxygen and consciousness are no numbers.
THRESHOLD_FIELDS = ("respiration", "o2sat", "bp_sys", "pulse", "temperature")

_HELD_BACK = frozenset({RISK_BAND, TOTAL_RISE, SINGLE_THREE})


@dataclass(frozen=True, slots=True)
class Step:
    """`every`: the interval between sets; `lasts`: how long this step runs, None (the last one): to the end."""

    every: timedelta
    lasts: timedelta | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Call where a value lies below `below` or above `above`; the bounds themselves are still well. None: no bound."""

    below: float | None = None
    above: float | None = None

    def is_passed_by(self, value: float) -> bool:
        return (self.below is not None and value < self.below) or (
            self.above is not None and value > self.above
        )


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A running plan. `score`: NEWS2 that is called at, None: no change; `limits` by field of THRESHOLD_FIELDS."""

    since: datetime
    until: datetime
    steps: Sequence[Step]
    score: int | None = None
    limits: Mapping[str, Limits] = field(default_factory=dict)

    def interval_after(self, taken_at: datetime) -> timedelta | None:
        """The interval asked for after a set taken then; None from `until` on, and behind the last step's end.

        The steps run from the plan's start; a set from before it counts for the first step.
        """
        taken_at = as_utc(taken_at)
        if taken_at >= as_utc(self.until):
            return None
        step_ends_at = as_utc(self.since)
        for step in self.steps:
            if step.lasts is None or taken_at < step_ends_at + step.lasts:
                return step.every
            step_ends_at += step.lasts
        return None


@dataclass(frozen=True, slots=True)
class PlannedPathway:
    """A pathway's rules with the running plan's thresholds for calling; as they are where no plan runs (None)."""

    pathway: Pathway
    plan: PlanFacts | None

    @property
    def course_fields(self) -> tuple[str, ...]:
        return self.pathway.course_fields

    @property
    def clock_rules(self) -> tuple[str, ...]:
        return self.pathway.clock_rules

    def course_of(self, stored: Mapping[str, Any] | None) -> Course | None:
        return self.pathway.course_of(stored)

    def findings(
        self,
        patient: PatientFacts,
        *,
        reports: Sequence[ReportFacts],
        changed: ReportFacts | None = None,
    ) -> list[Finding]:
        found = self.pathway.findings(patient, reports=reports, changed=changed)
        newest_set = newest(report for report in reports if report.is_set)
        if self.plan is None or newest_set is None or (changed is not None and not changed.is_set):
            return found
        told = [f for f in found if not _is_held_back(f, report=newest_set, plan=self.plan)]
        return [*told, *call_at_findings(newest_set, plan=self.plan)]

    def held_back(self, patient: PatientFacts, *, reports: Sequence[ReportFacts]) -> list[Finding]:
        """What the pathway finds in the newest set and the plan does not want to be called for."""
        newest_set = newest(report for report in reports if report.is_set)
        if self.plan is None or self.plan.score is None or newest_set is None:
            return []
        found = self.pathway.findings(patient, reports=reports)
        return [f for f in found if _is_held_back(f, report=newest_set, plan=self.plan)]

    def remaining_causes(
        self, held: Iterable[tuple[str, int]], *, report: ReportFacts | None, patient: PatientFacts
    ) -> set[str]:
        held = list(held)
        of_plan = {cause for cause, _ in held if is_plans_cause(cause)}
        others = [(cause, level) for cause, level in held if cause not in of_plan]
        remaining = {
            cause for cause in of_plan if report is None or not _is_over(cause, report=report, plan=self.plan)
        }
        return remaining | self.pathway.remaining_causes(others, report=report, patient=patient)

    def knows(self, cause: str) -> bool:
        return is_plans_cause(cause) or self.pathway.knows(cause)

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> timedelta | None:
        return self.pathway.interval(report, patient=patient)


def call_at_findings(report: ReportFacts, *, plan: PlanFacts) -> list[Finding]:
    """The plan's thresholds that a set reaches, each severity high. An incomplete set counts by its lower bound."""
    findings = []
    total = report.score.total
    if plan.score is not None and total is not None and total >= plan.score:
        at_least = "" if report.score.complete else "at least "
        findings.append(
            _finding(
                SCORE,
                message=f"NEWS2 is {at_least}{total}: the plan asks to be called at {plan.score}.",
                values={"total": total, "complete": report.score.complete, "call_at": plan.score},
            )
        )
    for parameter, limits in plan.limits.items():
        value = report.values.get(parameter)
        if value is not None and limits.is_passed_by(value):
            findings.append(
                _finding(
                    parameter,
                    message=_limit_text(parameter, value=value, limits=limits),
                    values={"value": value, "below": limits.below, "above": limits.above},
                )
            )
    return findings


def is_plans_cause(cause: str) -> bool:
    """Whether a notification's cause is a plan's threshold."""
    return cause.partition(":")[0] == PLAN_CALL_AT


def _finding(parameter: str, *, message: str, values: Mapping[str, float | int | None]) -> Finding:
    return Finding(
        rule=PLAN_CALL_AT,
        parameter=parameter,
        level=REACHED,
        severity="high",
        message=message,
        values=values,
    )


def _limit_text(parameter: str, *, value: float, limits: Limits) -> str:
    is_below = limits.below is not None and value < limits.below
    bound = limits.below if is_below else limits.above
    named = RANGES[parameter]
    side = "below" if is_below else "above"
    return f"{named.label} {value:g} {named.unit}: the plan asks to be called {side} {bound:g}."


def _is_held_back(finding: Finding, *, report: ReportFacts, plan: PlanFacts) -> bool:
    """Only what NEWS2 finds, and only below the score that the doctor named; no other rule is ever silenced."""
    total = report.score.total
    return plan.score is not None and finding.rule in _HELD_BACK and total is not None and total < plan.score


def _is_over(cause: str, *, report: ReportFacts, plan: PlanFacts | None) -> bool:
    """Whether a later set shows that a threshold is not reached any more; one that no plan has now is over."""
    if plan is None:
        return True
    parameter = cause.partition(":")[2]
    if parameter == SCORE:
        return plan.score is None or (report.score.score is not None and report.score.score < plan.score)
    limits = plan.limits.get(parameter)
    if limits is None:
        return True
    value = report.values.get(parameter)
    return value is not None and not limits.is_passed_by(value)
