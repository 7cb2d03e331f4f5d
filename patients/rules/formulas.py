"""Values derived from one report's measurements (clinical rules, section 5).

None where a value it needs was not measured or does not allow a quotient. Results are rounded half up.
"""

from decimal import ROUND_HALF_UP, Decimal

from patients.rules.ranges import round_half_up

# Shifts of the ward, half-open, in hours of ward time. The night runs over midnight.
DAY_STARTS, EVENING_STARTS, NIGHT_STARTS = 6, 14, 22


def mean_arterial_pressure(*, bp_sys: int | None, bp_dia: int | None) -> float | None:
    """MAP in mmHg to one decimal: (systolic + 2 × diastolic) / 3."""
    if bp_sys is None or bp_dia is None:
        return None
    # In whole tenths: a third never lies halfway between two of them. Decimals cost a list a quarter of its time.
    return (20 * (bp_sys + 2 * bp_dia) + 3) // 6 / 10


def pulse_pressure(*, bp_sys: int | None, bp_dia: int | None) -> int | None:
    """Pulse pressure in mmHg: systolic − diastolic."""
    if bp_sys is None or bp_dia is None:
        return None
    return bp_sys - bp_dia


def shock_index(*, pulse: int | None, bp_sys: int | None) -> float | None:
    """Pulse / systolic pressure to two decimals; None at a systolic pressure of 0."""
    if pulse is None or bp_sys is None or bp_sys == 0:
        return None
    return float((Decimal(pulse) / bp_sys).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def body_mass_index(*, weight: float | None, height: float | None) -> float | None:
    """BMI in kg/m² to one decimal, from kg and cm; None at a height of 0."""
    if weight is None or height is None or height == 0:
        return None
    metres = Decimal(str(height)) / 100
    return round_half_up(Decimal(str(weight)) / metres**2)


def daytime(hour: int) -> str:
    """The shift of an hour (0–23) of ward time: "D" 06–14, "E" 14–22, "N" 22–06. ValueError else."""
    if not 0 <= hour <= 23:
        raise ValueError(f"An hour is 0 to 23; {hour} was given.")
    if DAY_STARTS <= hour < EVENING_STARTS:
        return "D"
    if EVENING_STARTS <= hour < NIGHT_STARTS:
        return "E"
    return "N"
