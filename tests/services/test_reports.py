"""Recording, correcting and deleting reports: what is stored, scored, versioned and refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Patient, Report
from patients.services.errors import Refused, Stale
from patients.services.reports import correct_report, delete_report, preview_report, record_report
from tests.factories import make_patient
from tests.rules.builders import NORMAL
from tests.services.builders import (
    SINGLE_THREE,
    at,
    change,
    frames,
    fresh,
    last_number,
    record,
    told,
    told_since,
    total,
)

TEMPERATURE_ONLY = {"temperature": 36.9}

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------- recording


def test_a_complete_set_is_stored_with_its_score_its_recorder_and_its_due_time(patient, nurse):
    report = fresh(record(patient, total(5), when=at(1), now=at(1, minutes=2), by=nurse))
    assert (report.pulse, report.temperature, report.o2sat) == (120, 38.5, 97.0)
    assert (report.recorded_by, report.datetime, report.created_at) == (nurse, at(1), at(1, minutes=2))
    assert (report.is_set, report.is_complete, report.version) == (True, True, 1)
    assert report.news2["score"] == 5
    assert report.news2["risk"] == "medium"
    assert report.news2["parts"]["pulse"] == 2
    assert report.news2["missing"] == []
    assert report.due_at == at(2)


def test_a_report_without_a_time_was_taken_now(patient, nurse):
    assert record_report(patient_id=patient.pk, by=nurse, now=at(1), **NORMAL).datetime == at(1)


def test_a_recorded_zero_is_a_value_and_scores(patient, nurse):
    report = fresh(record(patient, {**NORMAL, "pulse": 0, "bp_sys": 0, "bp_dia": 0}, when=at(1), by=nurse))
    assert (report.pulse, report.bp_sys) == (0, 0)
    assert (report.news2["parts"]["pulse"], report.news2["parts"]["bp_sys"]) == (3, 3)
    assert report.is_complete


def test_an_incomplete_set_has_a_lower_bound_and_carries_nothing_over_from_the_set_before(patient, nurse):
    record(patient, total(5), when=at(1), by=nurse)
    report = fresh(record(patient, {"respiration": 25}, when=at(2), by=nurse))
    assert report.news2["score"] is None
    assert (report.news2["lower_bound"], report.news2["risk"]) == (3, "low-medium")
    assert set(report.news2["missing"]) == {
        "o2sat", "supplemental_oxygen", "bp_sys", "pulse", "consciousness", "temperature",
    }  # fmt: skip
    assert (report.pulse, report.temperature) == (None, None)
    assert (report.is_set, report.is_complete) == (True, False)


def test_fluids_alone_are_no_set_and_move_nothing_but_the_last_report(patient, nurse):
    complete = record(patient, total(5), when=at(1), by=nurse)
    fluids = record(patient, {"fi_oral": 200.0}, when=at(1, minutes=30), by=nurse)
    after = fresh(patient)
    assert (fluids.is_set, fluids.news2["risk"]) == (False, None)
    assert (after.last_report, after.last_scored) == (fluids, complete)
    assert (after.next_due_at, after.current_risk, after.due_report_id) == (at(2), "medium", complete.pk)


def test_the_scale_in_use_is_stored_with_each_report(patient, nurse, doctor):
    on_scale_1 = record(patient, {**NORMAL, "o2sat": 90.0}, when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), spo2_scale=2)
    on_scale_2 = record(patient, {**NORMAL, "o2sat": 90.0}, when=at(3), by=nurse)
    assert (fresh(on_scale_1).news2["spo2_scale"], fresh(on_scale_1).news2["parts"]["o2sat"]) == (1, 3)
    assert (fresh(on_scale_2).news2["spo2_scale"], fresh(on_scale_2).news2["parts"]["o2sat"]) == (2, 0)


@pytest.mark.parametrize(
    "facts,reason",
    [
        ({"pregnant": True}, "pregnant"),
        ({"pathway": "none"}, "pathway_none"),
        ({"date_of_birth": date(2010, 1, 1)}, "under_16"),
    ],
)
def test_who_is_not_scored_gets_no_score_and_the_reason(patient, lead, nurse, facts, reason):
    change(patient, by=lead, now=at(0.5), **facts)
    report = fresh(record(patient, total(7), when=at(1), by=nurse))
    assert (report.news2["score"], report.news2["risk"]) == (None, None)
    assert report.news2["not_scored_because"] == reason
    assert fresh(patient).last_scored is None
    assert told(patient, kind="deterioration") == []


@pytest.mark.parametrize(
    "values,when,field",
    [
        ({**NORMAL, "pulse": 301}, at(1), "pulse"),
        ({**NORMAL, "temperature": 12.9}, at(1), "temperature"),
        ({**NORMAL, "bp_dia": 120}, at(1), "bp_dia"),
        (NORMAL, at(1, minutes=5.1), "datetime"),
        (NORMAL, at(0, minutes=-1), "datetime"),
    ],
    ids=["above the range", "below the range", "diastolic not below systolic", "ahead", "before admission"],
)
def test_what_is_not_possible_is_refused_by_name_and_leaves_nothing(patient, nurse, values, when, field):
    number = last_number()
    with pytest.raises(Refused) as refused:
        record(patient, values, when=when, now=at(1), by=nurse)
    assert list(refused.value.errors) == [field]
    assert Report.objects.count() == Report.history.count() == 0
    assert last_number() == number


def test_five_minutes_ahead_are_allowed_for_a_clock_that_runs_fast(patient, nurse):
    assert record(patient, NORMAL, when=at(1, minutes=5), now=at(1), by=nurse).pk


def test_after_discharge_late_entries_are_taken_and_later_ones_refused(patient, lead, nurse):
    change(patient, by=lead, now=at(3), dismissal_date=at(3))
    late = record(patient, total(7), when=at(2), now=at(4), by=nurse)
    assert late.news2["score"] == 7
    assert told(patient) == []
    assert fresh(patient).next_due_at is None
    with pytest.raises(Refused, match="discharged"):
        record(patient, NORMAL, when=at(3, minutes=1), now=at(4), by=nurse)


def test_a_report_of_nobody_is_refused(nurse):
    with pytest.raises(Patient.DoesNotExist):
        record(Patient(pk=999_999), NORMAL, when=at(1), by=nurse)


def test_recording_is_told_once_for_the_report_its_version_and_the_patient(patient, nurse):
    number = last_number()
    record(patient, NORMAL, when=at(1), by=nurse)
    assert sorted(told_since(number)) == [
        ("history", "create"),
        ("patients", "update"),
        ("reports", "create"),
    ]


def test_a_birthday_begins_at_the_wards_midnight(patient, nurse, lead, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    change(patient, by=lead, now=at(0), date_of_birth=date(2008, 3, 2))
    reports = [record(patient, NORMAL, when=when, by=nurse) for when in (at(6, minutes=59), at(7))]
    assert [report.news2["not_scored_because"] for report in reports] == ["under_16", None]


def test_a_correction_is_told_of_the_patient_too_where_the_row_shows_that_report(patient, nurse):
    """Nothing derived changes: the total stays 1. Score and time of the newest report and set stand in the row."""
    older = record(patient, total(1), when=at(1), by=nurse)
    scored = record(patient, total(1), when=at(2), by=nurse)
    newest = record(patient, {"fi_oral": 100.0}, when=at(3), by=nurse)
    other_parts = {**NORMAL, "temperature": 38.5}

    def is_told(report, changes):
        number = last_number()
        correct_report(report.pk, by=nurse, now=at(4), changes=changes)
        return ("patients", "update") in told_since(number)

    assert not is_told(older, other_parts)
    assert is_told(scored, other_parts)
    assert is_told(newest, {"datetime": at(3.1)})


def test_a_preview_says_what_would_be_computed_and_stores_nothing(patient, nurse):
    number = last_number()
    with CaptureQueriesContext(connection) as queries:
        preview = preview_report(patient_id=patient.pk, now=at(1), **{**total(7), "pulse": 201})
    assert not [query for query in queries.captured_queries if not query["sql"].startswith("SELECT")]
    assert (preview["news2"]["score"], preview["news2"]["risk"]) == (8, "high")
    assert preview["due_at"] == "2024-03-01T09:15:00Z"
    assert preview["response"]["key"] == "high"
    assert list(preview["unusual"]) == ["pulse"]
    assert (Report.objects.count(), last_number()) == (0, number)


# ---------------------------------------------------------------- correcting


def test_a_correction_scores_anew_and_makes_a_version_with_user_and_reason(patient, nurse, lead):
    report = record(patient, total(5), when=at(1), by=nurse)
    correct_report(report.pk, by=lead, now=at(1.5), changes={"pulse": 70}, reason="read wrongly")
    after = fresh(report)
    assert (after.pulse, after.news2["score"], after.news2["risk"]) == (70, 3, "low")
    assert (after.version, after.updated_at, after.created_at) == (2, at(1.5), at(1))
    assert (after.recorded_by, after.due_at) == (nurse, at(5))
    assert fresh(patient).next_due_at == at(5)
    newest, first = Report.history.filter(id=report.pk).order_by("-history_id")
    assert (newest.history_type, newest.history_user, newest.history_change_reason) == (
        "~",
        lead,
        "read wrongly",
    )
    assert (newest.pulse, newest.news2["score"], newest.history_date) == (70, 3, at(1.5))
    assert (first.history_type, first.history_user, first.pulse) == ("+", nurse, 120)
    assert first.news2["score"] == 5


def test_a_measurement_can_be_taken_back_to_not_measured(patient, nurse):
    report = record(patient, total(5), when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(1.5), changes={"respiration": None})
    after = fresh(report)
    assert (after.respiration, after.is_complete, after.news2["score"]) == (None, False, None)
    assert after.news2["missing"] == ["respiration"]


def test_a_correction_keeps_the_scale_that_the_report_was_scored_on(patient, nurse, doctor):
    report = record(patient, {**NORMAL, "o2sat": 90.0}, when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), spo2_scale=2)
    correct_report(report.pk, by=nurse, now=at(3), changes={"o2sat": 91.0})
    assert (fresh(report).news2["spo2_scale"], fresh(report).news2["parts"]["o2sat"]) == (1, 3)


def test_a_correction_keeps_why_the_report_was_not_scored(patient, nurse, doctor):
    change(patient, by=doctor, now=at(0.5), pregnant=True)
    older = record(patient, total(5), when=at(1), by=nurse)
    newest = record(patient, total(5), when=at(1.5), by=nurse)
    change(patient, by=doctor, now=at(2), pregnant=False)
    correct_report(older.pk, by=nurse, now=at(3), changes={"pulse": 131})
    assert (fresh(older).news2["not_scored_because"], fresh(older).news2["score"]) == ("pregnant", None)
    correct_report(newest.pk, by=nurse, now=at(3), changes={"pulse": 131})
    assert (fresh(newest).news2["not_scored_because"], fresh(newest).news2["score"]) == (None, 6)


def test_values_that_are_what_they_were_make_no_version_and_tell_nothing(patient, nurse):
    report = record(patient, total(5), when=at(1), by=nurse)
    number = last_number()
    same = correct_report(report.pk, by=nurse, now=at(2), changes={"pulse": 120, "datetime": at(1)})
    assert (same.version, same.updated_at) == (1, at(1))
    assert (Report.history.count(), last_number()) == (1, number)


def test_a_correction_of_another_version_is_stale_and_changes_nothing(patient, nurse):
    report = record(patient, total(5), when=at(1), by=nurse)
    correct_report(report.pk, by=nurse, now=at(2), changes={"pulse": 121}, expected_version=1)
    with pytest.raises(Stale) as stale:
        correct_report(report.pk, by=nurse, now=at(3), changes={"pulse": 122}, expected_version=1)
    assert (stale.value.current.version, stale.value.current.pulse) == (2, 121)
    assert (fresh(report).pulse, Report.history.count()) == (121, 2)


def test_a_correction_to_something_impossible_is_refused_and_changes_nothing(patient, nurse):
    report = record(patient, total(5), when=at(1), by=nurse)
    with pytest.raises(Refused) as refused:
        correct_report(report.pk, by=nurse, now=at(2), changes={"bp_dia": 200})
    assert list(refused.value.errors) == ["bp_dia"]
    with pytest.raises(Refused, match="before the admission"):
        correct_report(report.pk, by=nurse, now=at(2), changes={"datetime": at(-1)})
    assert (fresh(report).bp_dia, fresh(report).version) == (80, 1)


def test_a_report_of_an_earlier_stay_can_be_corrected_and_changes_nothing_of_this_one(patient, lead, nurse):
    old = record(patient, total(0), when=at(1), by=nurse)
    change(patient, by=lead, now=at(5), dismissal_date=at(5))
    change(patient, by=lead, now=at(20), dismissal_date=None, admission_date=at(20))
    correct_report(old.pk, by=nurse, now=at(21), changes={"respiration": 30, "pulse": 131, "bp_sys": 85})
    after = fresh(patient)
    assert fresh(old).news2["score"] == 9
    assert (after.last_report, after.last_scored, after.current_risk) == (None, None, None)
    assert after.next_due_at == at(20, minutes=15)
    assert told(patient, kind="deterioration") == []


def test_moving_the_newest_report_behind_another_makes_the_other_the_newest(patient, nurse):
    first = record(patient, total(0), when=at(1), by=nurse)
    second = record(patient, total(5), when=at(3), by=nurse)
    correct_report(second.pk, by=nurse, now=at(3.5), changes={"datetime": at(0.5)})
    after = fresh(patient)
    assert (after.last_report, after.last_scored, after.current_risk) == (first, first, "low")
    assert after.next_due_at == at(13)


# ---------------------------------------------------------------- deleting


def test_deleting_leaves_the_history_with_a_row_that_says_who_and_why(patient, nurse, lead):
    report = record(patient, total(5), when=at(1), by=nurse)
    pk = report.pk
    delete_report(pk, by=lead, now=at(2), reason="wrong patient")
    assert not Report.objects.filter(pk=pk).exists()
    last, first = Report.history.filter(id=pk).order_by("-history_id")
    assert (last.history_type, last.history_user, last.history_change_reason) == ("-", lead, "wrong patient")
    assert (last.history_date, last.pulse, first.history_type) == (at(2), 120, "+")


def test_deleting_the_newest_falls_back_to_the_set_before(patient, nurse, lead):
    before = record(patient, total(0), when=at(1), by=nurse)
    newest = record(patient, SINGLE_THREE, when=at(3), by=nurse)
    assert fresh(patient).next_due_at == at(4)
    delete_report(newest.pk, by=lead, now=at(3.5))
    after = fresh(patient)
    assert (after.last_report, after.last_scored, after.due_report_id) == (before, before, before.pk)
    assert (after.current_risk, after.next_due_at) == ("low", at(13))


def test_deleting_the_only_set_falls_back_to_the_time_after_admission(patient, nurse, lead):
    report = record(patient, total(5), when=at(1), by=nurse)
    delete_report(report.pk, by=lead, now=at(1.5))
    after = fresh(patient)
    assert (after.last_report, after.last_scored, after.due_report_id) == (None, None, None)
    assert (after.current_risk, after.next_due_at) == (None, at(0, minutes=15))


def test_deleting_another_version_is_stale(patient, nurse, lead):
    report = record(patient, total(5), when=at(1), by=nurse)
    with pytest.raises(Stale):
        delete_report(report.pk, by=lead, now=at(2), expected_version=7)
    assert fresh(report).version == 1


def test_deleting_is_told_once_with_the_key_alone(patient, nurse, lead):
    report = record(patient, NORMAL, when=at(1), by=nurse)
    pk, number = report.pk, last_number()
    delete_report(pk, by=lead, now=at(2))
    (deleted,) = [frame for frame in frames(after=number) if frame["stream"] == "reports"]
    assert (deleted["payload"]["action"], deleted["payload"]["data"]) == ("delete", {"id": pk})
    assert sorted(told_since(number)) == [
        ("history", "create"),
        ("patients", "update"),
        ("reports", "delete"),
    ]


# ---------------------------------------------------------------- time and cost


@pytest.mark.parametrize(
    "night,hours_on_the_wall",
    [(datetime(2024, 3, 30, 23, 0), 5), (datetime(2024, 10, 26, 23, 0), 3)],  # noqa: DTZ001 - ward time, below
    ids=["an hour is skipped", "an hour comes twice"],
)
def test_four_hours_are_four_hours_in_the_night_the_clocks_change(lead, nurse, night, hours_on_the_wall):
    berlin = ZoneInfo("Europe/Berlin")
    taken_at = night.replace(tzinfo=berlin)
    patient = make_patient(by=lead, now=taken_at, admission_date=taken_at)
    report = record(patient, total(1), when=taken_at, by=nurse)
    due_at = fresh(patient).next_due_at
    assert due_at - taken_at.astimezone(UTC) == timedelta(hours=4)
    assert fresh(report).due_at == due_at
    on_the_wall = due_at.astimezone(berlin).replace(tzinfo=None) - night
    assert on_the_wall == timedelta(hours=hours_on_the_wall)


def queries_to_record(patient, *, when, nurse):
    with CaptureQueriesContext(connection) as queries:
        record(patient, NORMAL, when=when, by=nurse)
    return [query["sql"] for query in queries.captured_queries]


def test_a_new_report_costs_the_same_after_500_sets_of_the_stay_as_after_20(patient, nurse):
    for number in range(20):
        record(patient, NORMAL, when=at(number), by=nurse)
    early = queries_to_record(patient, when=at(20), nurse=nurse)
    template = Report.objects.order_by("-id").first()
    copies = []
    for number in range(480):
        template.pk = None
        template.datetime = at(21 + number / 100)
        copies.append(
            Report(**{field.attname: getattr(template, field.attname) for field in Report._meta.fields})
        )
    Report.objects.bulk_create(copies)
    late = queries_to_record(patient, when=at(30), nurse=nurse)
    assert len(late) == len(early) <= 11
    reading_sets = [sql for sql in late if sql.startswith("SELECT") and "is_set" in sql and "ORDER BY" in sql]
    assert reading_sets
    assert all("LIMIT" in sql for sql in reading_sets)
