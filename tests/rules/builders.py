"""Patients and reports for the tests of the rules: everything normal, but for what a test says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from patients.rules.news2 import score_set
from patients.rules.stay import PatientFacts, ReportFacts

ADMISSION = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)

# A complete set of total 0.
NORMAL = {
    "respiration": 16,
    "o2sat": 97.0,
    "supplemental_oxygen": False,
    "bp_sys": 120,
    "bp_dia": 80,
    "pulse": 70,
    "consciousness": "A",
    "temperature": 37.0,
}


def at(hours: float = 0, *, minutes: float = 0) -> datetime:
    """That long after admission."""
    return ADMISSION + timedelta(hours=hours, minutes=minutes)


def make_patient(**facts: Any) -> PatientFacts:
    return PatientFacts(**{"admission_date": ADMISSION, "created_at": ADMISSION, **facts})


def make_report(
    values: dict[str, Any],
    *,
    when: datetime | None = None,
    id: int | None = 1,
    monitoring_interval: int | None = None,
    spo2_scale: int = 1,
    not_scored_because: str | None = None,
) -> ReportFacts:
    return ReportFacts(
        id=id,
        datetime=at() if when is None else when,
        values=values,
        score=score_set(values, spo2_scale=spo2_scale, not_scored_because=not_scored_because),
        monitoring_interval=monitoring_interval,
    )


def make_complete(
    *,
    when: datetime | None = None,
    id: int | None = 1,
    monitoring_interval: int | None = None,
    spo2_scale: int = 1,
    not_scored_because: str | None = None,
    **changed: Any,
) -> ReportFacts:
    """A complete set, normal but for `changed`."""
    return make_report(
        NORMAL | changed,
        when=when,
        id=id,
        monitoring_interval=monitoring_interval,
        spo2_scale=spo2_scale,
        not_scored_because=not_scored_because,
    )


# Complete sets by their total, none with a single 3 below 7.
TOTALS: dict[int, dict[str, Any]] = {
    0: {},
    1: {"pulse": 100},
    2: {"pulse": 120},
    3: {"pulse": 120, "temperature": 38.5},
    4: {"pulse": 120, "respiration": 22},
    5: {"pulse": 120, "respiration": 22, "temperature": 38.5},
    6: {"pulse": 120, "respiration": 22, "temperature": 39.5},
    7: {"pulse": 120, "respiration": 22, "temperature": 39.5, "o2sat": 95.0},
    8: {"pulse": 120, "respiration": 22, "temperature": 39.5, "o2sat": 93.0},
    9: {"pulse": 120, "respiration": 22, "temperature": 39.5, "o2sat": 93.0, "bp_sys": 105},
    10: {"pulse": 120, "respiration": 22, "temperature": 39.5, "o2sat": 93.0, "bp_sys": 95},
}


def make_total(total: int, *, when: datetime | None = None, id: int | None = 1, **more: Any) -> ReportFacts:
    """A complete set of this total without any single 3."""
    report = make_complete(when=when, id=id, **TOTALS[total], **more)
    assert report.score.score == total
    assert 3 not in report.score.parts.values()
    return report
