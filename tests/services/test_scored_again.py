"""A correction of the record reaches what was judged by the mistake: the newest complete set, and all that is newer."""

from datetime import date

import pytest

from patients.models import Patient, Report
from patients.representations import represent_patient
from patients.selectors import patients_with_last_reports
from patients.services.errors import Stale
from patients.services.history import amend_version, retire_version
from patients.services.ledger import newest_version_of
from patients.services.notifications import acknowledge
from patients.services.patients import admit_patient, change_patient
from patients.services.plans import add_pause, end_pause, set_plan
from patients.services.reports import correct_report, delete_report
from tests.rules.builders import NORMAL
from tests.services.builders import (
    at,
    causes,
    change,
    frames,
    fresh,
    last_number,
    record,
    remind_all,
    told,
    told_since,
    total,
    wake_ups,
)

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

# Worth 19 points.
DYING = {
    "respiration": 30, "o2sat": 85.0, "supplemental_oxygen": True, "oxygen_flow": 15.0, "bp_sys": 80, "bp_dia": 40,
    "pulse": 140, "consciousness": "U", "temperature": 39.5,
}  # fmt: skip
CHILD, ADULT = date(2018, 5, 1), date(1958, 5, 1)
# What keeps a patient from being scored by a slip, and how it is put right.
SLIPS = {
    "birth": ({"date_of_birth": CHILD}, {"date_of_birth": ADULT}, "date of birth corrected", "under_16"),
    "pregnancy": ({"pregnant": True}, {"pregnant": False}, "pregnancy corrected", "pregnant"),
    "pathway": ({"pathway": "none"}, {"pathway": "news2"}, "pathway changed", "pathway_none"),
}
each_slip = pytest.mark.parametrize("slip,right,because,reason", SLIPS.values(), ids=SLIPS)


def deteriorations(patient):
    return told(patient, kind="deterioration")


def board(patient):
    """What the board is given of a patient."""
    return represent_patient(patients_with_last_reports().get(pk=patient.pk))


def scores(patient):
    """(score, why not, version) of each report, by time."""
    return [
        (report.news2["score"], report.news2["not_scored_because"], report.version)
        for report in Report.objects.filter(patient=patient).order_by("datetime", "id")
    ]


def check_versions_agree(patient):
    """Every report is what its newest version says."""
    for report in Report.objects.filter(patient=patient):
        version = newest_version_of(report)
        for field in Report._meta.fields:
            if field.attname != "id":
                assert getattr(version, field.attname) == getattr(report, field.attname), field.attname


# ---------------------------------------------------------------- who was not scored, and is


@each_slip
def test_a_set_of_19_points_is_told_when_the_record_is_put_right(
    patient, nurse, lead, slip, right, because, reason
):
    change(patient, by=lead, now=at(0.5), **slip)
    report = record(patient, DYING, when=at(1), by=nurse)
    assert (report.news2["score"], report.news2["complete"]) == (None, True)
    assert (deteriorations(patient), fresh(patient).current_risk) == ([], None)
    number = last_number()
    change(patient, by=lead, now=at(1.5), **right)

    after, version = fresh(report), Report.history.filter(id=report.pk).latest("history_id")
    assert (after.news2["score"], after.news2["risk"], after.news2["not_scored_because"]) == (
        19,
        "high",
        None,
    )
    assert (after.version, after.updated_at, after.created_at) == (2, at(1.5), at(1))
    assert (version.history_change_reason, version.history_type, version.history_user) == (
        f"scored again: {because}", "~", lead,
    )  # fmt: skip
    assert (version.history_date, version.news2) == (at(1.5), after.news2)
    assert [one.news2["score"] for one in Report.history.filter(id=report.pk).order_by("history_id")] == [
        None,
        19,
    ]
    (raised,) = deteriorations(patient)
    assert (raised.severity, raised.status, raised.report_id, raised.history_id) == (
        "high", "open", report.pk, version.history_id,
    )  # fmt: skip
    assert {"risk_band", "single_three:pulse"} <= causes(raised)
    assert (fresh(patient).next_due_at, wake_ups(patient)) == (at(1.25), [at(1.25)])
    assert fresh(patient).last_high_at == at(1)
    shown = board(patient)
    assert (shown["last_report"]["news2"], shown["last_scored"]["score"]) == (after.news2, 19)
    assert (shown["current_risk"], shown["open_notifications"]) == ("high", 1)
    assert remind_all(now=at(1.5)) >= 1, "overdue by now"
    assert sorted(told_since(number)[:5]) == sorted(
        [
            ("patients", "update"), ("reports", "update"), ("history", "create"), ("notifications", "create"),
            ("history", "notification"),
        ]
    )  # fmt: skip
    of_patient = next(frame for frame in frames(after=number) if frame["stream"] == "patients")
    assert of_patient["payload"]["data"]["last_scored"]["score"] == 19
    check_versions_agree(patient)


@each_slip
def test_put_right_twice_or_with_the_same_values_makes_one_version(
    patient, nurse, lead, slip, right, because, reason
):
    change(patient, by=lead, now=at(0.5), **slip)
    report = record(patient, total(9), when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), **right)
    number = last_number()
    change(patient, by=lead, now=at(3), **right)
    assert (fresh(report).version, last_number()) == (2, number)
    change(patient, by=lead, now=at(3), last_name="King")
    assert fresh(report).version == 2


def test_a_birth_that_leaves_everybody_an_adult_makes_no_version(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=ADULT)
    report = record(patient, total(5), when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), date_of_birth=date(1985, 5, 1), pathway="dengue")
    assert (fresh(report).version, fresh(patient).next_due_at) == (1, at(2))


def test_several_corrections_of_one_act_are_all_named(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD, pathway="none", pregnant=True)
    report = record(patient, DYING, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), pathway="news2", date_of_birth=ADULT, pregnant=False)
    version = Report.history.filter(id=report.pk).latest("history_id")
    assert version.history_change_reason == (
        "scored again: date of birth corrected, pregnancy corrected, pathway changed"
    )
    assert fresh(report).version == 2


def test_one_reason_of_two_put_right_scores_by_the_other(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD, pathway="none")
    report = record(patient, DYING, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), date_of_birth=ADULT)
    assert (fresh(report).news2["not_scored_because"], fresh(report).version) == ("pathway_none", 2)
    assert deteriorations(patient) == []
    change(patient, by=lead, now=at(3), pathway="news2")
    assert (fresh(report).news2["score"], fresh(report).version) == (19, 3)
    assert len(deteriorations(patient)) == 1


def test_older_sets_keep_what_they_had(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), pregnant=True)
    for hours in (1, 2, 3):
        record(patient, total(9 if hours < 3 else 2), when=at(hours), by=nurse)
    record(patient, {"pulse": 140}, when=at(3.5), by=nurse)
    change(patient, by=lead, now=at(4), pregnant=False)
    assert scores(patient) == [(None, "pregnant", 1), (None, "pregnant", 1), (2, None, 2), (None, None, 2)]
    assert fresh(patient).current_risk == "low-medium"
    assert [causes(one) for one in deteriorations(patient)] == [{"risk_band", "single_three:pulse"}]


def test_all_newer_ones_are_scored_again_however_many_and_the_worst_shows(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    record(patient, total(9), when=at(0.6), by=nurse)
    record(patient, NORMAL, when=at(1), by=nurse)
    grave = record(patient, {"pulse": 140, "respiration": 30, "bp_sys": 105}, when=at(1.1), by=nurse)
    for number in range(30):
        record(patient, {"temperature": 37.0}, when=at(2, minutes=number), by=nurse)
    fluids = record(patient, {"fi_oral": 200.0}, when=at(3), by=nurse)
    refused = record(patient, {"not_measured": {"pulse": "refused"}}, when=at(3.1), by=nurse)
    change(patient, by=lead, now=at(4), date_of_birth=ADULT)
    assert scores(patient)[0] == (None, "under_16", 1)
    assert {one[1:] for one in scores(patient)[1:]} == {(None, 2)}
    assert [one.report_id for one in deteriorations(patient)] == [grave.pk]
    assert (fresh(patient).current_risk, fresh(patient).next_due_at) == ("high", at(1.35))
    assert board(patient)["last_report"]["id"] == refused.pk
    assert board(patient)["last_report"]["news2"]["not_scored_because"] is None
    assert fresh(fluids).news2["not_scored_because"] is None
    check_versions_agree(patient)


def test_without_a_complete_set_all_sets_of_the_stay_are_scored_again(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    record(patient, {"pulse": 140}, when=at(1), by=nurse)
    record(patient, {"pulse": 140, "respiration": 30}, when=at(2), by=nurse)
    change(patient, by=lead, now=at(4), date_of_birth=ADULT)
    assert [one.news2["lower_bound"] for one in Report.objects.order_by("id")] == [3, 6]
    assert (fresh(patient).current_risk, fresh(patient).last_scored) == ("medium", None)
    assert max(one.severity for one in deteriorations(patient) if one.status == "open") == "medium"


def test_the_scale_is_the_one_it_was_scored_on_and_the_age_that_of_the_day(patient, nurse, lead, doctor):
    change(patient, by=doctor, now=at(0.2), spo2_scale=2, pregnant=True)
    report = record(patient, {**NORMAL, "o2sat": 90.0}, when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), spo2_scale=1)
    change(patient, by=doctor, now=at(3), pregnant=False)
    assert (fresh(report).news2["score"], fresh(report).news2["spo2_scale"]) == (0, 2)
    # 16 on the second day: of the first day the record says a child, whatever day it is now.
    change(patient, by=lead, now=at(30), date_of_birth=date(2008, 3, 2))
    assert fresh(report).news2["not_scored_because"] == "under_16"
    later = record(patient, NORMAL, when=at(30), by=nurse)
    assert later.news2["score"] == 0


def test_an_alert_of_a_set_that_was_taken_as_a_child_ends_though_the_patient_is_scored_today(
    patient, nurse, lead
):
    record(patient, total(9), when=at(1), by=nurse)
    change(patient, by=lead, now=at(30), date_of_birth=date(2008, 3, 2))
    (ended,) = deteriorations(patient)
    assert (ended.status, ended.resolved_because) == ("resolved", "date of birth corrected")
    assert (board(patient)["last_scored"], board(patient)["current_risk"]) == (None, None)


def test_a_change_of_scale_holds_from_the_next_set(patient, nurse, doctor):
    report = record(patient, {**NORMAL, "o2sat": 90.0}, when=at(1), by=nurse)
    change(patient, by=doctor, now=at(2), spo2_scale=2)
    assert (fresh(report).news2["score"], fresh(report).version) == (3, 1)


def test_a_plan_in_force_says_what_is_called_for(patient, nurse, lead, doctor):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    record(patient, total(8), when=at(1), by=nurse)
    set_plan(
        patient.pk, by=doctor, now=at(1.1), steps=[{"every": 120, "for": None}], call_at={"score": 9}, until=at(99),
        reason="x",
    )  # fmt: skip
    change(patient, by=lead, now=at(2), date_of_birth=ADULT)
    assert (deteriorations(patient), fresh(patient).next_due_at) == ([], at(3))
    assert fresh(patient).running_plan["suppressed_count"] == 0, "no new set"
    change(patient, by=lead, now=at(2.1), date_of_birth=CHILD)
    set_plan(
        patient.pk, by=doctor, now=at(2.2), steps=[{"every": 120, "for": None}], call_at={"score": 7}, until=at(99),
        reason="x",
    )  # fmt: skip
    change(patient, by=lead, now=at(2.3), date_of_birth=ADULT)
    (raised,) = deteriorations(patient)
    assert "plan_call_at:score" in causes(raised)


def test_a_late_set_is_judged_by_the_record_as_it_then_is(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    record(patient, total(2), when=at(3), by=nurse)
    change(patient, by=lead, now=at(4), date_of_birth=ADULT)
    late = record(patient, total(9), when=at(2), now=at(5), by=nurse)
    assert (late.news2["score"], deteriorations(patient)) == (9, [])
    assert scores(patient) == [(9, None, 1), (2, None, 2)]


# ---------------------------------------------------------------- who was scored, and is not


@pytest.mark.parametrize("slip,right,because,reason", SLIPS.values(), ids=SLIPS)
def test_an_alert_ends_and_says_why_and_no_stale_score_stays(
    patient, nurse, lead, slip, right, because, reason
):
    right_now = {name: getattr(patient, name) for name in slip}
    older = record(patient, total(9), when=at(1), by=nurse)
    report = record(patient, total(8), when=at(1.2), by=nurse)
    acknowledge(deteriorations(patient)[0].pk, by=nurse, now=at(1.3))
    change(patient, by=lead, now=at(2), **slip)
    (ended,) = deteriorations(patient)
    assert (ended.status, ended.resolved_because, ended.resolved_at) == ("resolved", because, at(2))
    assert (fresh(report).news2["not_scored_because"], fresh(report).news2["score"]) == (reason, None)
    assert (fresh(report).version, fresh(older).news2["score"], fresh(older).version) == (2, 9, 1)
    shown = board(patient)
    assert (shown["last_scored"], shown["current_risk"], shown["open_notifications"]) == (None, None, 0)
    assert shown["last_report"]["news2"]["not_scored_because"] == reason
    change(patient, by=lead, now=at(3), **right_now)
    (again,) = deteriorations(patient)
    assert (again.status, again.acknowledged_by) == ("acknowledged", nurse)
    assert (fresh(report).news2["score"], fresh(report).version) == (8, 3)
    check_versions_agree(patient)


def test_a_reminder_that_ends_with_pathway_none_says_so(patient, nurse, doctor):
    record(patient, total(9), when=at(1), by=nurse)
    remind_all(now=at(1.3))
    change(patient, by=doctor, now=at(2), pathway="none")
    assert {one.resolved_because for one in told(patient)} == {"pathway changed"}
    assert (fresh(patient).next_due_at, fresh(patient).reminder_at, wake_ups(patient)) == (None, None, [])


# ---------------------------------------------------------------- the due time


@pytest.mark.parametrize("name", ["birth", "pregnancy"])
def test_the_due_time_is_never_moved_back_by_it_either_way(patient, nurse, lead, name):
    slip, right, _, _ = SLIPS[name]
    change(patient, by=lead, now=at(0.5), **slip)
    record(patient, total(0), when=at(1), by=nurse)
    assert fresh(patient).next_due_at == at(5)
    change(patient, by=lead, now=at(2), **right)
    report = Report.objects.get()
    assert (fresh(patient).next_due_at, report.due_at, report.due_because["code"]) == (
        at(5),
        at(5),
        "scored_again",
    )
    for hours, values in ((2.5, {"fi_oral": 100.0}), (2.6, {"temperature": 37.0})):
        record(patient, values, when=at(hours), by=nurse)
        assert fresh(patient).next_due_at == at(5), "nor by what is recorded after"
    correct_report(report.pk, by=nurse, now=at(2.7), changes={"diet": "soft"})
    change(patient, by=lead, now=at(2.8), fever_onset_at=at(0))
    assert fresh(patient).next_due_at == at(5)
    record(patient, total(0), when=at(3), by=nurse)
    assert fresh(patient).next_due_at == at(15), "the next set is looked at by itself"


def test_who_is_found_to_be_a_child_is_looked_at_no_later(patient, nurse, lead):
    record(patient, total(0), when=at(0.5), by=nurse, monitoring_interval=60)
    record(patient, {"pulse": 140}, when=at(1), by=nurse)
    assert fresh(patient).next_due_at == at(1.5)
    record(patient, {"pulse": 71}, when=at(1.2), by=nurse, monitoring_interval=1000)
    change(patient, by=lead, now=at(1.3), date_of_birth=CHILD)
    assert fresh(patient).next_due_at == at(1.5)
    change(patient, by=lead, now=at(1.4), date_of_birth=ADULT)
    assert fresh(patient).next_due_at == at(1.5)


def test_what_a_doctor_sets_for_the_patient_counts_from_then(patient, nurse, lead, doctor):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    record(patient, total(0), when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), date_of_birth=ADULT)
    change(patient, by=doctor, now=at(2.1), monitoring_interval=480)
    assert fresh(patient).next_due_at == at(9)
    change(patient, by=lead, now=at(2.2), date_of_birth=CHILD, monitoring_interval=600)
    assert fresh(patient).next_due_at == at(11)


def test_a_pause_hides_no_due_time_that_stood(patient, nurse, lead, doctor):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    record(patient, total(0), when=at(1), by=nurse)
    pause = add_pause(patient.pk, by=doctor, now=at(2), since=at(2), until=at(9), reason="x-ray")
    change(patient, by=lead, now=at(3), date_of_birth=ADULT)
    assert fresh(patient).next_due_at == at(9)
    end_pause(pause.pk, by=doctor, now=at(4))
    assert fresh(patient).next_due_at == at(5)


def test_pathway_none_has_no_due_time_and_coming_back_has_the_scores(patient, nurse, doctor):
    record(patient, total(5), when=at(1), by=nurse)
    change(patient, by=doctor, now=at(1.1), pathway="none")
    assert (fresh(patient).next_due_at, Report.objects.get().due_because["code"]) == (None, "pathway_none")
    change(patient, by=doctor, now=at(1.2), pathway="news2")
    assert fresh(patient).next_due_at == at(2)


def test_another_pathway_that_scores_the_same_decides_anew(patient, nurse, doctor):
    change(patient, by=doctor, now=at(0.1), pathway="dengue")
    record(patient, total(0), when=at(1), by=nurse)
    assert fresh(patient).next_due_at == at(5)
    change(patient, by=doctor, now=at(2), pathway="news2")
    assert fresh(patient).next_due_at == at(13)


# ---------------------------------------------------------------- dengue


@pytest.fixture
def dengue(patient, doctor):
    change(patient, by=doctor, now=at(0.1), pathway="dengue")
    return patient


def test_what_the_rules_find_by_age_follows_a_birth_that_is_put_right(dengue, nurse, lead):
    change(dengue, by=lead, now=at(0.5), date_of_birth=date(2009, 1, 1))
    record(dengue, {**NORMAL, "bp_sys": 88, "bp_dia": 55}, when=at(1), by=nurse)
    assert [causes(one) for one in deteriorations(dengue)] == [{"shock_sign:bp_sys"}]
    assert fresh(dengue).next_due_at == at(1.25)
    change(dengue, by=lead, now=at(1.1), date_of_birth=date(2016, 1, 1))
    (ended,) = deteriorations(dengue)
    assert (ended.status, ended.resolved_because) == ("resolved", "date of birth corrected")
    assert Report.objects.get().version == 1, "a child before and after"
    assert fresh(dengue).next_due_at == at(1.25), "never back"
    change(dengue, by=lead, now=at(1.2), date_of_birth=ADULT)
    assert Report.objects.get().news2["score"] == 3
    opened = {cause for one in deteriorations(dengue) if one.status == "open" for cause in causes(one)}
    assert opened == {"shock_sign:bp_sys", "shock_sign:map", "risk_band", "single_three:bp_sys"}


def test_a_fever_course_is_told_once_whatever_is_scored_again(dengue, nurse, lead):
    record(dengue, {**NORMAL, "temperature": 38.6}, when=at(1), by=nurse)
    record(dengue, NORMAL, when=at(2), by=nurse)
    assert len(deteriorations(dengue)) == 1
    change(dengue, by=lead, now=at(3), date_of_birth=CHILD)
    change(dengue, by=lead, now=at(4), date_of_birth=ADULT)
    (fever,) = deteriorations(dengue)
    assert (fever.status, causes(fever)) == ("open", {"defervescence_provisional:temperature"})


# ---------------------------------------------------------------- the stay


def test_who_is_discharged_is_left_alone_until_the_discharge_is_taken_back(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    report = record(patient, DYING, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    change(patient, by=lead, now=at(3), date_of_birth=ADULT)
    assert (fresh(report).version, deteriorations(patient)) == (1, [])
    change(patient, by=lead, now=at(4), dismissal_date=None)
    assert (fresh(report).version, fresh(report).news2["score"], len(deteriorations(patient))) == (2, 19, 1)
    assert board(patient)["last_report"]["news2"]["not_scored_because"] is None


def test_a_discharge_with_the_correction_scores_nothing_again(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    report = record(patient, DYING, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2), date_of_birth=ADULT)
    assert (fresh(report).version, deteriorations(patient)) == (1, [])


def test_a_readmission_with_the_correction_leaves_the_earlier_stay_alone(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    report = record(patient, DYING, when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), dismissal_date=at(2))
    change(patient, by=lead, now=at(9), dismissal_date=None, admission_date=at(9), date_of_birth=ADULT)
    assert (fresh(report).version, deteriorations(patient)) == (1, [])
    assert fresh(patient).next_due_at == at(9.25)


# ---------------------------------------------------------------- what is corrected afterwards


def test_a_correction_of_a_set_scored_again_keeps_by_what_it_was_judged(patient, nurse, lead):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    report = record(patient, total(5), when=at(1), by=nurse)
    change(patient, by=lead, now=at(2), date_of_birth=ADULT)
    with pytest.raises(Stale):
        correct_report(report.pk, by=nurse, now=at(3), changes={"pulse": 131}, expected_version=1)
    correct_report(report.pk, by=nurse, now=at(3), changes={"pulse": 131}, expected_version=2)
    assert (fresh(report).news2["score"], fresh(report).version) == (6, 3)
    newest = newest_version_of(report)
    amend_version(newest.pk, by=lead, now=at(4), changes={"temperature": 37.0}, reason="slip")
    assert (fresh(report).news2["score"], fresh(report).version) == (5, 4)
    check_versions_agree(patient)


@pytest.mark.parametrize("undo", ["retire", "delete", "make incomplete", "move back"])
def test_what_becomes_the_newest_complete_set_is_not_judged_by_the_mistake(patient, nurse, lead, undo):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    older = record(patient, DYING, when=at(1), by=nurse)
    newest = record(patient, total(0), when=at(2), by=nurse)
    change(patient, by=lead, now=at(3), date_of_birth=ADULT)
    assert scores(patient) == [(None, "under_16", 1), (0, None, 2)]
    if undo == "retire":
        retire_version(newest_version_of(newest).pk, by=lead, now=at(4), reason="no need")
        assert (fresh(newest).news2["score"], fresh(newest).version) == (0, 4), "3, then scored again"
        check_versions_agree(patient)
        return
    if undo == "delete":
        delete_report(newest.pk, by=lead, now=at(4))
    elif undo == "make incomplete":
        correct_report(newest.pk, by=nurse, now=at(4), changes={"pulse": None})
    else:
        correct_report(newest.pk, by=nurse, now=at(4), changes={"datetime": at(0.9)})
    assert (fresh(older).news2["score"], fresh(older).version) == (19, 2)
    (raised,) = deteriorations(patient)
    assert (raised.report_id, raised.severity, raised.status) == (older.pk, "high", "open")
    assert (board(patient)["last_scored"]["score"], fresh(patient).next_due_at) == (19, at(1.25))
    check_versions_agree(patient)


def test_nothing_is_left_behind_where_the_last_step_fails(patient, nurse, lead, monkeypatch):
    change(patient, by=lead, now=at(0.5), date_of_birth=CHILD)
    report = record(patient, DYING, when=at(1), by=nurse)
    number = last_number()

    def fail(*args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("patients.events._write", fail)
    with pytest.raises(RuntimeError, match="disk"):
        change(patient, by=lead, now=at(2), date_of_birth=ADULT)
    monkeypatch.undo()
    assert (fresh(report).version, fresh(report).news2["score"], fresh(patient).version) == (1, None, 2)
    assert (deteriorations(patient), last_number(), Report.history.count()) == ([], number, 1)


def test_the_set_of_another_patient_is_left_alone(patient, nurse, lead):
    other = admit_patient(
        by=lead, now=at(0), first_name="Eve", last_name="King", admission_date=at(0), date_of_birth=CHILD
    )
    theirs = record(other, DYING, when=at(1), by=nurse)
    change_patient(patient.pk, by=lead, now=at(2), changes={"date_of_birth": ADULT})
    assert fresh(theirs).version == 1
    assert Patient.objects.get(pk=other.pk).current_risk is None
