"""The hard and soft ranges, and rounding to one decimal."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.ranges import (
    DECIMAL_FIELDS,
    FLUID_INTAKE_FIELDS,
    FLUID_OUTPUT_FIELDS,
    RANGES,
    VITAL_SIGN_FIELDS,
    WHOLE_FIELDS,
    check_possible,
    check_unusual,
    round_half_up,
)

# Copied from the clinical rules, section 6, by hand: field, hard low and high, soft low and high.
WRITTEN = [
    ("temperature", 13, 45, 34, 41),
    ("pulse", 0, 300, 30, 200),
    ("respiration", 0, 120, 6, 50),
    ("o2sat", 0, 100, 80, 100),
    ("bp_sys", 0, 300, 60, 230),
    ("bp_dia", 0, 200, 30, 140),
    ("oxygen_flow", 0, 80, None, None),
    ("pain_score", 0, 10, None, None),
    ("blood_glucose", 0.1, 83, 2, 30),
    ("capillary_refill", 0, 30, None, None),
    ("weight", 0.3, 400, None, None),
    ("height", 20, 272, None, None),
    ("abd_cir", 10, 250, None, None),
    ("fi_oral", 0, 5000, None, None),
    ("fi_parenteral", 0, 5000, None, None),
    ("fi_other", 0, 5000, None, None),
    ("fo_urine", 0, 5000, None, None),
    ("fo_uf", 0, 5000, None, None),
    ("fo_emesis", 0, 5000, None, None),
    ("fo_drainage", 0, 5000, None, None),
    ("hematocrit", 5, 80, None, None),
    ("platelet", 0, 3000, None, None),
    ("wbc", 0, 500, None, None),
    ("stools", 0, 50, None, None),
    ("urine", 0, 50, None, None),
]
WHOLE = {"pulse", "respiration", "bp_sys", "bp_dia", "pain_score", "stools", "urine"}


def step(field):
    return 1 if field in WHOLE else Decimal("0.1")


def number(field, value):
    return int(value) if field in WHOLE else float(value)


def test_every_written_range_is_in_the_table_and_no_other():
    assert set(RANGES) == {row[0] for row in WRITTEN}
    assert set(WHOLE_FIELDS) == WHOLE
    assert set(DECIMAL_FIELDS) == set(RANGES) - WHOLE
    assert set(FLUID_INTAKE_FIELDS) == {"fi_oral", "fi_parenteral", "fi_other"}
    assert set(FLUID_OUTPUT_FIELDS) == {"fo_urine", "fo_uf", "fo_emesis", "fo_drainage"}


def test_the_vital_signs_are_those_of_the_interface():
    assert VITAL_SIGN_FIELDS == (
        "temperature",
        "pulse",
        "respiration",
        "bp_sys",
        "bp_dia",
        "o2sat",
        "supplemental_oxygen",
        "oxygen_flow",
        "oxygen_device",
        "consciousness",
        "pain_score",
        "blood_glucose",
        "capillary_refill",
    )


@pytest.mark.parametrize("field,low,high,soft_low,soft_high", WRITTEN)
def test_the_hard_range_takes_its_ends_and_refuses_their_neighbours(field, low, high, soft_low, soft_high):
    for value in (low, high):
        assert check_possible({field: number(field, value)}) == {}
    for value in (Decimal(str(low)) - step(field), Decimal(str(high)) + step(field)):
        assert list(check_possible({field: number(field, value)})) == [field]


@pytest.mark.parametrize("field,low,high,soft_low,soft_high", WRITTEN)
def test_the_soft_range_asks_only_beyond_its_ends(field, low, high, soft_low, soft_high):
    if soft_low is None:
        assert RANGES[field].soft is None
        assert check_unusual({field: low}) == check_unusual({field: high}) == {}
        return
    for value in (soft_low, soft_high):
        assert check_unusual({field: number(field, value)}) == {}
    for value in (soft_low - step(field), soft_high + step(field)):
        assert list(check_unusual({field: number(field, value)})) == [field]


def test_a_breach_says_field_range_unit_and_value():
    assert check_possible({"pulse": 400}) == {"pulse": "Pulse must be between 0 and 300 /min; 400 was given."}
    assert check_possible({"temperature": 45.1}) == {
        "temperature": "Temperature must be between 13 and 45 °C; 45.1 was given."
    }
    assert check_possible({"pain_score": 11}) == {
        "pain_score": "Pain score must be between 0 and 10; 11 was given."
    }


def test_an_unusual_value_says_field_range_and_value():
    assert check_unusual({"pulse": 210}) == {
        "pulse": "Pulse 210 /min is unusual: outside 30 to 200 /min. Check it, and confirm it if it is right."
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), Decimal("NaN"), True, "98"])
@pytest.mark.parametrize("field", ["temperature", "pulse"])
def test_what_is_no_number_is_refused(field, value):
    assert "must be a number" in check_possible({field: value})[field]
    assert check_unusual({field: value}) == {}


def test_a_huge_number_is_refused_with_a_short_message():
    message = check_possible({"pulse": 10**400})["pulse"]
    assert "between 0 and 300" in message
    assert len(message) < 100


@pytest.mark.parametrize("field", sorted(WHOLE))
def test_a_fraction_in_a_whole_field_is_refused(field):
    assert "whole number" in check_possible({field: 5.5})[field]
    assert check_possible({field: 5.0}) == {}


def test_what_was_not_measured_passes_and_other_fields_are_left_alone():
    assert check_possible(dict.fromkeys(RANGES)) == {}
    assert check_unusual(dict.fromkeys(RANGES)) == {}
    assert check_possible({"consciousness": "A", "supplemental_oxygen": True}) == {}


@pytest.mark.parametrize(
    "bp_sys,bp_dia,is_possible",
    [(120, 80, True), (81, 80, True), (80, 80, False), (79, 80, False), (0, 0, True), (0, 1, False)],
)
def test_diastolic_pressure_lies_below_systolic_unless_both_are_zero(bp_sys, bp_dia, is_possible):
    messages = check_possible({"bp_sys": bp_sys, "bp_dia": bp_dia})
    assert list(messages) == ([] if is_possible else ["bp_dia"])


def test_one_pressure_alone_is_not_compared():
    assert check_possible({"bp_sys": None, "bp_dia": 80}) == {}
    assert check_possible({"bp_sys": 80, "bp_dia": None}) == {}


@pytest.mark.parametrize(
    "value,rounded",
    [
        (36.75, 36.8),
        (36.7999992370605, 36.8),
        (36.65, 36.7),  # in binary a little less than 36.65: round() says 36.6
        ("36.649", 36.6),
        (2.25, 2.3),  # round() goes to the even 2.2
        (36.85, 36.9),
        (35.05, 35.1),
        (35.04999, 35.0),
        (37, 37.0),
        ("37.25", 37.3),
        (Decimal("0.05"), 0.1),
        (1e-7, 0.0),
        (-0.25, -0.3),
    ],
)
def test_rounding_goes_half_up_on_the_decimal_text(value, rounded):
    assert round_half_up(value) == rounded


def test_rounding_gives_no_minus_zero():
    assert str(round_half_up(-0.04)) == "0.0"


@pytest.mark.parametrize(
    "value",
    ["", "abc", "NaN", "Infinity", "1_0", "３６", "٣٦", float("nan"), float("inf"), 1e300, True],
)
def test_rounding_refuses_what_is_no_plain_number(value):
    with pytest.raises(ValueError, match="decimal"):
        round_half_up(value)


@given(st.decimals(min_value=0, max_value=5000, places=4))
def test_rounding_moves_a_value_by_half_a_tenth_at_most(value):
    rounded = Decimal(str(round_half_up(value)))
    assert -Decimal("0.05") < rounded - value <= Decimal("0.05")
    assert rounded == rounded.quantize(Decimal("0.1"))
    assert round_half_up(float(value)) == float(rounded)
    assert round_half_up(float(rounded)) == float(rounded)
