"""What a measurement can be at all, and what asks for a second look.

Outside the hard range a device or a finger is wrong: every door refuses the value. Outside the soft range
the patient is ill or the finger slipped: the form asks for confirmation, nothing is refused.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

# ASCII digits only: Decimal() itself also takes fullwidth and Arabic digits, underscores and "Infinity".
_DECIMAL_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ONE_DECIMAL = Decimal("0.1")
_LONGEST_NUMBER_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Range:
    """The possible (hard) and the usual (soft) values of one measured field, both ends included.

    `soft` is None where nothing is asked to be confirmed. `is_whole`: a fraction is refused.
    """

    field: str
    label: str
    unit: str
    hard: tuple[float, float]
    soft: tuple[float, float] | None = None
    is_whole: bool = False


# Clinical rules, section 6; the order is the one of the report's fields.
_ALL_RANGES = (
    Range("temperature", "Temperature", "°C", (13, 45), (34, 41)),
    Range("pulse", "Pulse", "/min", (0, 300), (30, 200), is_whole=True),
    Range("respiration", "Respiration", "/min", (0, 120), (6, 50), is_whole=True),
    Range("bp_sys", "Systolic pressure", "mmHg", (0, 300), (60, 230), is_whole=True),
    Range("bp_dia", "Diastolic pressure", "mmHg", (0, 200), (30, 140), is_whole=True),
    Range("o2sat", "Oxygen saturation", "%", (0, 100), (80, 100)),
    Range("oxygen_flow", "Oxygen flow", "l/min", (0, 80)),
    Range("pain_score", "Pain score", "", (0, 10), is_whole=True),
    Range("blood_glucose", "Blood glucose", "mmol/l", (0.1, 83), (2, 30)),
    Range("capillary_refill", "Capillary refill", "s", (0, 30)),
    Range("fi_oral", "Oral intake", "ml", (0, 5000)),
    Range("fi_parenteral", "Parenteral intake", "ml", (0, 5000)),
    Range("fi_other", "Other intake", "ml", (0, 5000)),
    Range("fo_urine", "Urine output", "ml", (0, 5000)),
    Range("fo_uf", "Ultrafiltration output", "ml", (0, 5000)),
    Range("fo_emesis", "Emesis output", "ml", (0, 5000)),
    Range("fo_drainage", "Drainage output", "ml", (0, 5000)),
    Range("weight", "Weight", "kg", (0.3, 400)),
    Range("height", "Height", "cm", (20, 272)),
    Range("abd_cir", "Abdominal circumference", "cm", (10, 250)),
    Range("stools", "Stools", "times", (0, 50), is_whole=True),
    Range("urine", "Urine", "times", (0, 50), is_whole=True),
    Range("hematocrit", "Haematocrit", "%", (5, 80)),
    Range("platelet", "Platelets", "10^9/l", (0, 3000)),
    Range("wbc", "White blood cells", "10^9/l", (0, 500)),
)

RANGES: Mapping[str, Range] = MappingProxyType({limits.field: limits for limits in _ALL_RANGES})

WHOLE_FIELDS: tuple[str, ...] = tuple(limits.field for limits in _ALL_RANGES if limits.is_whole)
DECIMAL_FIELDS: tuple[str, ...] = tuple(limits.field for limits in _ALL_RANGES if not limits.is_whole)
FLUID_INTAKE_FIELDS: tuple[str, ...] = ("fi_oral", "fi_parenteral", "fi_other")
FLUID_OUTPUT_FIELDS: tuple[str, ...] = ("fo_urine", "fo_uf", "fo_emesis", "fo_drainage")

# A report with any of these is a set of observations; fluids or a laboratory value alone are none.
VITAL_SIGN_FIELDS: tuple[str, ...] = (
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


def round_half_up(value: float | int | str | Decimal) -> float:
    """One decimal, halves away from zero, exact on the decimal text: 36.75 is 36.8, 36.7999992 is 36.8.

    Raises ValueError for text that is no plain ASCII decimal number, for NaN and for Infinity.
    """
    text = str(value).strip()
    if not _DECIMAL_TEXT.fullmatch(text):
        raise ValueError(f"{text[:_LONGEST_NUMBER_SHOWN]!r} is not a decimal number.")
    try:
        rounded = Decimal(text).quantize(_ONE_DECIMAL, rounding=ROUND_HALF_UP)
    except InvalidOperation as error:
        raise ValueError(f"{text[:_LONGEST_NUMBER_SHOWN]!r} is too large to keep one decimal.") from error
    # Adding 0.0 turns the -0.0 that -0.04 rounds to into 0.0.
    return float(rounded) + 0.0


def check_possible(values: Mapping[str, float | int | None]) -> dict[str, str]:
    """Field to message for every value that cannot be; empty where all are possible.

    Hands in the values as they would be stored, decimals already rounded. None is not measured and always
    passes; fields without a range are left alone. Refuses what is outside the hard range, a fraction in a
    whole field, NaN and Infinity, and a diastolic pressure not below the systolic one unless both are 0
    (an arrest).
    """
    messages = {
        limits.field: message
        for limits in _ALL_RANGES
        if (message := _why_impossible(values.get(limits.field), limits=limits)) is not None
    }
    if "bp_sys" not in messages and "bp_dia" not in messages:
        bp_sys, bp_dia = values.get("bp_sys"), values.get("bp_dia")
        if bp_sys is not None and bp_dia is not None and bp_dia >= bp_sys and (bp_sys, bp_dia) != (0, 0):
            messages["bp_dia"] = (
                "Diastolic pressure must be below systolic pressure unless both are 0; "
                f"{_shown(bp_sys)}/{_shown(bp_dia)} mmHg was given."
            )
    return messages


def check_unusual(values: Mapping[str, Any]) -> dict[str, str]:
    """Field to message for every value outside its soft range: to be confirmed, not refused."""
    messages: dict[str, str] = {}
    for limits in _ALL_RANGES:
        value = values.get(limits.field)
        if value is None or limits.soft is None or not _is_number(value):
            continue
        low, high = limits.soft
        if not low <= value <= high:
            messages[limits.field] = (
                f"{limits.label} {_with_unit(value, limits=limits)} is unusual: outside {_shown(low)} to "
                f"{_with_unit(high, limits=limits)}. Check it, and confirm it if it is right."
            )
    return messages


def _why_impossible(value: float | int | None, *, limits: Range) -> str | None:
    if value is None:
        return None
    if not _is_number(value):
        return f"{limits.label} must be a number; {_shown(value)} was given."
    low, high = limits.hard
    if not low <= value <= high:
        return (
            f"{limits.label} must be between {_shown(low)} and {_with_unit(high, limits=limits)}; "
            f"{_shown(value)} was given."
        )
    if limits.is_whole and value != int(value):
        return f"{limits.label} must be a whole number; {_shown(value)} was given."
    return None


def _is_number(value: object) -> bool:
    """True and False are ints to Python, but no measurement."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _with_unit(value: float | int, *, limits: Range) -> str:
    return f"{_shown(value)} {limits.unit}".rstrip()


def _shown(value: float | int) -> str:
    text = str(value)
    if text.endswith(".0"):
        text = text[:-2]
    return text if len(text) <= _LONGEST_NUMBER_SHOWN else text[:_LONGEST_NUMBER_SHOWN] + "…"
