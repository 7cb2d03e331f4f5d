"""Which recorded values cannot both be true, and which together are improbable.

Impossible together: every door refuses the two, and names both. Improbable: asked about, never refused. Clinical rules,
section 6. `ranges` judges one value at a time.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from patients.rules.news2 import ADULT_AGE_YEARS, age_on
from patients.rules.ranges import check_unusual

# Share of the last weight: more than a patient gains or loses between two measurements. Pounds are 2.2 times as many.
WEIGHT_CHANGE_ASKED: Final = 0.10
SHORTEST_USUAL_ADULT: Final = 100  # cm
USUAL_AGES_IN_PREGNANCY: Final = (10, 55)  # whole years, both ends included

_CHECK: Final = "Check it, and confirm it if it is right."


def check_contradictions(
    values: Mapping[str, Any], *, touched: Collection[str] | None = None
) -> dict[str, str]:
    """Field to message, for both fields of every pair of a report's values that cannot both be true.

    `touched`: the fields that a write changes; a pair is judged where it touches one of the two. None: all of them.
    A flow above 0 without oxygen, and a value beside the reason why it was not measured.
    """
    messages: dict[str, str] = {}

    def refuse(first: str, second: str, message: str) -> None:
        if touched is None or first in touched or second in touched:
            messages.setdefault(first, message)
            messages.setdefault(second, message)

    if values.get("supplemental_oxygen") is False and _is_flowing(values):
        refuse(
            "supplemental_oxygen",
            "oxygen_flow",
            f"Air and an oxygen flow of {values['oxygen_flow']:g} l/min contradict each other. "
            "Correct one of the two.",
        )
    for field in values.get("not_measured") or {}:
        if values.get(field) not in (None, ""):
            refuse(
                field,
                "not_measured",
                f"{field} has a value, and a reason why it was not measured. Send one of the two.",
            )
    return messages


def check_improbable(
    values: Mapping[str, Any], *, last_weight: float | None, is_adult: bool
) -> dict[str, list[str]]:
    """Field to messages for everything of a report that is to be confirmed: unusual values and combinations.

    `last_weight`: kg, the last one recorded before this report; None: there is none. `is_adult`: 16 or older on the
    day of the report, or of unknown age.
    """
    messages = {field: [message] for field, message in check_unusual(values).items()}

    def ask(field: str, message: str) -> None:
        messages.setdefault(field, []).append(f"{message} {_CHECK}")

    if values.get("supplemental_oxygen") is True and values.get("oxygen_flow") == 0:
        for field in ("supplemental_oxygen", "oxygen_flow"):
            ask(field, "On oxygen with a flow of 0 l/min is unusual.")
    if values.get("supplemental_oxygen") is False and values.get("oxygen_device"):
        for field in ("supplemental_oxygen", "oxygen_device"):
            ask(field, "On air with an oxygen device is unusual.")
    weight, height = values.get("weight"), values.get("height")
    if weight is not None and last_weight is not None and has_jumped(weight, last_weight):
        ask("weight", f"Weight {weight:g} kg, and {last_weight:g} kg the last time: another unit?")
    if height is not None and is_adult and height < SHORTEST_USUAL_ADULT:
        ask("height", f"Height {height:g} cm is unusual for an adult: below {SHORTEST_USUAL_ADULT} cm.")
    return messages


def has_jumped(weight: float, last_weight: float) -> bool:
    """Whether a weight is off the last one by a tenth of that or more. Both in kg, with one decimal."""
    # In tenths of a kilogram, which are whole: 63.0 is a tenth off 70.0, whatever the floats say.
    now, before = round(weight * 10), round(last_weight * 10)
    return abs(now - before) >= WEIGHT_CHANGE_ASKED * before


def why_pregnancy_is_improbable(
    *, pregnant: bool, sex: str, date_of_birth: date | None, on: date
) -> list[str]:
    """Why a pregnancy is to be confirmed on that day, one sentence a reason; empty where nothing speaks against it."""
    if not pregnant:
        return []
    reasons = []
    if sex == "male":
        reasons.append(f"Pregnant and male is unusual. {_CHECK}")
    if date_of_birth is not None:
        age = age_on(on, born=date_of_birth)
        youngest, oldest = USUAL_AGES_IN_PREGNANCY
        if not youngest <= age <= oldest:
            reasons.append(f"Pregnant at the age of {age} is unusual. {_CHECK}")
    return reasons


def is_adult(*, date_of_birth: date | None, on: date) -> bool:
    """Whether the patient is 16 or older on that day. Who is of unknown age counts as adult."""
    return date_of_birth is None or age_on(on, born=date_of_birth) >= ADULT_AGE_YEARS


def _is_flowing(values: Mapping[str, Any]) -> bool:
    flow = values.get("oxygen_flow")
    return flow is not None and flow > 0
