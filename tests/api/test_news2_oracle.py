"""What REST says of a set is what another implementation says: asked of the preview, and now and then stored."""

import random

import pytest

from tests.factories import client_of, make_patient
from tests.rules.oracle import random_set, scored_by_another
from tests.support.counts import IS_TORTURE, count

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(3600 if IS_TORTURE else 300),
    pytest.mark.home("sqlite"),
]

SETS_PER_SCALE = count(reduced=150, full=10_000)
STORED = 25  # every so manieth


@pytest.mark.parametrize("spo2_scale", [1, 2])
def test_random_sets_score_over_rest_as_another_implementation_says(spo2_scale):
    chance = random.Random(20170200 + spo2_scale)
    nurse, patient = client_of("nurse"), make_patient(spo2_scale=spo2_scale)
    for number in range(SETS_PER_SCALE):
        values = random_set(chance, spread="wide" if number % 2 else "ward")
        address = "/api/reports/" if number % STORED == 0 else "/api/reports/preview/"
        answer = nurse.post(address, {**values, "patient": patient.pk}, format="json")
        assert answer.status_code == (201 if number % STORED == 0 else 200), answer.content
        news2 = answer.json()["news2"]
        ours = {name: news2[name] for name in ("score", "parts", "risk")}
        assert ours == scored_by_another(values, spo2_scale=spo2_scale), values
