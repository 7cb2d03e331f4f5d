"""Cells of a file that say nothing: NA, a dash, a decimal comma. What to do is said, nothing is guessed."""

import re
from collections.abc import Mapping
from typing import Final

# What people and programs write where they have no value. "none" and "unknown" are not among them: a pathway may be the
# one, a sex the other.
_NOTHING: Final = frozenset(
    {"na", "n/a", "n.a.", "#n/a", "nan", "null", "nil", "-", "--", "–", "?", "missing"}
)
_NOBODY: Final = _NOTHING | {"none", "unknown"}
_NO_ALLERGIES: Final = _NOBODY | {"no", "nka", "nkda", "none known", "no known allergies"}
# Where any word may be meant: a family is called Na, a ward is called NA, and a note holds what was noted.
_FREE_TEXTS: Final = frozenset(
    {
        "last_name",
        "first_name",
        "ward",
        "bed",
        "diagnosis",
        "oxygen_device",
        "diet",
        "additional",
        "medical_advice",
    }
)
_DECIMAL_COMMA: Final = re.compile("[+-]?[0-9]+,[0-9]+")


def remarks_on(columns: Mapping[str, str]) -> dict[str, list[str]]:
    """Field to messages for the cells of a row that hold a word for "nothing", or a decimal comma."""
    remarks = {}
    for name, cell in columns.items():
        message = _remark_on(name, cell)
        if message:
            remarks[name] = [message]
    return remarks


def _remark_on(name: str, cell: str) -> str:
    if name in _FREE_TEXTS:
        return ""
    word = cell.casefold()
    if name == "allergies":
        if word in _NO_ALLERGIES:
            return f"{cell} is no allergy. Leave the cell empty, and say none_known or not_recorded in allergy_status."
        return ""
    if word in (_NOBODY if name == "hospital_number" else _NOTHING):
        return f"{cell} is no value. Leave the cell empty where there is none."
    if _DECIMAL_COMMA.fullmatch(cell):
        return f"{cell} has a decimal comma. Write {cell.replace(',', '.')}."
    return ""
