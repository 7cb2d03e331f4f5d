"""NEWS2 against another implementation: 20,000 random sets, and sets shaped like a ward's."""

import random

import pytest

from patients.rules.news2 import score_set
from tests.rules.oracle import random_set, scored_by_another

SETS_PER_SCALE = 10_000


@pytest.mark.parametrize("spo2_scale", [1, 2])
def test_twenty_thousand_random_sets_score_as_another_implementation_says(spo2_scale):
    chance = random.Random(20170100 + spo2_scale)
    totals = set()
    for number in range(SETS_PER_SCALE):
        values = random_set(chance, spread="wide" if number % 2 else "ward")
        score = score_set(values, spo2_scale=spo2_scale)
        ours = {"score": score.score, "parts": score.parts, "risk": score.risk}
        assert ours == scored_by_another(values, spo2_scale=spo2_scale), values
        totals.add(score.score)
    assert totals >= set(range(20))
