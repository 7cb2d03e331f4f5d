"""A date of birth of which only the year or the month is known.

It is kept as the middle of that time, by which ages are told and scores are given, with how exactly it is known.
Scores by an estimated age: docs/clinical-safety.md, hazard 35.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

PRECISIONS: Final = ("day", "month", "year")  # from the finest
MIDDLE_MONTH: Final = 7
MIDDLE_DAY: Final = 15


@dataclass(frozen=True, slots=True)
class Birth:
    """When somebody was born. `day`: the date, or the middle of the month or year; `precision`: one of PRECISIONS."""

    day: date
    precision: str = "day"

    @property
    def first_day(self) -> date:
        """The earliest day on which it can have been."""
        if self.precision == "year":
            return self.day.replace(month=1, day=1)
        return self.day.replace(day=1) if self.precision == "month" else self.day

    def is_finer_than(self, other: "Birth") -> bool:
        """Whether more is known than `other` says."""
        return PRECISIONS.index(self.precision) < PRECISIONS.index(other.precision)

    def known_to(self, precision: str, *, today: date) -> "Birth":
        """The same with a precision that is the same or coarser: the middle, or `today` where that lies ahead.

        What lies ahead as a whole stays where it is, for the caller to refuse.
        """
        middle = self.day
        if precision == "year":
            middle = self.day.replace(month=MIDDLE_MONTH, day=1)
        elif precision == "month":
            middle = self.day.replace(day=MIDDLE_DAY)
        known = Birth(middle, precision)
        return Birth(min(middle, today), precision) if known.first_day <= today else known

    def as_text(self) -> str:
        """As much as is known, as it may be written: 1958, 1958-06 or 1958-06-15."""
        return self.day.isoformat()[: {"year": 4, "month": 7, "day": 10}[self.precision]]
