"""NEWS2 against another implementation: 20,000 random sets, and sets shaped like a ward's."""

import random

import pytest
from vitalscore import score_news2

from patients.rules.news2 import score_set

PART_NAMES = {
    "respiration": "rr_score",
    "o2sat": "spo2_score",
    "supplemental_oxygen": "o2_score",
    "bp_sys": "sbp_score",
    "pulse": "hr_score",
    "consciousness": "consciousness_score",
    "temperature": "temp_score",
}
SETS_PER_SCALE = 10_000


def random_set(chance, *, spread):
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


@pytest.mark.parametrize("spo2_scale", [1, 2])
def test_twenty_thousand_random_sets_score_as_another_implementation_says(spo2_scale):
    chance = random.Random(20170100 + spo2_scale)
    totals = set()
    for number in range(SETS_PER_SCALE):
        values = random_set(chance, spread="wide" if number % 2 else "ward")
        score = score_set(values, spo2_scale=spo2_scale)
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
        assert score.score == other.total, values
        assert score.parts == {field: getattr(other, name) for field, name in PART_NAMES.items()}, values
        # The other one calls a single 3 "Medium"; the chart calls it low-medium.
        theirs = {"Low": "low", "Medium": "medium", "High": "high"}[other.risk.value]
        if other.total < 5 and other.max_single_parameter == 3:
            theirs = "low-medium"
        assert score.risk == theirs, values
        totals.add(score.score)
    assert totals >= set(range(20))
