"""The pathways a patient can be on: which rules look at the reports, and how often a set is due.

A further pathway is one file with a class of these three methods, and one line in PATHWAYS.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol

from patients.rules.deterioration import news2_findings, remaining_news2_causes
from patients.rules.findings import Finding
from patients.rules.news2 import pathway_interval
from patients.rules.stay import PatientFacts, ReportFacts, newest, newest_scored_before


class Pathway(Protocol):
    """The rules of one pathway."""

    @property
    def needs_whole_stay(self) -> bool:
        """Whether `findings` wants every report of the stay; else those since the last complete set but
        one are enough."""
        ...

    def findings(
        self,
        patient: PatientFacts,
        *,
        reports: Sequence[ReportFacts],
        changed: ReportFacts | None = None,
    ) -> list[Finding]:
        """What the newest of these reports of the stay show, in any order given.

        `changed`: the report whose record occasioned the look, as it stands now; None where it was removed
        or a look is wanted in any case.
        """
        ...

    def remaining_causes(self, held: Iterable[tuple[str, int]], *, report: ReportFacts) -> set[str]:
        """Which of these (cause, level) pairs of a notification a later report does not show to be over.

        Empty: the notification is resolved.
        """
        ...

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> timedelta | None:
        """The longest time to the next set where nobody set one; None: this pathway asks for none."""
        ...


@dataclass(frozen=True, slots=True)
class News2Pathway:
    """NEWS2: the newest set against the complete one before it."""

    needs_whole_stay: bool = False

    def findings(
        self,
        patient: PatientFacts,
        *,
        reports: Sequence[ReportFacts],
        changed: ReportFacts | None = None,
    ) -> list[Finding]:
        # Fluids or a laboratory value say nothing new of NEWS2; judging the last set again because of them
        # would tell an alert anew an hour after it was acknowledged.
        if changed is not None and not changed.is_set:
            return []
        newest_set = newest(report for report in reports if report.is_set)
        if newest_set is None:
            return []
        return news2_findings(newest_set, previous_complete=newest_scored_before(newest_set, reports=reports))

    def remaining_causes(self, held: Iterable[tuple[str, int]], *, report: ReportFacts) -> set[str]:
        return remaining_news2_causes(held, report=report)

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> timedelta | None:
        return pathway_interval(report.score)


@dataclass(frozen=True, slots=True)
class UnscoredPathway:
    """`none`: nothing is scored, found or asked for; what was told before ends with the stay."""

    needs_whole_stay: bool = False

    def findings(
        self,
        patient: PatientFacts,
        *,
        reports: Sequence[ReportFacts],
        changed: ReportFacts | None = None,
    ) -> list[Finding]:
        return []

    def remaining_causes(self, held: Iterable[tuple[str, int]], *, report: ReportFacts) -> set[str]:
        return {cause for cause, _ in held}

    def interval(self, report: ReportFacts, *, patient: PatientFacts) -> timedelta | None:
        return None


PATHWAYS: Mapping[str, Pathway] = MappingProxyType(
    {
        "news2": News2Pathway(),
        # NEWS2 holds on the dengue pathway too; the rules of dengue's own come in addition.
        "dengue": News2Pathway(),
        "none": UnscoredPathway(),
    }
)
