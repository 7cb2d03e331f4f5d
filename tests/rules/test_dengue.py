"""Dengue, each rule at its edges: fever and its end, haematocrit, shock, warning signs, interval."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.dengue import (
    COURSE_FIELDS,
    WARNING_SIGNS,
    Course,
    DenguePathway,
    dengue_interval,
    is_critical,
)
from tests.rules.builders import ADMISSION, NORMAL, at, make_patient, make_report
from tests.rules.dengue import MINUTE, brought, follow, readings, shown

PROVISIONAL, CONFIRMED = "defervescence_provisional:temperature", "defervescence_confirmed:temperature"


# ---------------------------------------------------------------- fever and its end


@pytest.mark.parametrize(
    "fever,after,starts",
    [
        (38.0, 37.5, True), (38.0, 37.4, True), (38.0, 37.6, False), (37.9, 37.5, False), (39.5, 37.9, False),
        (39.5, 36.0, True),
    ],
)  # fmt: skip
def test_the_first_temperature_of_37_5_or_less_after_one_of_38_is_the_provisional_end(fever, after, starts):
    found = brought(*readings((0, fever), (4, after)))
    assert (PROVISIONAL in found) is starts
    if starts:
        assert found[PROVISIONAL].severity == "medium"
        assert found[PROVISIONAL].values["critical_phase_since"] == "2024-03-01T12:00:00Z"
        assert found[PROVISIONAL].values["critical_phase_until"] == "2024-03-03T12:00:00Z"
        assert "critical phase" in found[PROVISIONAL].message


@pytest.mark.parametrize("noted", [{"status": "febrile"}, {"day_of_fever": 1}, {"day_of_fever": 4}])
def test_a_report_that_says_so_is_a_fever_too(noted):
    says_so = make_report(noted, when=at(0), id=1)
    assert PROVISIONAL in brought(says_so, *[make_report({"temperature": 37.2}, when=at(1), id=2)])


@pytest.mark.parametrize("noted", [{"status": "critical"}, {"status": ""}, {"day_of_fever": 0}, {}])
def test_without_a_fever_there_is_no_end_of_one(noted):
    says_nothing = make_report({**noted, "temperature": 37.8}, when=at(0), id=1)
    assert brought(says_nothing, make_report({"temperature": 37.2}, when=at(1), id=2)) == {}


def test_the_report_that_notes_the_fever_does_not_end_it():
    noted = make_report({"status": "febrile", "temperature": 37.2}, when=at(0), id=1)
    assert brought(noted) == {}
    assert PROVISIONAL in brought(noted, make_report({"temperature": 37.2}, when=at(1), id=2))


def test_a_typed_onset_of_fever_counts_from_then():
    cool = readings((1, 37.2))
    assert PROVISIONAL in brought(*cool, fever_onset_at=ADMISSION - timedelta(days=3))
    assert brought(*cool, fever_onset_at=at(2)) == {}


def test_a_temperature_taken_at_the_admission_itself_is_later_than_a_fever_that_began_before():
    assert PROVISIONAL in brought(*readings((0, 37.2)), fever_onset_at=ADMISSION - timedelta(days=3))


def test_of_an_onset_typed_and_a_fever_noted_the_earlier_counts():
    noted = make_report({"status": "febrile"}, when=at(2), id=90)
    assert PROVISIONAL in brought(noted, *readings((3, 37.2)), fever_onset_at=at(5))


def test_a_fever_counts_from_the_first_report_that_notes_it():
    noted = [make_report({"status": "febrile"}, when=at(hours), id=90 + hours) for hours in (0, 20)]
    assert PROVISIONAL in brought(*noted, *readings((10, 37.8), (24, 37.8)))


@pytest.mark.parametrize("hours,starts", [(24 - MINUTE, False), (24, True), (30, True)])
def test_two_temperatures_below_38_over_24_hours_are_an_end_too(hours, starts):
    found = brought(*readings((0, 38.5), (10, 37.9), (hours, 37.8)))
    assert (PROVISIONAL in found) is starts


def test_one_temperature_below_38_after_24_hours_is_not():
    assert brought(*readings((0, 38.5), (30, 37.8))) == {}


def test_the_24_hours_of_a_typed_onset_begin_at_the_admission():
    """Of the days before nobody knows the temperatures."""
    onset = ADMISSION - timedelta(days=4)
    assert brought(*readings((1, 37.8), (2, 37.8)), fever_onset_at=onset) == {}
    assert PROVISIONAL in brought(*readings((1, 37.8), (24, 37.8)), fever_onset_at=onset)


@pytest.mark.parametrize("hours,confirms", [(6 - MINUTE, False), (6, True), (20, True)])
def test_a_second_temperature_of_37_5_six_hours_later_confirms(hours, confirms):
    found = brought(*readings((0, 39.0), (2, 37.5), (2 + hours, 37.5)))
    assert (CONFIRMED in found) is confirms
    assert not confirms or found[CONFIRMED].severity == "medium"
    assert PROVISIONAL not in found, "told when it began"


def test_a_temperature_above_37_5_does_not_confirm():
    assert brought(*readings((0, 39.0), (2, 37.5), (9, 37.6))) == {}
    assert CONFIRMED in brought(*readings((0, 39.0), (2, 37.5), (9, 37.6), (10, 37.5)))


def test_each_end_is_told_by_its_own_reading_only():
    reports = readings((0, 39.0), (2, 37.0), (4, 37.0), (8, 37.0), (9, 37.0))
    told = [set(brought(*reports[:count])) for count in range(1, 6)]
    assert told == [set(), {PROVISIONAL}, set(), {CONFIRMED}, set()]
    assert set(shown(*reports)) == {PROVISIONAL, CONFIRMED}


def test_a_new_fever_ends_the_episode_and_the_next_end_begins_another():
    reports = readings((0, 39.0), (2, 37.0), (8, 37.0), (20, 38.0), (30, 37.2))
    assert shown(*reports[:4]) == {}
    course = follow(*reports)
    assert (course.defervescence_at, course.confirmed_at) == (at(30), None)
    assert PROVISIONAL in brought(*reports)


def test_the_critical_phase_lasts_48_hours_from_the_provisional_reading():
    course = follow(*readings((0, 39.0), (2, 37.0), (9, 37.0)))
    within = [is_critical(course, at=at(hours)) for hours in (2 - MINUTE, 2, 49.9, 50)]
    assert within == [False, True, True, False]
    assert not is_critical(follow(*readings((0, 39.0), (2, 37.0), (9, 38.0))), at=at(9))


# ---------------------------------------------------------------- haematocrit and platelets

CONCENTRATED = "haemoconcentration:hematocrit"


@pytest.mark.parametrize(
    "baseline,value,rises",
    [(40.0, 48.0, True), (40.0, 47.9, False), (33.0, 39.6, True), (41.0, 49.1, False), (41.0, 49.2, True)],
)
def test_a_haematocrit_20_percent_above_the_typed_baseline_is_found(baseline, value, rises):
    found = brought(*readings((0, value), field="hematocrit"), hematocrit_baseline=baseline)
    assert (CONCENTRATED in found) is rises
    if rises:
        assert (found[CONCENTRATED].severity, found[CONCENTRATED].level) == ("medium", 1)
        assert found[CONCENTRATED].values["baseline_from"] == "typed"


def test_a_typed_baseline_wins_over_the_one_while_febrile():
    fever = make_report({"temperature": 39.0, "hematocrit": 36.0}, when=at(0), id=1)
    later = make_report({"hematocrit": 48.0}, when=at(4), id=2)
    found = brought(fever, later, hematocrit_baseline=40.0)[CONCENTRATED]
    assert (found.values["baseline"], found.values["baseline_from"]) == (40.0, "typed")


def test_a_haematocrit_from_before_the_fever_is_none_while_febrile():
    values = readings((2, 30.0), (6, 40.0), (8, 47.9), field="hematocrit")
    assert brought(*values, fever_onset_at=at(5)) == {}
    assert CONCENTRATED in brought(*values, fever_onset_at=at(0))


def test_without_a_typed_one_the_earliest_value_while_febrile_is_the_baseline():
    first, febrile = (
        make_report({"hematocrit": 30.0}, when=at(0), id=1),
        make_report({"hematocrit": 40.0, "temperature": 39.0}, when=at(1), id=2),
    )
    later = make_report({"hematocrit": 38.0}, when=at(2), id=3)
    rise = make_report({"hematocrit": 48.0}, when=at(3), id=4)
    found = brought(first, febrile, later, rise)[CONCENTRATED]
    assert (found.values["baseline"], found.values["baseline_from"]) == (40.0, "while febrile")
    assert found.values["rise_percent"] == 20.0


def test_a_value_after_the_fever_is_no_febrile_one():
    reports = [
        make_report({"hematocrit": 36.0}, when=at(0), id=1),
        make_report({"temperature": 39.0}, when=at(1), id=2),
        make_report({"temperature": 37.0, "hematocrit": 40.0}, when=at(2), id=3),
        make_report({"hematocrit": 43.2}, when=at(3), id=4),
    ]
    found = brought(*reports)[CONCENTRATED]
    assert (found.values["baseline"], found.values["baseline_from"]) == (36.0, "first")


def test_a_typed_onset_makes_values_febrile():
    reports = readings((1, 40.0), (9, 48.0), field="hematocrit")
    found = brought(*reports, fever_onset_at=ADMISSION - timedelta(days=1))[CONCENTRATED]
    assert found.values["baseline_from"] == "while febrile"


def test_the_first_value_alone_shows_no_rise():
    assert brought(*readings((0, 70.0), field="hematocrit")) == {}


@pytest.mark.parametrize(
    "before,platelet,severity",
    [
        (200, 100, "high"), (200, 101, "medium"), (100, 99.9, "high"), (100, 100, "medium"),
        (99, 60, "medium"), (99, 49.5, "high"), (None, 50, "medium"),
    ],
)  # fmt: skip
def test_with_platelets_halved_or_newly_below_100_it_is_high(before, platelet, severity):
    reports = [make_report({"hematocrit": 48.0, "platelet": platelet}, when=at(5), id=9)]
    if before is not None:
        reports += readings((1, before), field="platelet")
    found = brought(*reports, hematocrit_baseline=40.0)[CONCENTRATED]
    assert (found.severity, found.level) == (severity, 2 if severity == "high" else 1)


def test_platelets_that_come_after_the_haematocrit_make_it_high():
    reports = [
        make_report({"hematocrit": 48.0}, when=at(1), id=1),
        make_report({"platelet": 150.0}, when=at(2), id=2),
        make_report({"platelet": 90.0}, when=at(3), id=3),
    ]
    assert brought(*reports, hematocrit_baseline=40.0)[CONCENTRATED].severity == "high"
    assert "150 to 90" in brought(*reports, hematocrit_baseline=40.0)[CONCENTRATED].message


def test_platelets_are_held_against_the_value_before_and_not_against_the_first():
    falling = readings((0, 400.0), (1, 250.0), (2, 180.0), field="platelet")
    rise = make_report({"hematocrit": 48.0}, when=at(3), id=9)
    assert brought(*falling, rise, hematocrit_baseline=40.0)[CONCENTRATED].severity == "medium"


def test_a_fall_of_platelets_alone_is_no_haemoconcentration():
    assert brought(*readings((0, 200.0), (4, 40.0), field="platelet"), hematocrit_baseline=40.0) == {}


def test_a_set_that_measures_neither_brings_nothing_of_it():
    reports = [*readings((0, 48.0), field="hematocrit"), make_report(NORMAL, when=at(1), id=9)]
    assert brought(*reports, hematocrit_baseline=40.0) == {}
    assert set(shown(*reports, hematocrit_baseline=40.0)) == {CONCENTRATED}


# ---------------------------------------------------------------- shock


def shock_of(values, *, years=None):
    patient = {} if years is None else {"date_of_birth": date(2024 - years, 1, 1)}
    report = make_report(values, when=at(1))
    found = brought(report, **patient)
    assert {finding.severity for finding in found.values()} <= {"high"}
    return {cause.partition(":")[2] for cause in found}


@pytest.mark.parametrize("dia,found", [(80, True), (79, False), (81, True)])
def test_a_pulse_pressure_of_20_or_less_is_a_sign(dia, found):
    assert ("pulse_pressure" in shock_of({"bp_sys": 100, "bp_dia": dia})) is found


@pytest.mark.parametrize(
    "years,sys,found",
    [
        (None, 89, True), (None, 90, False), (10, 89, True), (10, 90, False), (11, 90, False),
        (40, 89, True), (40, 90, False),
        (9, 87, True), (9, 88, False), (1, 71, True), (1, 72, False), (0, 69, True), (0, 70, False),
    ],
)  # fmt: skip
def test_a_low_systolic_by_age_is_a_sign(years, sys, found):
    assert ("bp_sys" in shock_of({"bp_sys": sys}, years=years)) is found


@pytest.mark.parametrize(
    "years,sys,dia,found",
    [
        (None, 110, 49, True),
        (None, 111, 49, True),
        (None, 110, 50, False),
        (16, 100, 54, True),
        (15, 100, 54, False),
        (10, 100, 54, False),
    ],
)
def test_a_mean_pressure_below_70_is_a_sign_from_age_16(years, sys, dia, found):
    assert ("map" in shock_of({"bp_sys": sys, "bp_dia": dia}, years=years)) is found


@pytest.mark.parametrize(
    "years,sys,dia,signs",
    [
        (11, 98, 54, set()),
        (12, 100, 54, set()),
        (15, 89, 60, {"bp_sys"}),
        (16, 98, 54, {"map"}),
        (11, 100, 82, {"pulse_pressure"}),
    ],
)
def test_which_pressures_of_an_older_child_are_signs(years, sys, dia, signs):
    assert shock_of({"bp_sys": sys, "bp_dia": dia}, years=years) == signs


def test_a_mean_pressure_below_70_says_its_value():
    found = brought(make_report({"bp_sys": 98, "bp_dia": 54}, when=at(1)), date_of_birth=date(2008, 1, 1))
    assert found["shock_sign:map"].values == {"value": 68.7}


# The limits that the CDC prints, year by year.
@pytest.mark.parametrize(
    "years,lowest",
    [
        (0, 70), (1, 72), (2, 74), (3, 76), (4, 78), (5, 80), (6, 82), (8, 86), (10, 90), (11, 90), (12, 90),
        (15, 90), (16, 90),
    ],
)  # fmt: skip
def test_the_lowest_systolic_of_each_year_of_age(years, lowest):
    assert "bp_sys" in shock_of({"bp_sys": lowest - 1}, years=years)
    assert "bp_sys" not in shock_of({"bp_sys": lowest}, years=years)


def test_before_the_first_report_nothing_is_shown():
    assert shown() == {}


@pytest.mark.parametrize("seconds,found", [(2.0, False), (2.1, True), (0.0, False)])
def test_a_refill_of_more_than_2_seconds_is_a_sign(seconds, found):
    assert ("capillary_refill" in shock_of({"capillary_refill": seconds})) is found


def test_pressures_of_0_are_values():
    assert shock_of({"bp_sys": 0, "bp_dia": 0}) == {"pulse_pressure", "bp_sys", "map"}


def test_a_systolic_alone_says_nothing_of_the_pulse_pressure():
    narrow, systolic = make_report({"bp_sys": 100, "bp_dia": 85}, when=at(1), id=1), {"bp_sys": 120}
    assert set(shown(narrow, make_report(systolic, when=at(2), id=2))) == {"shock_sign:pulse_pressure"}
    both = make_report({"bp_sys": 120, "bp_dia": 80}, when=at(2), id=2)
    assert shown(narrow, both) == {}


# ---------------------------------------------------------------- warning signs


def signs(*assessments):
    return readings(*((hours, list(codes)) for hours, codes in enumerate(assessments)), field="warning_signs")


def test_signs_that_are_new_are_told_together_each_as_a_cause():
    found = brought(*signs(["lethargy"], ["abdominal_pain", "lethargy", "mucosal_bleed"]))
    assert set(found) == {"warning_sign:abdominal_pain", "warning_sign:mucosal_bleed"}
    assert {finding.severity for finding in found.values()} == {"medium"}


def test_signs_are_new_against_the_last_report_that_assessed_them():
    first, again = signs(["lethargy"], ["lethargy"])
    not_assessed = make_report({"warning_signs": None, "pulse": 80}, when=at(0.5), id=7)
    assert brought(first, not_assessed, again) == {}
    assert set(brought(*signs(["lethargy"], [], ["lethargy"]))) == {"warning_sign:lethargy"}


def test_signs_last_until_a_report_assesses_them_away():
    lethargic = signs(["lethargy"])
    assert set(shown(*lethargic, make_report(NORMAL, when=at(3), id=9))) == {"warning_sign:lethargy"}
    assert shown(*lethargic, make_report({"warning_signs": []}, when=at(3), id=9)) == {}


@pytest.mark.parametrize("sign", WARNING_SIGNS)
def test_every_sign_has_words(sign):
    (finding,) = brought(*signs([sign])).values()
    assert finding.message.startswith("Warning sign: ")
    assert sign not in finding.message or "_" not in sign


def test_what_a_later_report_does_not_measure_stays_as_it_was():
    """Blood pressure, refill and platelets: a temperature alone says nothing of them."""
    ill = make_report(
        {"bp_sys": 85, "bp_dia": 40, "capillary_refill": 3.0, "hematocrit": 48.0, "platelet": 90.0},
        when=at(2),
        id=2,
    )
    before = make_report({"hematocrit": 40.0, "platelet": 150.0}, when=at(1), id=1)
    cool = make_report({"temperature": 36.8}, when=at(3), id=3)
    assert shown(before, ill, cool) == shown(before, ill)
    assert shown(before, ill)[CONCENTRATED].severity == "high"
    assert {"shock_sign:bp_sys", "shock_sign:map", "shock_sign:capillary_refill"} <= set(shown(before, ill))


# ---------------------------------------------------------------- interval


def interval_of(report, *before, **patient):
    facts = make_patient(pathway="dengue", **patient)
    with_course = make_patient(pathway="dengue", course=follow(*before, report, **patient), **patient)
    assert dengue_interval(report, patient=facts) >= dengue_interval(report, patient=with_course)
    return DenguePathway().interval(report, patient=with_course)


def test_the_interval_is_the_shortest_that_anything_asks_for():
    normal = make_report(NORMAL, when=at(5), id=50)
    assert interval_of(normal) == timedelta(hours=4)
    assert interval_of(normal, *signs(["lethargy"])) == timedelta(hours=1)
    assert interval_of(normal, *readings((0, 39.0), (4, 37.0))) == timedelta(hours=1)
    narrow = make_report({**NORMAL, "bp_dia": 105}, when=at(5), id=50)
    assert interval_of(narrow) == timedelta(minutes=15)
    ill = make_report({**NORMAL, "respiration": 25, "pulse": 135, "o2sat": 94.0}, when=at(5), id=50)
    assert interval_of(ill) == timedelta(minutes=15), "NEWS2 asks for it"


def test_after_the_critical_phase_it_is_4_hours_again():
    cool = readings((0, 39.0), (4, 37.0))
    assert interval_of(make_report(NORMAL, when=at(51.9), id=50), *cool) == timedelta(hours=1)
    assert interval_of(make_report(NORMAL, when=at(52), id=50), *cool) == timedelta(hours=4)


# ---------------------------------------------------------------- the course

A_REPORT = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([36.9, 37.5, 37.6, 37.9, 38.0, 39.4]),
        "status": st.sampled_from(["", "febrile", "recovery"]),
        "day_of_fever": st.sampled_from([None, 0, 3]),
        "hematocrit": st.sampled_from([35.0, 40.0, 48.0]),
        "platelet": st.sampled_from([210.0, 105.0, 90.0]),
        "bp_sys": st.sampled_from([85, 110]),
        "bp_dia": st.sampled_from([60, 75]),
        "capillary_refill": st.sampled_from([1.0, 3.0]),
        "warning_signs": st.sampled_from([None, [], ["lethargy"], ["lethargy", "mucosal_bleed"]]),
        "weight": st.sampled_from([20.0, 60.0]),
        "fo_urine": st.sampled_from([0.0, 90.0, 500.0]),
    },
)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 3.0, 6.0, 14.0]), A_REPORT), max_size=12))
def test_a_course_that_was_stored_and_read_at_every_step_is_the_same(steps):
    patient, hours, kept, plain = make_patient(pathway="dengue"), 0.0, Course(), Course()
    for number, (later, values) in enumerate(steps, start=1):
        hours += later
        report = make_report(values, when=at(hours), id=number)
        plain = plain.with_report(report, patient=patient)
        kept = kept.with_report(report, patient=patient)
        kept = Course.from_dict(json.loads(json.dumps(kept.as_dict())))
        assert kept == plain


@pytest.mark.parametrize(
    "hours,id,is_newer",
    [(1, 6, True), (1, 5, False), (1, 4, False), (1, None, True), (2, 4, True), (0.9, 6, False)],
)
def test_of_two_reports_of_one_moment_the_later_id_is_the_newer_one_not_saved_yet_the_newest(
    hours, id, is_newer
):
    course = follow(make_report({"temperature": 37.0}, when=at(1), id=5))
    assert course.is_before(make_report({"temperature": 37.0}, when=at(hours), id=id)) is is_newer
    assert Course().is_before(make_report({}, id=id))


def test_the_course_does_not_grow_with_the_stay():
    every_hour = [
        make_report({**NORMAL, "fo_urine": 60.0, "warning_signs": []}, when=at(hours), id=hours + 1)
        for hours in range(500)
    ]
    assert len(json.dumps(follow(*every_hour).as_dict())) < 1500


def test_the_course_is_made_of_fields_that_a_report_has():
    from patients.models import Report

    assert set(COURSE_FIELDS) <= {field.name for field in Report._meta.fields}
