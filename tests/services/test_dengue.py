"""A stay on the dengue pathway: what is told, held and resolved, when the next set is due, what a save costs."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Report
from patients.services.notifications import acknowledge
from patients.services.reports import correct_report, delete_report, preview_report
from patients.services.stay import FIRST_READ, course_of, recent_sets
from tests.rules.builders import NORMAL
from tests.services.builders import at, causes, change, fresh, record, told

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

NARROW = {**NORMAL, "bp_dia": 105}
PROVISIONAL, CONFIRMED = "defervescence_provisional:temperature", "defervescence_confirmed:temperature"
CONCENTRATED = "haemoconcentration:hematocrit"
SHOCK = "shock_sign:pulse_pressure"


@pytest.fixture
def dengue(patient, doctor):
    """A patient on the pathway, of whom a fever was recorded."""
    change(patient, by=doctor, now=at(0), pathway="dengue")
    record(patient, {**NORMAL, "temperature": 38.6, "hematocrit": 40.0}, when=at(0.1), by=doctor)
    return fresh(patient)


def deteriorations(patient):
    return told(patient, kind="deterioration")


def open_causes(patient):
    return [causes(one) for one in deteriorations(patient) if one.status != "resolved"]


# ---------------------------------------------------------------- told, held, resolved


def test_a_laboratory_value_alone_raises_what_it_shows(dengue, nurse):
    laboratory = record(dengue, {"hematocrit": 48.0}, when=at(2), by=nurse)
    (raised,) = deteriorations(dengue)
    assert (causes(raised), raised.severity, raised.report_id) == ({CONCENTRATED}, "medium", laboratory.pk)
    assert raised.history_id == Report.history.get(id=laboratory.pk).history_id
    assert fresh(dengue).open_notifications == 1


def test_what_the_newest_set_shows_of_news2_is_not_told_again_by_a_laboratory_value(dengue, nurse):
    record(dengue, {**NORMAL, "respiration": 8}, when=at(1), by=nurse)
    (held,) = deteriorations(dengue)
    acknowledge(held.pk, by=nurse, now=at(1))
    record(dengue, {"platelet": 150.0}, when=at(9), by=nurse)
    assert len(deteriorations(dengue)) == 1


def test_the_severity_is_the_highest_of_all_findings_not_the_firsts(dengue, nurse):
    record(dengue, {**NARROW, "respiration": 8}, when=at(1), by=nurse)
    (raised,) = deteriorations(dengue)
    assert raised.reasons[0]["rule"] == "risk_band", "low-medium, and told as low by itself"
    assert "shock_sign" in {reason["rule"] for reason in raised.reasons}
    assert raised.severity == "high"


def test_what_an_amendment_ended_says_so(dengue, nurse):
    narrow = record(dengue, {**NARROW, "temperature": 38.4}, when=at(2), by=nurse)
    correct_report(narrow.pk, by=nurse, now=at(2.1), changes={"bp_dia": NORMAL["bp_dia"]})
    (raised,) = deteriorations(dengue)
    assert (raised.status, raised.resolved_because) == ("resolved", "based on amended observation")


def test_all_that_one_report_brings_is_one_notification_of_the_highest_severity(dengue, nurse):
    values = {**NARROW, "temperature": 37.0, "warning_signs": ["lethargy", "mucosal_bleed"]}
    record(dengue, values, when=at(2), by=nurse)
    (raised,) = deteriorations(dengue)
    assert causes(raised) == {SHOCK, PROVISIONAL, "warning_sign:lethargy", "warning_sign:mucosal_bleed"}
    assert raised.severity == "high"


def test_a_held_sign_of_shock_is_counted_and_resolves_with_a_set_that_measures_it(dengue, nurse):
    record(dengue, NARROW | {"temperature": 38.5}, when=at(1), by=nurse)
    record(dengue, {"bp_sys": 120, "bp_dia": 104}, when=at(1.1), by=nurse)
    (held,) = deteriorations(dengue)
    assert (held.suppressed_count, held.status) == (1, "open")
    record(dengue, {"bp_sys": 120}, when=at(1.2), by=nurse)
    record(dengue, {"temperature": 38.5}, when=at(1.3), by=nurse)
    assert fresh(held).status == "open", "the pulse pressure was not measured"
    record(dengue, {"bp_sys": 120, "bp_dia": 80}, when=at(1.4), by=nurse)
    assert (fresh(held).status, fresh(held).resolved_at) == ("resolved", at(1.4))


def test_haemoconcentration_that_becomes_high_is_told_again(dengue, nurse):
    record(dengue, {"hematocrit": 48.0, "platelet": 180.0}, when=at(2), by=nurse)
    record(dengue, {"hematocrit": 49.0, "platelet": 80.0}, when=at(3), by=nurse)
    assert [one.severity for one in deteriorations(dengue)] == ["medium", "high"]
    record(dengue, {"hematocrit": 49.0, "platelet": 78.0}, when=at(4), by=nurse)
    assert [one.suppressed_count for one in deteriorations(dengue)] == [1, 0]
    record(dengue, {"hematocrit": 44.0}, when=at(5), by=nurse)
    assert open_causes(dengue) == []


def test_the_end_of_the_fever_is_told_once_confirmed_once_and_resolved_by_a_new_fever(dengue, nurse):
    for hours in (2, 5, 9, 12):
        record(dengue, NORMAL, when=at(hours), by=nurse)
    assert open_causes(dengue) == [{PROVISIONAL}, {CONFIRMED}]
    assert [one.suppressed_count for one in deteriorations(dengue)] == [0, 0]
    record(dengue, {"temperature": 38.0}, when=at(13), by=nurse)
    assert open_causes(dengue) == []
    record(dengue, NORMAL, when=at(15), by=nurse)
    assert open_causes(dengue) == [{PROVISIONAL}]


def test_the_end_of_the_fever_is_not_told_anew_an_hour_after_it_was_acknowledged(dengue, nurse):
    record(dengue, NORMAL, when=at(2), by=nurse)
    acknowledge(deteriorations(dengue)[0].pk, by=nurse, now=at(2))
    record(dengue, NORMAL, when=at(4), by=nurse)
    assert len(deteriorations(dengue)) == 1


def test_a_late_laboratory_value_is_told_though_a_complete_set_is_newer(dengue, nurse):
    """A value comes back from the laboratory an hour after the blood was taken."""
    record(dengue, NORMAL | {"temperature": 38.2}, when=at(3), by=nurse)
    record(dengue, {"hematocrit": 48.0}, when=at(2), now=at(3.2), by=nurse)
    assert open_causes(dengue) == [{CONCENTRATED}]


def test_a_late_set_tells_nothing_that_a_newer_value_belies(dengue, nurse):
    record(dengue, NORMAL | {"temperature": 38.2}, when=at(3), by=nurse)
    record(dengue, NARROW | {"temperature": 37.0}, when=at(2), now=at(3.2), by=nurse)
    assert deteriorations(dengue) == []


def test_a_correction_and_a_deletion_follow_the_stay_as_it_then_stands(dengue, nurse, lead):
    wrong = record(dengue, {**NORMAL, "hematocrit": 52.0}, when=at(2), by=nurse)
    assert open_causes(dengue) == [{CONCENTRATED, PROVISIONAL}]
    correct_report(wrong.pk, by=nurse, now=at(2.1), changes={"hematocrit": 42.0, "temperature": 38.4})
    (resolved,) = deteriorations(dengue)
    assert (resolved.status, resolved.resolved_because) == ("resolved", "based on amended observation")
    second = record(dengue, {"hematocrit": 48.0}, when=at(3), by=nurse)
    delete_report(second.pk, by=lead, now=at(3.1))
    assert open_causes(dengue) == []
    assert fresh(dengue).course == course_of(dengue).as_dict()


def test_deleting_the_new_fever_brings_the_critical_phase_back(dengue, nurse, lead):
    record(dengue, NORMAL, when=at(2), by=nurse)
    fever = record(dengue, {"temperature": 38.0}, when=at(3), by=nurse)
    assert open_causes(dengue) == []
    delete_report(fever.pk, by=lead, now=at(3.1))
    assert open_causes(dengue) == [{PROVISIONAL}]


def critical_since(notification):
    return {reason["values"].get("critical_phase_since") for reason in notification.reasons}


def test_a_fever_entered_late_moves_the_clock_that_was_told(dengue, nurse):
    """Else the screen would say that the critical phase ends hours before it does."""
    record(dengue, NORMAL, when=at(2), by=nurse)
    record(dengue, NORMAL, when=at(9), by=nurse)
    assert open_causes(dengue) == [{PROVISIONAL}, {CONFIRMED}]
    record(dengue, {"temperature": 38.2}, when=at(5), now=at(9.5), by=nurse)
    assert open_causes(dengue) == [{PROVISIONAL}]
    (told_first, _) = deteriorations(dengue)
    assert critical_since(told_first) == {at(9).isoformat().replace("+00:00", "Z")}


def test_a_time_put_right_moves_the_clock_that_was_told(dengue, nurse):
    reading = record(dengue, {**NORMAL, "hematocrit": 48.0}, when=at(2), by=nurse)
    other = next(
        reason for reason in deteriorations(dengue)[0].reasons if reason["rule"] == "haemoconcentration"
    )
    correct_report(reading.pk, by=nurse, now=at(2.5), changes={"datetime": at(1)})
    (raised,) = deteriorations(dengue)
    assert at(1).isoformat().replace("+00:00", "Z") in critical_since(raised)
    assert (raised.status, other in raised.reasons) == ("open", True)


def test_a_clock_told_and_resolved_by_the_same_change_stays_as_it_was_told(dengue, nurse):
    reading = record(dengue, NORMAL, when=at(2), by=nurse)
    record(dengue, NORMAL, when=at(3), by=nurse)
    correct_report(reading.pk, by=nurse, now=at(3.5), changes={"temperature": 38.5})
    amended, raised = deteriorations(dengue)
    assert (amended.status, critical_since(amended)) == (
        "resolved",
        {at(2).isoformat().replace("+00:00", "Z")},
    )
    assert (raised.status, critical_since(raised)) == ("open", {at(3).isoformat().replace("+00:00", "Z")})


def test_what_was_told_of_a_value_stays_as_it_was_told(dengue, nurse):
    for hours, value in ((2, 48.0), (3, 49.0)):
        record(dengue, {"hematocrit": value}, when=at(hours), by=nurse)
    (raised,) = deteriorations(dengue)
    assert [reason["values"]["value"] for reason in raised.reasons] == [48.0]


def test_a_typed_baseline_counts_from_then(dengue, nurse, lead):
    change(dengue, by=lead, now=at(1), hematocrit_baseline=35.0)
    record(dengue, {"hematocrit": 42.0}, when=at(2), by=nurse)
    assert deteriorations(dengue)[0].reasons[0]["values"]["baseline"] == 35.0


def test_put_on_the_pathway_late_a_patient_is_told_of_by_what_the_stay_has_shown(patient, nurse, doctor):
    record(patient, {**NORMAL, "temperature": 38.6, "hematocrit": 40.0}, when=at(1), by=nurse)
    record(patient, {**NORMAL, "hematocrit": 48.0, "warning_signs": ["lethargy"]}, when=at(5), by=nurse)
    newest = record(patient, {**NORMAL, "warning_signs": ["lethargy"]}, when=at(6), by=nurse)
    assert deteriorations(patient) == []
    change(patient, by=doctor, now=at(7), pathway="dengue")
    (raised,) = deteriorations(patient)
    assert causes(raised) == {PROVISIONAL, CONCENTRATED, "warning_sign:lethargy"}
    assert (raised.severity, raised.report_id, raised.created_at) == ("medium", newest.pk, at(7))
    assert raised.history_id == Report.history.get(id=newest.pk).history_id
    assert critical_since(raised) == {None, at(5).isoformat().replace("+00:00", "Z")}
    assert fresh(patient).open_notifications == 1
    acknowledge(raised.pk, by=nurse, now=at(7))
    change(patient, by=doctor, now=at(9), monitoring_interval=60)
    record(patient, {**NORMAL, "warning_signs": ["lethargy"]}, when=at(9.5), by=nurse)
    assert len(deteriorations(patient)) == 1, "once"


@pytest.mark.parametrize("newest", [NORMAL, {"fi_oral": 200.0}], ids=["a set", "fluids"])
def test_what_was_told_late_outlasts_a_correction_of_the_report_it_names(patient, nurse, doctor, newest):
    for hours, values in ((1, {**NORMAL, "temperature": 38.6}), (5, NORMAL)):
        record(patient, values, when=at(hours), by=nurse)
    last = record(patient, newest, when=at(6), by=nurse)
    change(patient, by=doctor, now=at(7), pathway="dengue")
    correct_report(last.pk, by=nurse, now=at(7.5), changes={"diet": "soft"})
    assert [(causes(one), one.status) for one in deteriorations(patient)] == [({PROVISIONAL}, "open")]


def test_an_onset_typed_later_tells_of_the_fever_that_had_gone(patient, nurse, lead, doctor):
    change(patient, by=doctor, now=at(0), pathway="dengue")
    record(patient, NORMAL, when=at(1), by=nurse)
    assert open_causes(patient) == []
    change(patient, by=lead, now=at(2), fever_onset_at=at(-70))
    assert open_causes(patient) == [{PROVISIONAL}]


def test_a_baseline_typed_later_tells_of_the_newest_haematocrit(dengue, nurse, lead):
    change(dengue, by=lead, now=at(1), hematocrit_baseline=33.4)
    assert open_causes(dengue) == []
    change(dengue, by=lead, now=at(2), hematocrit_baseline=33.3)
    assert open_causes(dengue) == [{CONCENTRATED}]


def test_a_child_is_not_scored_but_watched(dengue, nurse, lead):
    change(dengue, by=lead, now=at(1), date_of_birth=date(2018, 1, 1))
    report = record(dengue, NARROW | {"temperature": 38.5}, when=at(2), by=nurse)
    assert report.news2["not_scored_because"] == "under_16"
    assert open_causes(dengue) == [{SHOCK}]
    change(dengue, by=lead, now=at(2.1), monitoring_interval=30)
    assert [one.status for one in deteriorations(dengue)] == ["open"]
    record(dengue, NORMAL | {"temperature": 38.5}, when=at(2.2), by=nurse)
    assert open_causes(dengue) == []
    change(dengue, by=lead, now=at(2.3), monitoring_interval=60)
    assert open_causes(dengue) == [], "over by the course, though no set of a child is scored"


def test_leaving_the_pathway_leaves_what_the_other_one_can_end_in_part(dengue, nurse, doctor):
    record(dengue, {**NARROW, "temperature": 38.5, "respiration": 8}, when=at(2), by=nurse)
    (both,) = open_causes(dengue)
    assert both > {SHOCK, "single_three:respiration"}
    change(dengue, by=doctor, now=at(3), pathway="news2")
    assert open_causes(dengue) == [both]


def test_leaving_the_pathway_ends_what_only_it_could_end(dengue, nurse, doctor):
    record(dengue, NARROW | {"temperature": 38.5}, when=at(2), by=nurse)
    change(dengue, by=doctor, now=at(3), pathway="news2")
    (ended,) = deteriorations(dengue)
    assert (ended.status, ended.resolved_because, fresh(dengue).course) == (
        "resolved",
        "pathway changed",
        None,
    )
    change(dengue, by=doctor, now=at(4), pathway="dengue")
    assert open_causes(dengue) == [{SHOCK}]


def test_another_stay_begins_without_what_the_last_one_showed(dengue, nurse, lead):
    record(dengue, NORMAL, when=at(2), by=nurse)
    change(dengue, by=lead, now=at(3), dismissal_date=at(3))
    change(dengue, by=lead, now=at(9), dismissal_date=None, admission_date=at(9))
    record(dengue, {**NORMAL, "hematocrit": 48.0}, when=at(9.5), by=nurse)
    assert open_causes(dengue) == []


def test_the_course_begins_with_the_moment_of_admission_and_no_earlier(dengue, nurse, lead):
    earlier = Report.objects.get(patient=dengue)
    change(dengue, by=lead, now=at(3), dismissal_date=at(3))
    change(dengue, by=lead, now=at(9), dismissal_date=None, admission_date=at(9))
    correct_report(earlier.pk, by=nurse, now=at(9.1), changes={"temperature": 39.5})
    assert fresh(dengue).course["fever_at"] is None
    record(dengue, {"temperature": 38.5}, when=at(9), now=at(9.2), by=nurse)
    assert fresh(dengue).course["fever_at"] is not None


def test_a_newest_report_that_is_moved_ahead_counts_as_it_now_stands_alone(dengue, nurse):
    fever = record(dengue, {"temperature": 39.0, "hematocrit": 48.0}, when=at(2), by=nurse)
    correct_report(
        fever.pk, by=nurse, now=at(3), changes={"temperature": 37.0, "hematocrit": None, "datetime": at(3)}
    )
    assert fresh(dengue).course == course_of(fresh(dengue)).as_dict()


# ---------------------------------------------------------------- due


def test_the_next_set_is_due_by_what_the_course_asks_for(dengue, nurse):
    record(dengue, NORMAL | {"temperature": 38.5}, when=at(1), by=nurse)
    assert fresh(dengue).next_due_at == at(5)
    signs = record(dengue, {"warning_signs": ["lethargy"]}, when=at(1.5), by=nurse)
    assert (signs.due_at, fresh(dengue).next_due_at) == (at(2), at(2)), "an hour after the newest set"
    record(dengue, {"warning_signs": []}, when=at(1.6), by=nurse)
    assert fresh(dengue).next_due_at == at(5)
    cool = record(dengue, NORMAL, when=at(3), by=nurse)
    assert (cool.due_at, fresh(dengue).next_due_at) == (at(4), at(4)), "the critical phase"
    narrow = record(dengue, NARROW, when=at(3.5), by=nurse)
    assert (narrow.due_at, fresh(dengue).next_due_at) == (at(3.75), at(3.75))


def test_an_incomplete_set_with_a_sign_of_shock_brings_the_time_forward(dengue, nurse):
    record(dengue, {"bp_sys": 120, "bp_dia": 104}, when=at(1), by=nurse)
    assert fresh(dengue).next_due_at == at(1.25)


def test_a_preview_says_when_the_next_set_would_be_due(dengue):
    preview = preview_report(patient_id=dengue.pk, now=at(2), **NORMAL)
    assert preview["due_at"] == "2024-03-01T11:00:00Z"
    assert fresh(dengue).course == course_of(dengue).as_dict()


# ---------------------------------------------------------------- what a save costs


def queries_of_a_save(patient, *, when, by, **values):
    with CaptureQueriesContext(connection) as queries:
        record(patient, {**NORMAL, "hematocrit": 41.0, **values}, when=when, by=by)
    return len(queries)


def fill_stay(patient, *, sets, by):
    """Reports without the services' work, as many as a long stay has; the course is read anew from them."""
    first = Report.objects.filter(patient=patient).latest("id")
    rows = []
    for number in range(1, sets + 1):
        rows.append(
            Report(**{f.attname: getattr(first, f.attname) for f in Report._meta.fields if f.name != "id"})
        )
        rows[-1].datetime = first.datetime + timedelta(minutes=number)
    Report.objects.bulk_create(rows)
    change(patient, by=by, now=at(10), fever_onset_at=at(-5))


def test_a_new_set_takes_the_same_queries_after_five_sets_and_after_five_hundred(dengue, nurse, lead):
    fill_stay(dengue, sets=5, by=lead)
    few = queries_of_a_save(dengue, when=at(10.5), by=nurse)
    fill_stay(dengue, sets=495, by=lead)
    with CaptureQueriesContext(connection) as queries:
        record(dengue, {**NORMAL, "hematocrit": 41.0}, when=at(20), by=nurse)
    assert len(queries) <= few
    unlimited = [
        query["sql"]
        for query in queries
        if query["sql"].startswith("SELECT")
        and 'FROM "patients_report"' in query["sql"]
        and "LIMIT" not in query["sql"]
    ]
    assert unlimited == [], "a read of the whole stay"


def test_of_a_patient_who_is_not_scored_the_stay_is_not_read_whole(patient, nurse, lead, doctor):
    change(patient, by=doctor, now=at(0), pregnant=True)
    record(patient, NORMAL, when=at(0.1), by=nurse)
    for minutes in range(1, 3 * FIRST_READ):
        record(patient, {"pulse": 80}, when=at(1, minutes=minutes), by=nurse)
    sets = recent_sets(fresh(patient))
    assert len(sets) == FIRST_READ + 1
    assert [report.score.complete for report in sets] == [False] * FIRST_READ + [True]
