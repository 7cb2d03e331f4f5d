"""NEWS2 by another implementation, and random sets to ask it about."""

from random import Random
from typing import Any

from vitalscore import score_news2

PART_NAMES = {
    "respiration": "rr_score",
    "o2sat": "spo2_score",
    "supplemental_oxygen": "o2_score",
    "bp_sys": "sbp_score",
    "pulse": "hr_score",
    "consciousness": "consciousness_score",
    "temperature": "temp_score",
}


def random_set(chance: Random, *, spread: str) -> dict[str, Any]:
    """Within what the other implementation accepts; `spread` "wide" anywhere, "ward" near normal."""
    if spread == "wide":
        return {
            "respiration": chance.randint(1, 99),
            "o2sat": chance.randint(50, 100),
            "supplemental_oxygen": chance.random() < 0.5,
            "bp_sys": chance.randint(1, 299),
            "pulse": chance.randint(1, 299),
            "consciousness": chance.choice("ACVPU"),
            "temperature": chance.randint(250, 450) / 10,
        }
    return {
        "respiration": chance.randint(6, 30),
        "o2sat": chance.randint(80, 100),
        "supplemental_oxygen": chance.random() < 0.3,
        "bp_sys": chance.choice([chance.randint(80, 125), chance.randint(126, 230)]),
        "pulse": chance.randint(35, 140),
        "consciousness": chance.choice("AAAAAAACVPU"),
        "temperature": chance.randint(345, 400) / 10,
    }


def scored_by_another(values: dict[str, Any], *, spo2_scale: int) -> dict[str, Any]:
    """`score`, `parts` and `risk` of a complete set, in our names."""
    other = score_news2(
        respiratory_rate=values["respiration"],
        spo2=values["o2sat"],
        on_oxygen=values["supplemental_oxygen"],
        systolic_bp=values["bp_sys"],
        heart_rate=values["pulse"],
        consciousness=values["consciousness"],
        temperature=values["temperature"],
        use_spo2_scale2=spo2_scale == 2,
    )
    # The other one calls a single 3 "Medium"; the chart calls it low-medium.
    risk = {"Low": "low", "Medium": "medium", "High": "high"}[other.risk.value]
    if other.total < 5 and other.max_single_parameter == 3:
        risk = "low-medium"
    parts = {field: getattr(other, name) for field, name in PART_NAMES.items()}
    return {"score": other.total, "parts": parts, "risk": risk}
