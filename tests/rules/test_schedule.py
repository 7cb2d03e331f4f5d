"""The due time: which set decides, which interval counts, and the nights the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.schedule import Due, current_risk, grace_interval, next_due
from tests.rules.builders import at, make_complete, make_patient, make_report, make_total

MINUTES_15 = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")


def due(*sets, patient=None, **more):
    return next_due(patient or make_patient(), sets=sets, **more)


def due_at(*sets, patient=None, **more):
    return due(*sets, patient=patient, **more).at


@pytest.mark.parametrize(
    "interval,grace",
    [(5, 1.25), (15, 3.75), (60, 15), (119, 29.75), (120, 30), (121, 30), (240, 30), (720, 30), (1440, 30)],
)
def test_the_grace_time_is_a_quarter_of_the_interval_and_30_minutes_at_most(interval, grace):
    assert grace_interval(timedelta(minutes=interval)) == timedelta(minutes=grace)


# No set yet


def test_the_first_set_is_due_15_minutes_after_admission():
    assert due() == Due(at(minutes=15), MINUTES_15)


def test_a_patient_entered_after_admission_has_15_minutes_from_then():
    assert due_at(patient=make_patient(created_at=at(3))) == at(3, minutes=15)
    assert due_at(patient=make_patient(created_at=at(-48))) == at(minutes=15)


def test_fluids_or_laboratory_values_alone_do_not_count_as_the_first_set():
    assert due_at(make_report({"fi_oral": 200}, when=at(2))) == at(minutes=15)


def test_the_patients_interval_does_not_delay_the_first_set():
    assert due_at(patient=make_patient(monitoring_interval=480)) == at(minutes=15)


# The newest complete set decides


@pytest.mark.parametrize("total,minutes", [(0, 720), (1, 240), (4, 240), (5, 60), (6, 60), (7, 15), (10, 15)])
def test_the_pathways_interval_counts_where_nobody_set_one(total, minutes):
    interval = timedelta(minutes=minutes)
    assert due(make_total(total, when=at(5))) == Due(at(5) + interval, interval)
    dengue, shorter = make_patient(pathway="dengue"), min(interval, timedelta(hours=4))
    assert due(make_total(total, when=at(5)), patient=dengue) == Due(at(5) + shorter, shorter)


def test_a_single_3_is_due_after_an_hour():
    assert due_at(make_complete(when=at(5), consciousness="C")) == at(6)


def test_own_interval_comes_before_plan_before_patients_before_pathways():
    patient = make_patient(monitoring_interval=120)
    own = make_complete(when=at(5), monitoring_interval=30)
    plain = make_complete(when=at(5))

    def planned_interval(after):
        assert after == at(5)
        return timedelta(minutes=90)

    assert due_at(own, patient=patient, planned_interval=planned_interval) == at(5, minutes=30)
    assert due_at(plain, patient=patient, planned_interval=planned_interval) == at(5, minutes=90)
    assert due_at(plain, patient=patient, planned_interval=lambda after: None) == at(5, minutes=120)
    assert due_at(plain, patient=patient) == at(5, minutes=120)
    assert due_at(plain) == at(17)


def test_an_interval_longer_than_the_pathways_counts_too():
    high = make_total(7, when=at(5))
    assert due_at(high, patient=make_patient(monitoring_interval=240)) == at(9)


def test_only_the_newest_complete_set_counts_in_whatever_order_they_come():
    sets = [make_total(2, when=at(1), id=1), make_total(1, when=at(2), id=2), make_total(0, when=at(3), id=3)]
    for order in permutations(sets):
        assert due_at(*order) == at(15)


def test_of_two_sets_of_one_moment_the_later_id_decides():
    zero, two = make_total(0, when=at(2), id=8), make_total(2, when=at(2), id=7)
    assert due_at(zero, two) == due_at(two, zero) == at(14)


def test_a_late_report_does_not_move_the_due_time():
    newest = make_total(0, when=at(6), id=1)
    late = make_total(10, when=at(5), id=2, monitoring_interval=5)
    late_incomplete = make_report({"pulse": 140}, when=at(5.5), id=3)
    assert due(newest, late, late_incomplete) == due(newest)


def test_a_newer_report_without_vital_signs_does_not_move_the_due_time():
    newest = make_total(4, when=at(6), id=1)
    fluids = make_report({"fo_urine": 300}, when=at(7), id=2, monitoring_interval=5)
    assert due(newest, fluids) == due(newest)


# Incomplete sets bring it forward, never back


def test_an_incomplete_set_with_a_grave_lower_bound_brings_the_due_time_forward():
    complete = make_total(0, when=at(0), id=1)
    incomplete = make_report({"pulse": 140}, when=at(2), id=2)  # a single 3: every hour
    assert due(complete, incomplete) == Due(at(3), timedelta(hours=1))


def test_an_incomplete_set_never_moves_the_due_time_back():
    complete = make_total(5, when=at(0), id=1)  # due at 1 h
    recheck = make_report({"temperature": 37.0}, when=at(0, minutes=50), id=2)
    assert due(complete, recheck) == Due(at(1), timedelta(hours=1))
    with_long_interval = make_report({"pulse": 70}, when=at(0, minutes=55), id=3, monitoring_interval=600)
    assert due_at(complete, recheck, with_long_interval) == at(1)


def test_an_incomplete_set_taken_after_the_due_time_leaves_it_in_the_past():
    complete = make_total(5, when=at(0), id=1)
    assert due_at(complete, make_report({"temperature": 37.0}, when=at(2), id=2)) == at(1)


def test_the_own_interval_of_an_incomplete_set_counts_before_its_lower_bound():
    complete = make_total(0, when=at(0), id=1)
    soon = make_report({"pulse": 70}, when=at(1), id=2, monitoring_interval=30)
    assert due_at(complete, soon) == at(1, minutes=30)
    grave_but_planned = make_report({"pulse": 140}, when=at(1), id=3, monitoring_interval=300)
    assert due_at(complete, grave_but_planned) == at(6)


def test_the_patients_interval_does_not_hold_back_what_a_lower_bound_asks_for():
    patient = make_patient(monitoring_interval=480)
    complete = make_total(0, when=at(0), id=1)
    incomplete = make_report({"pulse": 140, "respiration": 30, "bp_sys": 105}, when=at(2), id=2)
    assert due_at(complete, incomplete, patient=patient) == at(2, minutes=15)


def test_of_several_incomplete_sets_the_earliest_time_stays():
    complete = make_total(0, when=at(0), id=1)
    grave = make_report({"pulse": 140}, when=at(2), id=2)  # due at 3 h
    mild = make_report({"pulse": 70}, when=at(2, minutes=30), id=3)
    for order in permutations([complete, grave, mild]):
        assert due_at(*order) == at(3)


def test_incomplete_sets_alone_never_move_the_first_due_time_back():
    assert due_at(make_report({"pulse": 70}, when=at(2), id=1)) == at(minutes=15)
    early = make_report({"pulse": 70}, when=at(minutes=1), id=1, monitoring_interval=5)
    assert due(early) == Due(at(minutes=6), timedelta(minutes=5))


def test_a_complete_set_settles_what_incomplete_ones_before_it_brought_forward():
    grave = make_report({"pulse": 140}, when=at(1), id=1)
    complete = make_total(0, when=at(2), id=2)
    assert due_at(grave, complete) == at(14)


# Not scored, pathway none, discharged, paused


@pytest.mark.parametrize(
    "reason,facts", [("under_16", {"date_of_birth": date(2015, 1, 1)}), ("pregnant", {"pregnant": True})]
)
@pytest.mark.parametrize("values", [{"pulse": 140}, {"pain_score": 2}])
def test_any_set_of_a_patient_who_is_not_scored_decides_with_four_hours(reason, facts, values):
    patient = make_patient(**facts)
    first = make_complete(when=at(1), id=1, not_scored_because=reason)
    partial = make_report(values, when=at(3), id=2, not_scored_because=reason)
    assert due(first, partial, patient=patient) == Due(at(7), timedelta(hours=4))
    own = make_report(values, when=at(4), id=3, not_scored_because=reason, monitoring_interval=60)
    assert due_at(first, partial, own, patient=patient) == at(5)


def test_a_patient_no_longer_scored_is_due_by_the_newest_set_complete_or_not():
    complete = make_total(0, when=at(0), id=1)
    incomplete = make_report({"pulse": 70}, when=at(3), id=2)
    patient = make_patient(pregnant=True, monitoring_interval=600)
    assert due_at(complete, incomplete, patient=patient) == at(13)
    assert due_at(complete, incomplete, patient=make_patient(monitoring_interval=600)) == at(10)


def test_pathway_none_has_a_due_time_only_where_somebody_set_an_interval():
    report = make_complete(when=at(1), not_scored_because="pathway_none")
    own = make_complete(when=at(1), not_scored_because="pathway_none", monitoring_interval=60)
    without, with_interval = (
        make_patient(pathway="none"),
        make_patient(pathway="none", monitoring_interval=90),
    )
    never = Due(None, None)
    assert due(patient=without) == never
    assert due(report, patient=without) == never
    assert due(make_total(7, when=at(1)), patient=without) == never
    assert due_at(own, patient=without) == at(2)
    assert due_at(report, patient=with_interval) == at(2, minutes=30)
    assert due_at(patient=with_interval) == at(minutes=15)
    assert due_at(patient=without, planned_interval=lambda after: timedelta(hours=1)) == at(minutes=15)
    assert due_at(patient=without, planned_interval=lambda after: None) is None


def test_after_a_return_to_news2_the_newest_unscored_set_asks_for_four_hours():
    report = make_report({"pulse": 70}, when=at(1), not_scored_because="pathway_none")
    assert due_at(report, patient=make_patient()) == at(5)


def test_a_discharged_patient_is_never_due():
    patient = make_patient(dismissal_date=at(10), monitoring_interval=60)
    assert due(make_total(7, when=at(9)), patient=patient) == Due(None, None)
    assert due(patient=patient) == Due(None, None)


def test_a_pause_moves_the_due_time_to_its_end_but_never_forward():
    complete = make_total(5, when=at(1))
    assert due(complete, paused_until=at(3)) == Due(at(3), timedelta(hours=1))
    assert due_at(complete, paused_until=at(1, minutes=30)) == at(2)
    assert due_at(patient=make_patient(pathway="none"), paused_until=at(3)) is None


# A set that was tried and refused as a whole

REFUSED = {"not_measured": {"pulse": "refused", "respiration": "unable"}}


@pytest.mark.parametrize("reason", ["refused", "unable", "asleep", "off_ward", "equipment"])
def test_whatever_kept_a_set_from_being_taken_it_is_tried_again_soon(reason):
    ill = make_total(5, when=at(1), id=1)
    tried = make_report({"not_measured": {"pulse": reason}}, when=at(1, minutes=30), id=2)
    relaxed = make_patient(monitoring_interval=480)
    assert due_at(ill, patient=relaxed) == at(9)
    assert due_at(ill, tried, patient=relaxed) == at(2, minutes=30)


def test_after_a_refusal_the_next_try_is_due_at_the_risks_interval_at_the_latest():
    ill, refused = make_total(5, when=at(1), id=1), make_report(REFUSED, when=at(1, minutes=30), id=2)
    relaxed = make_patient(monitoring_interval=480)
    assert due_at(ill, patient=relaxed) == at(9)
    assert due_at(ill, refused, patient=relaxed) == at(2, minutes=30)


def test_a_refusal_never_moves_the_due_time_back():
    ill, refused = make_total(5, when=at(1), id=1), make_report(REFUSED, when=at(3), id=2)
    assert due_at(ill, refused) == at(2)
    assert due_at(make_report(REFUSED, when=at(minutes=5), id=1)) == at(minutes=15)


def test_a_newer_lower_bound_counts_for_the_risk_after_a_refusal():
    well, grave = (
        make_total(0, when=at(1), id=1),
        make_report({"pulse": 140, "respiration": 26}, when=at(2), id=2),
    )
    refused = make_report(REFUSED, when=at(2, minutes=10), id=3)
    assert due_at(well, grave, refused) == at(3)
    slow = make_report({"pulse": 140, "respiration": 26}, when=at(2), id=2, monitoring_interval=600)
    assert due_at(well, slow, refused) == at(3, minutes=10)


def test_a_set_after_the_refusal_does_not_tell_what_was_due_after_it():
    well, refused = make_total(0, when=at(1), id=1), make_report(REFUSED, when=at(2), id=2)
    grave = make_report({"pulse": 140, "respiration": 26, "bp_sys": 95}, when=at(3), id=3)
    assert due_at(well, refused, grave) == at(3, minutes=15)


def test_a_refusal_says_nothing_of_the_risk_after_the_next_one():
    well = make_total(0, when=at(1), id=1)
    assert due_at(well, *(make_report(REFUSED, when=at(hours), id=hours) for hours in (2, 3))) == at(13)


def test_a_refusals_own_interval_brings_the_time_forward():
    ill = make_total(0, when=at(1), id=1)
    refused = make_report(REFUSED, when=at(2), id=2, monitoring_interval=30)
    assert due_at(ill, refused) == at(2, minutes=30)


def test_a_refusal_of_a_patient_who_is_not_scored_does_not_settle_the_due_time():
    patient = make_patient(pregnant=True)
    taken = make_complete(when=at(1), id=1, not_scored_because="pregnant", monitoring_interval=30)
    refused = make_report(REFUSED, when=at(1, minutes=10), id=2, not_scored_because="pregnant")
    assert due_at(taken, refused, patient=patient) == at(1, minutes=30)
    without = make_patient(pathway="none")
    assert (
        due_at(make_report(REFUSED, when=at(1), not_scored_because="pathway_none"), patient=without) is None
    )
    asked = make_report(REFUSED, when=at(1), not_scored_because="pathway_none", monitoring_interval=30)
    assert due_at(asked, patient=without) == at(1, minutes=30)


@pytest.mark.parametrize(
    "values",
    [
        {"not_measured": {"pulse": "not_appropriate"}},
        {"not_measured": {"weight": "refused"}},
        {"not_measured": {}},
        {"not_measured": None},
    ],
)
def test_what_is_no_refusal_of_a_set_changes_nothing(values):
    ill, other = make_total(5, when=at(1), id=1), make_report(values, when=at(1, minutes=30), id=2)
    assert due_at(ill, other, patient=make_patient(monitoring_interval=480)) == at(9)


# Clock changes: Berlin went from 2:00 to 3:00 on 2024-03-31 and from 3:00 to 2:00 on 2024-10-27


@pytest.mark.parametrize(
    "taken,expected",
    [
        ((2024, 3, 31, 0, 30), (2024, 3, 31, 5, 30)),
        ((2024, 10, 27, 0, 30), (2024, 10, 27, 3, 30)),
    ],
)
def test_four_hours_are_four_real_hours_across_a_clock_change(taken, expected):
    local = datetime(*taken, tzinfo=BERLIN)
    result = due_at(make_total(4, when=local), patient=make_patient(admission_date=local, created_at=local))
    assert result == datetime(*expected, tzinfo=BERLIN).astimezone(UTC)
    assert result.timestamp() - local.timestamp() == 4 * 3600


def test_in_the_hour_that_comes_twice_the_later_set_decides():
    first = make_total(0, when=datetime(2024, 10, 27, 2, 40, fold=0, tzinfo=BERLIN), id=1)
    second = make_total(7, when=datetime(2024, 10, 27, 2, 20, fold=1, tzinfo=BERLIN), id=2)
    assert due_at(first, second) == datetime(2024, 10, 27, 1, 35, tzinfo=UTC)


def test_the_first_due_time_compares_instants_not_clocks():
    patient = make_patient(
        admission_date=datetime(2024, 10, 27, 2, 50, fold=0, tzinfo=BERLIN),
        created_at=datetime(2024, 10, 27, 2, 10, fold=1, tzinfo=BERLIN),
    )
    assert due_at(patient=patient) == datetime(2024, 10, 27, 1, 25, tzinfo=UTC)


# The risk a patient is shown with


def test_the_current_risk_is_the_newest_complete_sets():
    assert current_risk([]) is None
    assert current_risk([make_total(5, when=at(2), id=2), make_total(9, when=at(1), id=1)]) == "medium"


def test_an_incomplete_set_never_makes_a_patient_look_better():
    high = make_total(7, when=at(1), id=1)
    recheck = make_report({"temperature": 37.0}, when=at(2), id=2)
    assert current_risk([recheck, high]) == "high"


def test_a_newer_lower_bound_makes_the_risk_worse_but_an_older_one_does_not():
    low = make_total(0, when=at(2), id=2)
    grave = {"pulse": 140, "respiration": 22}
    assert current_risk([low, make_report(grave, when=at(3), id=3)]) == "medium"
    assert current_risk([low, make_report(grave, when=at(1), id=1)]) == "low"


def test_before_the_first_complete_set_the_worst_lower_bound_counts():
    sets = [make_report({"pulse": 140}, when=at(1), id=1), make_report({"pulse": 70}, when=at(2), id=2)]
    assert current_risk(sets) == "low-medium"


def test_reports_that_are_no_sets_say_nothing_of_the_risk():
    assert current_risk([make_report({"wbc": 15.0}, when=at(2))]) is None


def test_a_newest_complete_set_that_was_not_scored_has_no_risk():
    high = make_total(7, when=at(1), id=1)
    unscored = make_complete(when=at(2), id=2, not_scored_because="pregnant")
    assert current_risk([high, unscored]) is None


# What holds of any course of sets

COURSE = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.sampled_from([{"pulse": 70}, {"pulse": 140}, {"pulse": 140, "respiration": 30, "bp_sys": 80}]),
        st.none() | st.integers(5, 1440),
    ),
    max_size=6,
)


@given(COURSE, st.none() | st.integers(0, 10))
def test_any_incomplete_sets_only_bring_the_due_time_forward(course, total):
    base = [] if total is None else [make_total(total, when=at(-1), id=1000)]
    sets = [
        make_report(values, when=at(minutes=minutes), id=number, monitoring_interval=interval)
        for number, (minutes, values, interval) in enumerate(course, start=1)
    ]
    without = due(*base)
    times = [due(*base, *sets[:count]).at for count in range(len(sets) + 1)]
    assert times == sorted(times, reverse=True)
    assert times[0] == without.at
    assert due(*reversed(sets), *base) == due(*base, *sets)
