"""What the reports of a dengue stay have shown so far, one report after the other (clinical rules, section 4).

A new report takes the course one step on, so it costs the same on the first day and on the twentieth. The rules that
look at it are in dengue.py, with the sources.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Self

from patients.rules.stay import PatientFacts, ReportFacts, order_of

FEVER: Final = 38.0  # °C, and above
NO_FEVER: Final = 37.5  # °C, and below
AFEBRILE_PERIOD: Final = dt.timedelta(hours=24)
CONFIRMED_AFTER: Final = dt.timedelta(hours=6)  # paracetamol masks a fever for 4 to 6 h
CRITICAL_PHASE: Final = dt.timedelta(hours=48)
URINE_PERIOD: Final = dt.timedelta(hours=6)

# What of a report the course is made of.
COURSE_FIELDS: Final = (
    "temperature", "status", "day_of_fever", "hematocrit", "platelet", "bp_sys", "bp_dia", "capillary_refill",
    "warning_signs", "weight", "fo_urine",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UrineRecorded:
    """An amount in ml, since the one recorded before; `at` is in UTC."""

    at: dt.datetime
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the reports of a stay, up to the newest one, have shown. Instants in UTC; None: not so far.

    - `fever_at`: the newest temperature of 38.0 or more. `fever_noted_at`: the first report that says so otherwise.
    - `afebrile_readings`: temperatures below 38.0 since the fever. `defervescence_at`, with its `_temperature`: the
      provisional reading of this episode; `confirmed_at`, with its `_temperature`: the confirming one.
    - `hematocrit`, `platelet`: the newest values; `first_` and `febrile_hematocrit`: the earliest of the stay, and
      while febrile; `platelet_before`: the value before the newest.
    - `bp_sys`, `capillary_refill`: the newest values; `blood_pressure`: the newest systolic with its diastolic.
    - `warning_signs`: of the newest report that assessed them; `new_warning_signs`: those of them that the one before
      it had not.
    - `urine`: the amounts of the newest six hours or more, oldest first.
    """

    last: tuple[dt.datetime, int | None] | None = None
    fever_at: dt.datetime | None = None
    fever_noted_at: dt.datetime | None = None
    afebrile_readings: int = 0
    defervescence_at: dt.datetime | None = None
    defervescence_temperature: float | None = None
    confirmed_at: dt.datetime | None = None
    confirmed_temperature: float | None = None
    hematocrit: float | None = None
    first_hematocrit: float | None = None
    febrile_hematocrit: float | None = None
    platelet: float | None = None
    platelet_before: float | None = None
    bp_sys: int | None = None
    blood_pressure: tuple[int, int] | None = None
    capillary_refill: float | None = None
    warning_signs: tuple[str, ...] | None = None
    new_warning_signs: tuple[str, ...] = ()
    weight: float | None = None
    urine: tuple[UrineRecorded, ...] = ()

    def is_before(self, report: ReportFacts) -> bool:
        """Whether the report is newer than all of the course."""
        return self.last is None or _order(self.last) < order_of(report)

    def with_report(self, report: ReportFacts, *, patient: PatientFacts) -> "Course":
        """The course one report further; the report must be newer than all of it."""
        course = _after_temperature(self, report=report, patient=patient)
        course = _after_laboratory(course, report=report, patient=patient)
        course = after_circulation(course, report=report)
        course = _after_assessment(course, report=report)
        course = _after_urine(course, report=report)
        return replace(course, last=(report.datetime, report.id))

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it; `from_dict` reads it back."""
        stored: dict[str, Any] = _to_json(asdict(self))
        return stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The course as `as_dict` gave it. Raises KeyError where a member lacks."""
        values = {field.name: stored[field.name] for field in fields(cls)}
        for name in ("fever_at", "fever_noted_at", "defervescence_at", "confirmed_at"):
            values[name] = _instant(values[name])
        if values["last"] is not None:
            at, id = values["last"]
            values["last"] = (dt.datetime.fromisoformat(at), id)
        for name in ("warning_signs", "blood_pressure"):
            if values[name] is not None:
                values[name] = tuple(values[name])
        values["new_warning_signs"] = tuple(values["new_warning_signs"])
        values["urine"] = tuple(
            UrineRecorded(dt.datetime.fromisoformat(entry["at"]), entry["amount"])
            for entry in values["urine"]
        )
        return cls(**values)


# ---------------------------------------------------------------- the course, one report further


def is_critical(course: Course, *, at: dt.datetime) -> bool:
    """Whether that instant lies in the 48 h from the provisional end of the fever."""
    start = course.defervescence_at
    return start is not None and start <= at < start + CRITICAL_PHASE


def _fever_since(course: Course, *, patient: PatientFacts) -> dt.datetime | None:
    """From when the fever of this episode counts, where there is one; never before the patient was looked at."""
    if course.fever_at is not None:
        return course.fever_at
    onset = None if patient.fever_onset_at is None else max(patient.fever_onset_at, patient.admission_date)
    return min((at for at in (onset, course.fever_noted_at) if at is not None), default=None)


def _after_temperature(course: Course, *, report: ReportFacts, patient: PatientFacts) -> Course:
    temperature = report.values.get("temperature")
    if temperature is not None and temperature >= FEVER:
        course = replace(
            course,
            fever_at=report.datetime, afebrile_readings=0,
            defervescence_at=None, defervescence_temperature=None, confirmed_at=None, confirmed_temperature=None,
        )  # fmt: skip
    elif temperature is not None:
        course = _after_afebrile(course, report=report, temperature=temperature, patient=patient)
    if course.fever_noted_at is None and _notes_fever(report):
        course = replace(course, fever_noted_at=report.datetime)
    return course


def _after_afebrile(
    course: Course, *, report: ReportFacts, temperature: float, patient: PatientFacts
) -> Course:
    since = _fever_since(course, patient=patient)
    if since is None or report.datetime < since:
        return course
    course = replace(course, afebrile_readings=course.afebrile_readings + 1)
    start = course.defervescence_at
    if start is None:
        is_long_below = course.afebrile_readings >= 2 and report.datetime - since >= AFEBRILE_PERIOD
        if temperature <= NO_FEVER or is_long_below:
            return replace(course, defervescence_at=report.datetime, defervescence_temperature=temperature)
        return course
    is_late_enough = report.datetime - start >= CONFIRMED_AFTER
    if course.confirmed_at is None and temperature <= NO_FEVER and is_late_enough:
        return replace(course, confirmed_at=report.datetime, confirmed_temperature=temperature)
    return course


def _notes_fever(report: ReportFacts) -> bool:
    return report.values.get("status") == "febrile" or (report.values.get("day_of_fever") or 0) >= 1


def _after_laboratory(course: Course, *, report: ReportFacts, patient: PatientFacts) -> Course:
    hematocrit, platelet = report.values.get("hematocrit"), report.values.get("platelet")
    if hematocrit is not None:
        since = _fever_since(course, patient=patient)
        is_febrile = since is not None and since <= report.datetime and course.defervescence_at is None
        course = replace(
            course,
            hematocrit=hematocrit,
            first_hematocrit=_first(course.first_hematocrit, hematocrit),
            febrile_hematocrit=_first(course.febrile_hematocrit, hematocrit if is_febrile else None),
        )
    if platelet is not None:
        course = replace(course, platelet=platelet, platelet_before=course.platelet)
    return course


def after_circulation(course: Course, *, report: ReportFacts) -> Course:
    """The course with the blood pressure and the capillary refill of this report."""
    bp_sys, bp_dia = report.values.get("bp_sys"), report.values.get("bp_dia")
    refill = report.values.get("capillary_refill")
    if bp_sys is not None:
        course = replace(course, bp_sys=bp_sys)
        if bp_dia is not None:
            course = replace(course, blood_pressure=(bp_sys, bp_dia))
    return course if refill is None else replace(course, capillary_refill=refill)


def _after_assessment(course: Course, *, report: ReportFacts) -> Course:
    signs = report.values.get("warning_signs")
    if signs is None:
        return course
    before = course.warning_signs or ()
    new = tuple(sign for sign in signs if sign not in before)
    return replace(course, warning_signs=tuple(signs), new_warning_signs=new)


def _after_urine(course: Course, *, report: ReportFacts) -> Course:
    weight, amount = report.values.get("weight"), report.values.get("fo_urine")
    if weight is not None:
        course = replace(course, weight=weight)
    if amount is None:
        return course
    recorded = [*course.urine, UrineRecorded(report.datetime, amount)]
    # What came before the newest record six hours back no later sum begins with.
    while len(recorded) > 1 and report.datetime - recorded[1].at >= URINE_PERIOD:
        del recorded[0]
    return replace(course, urine=tuple(recorded))


def _order(last: tuple[dt.datetime, int | None]) -> tuple[dt.datetime, bool, int]:
    at, id = last
    return (at, id is None, id or 0)


def _first(known: float | None, value: float | None) -> float | None:
    return value if known is None else known


def _instant(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


def _to_json(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    return value
