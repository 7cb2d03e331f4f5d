"""Which values of a set were changed since it was first recorded."""

import pytest

from patients.models import Report
from patients.representations import represent_history, represent_report
from patients.services.history import amend_version, retire_version
from patients.services.reports import correct_report, delete_report
from tests.services.builders import at, change, fresh, record, total

pytestmark = pytest.mark.django_db

Version = Report.history.model


def corrected_of(report):
    """As clients see it, of the report and of each version that is shown, the oldest first."""
    versions = Version.objects.filter(id=report.pk, is_retired=False).order_by("history_id")
    told = [represent_history(version)["corrected_fields"] for version in versions]
    standing = Report.objects.filter(pk=report.pk).first()
    return (None if standing is None else represent_report(standing)["corrected_fields"]), told


def test_a_correction_names_the_values_that_it_changed_beside_those_of_before(patient, nurse):
    report = record(patient, total(5), when=at(1), by=nurse)
    assert corrected_of(report) == ([], [[]])
    correct_report(report.pk, by=nurse, now=at(2), changes={"temperature": 37.9, "pulse": report.pulse})
    correct_report(report.pk, by=nurse, now=at(3), changes={"pulse": 71, "datetime": at(0.5)})
    correct_report(report.pk, by=nurse, now=at(4), changes={"pulse": 71}, reason="nothing changes")
    names = ["datetime", "temperature", "pulse"]
    assert corrected_of(report) == (names, [[], ["temperature"], names])


def test_a_set_that_is_only_scored_again_is_not_corrected(patient, nurse, doctor):
    report = record(patient, total(5), when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), pregnant=True)
    assert fresh(report).version == 2
    assert corrected_of(report) == ([], [[], []])


def test_amending_marks_the_version_that_it_changes_and_retiring_goes_back(patient, nurse, lead):
    report = record(patient, total(5), when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(2), changes={"pulse": 70})
    first, second = Version.objects.filter(id=report.pk).order_by("history_id")
    amend_version(first.pk, by=lead, now=at(3), changes={"weight": 71.5}, reason="on paper")
    assert corrected_of(report) == (["pulse"], [["weight"], ["pulse"]])
    amend_version(second.pk, by=lead, now=at(4), changes={"respiration": 14}, reason="on paper")
    assert corrected_of(report) == (["pulse", "respiration"], [["weight"], ["pulse", "respiration"]])
    retire_version(second.pk, by=lead, now=at(5), reason="another patient's")
    assert corrected_of(report) == (["weight"], [["weight"]])


def test_what_was_entered_in_error_keeps_what_was_corrected_of_it(patient, nurse, lead):
    report = record(patient, total(5), when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(2), changes={"pulse": 70})
    delete_report(report.pk, by=lead, now=at(3), reason="wrong patient")
    assert corrected_of(report) == (None, [[], ["pulse"], ["pulse"]])
