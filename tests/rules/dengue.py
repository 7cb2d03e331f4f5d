"""Courses of dengue stays from a few reports, and what the rules find in them."""

from typing import Any

from patients.rules.dengue import brought_by, shown_by
from patients.rules.dengue_course import Course
from patients.rules.findings import Finding
from patients.rules.stay import ReportFacts, order_of
from tests.rules.builders import at, make_patient, make_report

MINUTE = 1 / 60


def readings(*values: tuple[float, float], field: str = "temperature") -> list[ReportFacts]:
    """One report for each (hours, value) of one field."""
    return [
        make_report({field: value}, when=at(hours), id=number)
        for number, (hours, value) in enumerate(values, start=1)
    ]


def follow(*reports: ReportFacts, **patient: Any) -> Course:
    course, facts = Course(), make_patient(pathway="dengue", **patient)
    for report in sorted(reports, key=order_of):
        assert course.is_before(report)
        course = course.with_report(report, patient=facts)
    return course


def shown(*reports: ReportFacts, **patient: Any) -> dict[str, Finding]:
    facts = make_patient(pathway="dengue", **patient)
    return {finding.cause: finding for finding in shown_by(follow(*reports, **patient), patient=facts)}


def brought(*reports: ReportFacts, **patient: Any) -> dict[str, Finding]:
    """What the newest of the reports brought."""
    facts, newest = make_patient(pathway="dengue", **patient), max(reports, key=order_of)
    found = brought_by(newest, course=follow(*reports, **patient), patient=facts)
    return {finding.cause: finding for finding in found}
