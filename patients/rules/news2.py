"""The National Early Warning Score.

National Early Warning Score (NEWS) 2 © Royal College of Physicians 2017. Thresholds: chart 1 of "National
Early Warning Score (NEWS) 2: Standardising the assessment of acute-illness severity in the NHS", 2017;
responses and frequencies: its charts 2 and 4.

A value that was not measured is None, never 0: it scores nothing, and the set it belongs to has no total.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Self

from patients.rules.ranges import VITAL_SIGN_FIELDS, round_half_up

SCORED_FIELDS: tuple[str, ...] = (
    "respiration",
    "o2sat",
    "supplemental_oxygen",
    "bp_sys",
    "pulse",
    "consciousness",
    "temperature",
)

# Why a measurement that was due was not taken. All but "not appropriate", which is a decision, are those of an attempt:
# the set is to be tried again soon.
_REASONS_OF_ATTEMPT: tuple[str, ...] = ("refused", "unable", "asleep", "off_ward", "equipment")
NOT_MEASURED_REASONS: tuple[str, ...] = (*_REASONS_OF_ATTEMPT, "not_appropriate")

# From the least to the most urgent.
RISKS: tuple[str, ...] = ("low", "low-medium", "medium", "high")

ADULT_AGE_YEARS = 16  # NEWS2 is not for children under 16 or in pregnancy (RCP 2017, "limits to the use")
MAXIMUM_TOTAL = 20
NOT_SCORED_INTERVAL = timedelta(hours=4)


@dataclass(frozen=True, slots=True, init=False)
class Bands:
    """Points by value: each (upper end, points) holds up to and including its upper end, `above` beyond.

    There is no gap between two bands, so every number has its points.
    """

    upto: tuple[tuple[float, int], ...]
    above: int

    def __init__(self, *upto: tuple[float, int], above: int) -> None:
        object.__setattr__(self, "upto", upto)
        object.__setattr__(self, "above", above)

    def points(self, value: float) -> int:
        for upper_end, points in self.upto:
            if value <= upper_end:
                return points
        return self.above


# RCP NEWS2 2017, chart 1
RESPIRATION = Bands((8, 3), (11, 1), (20, 0), (24, 2), above=3)  # /min
SPO2_SCALE_1 = Bands((91, 3), (93, 2), (95, 1), above=0)  # %
SPO2_SCALE_2_ON_AIR = Bands((83, 3), (85, 2), (87, 1), above=0)  # %
SPO2_SCALE_2_ON_OXYGEN = Bands((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), above=3)  # %
BP_SYS = Bands((90, 3), (100, 2), (110, 1), (219, 0), above=3)  # mmHg
PULSE = Bands((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), above=3)  # /min
TEMPERATURE = Bands((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), above=2)  # °C
ON_OXYGEN: Mapping[bool, int] = MappingProxyType({False: 0, True: 2})
# A alert, C new confusion, V voice, P pain, U unresponsive
CONSCIOUSNESS: Mapping[str, int] = MappingProxyType({"A": 0, "C": 3, "V": 3, "P": 3, "U": 3})


@dataclass(frozen=True, slots=True)
class Response:
    """What a result asks for: `interval` is the longest time to the next set of observations."""

    result: str
    risk: str
    interval: timedelta
    frequency: str
    response: str


# RCP NEWS2 2017, charts 2 and 4. "every 4 h": the RCP gives 4 to 6. Continuous monitoring is written down
# every 15 minutes: an interval of this project's, for a clinician to confirm.
RESPONSES: Mapping[str, Response] = MappingProxyType(
    {
        "zero": Response(
            "0", "low", timedelta(hours=12), "at least every 12 h", "Continue routine monitoring."
        ),
        "low": Response(
            "1–4, no single 3",
            "low",
            timedelta(hours=4),
            "at least every 4 h",
            "Registered nurse assesses the patient and decides on frequency of monitoring and escalation.",
        ),
        "low-medium": Response(
            "a single 3, total below 5",
            "low-medium",
            timedelta(hours=1),
            "at least every 1 h",
            "Registered nurse informs the medical team, who review the patient.",
        ),
        "medium": Response(
            "5–6",
            "medium",
            timedelta(hours=1),
            "at least every 1 h",
            "Urgent assessment by a clinician or team competent in acute illness.",
        ),
        "high": Response(
            "7 or more",
            "high",
            timedelta(minutes=15),
            "continuous, written down every 15 min",
            "Emergency assessment by a team with critical-care competence.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Score:
    """The NEWS2 of one report.

    - Complete set: `score` 0–20 and `risk`; `lower_bound` None.
    - Incomplete set: `score` None, `lower_bound` the points that are certain, `risk` the lower bound's.
    - No set (no vital sign): `score`, `risk` and `lower_bound` None.
    - Not scored (`not_scored_because`: "under_16", "pregnant" or "pathway_none"): `score`, `risk`,
      `lower_bound` and all parts None; `complete` and `missing` still say what was measured.

    `parts` has all seven scored fields. A part is None where its field was not measured, and for SpO2 on
    scale 2 from 93 % up where nothing says whether the patient is on oxygen: on air that is 0 points, on
    oxygen 1 to 3. SpO2 is then not `missing`, oxygen is. An oxygen flow above 0 says it where the flag does not: its
    two points count in the lower bound, though the flag's part stays None and the set incomplete.
    """

    score: int | None
    risk: str | None
    parts: Mapping[str, int | None]
    complete: bool
    missing: tuple[str, ...]
    lower_bound: int | None
    not_scored_because: str | None
    spo2_scale: int

    @property
    def total(self) -> int | None:
        """The score, else the lower bound of an incomplete set, else None."""
        return self.score if self.score is not None else self.lower_bound

    def as_dict(self) -> dict[str, Any]:
        """The `news2` object of the interface, in its order of keys."""
        return {
            "score": self.score,
            "risk": self.risk,
            "parts": dict(self.parts),
            "complete": self.complete,
            "missing": list(self.missing),
            "lower_bound": self.lower_bound,
            "not_scored_because": self.not_scored_because,
            "spo2_scale": self.spo2_scale,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The score as `as_dict` gave it; nothing is scored anew. Raises KeyError where a key lacks."""
        return cls(
            score=stored["score"],
            risk=stored["risk"],
            parts={field: stored["parts"][field] for field in SCORED_FIELDS},
            complete=stored["complete"],
            missing=tuple(stored["missing"]),
            lower_bound=stored["lower_bound"],
            not_scored_because=stored["not_scored_because"],
            spo2_scale=stored["spo2_scale"],
        )


def is_set(values: Mapping[str, Any]) -> bool:
    """Whether any vital sign was recorded. 0 and False are recorded values; None and "" are not."""
    return any(_recorded(values, field=field) is not None for field in VITAL_SIGN_FIELDS)


def is_attempt(values: Mapping[str, Any]) -> bool:
    """Whether a set was tried and nothing of it could be taken: no vital sign, and why of a scored one.

    `values["not_measured"]`: field -> one of `NOT_MEASURED_REASONS`. "Not appropriate" is a decision, no attempt.
    """
    reasons = values.get("not_measured") or {}
    return not is_set(values) and any(reasons.get(field) in _REASONS_OF_ATTEMPT for field in SCORED_FIELDS)


def reason_not_scored(*, date_of_birth: date | None, pregnant: bool, pathway: str, on: date) -> str | None:
    """Why NEWS2 does not apply on that day: "under_16", "pregnant", "pathway_none", or None: it applies.

    An unknown date of birth counts as adult.
    """
    if date_of_birth is not None and age_on(on, born=date_of_birth) < ADULT_AGE_YEARS:
        return "under_16"
    if pregnant:
        return "pregnant"
    if pathway == "none":
        return "pathway_none"
    return None


def age_on(day: date, *, born: date) -> int:
    """Whole years of age on that day. Who is born on 29 February is a year older on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def score_set(values: Mapping[str, Any], *, spo2_scale: int, not_scored_because: str | None = None) -> Score:
    """Score one report's values; keys other than the scored ones only tell whether it is a set at all.

    `spo2_scale` is 1 or 2, as set for the patient. Raises ValueError for another scale or an unknown level
    of consciousness.
    """
    if spo2_scale not in (1, 2):
        raise ValueError(f"The SpO2 scale is 1 or 2; {spo2_scale!r} was given.")
    missing = tuple(field for field in SCORED_FIELDS if _recorded(values, field=field) is None)
    complete = not missing
    if not_scored_because is not None or not is_set(values):
        return Score(
            score=None,
            risk=None,
            parts=dict.fromkeys(SCORED_FIELDS),
            complete=complete,
            missing=missing,
            lower_bound=None,
            not_scored_because=not_scored_because,
            spo2_scale=spo2_scale,
        )
    parts = _parts(values, spo2_scale=spo2_scale)
    total = sum(points for points in parts.values() if points is not None)
    if parts["supplemental_oxygen"] is None and _breathes_oxygen(values):
        total += ON_OXYGEN[True]
    return Score(
        score=total if complete else None,
        risk=risk_of(total, has_three=3 in parts.values()),
        parts=parts,
        complete=complete,
        missing=missing,
        lower_bound=None if complete else total,
        not_scored_because=None,
        spo2_scale=spo2_scale,
    )


def risk_of(total: int, *, has_three: bool) -> str:
    """The clinical risk of a total of 0–20 points; `has_three`: a single parameter scores 3.

    RCP NEWS2 2017, chart 2. Raises ValueError outside 0–20.
    """
    if not 0 <= total <= MAXIMUM_TOTAL:
        raise ValueError(f"A NEWS2 total is 0 to {MAXIMUM_TOTAL}; {total} was given.")
    if total >= 7:
        return "high"
    if total >= 5:
        return "medium"
    return "low-medium" if has_three else "low"


def worse_risk(first: str | None, second: str | None) -> str | None:
    """The more urgent of two risks; None, no risk known, gives way to any. Raises ValueError if unknown."""
    if first is None or second is None:
        return second if first is None else first
    return max(first, second, key=RISKS.index)


def response_to(score: Score) -> str | None:
    """The key in RESPONSES of what this score, or at least its lower bound, asks for.

    None where nothing was scored, and for an incomplete set with no point: "at least 0" must not read as
    "continue routine monitoring".
    """
    if score.total is None:
        return None
    if score.total == 0:
        return "zero" if score.complete else None
    return score.risk


def pathway_interval(score: Score) -> timedelta:
    """The longest time to the next set: by the score, else by the lower bound, else 4 h (not scored).

    A lower bound of 0 asks for 12 h, which brings no due time forward.
    """
    if score.total is None or score.risk is None:
        return NOT_SCORED_INTERVAL
    return RESPONSES["zero" if score.total == 0 else score.risk].interval


def _parts(values: Mapping[str, Any], *, spo2_scale: int) -> dict[str, int | None]:
    respiration = _recorded(values, field="respiration")
    o2sat = _recorded(values, field="o2sat")
    on_oxygen = _recorded(values, field="supplemental_oxygen")
    bp_sys = _recorded(values, field="bp_sys")
    pulse = _recorded(values, field="pulse")
    consciousness = _recorded(values, field="consciousness")
    temperature = _recorded(values, field="temperature")
    return {
        "respiration": None if respiration is None else RESPIRATION.points(respiration),
        "o2sat": None
        if o2sat is None
        else _o2sat_points(o2sat, spo2_scale=spo2_scale, on_oxygen=_breathes_oxygen(values)),
        "supplemental_oxygen": None if on_oxygen is None else ON_OXYGEN[on_oxygen],
        "bp_sys": None if bp_sys is None else BP_SYS.points(bp_sys),
        "pulse": None if pulse is None else PULSE.points(pulse),
        "consciousness": None if consciousness is None else _consciousness_points(consciousness),
        # 38.05 lies between two bands of the chart; rounded as it is charted, it is 38.1.
        "temperature": None if temperature is None else TEMPERATURE.points(round_half_up(temperature)),
    }


def _breathes_oxygen(values: Mapping[str, Any]) -> bool | None:
    """Whether the patient is on oxygen, by the flag, else by a flow above 0; None where neither tells."""
    on_oxygen: bool | None = _recorded(values, field="supplemental_oxygen")
    if on_oxygen is not None:
        return on_oxygen
    flow = _recorded(values, field="oxygen_flow")
    return True if flow is not None and flow > 0 else None


def _o2sat_points(o2sat: float, *, spo2_scale: int, on_oxygen: bool | None) -> int | None:
    """Points of an SpO2 in %; None where scale 2 cannot tell without knowing of oxygen.

    A decimal value counts as the worse of the two whole numbers around it.
    """
    if spo2_scale == 1:
        return _worse_whole_number(o2sat, bands=SPO2_SCALE_1)
    if on_oxygen is not None:
        return _worse_whole_number(o2sat, bands=SPO2_SCALE_2_ON_OXYGEN if on_oxygen else SPO2_SCALE_2_ON_AIR)
    on_air_points = _worse_whole_number(o2sat, bands=SPO2_SCALE_2_ON_AIR)
    on_oxygen_points = _worse_whole_number(o2sat, bands=SPO2_SCALE_2_ON_OXYGEN)
    # Where both agree (up to 92 %) oxygen does not matter. Above, nothing is certain: counting nothing
    # keeps the lower bound true, since on air both SpO2 and oxygen score 0.
    return on_air_points if on_air_points == on_oxygen_points else None


def _worse_whole_number(value: float, *, bands: Bands) -> int:
    return max(bands.points(math.floor(value)), bands.points(math.ceil(value)))


def _consciousness_points(consciousness: str) -> int:
    if consciousness not in CONSCIOUSNESS:
        raise ValueError(f"Consciousness is one of A, C, V, P, U; {consciousness!r} was given.")
    return CONSCIOUSNESS[consciousness]


def _recorded(values: Mapping[str, Any], *, field: str) -> Any:
    """The recorded value, or None. An empty text (device, consciousness) is how a form says nothing."""
    value = values.get(field)
    return None if value == "" else value
