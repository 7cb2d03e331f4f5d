"""Deterioration on NEWS2: what got worse, and what of it a later set still shows (section 3).

Levels, per rule: "risk_band" the place of the band in RISKS (1 low-medium to 3 high); "total_rise" the
total or lower bound reached; "single_three" always 3.
"""

from collections.abc import Iterable
from typing import Any

from patients.rules.findings import Finding
from patients.rules.news2 import RISKS, SCORED_FIELDS
from patients.rules.ranges import RANGES
from patients.rules.stay import ReportFacts, newest, newest_scored_before

RISK_BAND = "risk_band"
TOTAL_RISE = "total_rise"
SINGLE_THREE = "single_three"
RULES = (RISK_BAND, TOTAL_RISE, SINGLE_THREE)

LEAST_RISE = 2
LEAST_TOTAL_AFTER_RISE = 5
THREE = 3

_SEVERITY_OF_RISK = {"low": "low", "low-medium": "low", "medium": "medium", "high": "high"}


def news2_findings(newest: ReportFacts, *, previous_complete: ReportFacts | None) -> list[Finding]:
    """What is worse in the newest set than in the complete set before it.

    An incomplete set counts by its lower bound. `previous_complete` None (or one that was not scored): the
    band before was low, no parameter was a 3, and there is no total to have risen from. Nothing is found in
    a report that is no set or was not scored.
    """
    total, risk = newest.score.total, newest.score.risk
    if total is None or risk is None:  # the one is None where the other is
        return []
    before = previous_complete.score if previous_complete is not None else None
    findings = [
        _risk_band(newest, risk=risk, risk_before=(before.risk if before is not None else None) or "low"),
        _total_rise(
            newest, total=total, risk=risk, total_before=before.score if before is not None else None
        ),
    ]
    for parameter in SCORED_FIELDS:
        part_before = before.parts[parameter] if before is not None else None
        findings.append(_single_three(newest, risk=risk, parameter=parameter, part_before=part_before))
    return [finding for finding in findings if finding is not None]


def newest_set_findings(
    reports: Iterable[ReportFacts], *, changed: ReportFacts | None = None
) -> list[Finding]:
    """What is worse in the newest set among these reports than in the complete one before it.

    `changed`: the report that occasioned the look. Fluids or a laboratory value say nothing new of NEWS2; judging
    the last set again because of them would tell an alert anew an hour after it was acknowledged.
    """
    if changed is not None and not changed.is_set:
        return []
    reports = list(reports)
    newest_set = newest(report for report in reports if report.is_set)
    if newest_set is None:
        return []
    return news2_findings(newest_set, previous_complete=newest_scored_before(newest_set, reports=reports))


def is_of_news2(cause: str) -> bool:
    """Whether this cause is one of the three above."""
    return cause.partition(":")[0] in RULES


def remaining_news2_causes(held: Iterable[tuple[str, int]], *, report: ReportFacts | None) -> set[str]:
    """Which of these (cause, level) pairs a later report does not show to be over.

    Judged by how the patient is now, not by what rose: a patient who stays at high keeps the notification
    of it. Still shown are "risk_band" while the band is at or above the level told, "total_rise" while the
    total is 5 or more, "single_three" while that parameter is a 3. A report that is incomplete, not scored
    or no set ends nothing (nor does None: there was none), and neither does it end a cause that is not NEWS2's.
    """
    if report is None:
        return {cause for cause, _ in held}
    return {cause for cause, level in held if not _is_over(cause, level=level, report=report)}


def _is_over(cause: str, *, level: int, report: ReportFacts) -> bool:
    score = report.score
    if score.score is None or score.risk is None:
        return False
    rule, _, parameter = cause.partition(":")
    if rule == RISK_BAND:
        return RISKS.index(score.risk) < level
    if rule == TOTAL_RISE:
        return score.score < LEAST_TOTAL_AFTER_RISE
    if rule == SINGLE_THREE:
        return score.parts[parameter] != THREE
    return False


def _risk_band(newest: ReportFacts, *, risk: str, risk_before: str) -> Finding | None:
    if RISKS.index(risk) <= RISKS.index(risk_before):
        return None
    at_least = "" if newest.score.complete else "at least "
    return Finding(
        rule=RISK_BAND,
        parameter=None,
        level=RISKS.index(risk),
        severity=_SEVERITY_OF_RISK[risk],
        message=f"Risk rose from {risk_before} to {at_least}{risk}: NEWS2 is {_total_text(newest)}.",
        values={"risk": risk, "risk_before": risk_before, **_total_values(newest)},
    )


def _total_rise(newest: ReportFacts, *, total: int, risk: str, total_before: int | None) -> Finding | None:
    if total_before is None or total - total_before < LEAST_RISE or total < LEAST_TOTAL_AFTER_RISE:
        return None
    return Finding(
        rule=TOTAL_RISE,
        parameter=None,
        level=total,
        severity=_SEVERITY_OF_RISK[risk],
        message=f"NEWS2 rose from {total_before} to {_total_text(newest)}.",
        values={"total_before": total_before, **_total_values(newest)},
    )


def _single_three(
    newest: ReportFacts, *, risk: str, parameter: str, part_before: int | None
) -> Finding | None:
    if newest.score.parts[parameter] != THREE or part_before == THREE:
        return None
    return Finding(
        rule=SINGLE_THREE,
        parameter=parameter,
        level=THREE,
        severity=_SEVERITY_OF_RISK[risk],
        message=f"{_measurement_text(newest, parameter=parameter)} scores 3 points.",
        values={"value": newest.values[parameter], "points": THREE, "points_before": part_before},
    )


def _total_values(report: ReportFacts) -> dict[str, Any]:
    return {"total": report.score.total, "complete": report.score.complete}


def _total_text(report: ReportFacts) -> str:
    return f"{'' if report.score.complete else 'at least '}{report.score.total}"


def _measurement_text(report: ReportFacts, *, parameter: str) -> str:
    value = report.values[parameter]
    limits = RANGES.get(parameter)
    if limits is None:
        return f"{parameter.replace('_', ' ').capitalize()} {value}"
    # The SpO2 scale stands beside every SpO2: 90 % is a 3 on one scale and wished for on the other.
    scale = f" (SpO2 scale {report.score.spo2_scale})" if parameter == "o2sat" else ""
    return f"{limits.label} {value:g} {limits.unit}{scale}"
