"""Values that cannot both be true, and those that together are improbable (clinical rules, section 6)."""

from datetime import date

import pytest

from patients.rules.combinations import (
    check_contradictions,
    check_improbable,
    has_jumped,
    is_adult,
    why_pregnancy_is_improbable,
)


def improbable(*, last_weight=None, is_adult=True, **values):
    return set(check_improbable(values, last_weight=last_weight, is_adult=is_adult))


# ---------------------------------------------------------------- impossible together
@pytest.mark.parametrize("flow", [0.1, 2, 15.0, 80])
def test_a_flow_without_oxygen_is_a_contradiction_of_both(flow):
    found = check_contradictions({"supplemental_oxygen": False, "oxygen_flow": flow})
    assert set(found) == {"supplemental_oxygen", "oxygen_flow"}
    assert f"{flow:g} l/min" in found["oxygen_flow"]


@pytest.mark.parametrize(
    "on_oxygen,flow", [(False, None), (False, 0), (None, 15), (None, 0), (True, 0), (True, 15), (True, None)]
)
def test_no_other_flow_is_one(on_oxygen, flow):
    assert check_contradictions({"supplemental_oxygen": on_oxygen, "oxygen_flow": flow}) == {}


@pytest.mark.parametrize(
    "field,value", [("pulse", 0), ("supplemental_oxygen", False), ("consciousness", "A")]
)
def test_a_value_and_the_reason_why_it_was_not_measured_contradict_each_other(field, value):
    found = check_contradictions({field: value, "not_measured": {field: "refused", "weight": "unable"}})
    assert set(found) == {field, "not_measured"}


@pytest.mark.parametrize("values", [{}, {"pulse": None}, {"consciousness": ""}, {"temperature": 37.0}])
def test_a_reason_for_what_has_no_value_is_none(values):
    reasons = {"pulse": "refused", "consciousness": "unable"}
    assert check_contradictions({**values, "not_measured": reasons}) == {}
    assert check_contradictions({**values, "not_measured": None}) == {}


@pytest.mark.parametrize(
    "touched,is_judged",
    [
        (None, True),
        ({"supplemental_oxygen"}, True),
        ({"oxygen_flow", "pulse"}, True),
        ({"pulse"}, False),
        ((), False),
    ],
)
def test_a_pair_is_judged_where_a_write_touches_one_of_the_two(touched, is_judged):
    found = check_contradictions({"supplemental_oxygen": False, "oxygen_flow": 15}, touched=touched)
    assert bool(found) is is_judged


# ---------------------------------------------------------------- improbable
def test_oxygen_without_a_flow_is_asked_about_and_a_device_on_air():
    assert improbable(supplemental_oxygen=True, oxygen_flow=0.0) == {"supplemental_oxygen", "oxygen_flow"}
    assert improbable(supplemental_oxygen=True, oxygen_flow=0.1) == set()
    assert improbable(supplemental_oxygen=True) == improbable(oxygen_flow=0.0) == set()
    assert improbable(supplemental_oxygen=False, oxygen_flow=0.0) == set()
    assert improbable(supplemental_oxygen=False, oxygen_device="venturi") == {
        "supplemental_oxygen",
        "oxygen_device",
    }
    assert improbable(supplemental_oxygen=True, oxygen_device="venturi") == set()
    assert improbable(supplemental_oxygen=False, oxygen_device="") == set()


@pytest.mark.parametrize(
    "weight,last_weight,is_off",
    [(77.0, 70.0, True), (76.9, 70.0, False), (63.0, 70.0, True), (63.1, 70.0, False), (154.3, 70.0, True),
     (70.0, 70.0, False), (4.4, 4.0, True), (4.3, 4.0, False), (0.3, 0.3, False)],
)  # fmt: skip
def test_a_weight_a_tenth_off_the_last_one_is_asked_about(weight, last_weight, is_off):
    assert has_jumped(weight, last_weight) is is_off
    assert improbable(weight=weight, last_weight=last_weight) == ({"weight"} if is_off else set())
    assert improbable(weight=weight) == set()


def test_a_height_below_100_of_an_adult_is_asked_about():
    assert improbable(height=99.9) == {"height"}
    assert improbable(height=100.0) == improbable(height=99.9, is_adult=False) == set()


@pytest.mark.parametrize("value,is_asked", [(1.9, True), (2, False), (30, False), (30.1, True)])
def test_a_glucose_outside_2_to_30_is_asked_about(value, is_asked):
    assert improbable(blood_glucose=value) == ({"blood_glucose"} if is_asked else set())


def test_every_question_says_what_it_is_about():
    found = check_improbable({"weight": 154.3, "temperature": 41.5}, last_weight=70.0, is_adult=True)
    assert found["weight"] == [
        "Weight 154.3 kg, and 70 kg the last time: another unit? Check it, and confirm it if it is right."
    ]
    assert list(found) == ["temperature", "weight"]


# ---------------------------------------------------------------- the patient
TODAY = date(2024, 3, 1)


@pytest.mark.parametrize(
    "sex,born,reasons",
    [("female", date(2014, 3, 1), 0), ("female", date(2014, 3, 2), 1), ("female", date(1968, 3, 2), 0),
     ("female", date(1968, 3, 1), 1), ("male", date(1990, 1, 1), 1), ("male", date(1940, 1, 1), 2),
     ("unknown", None, 0), ("other", None, 0), ("male", None, 1)],
)  # fmt: skip
def test_a_pregnancy_is_asked_about_of_a_man_under_10_and_over_55(sex, born, reasons):
    why = why_pregnancy_is_improbable(pregnant=True, sex=sex, date_of_birth=born, on=TODAY)
    assert len(why) == reasons
    assert why_pregnancy_is_improbable(pregnant=False, sex=sex, date_of_birth=born, on=TODAY) == []


def test_who_is_16_or_of_unknown_age_is_an_adult():
    assert is_adult(date_of_birth=date(2008, 3, 1), on=TODAY)
    assert not is_adult(date_of_birth=date(2008, 3, 2), on=TODAY)
    assert is_adult(date_of_birth=None, on=TODAY)
