"""The derived values."""

import pytest

from patients.rules.formulas import (
    body_mass_index,
    daytime,
    mean_arterial_pressure,
    pulse_pressure,
    shock_index,
)


@pytest.mark.parametrize(
    "bp_sys,bp_dia,expected", [(120, 80, 93.3), (110, 50, 70.0), (100, 55, 70.0), (99, 55, 69.7), (0, 0, 0.0)]
)
def test_the_mean_arterial_pressure_weighs_the_diastolic_twice(bp_sys, bp_dia, expected):
    assert mean_arterial_pressure(bp_sys=bp_sys, bp_dia=bp_dia) == expected


def test_the_pulse_pressure_is_the_difference():
    assert pulse_pressure(bp_sys=120, bp_dia=80) == 40
    assert pulse_pressure(bp_sys=0, bp_dia=0) == 0


@pytest.mark.parametrize("pulse,bp_sys,expected", [(70, 120, 0.58), (120, 80, 1.5), (0, 100, 0.0)])
def test_the_shock_index_is_pulse_by_systolic_pressure(pulse, bp_sys, expected):
    assert shock_index(pulse=pulse, bp_sys=bp_sys) == expected


def test_the_body_mass_index_is_weight_by_height_squared():
    assert body_mass_index(weight=66.0, height=173.2) == 22.0
    assert body_mass_index(weight=80.0, height=160.0) == 31.3  # 31.25 goes up


def test_what_cannot_be_divided_has_no_value():
    assert shock_index(pulse=120, bp_sys=0) is None
    assert body_mass_index(weight=70.0, height=0.0) is None


def test_without_a_measurement_there_is_no_derived_value():
    for bp_sys, bp_dia in ((None, 80), (120, None), (None, None)):
        assert mean_arterial_pressure(bp_sys=bp_sys, bp_dia=bp_dia) is None
        assert pulse_pressure(bp_sys=bp_sys, bp_dia=bp_dia) is None
    assert shock_index(pulse=None, bp_sys=120) is None
    assert shock_index(pulse=70, bp_sys=None) is None
    assert body_mass_index(weight=None, height=170.0) is None
    assert body_mass_index(weight=70.0, height=None) is None


def test_every_hour_belongs_to_its_shift():
    assert "".join(daytime(hour) for hour in range(24)) == "NNNNNN" + "DDDDDDDD" + "EEEEEEEE" + "NN"


@pytest.mark.parametrize("hour", [-1, 24])
def test_there_is_no_hour_beyond_the_day(hour):
    with pytest.raises(ValueError, match="0 to 23"):
        daytime(hour)
