"""NEWS2: every edge of every band with both neighbours, sets that are incomplete or not scored."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.news2 import (
    RESPONSES,
    RISKS,
    SCORED_FIELDS,
    Score,
    is_set,
    pathway_interval,
    reason_not_scored,
    response_to,
    risk_of,
    score_set,
    worse_risk,
)
from tests.rules.builders import NORMAL, make_total

# The chart written out value by value (RCP NEWS2 2017, chart 1), as (first value, last value, points).
RESPIRATION_CHART = [(0, 8, 3), (9, 11, 1), (12, 20, 0), (21, 24, 2), (25, 120, 3)]
SCALE_1_CHART = [(0, 91, 3), (92, 93, 2), (94, 95, 1), (96, 100, 0)]
SCALE_2_AIR_CHART = [(0, 83, 3), (84, 85, 2), (86, 87, 1), (88, 100, 0)]
SCALE_2_OXYGEN_CHART = [
    (0, 83, 3),
    (84, 85, 2),
    (86, 87, 1),
    (88, 92, 0),
    (93, 94, 1),
    (95, 96, 2),
    (97, 100, 3),
]
BP_SYS_CHART = [(0, 90, 3), (91, 100, 2), (101, 110, 1), (111, 219, 0), (220, 300, 3)]
PULSE_CHART = [(0, 40, 3), (41, 50, 1), (51, 90, 0), (91, 110, 1), (111, 130, 2), (131, 300, 3)]
TEMPERATURE_CHART_IN_TENTHS = [(130, 350, 3), (351, 360, 1), (361, 380, 0), (381, 390, 1), (391, 450, 2)]


def written_out(chart):
    return {value: points for first, last, points in chart for value in range(first, last + 1)}


def part(field, value, *, spo2_scale=1, **others):
    return score_set({field: value, **others}, spo2_scale=spo2_scale).parts[field]


@pytest.mark.parametrize(
    "field,chart",
    [("respiration", RESPIRATION_CHART), ("bp_sys", BP_SYS_CHART), ("pulse", PULSE_CHART)],
)
def test_every_whole_value_scores_as_the_chart_says(field, chart):
    for value, points in written_out(chart).items():
        assert part(field, value) == points, f"{field} {value}"


@pytest.mark.parametrize("on_oxygen", [True, False, None])
def test_every_spo2_scores_as_the_chart_says_on_scale_1_whether_on_oxygen_or_not(on_oxygen):
    for value, points in written_out(SCALE_1_CHART).items():
        assert part("o2sat", value, supplemental_oxygen=on_oxygen) == points, f"SpO2 {value}"


@pytest.mark.parametrize("on_oxygen,chart", [(False, SCALE_2_AIR_CHART), (True, SCALE_2_OXYGEN_CHART)])
def test_every_spo2_scores_as_the_chart_says_on_scale_2(on_oxygen, chart):
    for value, points in written_out(chart).items():
        assert part("o2sat", value, spo2_scale=2, supplemental_oxygen=on_oxygen) == points, f"SpO2 {value}"


def test_every_tenth_of_a_degree_scores_as_the_chart_says():
    for tenths, points in written_out(TEMPERATURE_CHART_IN_TENTHS).items():
        assert part("temperature", tenths / 10) == points, f"{tenths / 10} °C"


@pytest.mark.parametrize(
    "value,points",
    [
        (35.04, 3),
        (35.05, 1),
        (36.04, 1),
        (36.05, 0),
        (38.04, 0),
        (38.05, 1),
        (39.04, 1),
        (39.05, 2),
        (36.7999992370605, 0),
    ],
)
def test_a_temperature_scores_as_it_reads_after_rounding(value, points):
    assert part("temperature", value) == points


@pytest.mark.parametrize(
    "value,spo2_scale,on_oxygen,points",
    [
        (95.9, 1, False, 1),
        (96.1, 1, False, 0),
        (93.5, 1, False, 2),
        (91.5, 1, True, 3),
        (92.5, 2, True, 1),  # 93 is worse than 92 on oxygen
        (92.5, 2, False, 0),
        (94.1, 2, True, 2),
        (96.5, 2, True, 3),
        (87.5, 2, True, 1),
        (87.5, 2, False, 1),
        (83.5, 2, False, 3),
    ],
)
def test_a_decimal_spo2_scores_as_the_worse_of_its_two_neighbours(value, spo2_scale, on_oxygen, points):
    assert part("o2sat", value, spo2_scale=spo2_scale, supplemental_oxygen=on_oxygen) == points


@pytest.mark.parametrize("level,points", [("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3)])
def test_consciousness_is_alert_or_scores_3(level, points):
    assert part("consciousness", level) == points


def test_oxygen_scores_2_and_air_0():
    assert part("supplemental_oxygen", True) == 2
    assert part("supplemental_oxygen", False) == 0


def test_the_least_total_is_0_and_the_greatest_20():
    worst = {
        "respiration": 30,
        "o2sat": 80,
        "supplemental_oxygen": True,
        "bp_sys": 60,
        "pulse": 140,
        "consciousness": "U",
        "temperature": 34.0,
    }
    assert score_set(NORMAL, spo2_scale=1).score == 0
    assert score_set(worst, spo2_scale=1).score == 20
    assert score_set(worst, spo2_scale=1).risk == "high"


def test_a_recorded_zero_is_a_value_and_scores():
    arrest = NORMAL | {"pulse": 0, "respiration": 0, "bp_sys": 0, "bp_dia": 0, "consciousness": "U"}
    score = score_set(arrest, spo2_scale=1)
    assert score.complete
    assert score.score == 12


def test_diastolic_pressure_is_not_scored():
    assert score_set(NORMAL | {"bp_dia": 20}, spo2_scale=1).score == 0
    assert score_set(NORMAL | {"bp_dia": None}, spo2_scale=1).complete


@pytest.mark.parametrize("total", range(21))
@pytest.mark.parametrize("has_three", [True, False])
def test_the_risk_follows_the_total_and_a_single_3(total, has_three):
    if total >= 7:
        expected = "high"
    elif total in (5, 6):
        expected = "medium"
    elif has_three:
        expected = "low-medium"
    else:
        expected = "low"
    assert risk_of(total, has_three=has_three) == expected


@pytest.mark.parametrize("total", [-1, 21])
def test_a_total_outside_0_to_20_has_no_risk(total):
    with pytest.raises(ValueError, match="0 to 20"):
        risk_of(total, has_three=False)


def test_a_single_3_with_a_total_below_5_is_low_medium():
    score = score_set(NORMAL | {"consciousness": "C"}, spo2_scale=1)
    assert (score.score, score.risk) == (3, "low-medium")


def test_the_worse_risk_wins_and_none_gives_way():
    for first, second in product(RISKS, RISKS):
        expected = RISKS[max(RISKS.index(first), RISKS.index(second))]
        assert worse_risk(first, second) == expected
    assert worse_risk(None, "low") == worse_risk("low", None) == "low"
    assert worse_risk(None, None) is None


# Incomplete sets


@pytest.mark.parametrize("field", SCORED_FIELDS)
def test_without_any_one_of_the_seven_there_is_no_total(field):
    worse = NORMAL | {"pulse": 120, "respiration": 22, "temperature": 38.5, "o2sat": 93.0}
    whole = score_set(worse, spo2_scale=1)
    score = score_set(worse | {field: None}, spo2_scale=1)
    assert score.score is None
    assert not score.complete
    assert score.missing == (field,)
    assert score.parts[field] is None
    assert score.lower_bound == whole.score - whole.parts[field]
    assert score.risk == risk_of(score.lower_bound, has_three=False)


def test_a_complete_set_has_no_lower_bound():
    score = score_set(NORMAL, spo2_scale=1)
    assert (score.score, score.risk, score.complete, score.missing) == (0, "low", True, ())
    assert score.lower_bound is None


def test_the_lower_bound_of_an_incomplete_set_carries_its_own_risk():
    assert score_set({"pulse": 140}, spo2_scale=1).risk == "low-medium"
    assert score_set({"pulse": 140, "respiration": 22}, spo2_scale=1).risk == "medium"
    assert score_set({"pulse": 140, "respiration": 30, "bp_sys": 105}, spo2_scale=1).risk == "high"


def test_a_set_without_any_scored_value_is_at_least_0():
    score = score_set({"pain_score": 0}, spo2_scale=1)
    assert (score.score, score.lower_bound, score.risk, score.missing) == (None, 0, "low", SCORED_FIELDS)


def test_an_empty_text_is_not_measured():
    score = score_set(NORMAL | {"consciousness": ""}, spo2_scale=1)
    assert score.missing == ("consciousness",)


@pytest.mark.parametrize("value", [93, 94.5, 97, 100, 92.5])
def test_a_high_spo2_on_scale_2_without_oxygen_recorded_is_measured_but_not_scored(value):
    score = score_set(NORMAL | {"o2sat": value, "supplemental_oxygen": None}, spo2_scale=2)
    assert score.parts["o2sat"] is None
    assert score.missing == ("supplemental_oxygen",)
    assert score.lower_bound == 0


@pytest.mark.parametrize("value,points", [(92, 0), (88, 0), (87, 1), (85, 2), (83, 3)])
def test_up_to_92_percent_on_scale_2_oxygen_need_not_be_recorded(value, points):
    assert part("o2sat", value, spo2_scale=2) == points


@pytest.mark.parametrize("spo2_scale", [1, 2])
def test_a_flow_counts_as_oxygen_in_the_lower_bound_where_nobody_recorded_oxygen(spo2_scale):
    """The two points are certain; the flag was not recorded all the same."""
    unrecorded = NORMAL | {"supplemental_oxygen": None, "o2sat": 90 if spo2_scale == 2 else 97}
    score = score_set(unrecorded | {"oxygen_flow": 15.0}, spo2_scale=spo2_scale)
    assert (score.score, score.lower_bound, score.complete) == (None, 2, False)
    assert (score.parts["supplemental_oxygen"], score.missing) == (None, ("supplemental_oxygen",))
    for flow in (None, 0, 0.0):
        assert score_set(unrecorded | {"oxygen_flow": flow}, spo2_scale=spo2_scale).lower_bound == 0


@pytest.mark.parametrize("value", range(80, 101))
def test_with_a_flow_a_spo2_on_scale_2_is_judged_as_on_oxygen(value):
    on_oxygen = score_set(NORMAL | {"o2sat": value, "supplemental_oxygen": True}, spo2_scale=2)
    by_flow = score_set(
        NORMAL | {"o2sat": value, "supplemental_oxygen": None, "oxygen_flow": 2}, spo2_scale=2
    )
    assert by_flow.parts["o2sat"] == on_oxygen.parts["o2sat"] is not None
    assert (by_flow.lower_bound, by_flow.risk) == (on_oxygen.score, on_oxygen.risk)


def test_a_flow_changes_nothing_where_oxygen_was_recorded_or_nothing_is_scored():
    for on_oxygen in (True, False):
        values = NORMAL | {"supplemental_oxygen": on_oxygen}
        assert score_set(values | {"oxygen_flow": 4}, spo2_scale=1) == score_set(values, spo2_scale=1)
    unscored = score_set({"oxygen_flow": 4}, spo2_scale=1, not_scored_because="pregnant")
    assert (unscored.lower_bound, unscored.risk) == (None, None)


ANY_SET = st.fixed_dictionaries(
    {
        "respiration": st.none() | st.integers(0, 120),
        "o2sat": st.none() | st.integers(500, 1000).map(lambda tenths: tenths / 10),
        "supplemental_oxygen": st.none() | st.booleans(),
        "bp_sys": st.none() | st.integers(0, 300),
        "pulse": st.none() | st.integers(0, 300),
        "consciousness": st.none() | st.sampled_from("ACVPU"),
        "temperature": st.none() | st.integers(130, 450).map(lambda tenths: tenths / 10),
    }
)


@given(ANY_SET, ANY_SET, st.sampled_from([1, 2]))
def test_the_lower_bound_is_never_above_what_the_completed_set_scores(recorded, filling, spo2_scale):
    completed = {field: value if value is not None else filling[field] for field, value in recorded.items()}
    completed = {field: NORMAL[field] if value is None else value for field, value in completed.items()}
    partial, whole = (
        score_set(recorded, spo2_scale=spo2_scale),
        score_set(completed, spo2_scale=spo2_scale),
    )
    assert whole.score is not None
    if partial.total is None:
        assert all(value is None for value in recorded.values())
        return
    assert partial.total <= whole.score
    assert RISKS.index(partial.risk) <= RISKS.index(whole.risk)


@given(ANY_SET, st.sampled_from([1, 2]), st.sampled_from([None, "under_16", "pregnant", "pathway_none"]))
def test_a_score_read_back_from_its_json_is_the_same(recorded, spo2_scale, reason):
    score = score_set(recorded, spo2_scale=spo2_scale, not_scored_because=reason)
    assert Score.from_dict(score.as_dict()) == score


# What is a set, and what is scored


def test_fluids_or_a_laboratory_value_alone_are_no_set():
    values = {"fi_oral": 200, "hematocrit": 41.0, "weight": 70.0, "stools": 1, "not_measured": {}}
    assert not is_set(values)
    score = score_set(values, spo2_scale=1)
    assert (score.score, score.risk, score.lower_bound) == (None, None, None)
    assert not score.complete
    assert score.missing == SCORED_FIELDS
    assert score.not_scored_because is None


@pytest.mark.parametrize(
    "values", [{"pulse": 0}, {"supplemental_oxygen": False}, {"pain_score": 0}, {"oxygen_device": "mask"}]
)
def test_any_recorded_vital_sign_makes_a_set_also_0_and_false(values):
    assert is_set(values)


@pytest.mark.parametrize("values", [{}, {"pulse": None}, {"consciousness": "", "oxygen_device": ""}])
def test_nothing_recorded_is_no_set(values):
    assert not is_set(values)


@pytest.mark.parametrize(
    "on,reason",
    [(date(2024, 5, 9), "under_16"), (date(2024, 5, 10), None), (date(2024, 5, 11), None)],
)
def test_a_patient_is_scored_from_the_16th_birthday(on, reason):
    assert (
        reason_not_scored(date_of_birth=date(2008, 5, 10), pregnant=False, pathway="news2", on=on) == reason
    )


def test_pregnancy_and_pathway_none_are_not_scored_and_an_unknown_age_is_adult():
    on = date(2024, 5, 10)
    assert reason_not_scored(date_of_birth=None, pregnant=False, pathway="news2", on=on) is None
    assert reason_not_scored(date_of_birth=None, pregnant=False, pathway="dengue", on=on) is None
    assert reason_not_scored(date_of_birth=None, pregnant=True, pathway="news2", on=on) == "pregnant"
    assert reason_not_scored(date_of_birth=None, pregnant=False, pathway="none", on=on) == "pathway_none"


def test_a_patient_who_is_not_scored_has_no_part_and_no_risk_but_completeness():
    values = NORMAL | {"pulse": 140}
    score = score_set(values, spo2_scale=1, not_scored_because="pregnant")
    assert (score.score, score.risk, score.lower_bound) == (None, None, None)
    assert set(score.parts) == set(SCORED_FIELDS)
    assert set(score.parts.values()) == {None}
    assert score.complete
    partial = score_set({"pulse": 140}, spo2_scale=1, not_scored_because="pregnant")
    assert not partial.complete
    assert "respiration" in partial.missing


def test_the_json_has_the_keys_of_the_interface_in_their_order():
    given = score_set(NORMAL | {"pulse": None, "o2sat": 93.0}, spo2_scale=1).as_dict()
    assert list(given) == [
        "score",
        "risk",
        "parts",
        "complete",
        "missing",
        "lower_bound",
        "not_scored_because",
        "spo2_scale",
    ]
    assert given == {
        "score": None,
        "risk": "low",
        "parts": {
            "respiration": 0,
            "o2sat": 2,
            "supplemental_oxygen": 0,
            "bp_sys": 0,
            "pulse": None,
            "consciousness": 0,
            "temperature": 0,
        },
        "complete": False,
        "missing": ["pulse"],
        "lower_bound": 2,
        "not_scored_because": None,
        "spo2_scale": 1,
    }
    assert list(given["parts"]) == list(SCORED_FIELDS)


@pytest.mark.parametrize("spo2_scale", [0, 3, None])
def test_another_spo2_scale_is_refused(spo2_scale):
    with pytest.raises(ValueError, match="scale is 1 or 2"):
        score_set(NORMAL, spo2_scale=spo2_scale)


def test_an_unknown_level_of_consciousness_is_refused():
    with pytest.raises(ValueError, match="one of A, C, V, P, U"):
        score_set({"consciousness": "X"}, spo2_scale=1)


# What the result asks for


@pytest.mark.parametrize(
    "total,key,interval",
    [
        (0, "zero", timedelta(hours=12)),
        (1, "low", timedelta(hours=4)),
        (4, "low", timedelta(hours=4)),
        (5, "medium", timedelta(hours=1)),
        (6, "medium", timedelta(hours=1)),
        (7, "high", timedelta(minutes=15)),
        (10, "high", timedelta(minutes=15)),
    ],
)
def test_a_result_asks_for_its_response_and_interval(total, key, interval):
    score = make_total(total).score
    assert response_to(score) == key
    assert pathway_interval(score) == interval
    assert RESPONSES[key].risk == score.risk
    assert RESPONSES[key].interval == interval


def test_a_single_3_asks_for_an_hour():
    score = score_set(NORMAL | {"consciousness": "C"}, spo2_scale=1)
    assert response_to(score) == "low-medium"
    assert pathway_interval(score) == timedelta(hours=1)


def test_an_incomplete_set_asks_by_its_lower_bound_and_never_reassures():
    assert pathway_interval(score_set({"pulse": 140}, spo2_scale=1)) == timedelta(hours=1)
    assert response_to(score_set({"pulse": 140}, spo2_scale=1)) == "low-medium"
    nothing_found_yet = score_set({"pulse": 70}, spo2_scale=1)
    assert pathway_interval(nothing_found_yet) == timedelta(hours=12)
    assert response_to(nothing_found_yet) is None


def test_a_patient_who_is_not_scored_is_seen_every_four_hours():
    score = score_set(NORMAL | {"pulse": 140}, spo2_scale=1, not_scored_because="pregnant")
    assert pathway_interval(score) == timedelta(hours=4)
    assert response_to(score) is None
