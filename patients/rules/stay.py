"""What the rules are told of a patient and of the reports of the running stay.

Every instant is turned into UTC here: two local times of one zone compare and add by the clock on the wall,
which is an hour wrong on the day the clocks change.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from patients.rules.news2 import Score, age_on, is_attempt, is_set


def as_utc(instant: dt.datetime) -> dt.datetime:
    """The same instant in UTC. Raises ValueError for a naive one, which no rule can place."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone.")
    return instant.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """The patient's own facts. Instants are aware and kept in UTC.

    `monitoring_interval` is in minutes, None: the pathway decides. `dismissal_date` set: discharged.
    `hematocrit_baseline` in %, None where nobody typed one. `last_high_at`: when the newest set of the stay that scored
    high was taken. `course`: what the pathway keeps of the stay's reports, None where it keeps nothing. `zone`: where
    the ward is.
    """

    admission_date: dt.datetime
    created_at: dt.datetime
    date_of_birth: dt.date | None = None
    pregnant: bool = False
    pathway: str = "news2"
    spo2_scale: int = 1
    monitoring_interval: int | None = None
    dismissal_date: dt.datetime | None = None
    fever_onset_at: dt.datetime | None = None
    hematocrit_baseline: float | None = None
    last_high_at: dt.datetime | None = None
    course: Any = None
    zone: dt.tzinfo = dt.UTC

    def __post_init__(self) -> None:
        for name in ("admission_date", "created_at", "dismissal_date", "fever_onset_at", "last_high_at"):
            instant = getattr(self, name)
            if instant is not None:
                object.__setattr__(self, name, as_utc(instant))

    def day_of(self, instant: dt.datetime) -> dt.date:
        """The ward's day at that instant: birthdays begin at the ward's midnight."""
        return as_utc(instant).astimezone(self.zone).date()

    def age_at(self, instant: dt.datetime) -> int | None:
        """Whole years; None where the date of birth is unknown."""
        return None if self.date_of_birth is None else age_on(self.day_of(instant), born=self.date_of_birth)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """One report as it stands now, with the score that was stored with it.

    `id` None: not saved yet (a preview). `monitoring_interval` in minutes, None where the report asks for
    none of its own.
    """

    id: int | None
    datetime: dt.datetime
    values: Mapping[str, Any]
    score: Score
    monitoring_interval: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "datetime", as_utc(self.datetime))

    @property
    def is_set(self) -> bool:
        """Whether any vital sign was recorded; fluids or a laboratory value alone are no set."""
        return is_set(self.values)

    @property
    def is_attempt(self) -> bool:
        """Whether a set was tried and refused as a whole: it counts for the due time only."""
        return is_attempt(self.values)

    @property
    def is_scored(self) -> bool:
        """Whether it has a total: complete, and of a patient whom NEWS2 applies to."""
        return self.score.score is not None


def order_of(report: ReportFacts) -> tuple[dt.datetime, bool, int]:
    """Key of the one order of reports: `datetime`, then id; one not saved yet is the newest of its moment."""
    return (report.datetime, report.id is None, report.id or 0)


def newest(reports: Iterable[ReportFacts]) -> ReportFacts | None:
    """The newest report, None of none."""
    return max(reports, key=order_of, default=None)


def newest_scored_before(report: ReportFacts, *, reports: Iterable[ReportFacts]) -> ReportFacts | None:
    """The newest complete, scored set older than `report`, None where there is none."""
    return newest(other for other in reports if other.is_scored and order_of(other) < order_of(report))
