"""Dengue: fever and its end, plasma leakage, shock, warning signs, urine (clinical rules, section 4).

Sources: "Dengue: guidelines for diagnosis, treatment, prevention and control", WHO 2009, and "Handbook for clinical
management of dengue", WHO 2012. The monitoring intervals and the limits of urine are from secondary sources, for a
clinician to confirm (docs/clinical-safety.md). NEWS2 holds on this pathway too.

The rules look at what the stay has shown so far, its `Course` (dengue_course.py); `brought_by` says what of it the
newest report brought.

Levels: "haemoconcentration" 1 medium, 2 high; all others are one level.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from patients.rules.dengue_course import (
    COURSE_FIELDS,
    CRITICAL_PHASE,
    URINE_PERIOD,
    Course,
    after_circulation,
    is_critical,
)
from patients.rules.deterioration import newest_set_findings, remaining_news2_causes
from patients.rules.findings import Finding
from patients.rules.formulas import mean_arterial_pressure, pulse_pressure
from patients.rules.news2 import pathway_interval
from patients.rules.ranges import round_half_up
from patients.rules.stay import PatientFacts, ReportFacts

HAEMATOCRIT_RISE: Final = 20  # % of the baseline
LOW_PLATELETS: Final = 100  # 10^9/l

NARROW_PULSE_PRESSURE: Final = 20  # mmHg, and below
LOW_SYSTOLIC: Final = 90  # mmHg, from age 10
LOW_MAP: Final = 70  # mmHg, from age 16
GROWN_AGE: Final = 10  # years
CHILD_AGE: Final = 16  # years
LOW_SYSTOLIC_OF_CHILD: Final = (70, 2)  # mmHg, and mmHg for each year of age
SLOW_REFILL: Final = 2  # s

LOW_URINE: Final = 0.5  # ml/kg/h; secondary source
LOW_URINE_OF_CHILD: Final = 1.0  # ml/kg/h under 16 years; secondary source

# Secondary sources.
INTERVAL_IN_SHOCK: Final = dt.timedelta(minutes=15)
INTERVAL_WITH_WARNING: Final = dt.timedelta(hours=1)
INTERVAL: Final = dt.timedelta(hours=4)

# WHO 2009, the "dengue ± warning signs" classification.
WARNING_SIGNS: Final = (
    "abdominal_pain", "persistent_vomiting", "fluid_accumulation", "mucosal_bleed", "lethargy",
    "liver_enlargement", "hct_rise_platelet_fall",
)  # fmt: skip
_SIGN_TEXTS: Final = {
    "abdominal_pain": "abdominal pain or tenderness",
    "persistent_vomiting": "persistent vomiting",
    "fluid_accumulation": "clinical fluid accumulation",
    "mucosal_bleed": "mucosal bleed",
    "lethargy": "lethargy or restlessness",
    "liver_enlargement": "liver enlargement",
    "hct_rise_platelet_fall": "rise of haematocrit with a rapid fall of platelets",
}

PROVISIONAL: Final = "defervescence_provisional"
CONFIRMED: Final = "defervescence_confirmed"
HAEMOCONCENTRATION: Final = "haemoconcentration"
SHOCK_SIGN: Final = "shock_sign"
WARNING_SIGN: Final = "warning_sign"
LOW_URINE_OUTPUT: Final = "low_urine_output"
RULES: Final = (PROVISIONAL, CONFIRMED, HAEMOCONCENTRATION, SHOCK_SIGN, WARNING_SIGN, LOW_URINE_OUTPUT)


# ---------------------------------------------------------------- the rules


def defervescence(course: Course, *, patient: PatientFacts) -> list[Finding]:
    """The fever has gone, provisionally and then for certain: the critical phase may begin."""
    if course.defervescence_at is None:
        return []
    start = course.defervescence_at
    clock = {
        "critical_phase_since": _as_text(start),
        "critical_phase_until": _as_text(start + CRITICAL_PHASE),
    }
    found = [
        Finding(
            PROVISIONAL, "temperature", 1, "medium",
            f"The fever has gone (temperature {course.defervescence_temperature:g} °C): "
            "the critical phase of 48 h may begin.",
            {"value": course.defervescence_temperature, **clock},
        )
    ]  # fmt: skip
    if course.confirmed_at is not None:
        found.append(
            Finding(
                CONFIRMED, "temperature", 1, "medium",
                f"The fever stayed away (temperature {course.confirmed_temperature:g} °C, 6 h or more later): "
                "the critical phase is confirmed.",
                {"value": course.confirmed_temperature, "confirmed_at": _as_text(course.confirmed_at), **clock},
            )
        )  # fmt: skip
    return found


def baseline_of(course: Course, *, patient: PatientFacts) -> tuple[float, str] | None:
    """The patient's own haematocrit in %, and where it is from: "typed", "while febrile" or "first"; None: unknown."""
    for value, source in (
        (patient.hematocrit_baseline, "typed"),
        (course.febrile_hematocrit, "while febrile"),
        (course.first_hematocrit, "first"),
    ):
        if value is not None:
            return value, source
    return None


def haemoconcentration(course: Course, *, patient: PatientFacts) -> list[Finding]:
    """The newest haematocrit is 20 % or more above the baseline; high where the platelets fell at the same time."""
    baseline = baseline_of(course, patient=patient)
    if course.hematocrit is None or baseline is None:
        return []
    own, source = baseline
    rise = (Decimal(str(course.hematocrit)) / Decimal(str(own)) - 1) * 100
    if rise < HAEMATOCRIT_RISE:
        return []
    has_fallen = _platelets_fell(course.platelet, before=course.platelet_before)
    message = (
        f"Haematocrit {course.hematocrit:g} % is {round_half_up(rise):g} % above the baseline of {own:g} %"
    )
    if has_fallen:
        message += f", and platelets fell from {course.platelet_before:g} to {course.platelet:g} × 10⁹/l"
    return [
        Finding(
            HAEMOCONCENTRATION, "hematocrit", 2 if has_fallen else 1, "high" if has_fallen else "medium",
            f"{message}.",
            {
                "value": course.hematocrit, "baseline": own, "baseline_from": source,
                "rise_percent": round_half_up(rise),
                "platelet": course.platelet, "platelet_before": course.platelet_before,
            },
        )
    ]  # fmt: skip


def _platelets_fell(platelet: float | None, *, before: float | None) -> bool:
    """Halved, or newly below 100 × 10⁹/l, since the value before."""
    if platelet is None or before is None:
        return False
    return platelet * 2 <= before or platelet < LOW_PLATELETS <= before


def shock_signs(
    *,
    bp_sys: int | None,
    blood_pressure: tuple[int, int] | None,
    capillary_refill: float | None,
    age: int | None,
) -> list[Finding]:
    """Signs of shock in these values: mmHg, systolic with diastolic, s. `age` in whole years, None: adult."""
    found = [_low_systolic(bp_sys, age=age), _slow_refill(capillary_refill)]
    if blood_pressure is not None:
        found += [_narrow_pulse_pressure(*blood_pressure), _low_map(*blood_pressure, age=age)]
    return [finding for finding in found if finding is not None]


def _narrow_pulse_pressure(bp_sys: int, bp_dia: int) -> Finding | None:
    pressure = pulse_pressure(bp_sys=bp_sys, bp_dia=bp_dia)
    if pressure is None or pressure > NARROW_PULSE_PRESSURE:
        return None
    return _shock(
        "pulse_pressure",
        pressure,
        f"Pulse pressure {pressure} mmHg is {NARROW_PULSE_PRESSURE} mmHg or less.",
    )


def _low_systolic(bp_sys: int | None, *, age: int | None) -> Finding | None:
    base, by_year = LOW_SYSTOLIC_OF_CHILD
    lowest = LOW_SYSTOLIC if age is None or age >= GROWN_AGE else base + by_year * age
    if bp_sys is None or bp_sys >= lowest:
        return None
    return _shock("bp_sys", bp_sys, f"Systolic pressure {bp_sys} mmHg is below {lowest} mmHg.")


def _low_map(bp_sys: int, bp_dia: int, *, age: int | None) -> Finding | None:
    # No source uses 70 below 16: of healthy children of 10, about 3 in 10 lie below it (docs/clinical-safety.md).
    if age is not None and age < CHILD_AGE:
        return None
    if bp_sys + 2 * bp_dia >= 3 * LOW_MAP:
        return None
    mean = mean_arterial_pressure(bp_sys=bp_sys, bp_dia=bp_dia)
    return _shock("map", mean, f"Mean arterial pressure {mean:g} mmHg is below {LOW_MAP} mmHg.")


def _slow_refill(capillary_refill: float | None) -> Finding | None:
    if capillary_refill is None or capillary_refill <= SLOW_REFILL:
        return None
    return _shock(
        "capillary_refill",
        capillary_refill,
        f"Capillary refill {capillary_refill:g} s takes more than {SLOW_REFILL} s.",
    )


def _shock(parameter: str, value: float | None, message: str) -> Finding:
    return Finding(SHOCK_SIGN, parameter, 1, "high", f"Sign of shock: {message}", {"value": value})


def warning_signs(signs: Iterable[str]) -> list[Finding]:
    """One finding a sign; those of one report make one notification."""
    return [
        Finding(
            WARNING_SIGN, sign, 1, "medium", f"Warning sign: {_SIGN_TEXTS.get(sign, sign)}.", {"value": True}
        )
        for sign in signs
    ]


@dataclass(frozen=True, slots=True)
class UrineRate:
    """`rate` in ml/kg/h over `hours`, exact; None with the reason why it cannot be computed."""

    rate: Fraction | None
    hours: float | None
    why_not: str | None


def urine_rate(course: Course) -> UrineRate:
    """The urine of the newest six hours or more: each amount counts from the record before it."""
    if course.weight is None:
        return UrineRate(None, None, "cannot be computed: no weight is known")
    if not course.urine or course.urine[-1].at - course.urine[0].at < URINE_PERIOD:
        return UrineRate(None, None, "cannot be computed: urine is not known over 6 h")
    hours = (course.urine[-1].at - course.urine[0].at).total_seconds() / 3600
    # In fractions: 9.6 ml of 3.2 kg in 6 h are 0.5 ml/kg/h and not, as floats have it, a little less.
    amount = sum(Fraction(str(record.amount)) for record in course.urine[1:])
    return UrineRate(amount / Fraction(str(course.weight)) / Fraction(hours), hours, None)


def low_urine(course: Course, *, patient: PatientFacts) -> list[Finding]:
    """Less than 0.5 ml/kg/h, under 16 years less than 1, over 6 h or more."""
    found = urine_rate(course)
    if found.rate is None or found.hours is None:
        return []
    age = patient.age_at(course.urine[-1].at)
    least = LOW_URINE if age is None or age >= CHILD_AGE else LOW_URINE_OF_CHILD
    if found.rate >= least:
        return []
    # What is below the limit must not read as the limit.
    rate = min(round(float(found.rate), 2), least - 0.01)
    return [
        Finding(
            LOW_URINE_OUTPUT, "fo_urine", 1, "medium",
            f"Urine {rate:g} ml/kg/h over {round_half_up(found.hours):g} h is below {least:g} ml/kg/h.",
            {"value": rate, "hours": round_half_up(found.hours), "weight": course.weight, "limit": least},
        )
    ]  # fmt: skip


def _shock_signs_of(course: Course, *, age: int | None) -> list[Finding]:
    return shock_signs(
        bp_sys=course.bp_sys,
        blood_pressure=course.blood_pressure,
        capillary_refill=course.capillary_refill,
        age=age,
    )


def shown_by(course: Course, *, patient: PatientFacts) -> list[Finding]:
    """Everything that the newest value of each kind shows."""
    age = None if course.last is None else patient.age_at(course.last[0])
    return [
        *_shock_signs_of(course, age=age),
        *haemoconcentration(course, patient=patient),
        *defervescence(course, patient=patient),
        *warning_signs(course.warning_signs or ()),
        *low_urine(course, patient=patient),
    ]


def brought_by(report: ReportFacts, *, course: Course, patient: PatientFacts) -> list[Finding]:
    """What this report brought to the course: of the values it measures, and each event once."""
    return [
        finding
        for finding in shown_by(course, patient=patient)
        if _measures(report, finding=finding) and _is_news(finding, report=report, course=course)
    ]


# By parameter: the report measures it with all fields of one of these.
_MEASURED_BY: Final = {
    "temperature": (("temperature",),),
    "hematocrit": (("hematocrit",), ("platelet",)),
    "pulse_pressure": (("bp_sys", "bp_dia"),),
    "bp_sys": (("bp_sys",),),
    "map": (("bp_sys", "bp_dia"),),
    "capillary_refill": (("capillary_refill",),),
    "fo_urine": (("fo_urine",), ("weight",)),
    **dict.fromkeys(WARNING_SIGNS, (("warning_signs",),)),
}


def _measures(report: ReportFacts, *, finding: Finding) -> bool:
    return any(
        all(report.values.get(name) is not None for name in names)
        for names in _MEASURED_BY.get(finding.parameter or "", ())
    )


def _is_news(finding: Finding, *, report: ReportFacts, course: Course) -> bool:
    if finding.rule == PROVISIONAL:
        return course.defervescence_at == report.datetime
    if finding.rule == CONFIRMED:
        return course.confirmed_at == report.datetime
    if finding.rule == WARNING_SIGN:
        return finding.parameter in course.new_warning_signs
    return True


# ---------------------------------------------------------------- the pathway


@dataclass(frozen=True, slots=True)
class DenguePathway:
    """NEWS2, and the rules of dengue's own."""

    course_fields: tuple[str, ...] = COURSE_FIELDS
    clock_rules: tuple[str, ...] = (PROVISIONAL, CONFIRMED)

    def course_of(self, stored: Mapping[str, Any] | None) -> Course:
        return Course() if stored is None else Course.from_dict(stored)

    def findings(
        self, patient: PatientFacts, *, reports: Iterable[ReportFacts], changed: ReportFacts | None = None
    ) -> list[Finding]:
        course: Course = patient.course or Course()
        found = newest_set_findings(reports, changed=changed)
        if changed is not None:
            return found + brought_by(changed, course=course, patient=patient)
        return found + shown_by(course, patient=patient)

    def remaining_causes(
        self,
        held: Iterable[tuple[str, int]],
        *,
        report: ReportFacts | None,
        patient: PatientFacts,
    ) -> set[str]:
        """Dengue's own causes last until the newest value concerned shows them no more; NEWS2's as everywhere."""
        course: Course = patient.course or Course()
        shown = {finding.cause for finding in shown_by(course, patient=patient)}
        held = list(held)
        of_news2 = [(cause, level) for cause, level in held if not _is_of_dengue(cause)]
        return (shown & {cause for cause, _ in held}) | remaining_news2_causes(of_news2, report=report)

    def knows(self, cause: str) -> bool:
        return True

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> dt.timedelta:
        return min(dengue_interval(report, patient=patient), pathway_interval(report.score))


def dengue_interval(report: ReportFacts, *, patient: PatientFacts) -> dt.timedelta:
    """15 min with a sign of shock in this set, 1 h with a warning sign or in the critical phase, else 4 h."""
    of_this_set = after_circulation(Course(), report=report)
    if _shock_signs_of(of_this_set, age=patient.age_at(report.datetime)):
        return INTERVAL_IN_SHOCK
    course: Course = patient.course or Course()
    if course.warning_signs or is_critical(course, at=report.datetime):
        return INTERVAL_WITH_WARNING
    return INTERVAL


def _is_of_dengue(cause: str) -> bool:
    return cause.partition(":")[0] in RULES


def _as_text(instant: dt.datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
