"""Reading the stay: enough sets for every rule, and no more of a long stay than that."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Report
from patients.rules.news2 import SCORED_FIELDS
from patients.services.reports import delete_report
from patients.services.stay import FIRST_READ, course_of, patient_facts, recent_sets, report_facts
from tests import factories
from tests.rules.builders import NORMAL
from tests.services.builders import at, change, record, told, total

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

INCOMPLETE = {"temperature": 37.0}


def record_many(patient, values, *, first, count, by):
    for number in range(count):
        record(patient, values, when=first.replace(second=number), by=by)


def test_the_sets_come_newest_first_and_reports_that_are_none_are_left_out(patient, nurse):
    first = record(patient, NORMAL, when=at(1), by=nurse)
    record(patient, {"fi_oral": 100.0}, when=at(2), by=nurse)
    second = record(patient, INCOMPLETE, when=at(3), by=nurse)
    assert [facts.id for facts in recent_sets(patient)] == [second.pk, first.pk]
    assert [facts.id for facts in recent_sets(patient, without=second.pk)] == [first.pk]


def test_what_is_read_equals_what_was_saved(patient, nurse):
    report = record(patient, total(5), when=at(1), by=nurse, monitoring_interval=30)
    (read,) = recent_sets(patient)
    saved = report_facts(report)
    assert (read.id, read.datetime, read.score, read.monitoring_interval) == (
        saved.id, saved.datetime, saved.score, saved.monitoring_interval,
    )  # fmt: skip
    assert {field: read.values[field] for field in SCORED_FIELDS} == {
        field: saved.values[field] for field in SCORED_FIELDS
    }


def test_the_read_widens_until_two_scored_sets_are_among_them(patient, nurse):
    oldest = record(patient, total(1), when=at(1), by=nurse)
    record_many(patient, INCOMPLETE, first=at(2), count=FIRST_READ + 3, by=nurse)
    record(patient, total(0), when=at(3), by=nurse)
    record_many(patient, INCOMPLETE, first=at(4), count=FIRST_READ - 3, by=nurse)
    sets = recent_sets(patient)
    assert sum(facts.is_scored for facts in sets) == 2
    assert sets[-1].id == oldest.pk


def test_two_scored_sets_among_the_newest_dozen_take_one_query(patient, nurse):
    record_many(patient, NORMAL, first=at(1), count=30, by=nurse)
    with CaptureQueriesContext(connection) as queries:
        assert len(recent_sets(patient)) == FIRST_READ
    assert len(queries) == 1


def test_a_rise_is_seen_over_many_incomplete_sets(patient, nurse):
    record(patient, total(5), when=at(1), by=nurse)
    record_many(patient, INCOMPLETE, first=at(2), count=2 * FIRST_READ, by=nurse)
    record(patient, total(7), when=at(3), by=nurse)
    raised = told(patient, kind="deterioration")[-1]
    assert {reason["rule"]: reason["values"] for reason in raised.reasons}["total_rise"]["total_before"] == 5


def test_a_correction_far_back_is_judged_against_the_set_before_it(patient, nurse):
    base = record(patient, total(4), when=at(1), by=nurse)
    far_back = record(patient, total(6), when=at(2), by=nurse)
    record_many(patient, NORMAL, first=at(3), count=2 * FIRST_READ, by=nurse)
    sets = recent_sets(patient, without=far_back.pk, back_to=far_back.datetime)
    assert base.pk in [facts.id for facts in sets]
    assert far_back.pk not in [facts.id for facts in sets]


def test_a_set_of_the_moment_of_admission_belongs_to_the_stay(patient, nurse, doctor):
    first = record(patient, {**NORMAL, "temperature": 38.5}, when=at(0), by=nurse)
    second = record(patient, NORMAL, when=at(1), by=nurse)
    assert [facts.id for facts in recent_sets(patient)] == [second.pk, first.pk]
    assert [facts.id for facts in recent_sets(patient, without=second.pk)] == [first.pk]
    delete_report(second.pk, by=doctor, now=at(1.5))
    patient = change(patient, by=doctor, now=at(2), pathway="dengue")
    assert (patient.last_report, course_of(patient).fever_at) == (first, at(0))


def test_a_stay_is_one_patients(patient, nurse, doctor, lead):
    other = factories.make_patient(by=lead, now=at(0), admission_date=at(0))
    ill = record(other, {**total(7), "hematocrit": 40.0}, when=at(2), by=nurse)
    own = record(patient, total(0), when=at(1), by=nurse)
    assert [facts.id for facts in recent_sets(patient)] == [own.pk]
    assert [facts.id for facts in recent_sets(patient, without=ill.pk)] == [own.pk]
    patient = change(patient, by=doctor, now=at(3), pathway="dengue")
    other = change(other, by=doctor, now=at(3), pathway="dengue")
    assert (patient.last_report, patient.last_scored, patient.current_risk) == (own, own, "low")
    assert (other.last_report, other.last_scored, other.current_risk) == (ill, ill, "high")
    assert patient.course != other.course


def test_an_earlier_stay_is_not_read(patient, nurse, lead):
    record(patient, NORMAL, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    patient = change(patient, by=lead, now=at(9), dismissal_date=None, admission_date=at(9))
    assert recent_sets(patient) == recent_sets(patient, without=0) == []
    assert Report.objects.count() == 1


def test_the_facts_of_the_patient_are_all_that_the_rules_ask_for(lead, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    patient = factories.make_patient(
        by=lead,
        now=at(1),
        admission_date=at(0),
        dismissal_date=at(0.5),
        date_of_birth=date(1950, 1, 1),
        pregnant=True,
        pathway="dengue",
        spo2_scale=2,
        monitoring_interval=30,
        fever_onset_at=at(-24),
        hematocrit_baseline=40.0,
    )
    facts = patient_facts(patient)
    of_patient = [name for name in facts.__slots__ if name not in ("zone", "course")]
    assert {name: getattr(facts, name) for name in of_patient} == {
        name: getattr(patient, name) for name in of_patient
    }
    assert facts.zone == ZoneInfo("Asia/Tokyo")
    assert facts.course.as_dict() == patient.course
