"""The pathways a patient can be on: which rules look at the reports, and how often a set is due.

A further pathway is one file with a class of these members, and one line in PATHWAYS (dengue.py is an example).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Protocol

from patients.rules.dengue import DenguePathway
from patients.rules.deterioration import (
    is_of_news2,
    newest_set_findings,
    remaining_news2_causes,
)
from patients.rules.findings import Finding
from patients.rules.news2 import pathway_interval
from patients.rules.stay import PatientFacts, ReportFacts


class Course(Protocol):
    """What a pathway keeps of the reports of a stay, so that a new report costs the same on the twentieth day."""

    def is_before(self, report: ReportFacts) -> bool:
        """Whether the report is newer than all of it."""
        ...

    def with_report(self, report: ReportFacts, *, patient: PatientFacts) -> "Course":
        """It, one report further; the report is newer than all of it."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        ...


class Pathway(Protocol):
    """The rules of one pathway."""

    @property
    def course_fields(self) -> tuple[str, ...]:
        """The report's fields that its course is made of; none where it keeps no course."""
        ...

    @property
    def clock_rules(self) -> tuple[str, ...]:
        """The rules that tell of a time to come: what is told of it follows a late report or a correction."""
        ...

    def course_of(self, stored: Mapping[str, Any] | None) -> Course | None:
        """The course that was stored, an empty one of None; None where the pathway keeps none."""
        ...

    def findings(
        self,
        patient: PatientFacts,
        *,
        reports: Sequence[ReportFacts],
        changed: ReportFacts | None = None,
    ) -> list[Finding]:
        """What the newest of these sets, in any order, and the patient's course show; of no set: the course alone.

        `changed`: the report whose record occasioned the look, as it stands now; None where it was removed
        or a look is wanted in any case.
        """
        ...

    def remaining_causes(
        self, held: Iterable[tuple[str, int]], *, report: ReportFacts | None, patient: PatientFacts
    ) -> set[str]:
        """Which of these (cause, level) pairs of a notification are not shown to be over: by `report`, a later
        complete set (None: there was none), and by the patient's course.

        Empty: the notification is resolved.
        """
        ...

    def knows(self, cause: str) -> bool:
        """Whether a report on this pathway could ever show that this cause is over."""
        ...

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> timedelta | None:
        """The longest time to the next set where nobody set one; None: this pathway asks for none."""
        ...


@dataclass(frozen=True, slots=True)
class News2Pathway:
    """NEWS2: the newest set against the complete one before it."""

    course_fields: tuple[str, ...] = ()
    clock_rules: tuple[str, ...] = ()

    def course_of(self, stored: Mapping[str, Any] | None) -> None:
        return None

    def findings(
        self,
        patient: PatientFacts,
        *,
        reports: Sequence[ReportFacts],
        changed: ReportFacts | None = None,
    ) -> list[Finding]:
        return newest_set_findings(reports, changed=changed)

    def remaining_causes(
        self, held: Iterable[tuple[str, int]], *, report: ReportFacts | None, patient: PatientFacts
    ) -> set[str]:
        return remaining_news2_causes(held, report=report)

    def knows(self, cause: str) -> bool:
        return is_of_news2(cause)

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> timedelta | None:
        return pathway_interval(report.score)


@dataclass(frozen=True, slots=True)
class UnscoredPathway:
    """`none`: nothing is scored, found or asked for."""

    course_fields: tuple[str, ...] = ()
    clock_rules: tuple[str, ...] = ()

    def course_of(self, stored: Mapping[str, Any] | None) -> None:
        return None

    def findings(
        self,
        patient: PatientFacts,
        *,
        reports: Sequence[ReportFacts],
        changed: ReportFacts | None = None,
    ) -> list[Finding]:
        return []

    def remaining_causes(
        self, held: Iterable[tuple[str, int]], *, report: ReportFacts | None, patient: PatientFacts
    ) -> set[str]:
        return {cause for cause, _ in held}

    def knows(self, cause: str) -> bool:
        return False

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> timedelta | None:
        return None


PATHWAYS: Mapping[str, Pathway] = MappingProxyType(
    {
        "news2": News2Pathway(),
        "dengue": DenguePathway(),
        "none": UnscoredPathway(),
    }
)
