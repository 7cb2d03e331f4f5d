"""A fall that is too good: how long at most after a set, and the reason that every due time has."""

from datetime import UTC, date, datetime, timedelta

import pytest

from patients.rules.due_limit import CODES, Because, Limit, limit_by
from patients.rules.schedule import next_due
from tests.rules.builders import at, make_complete, make_patient, make_report, make_total


def due(*sets, patient=None, **more):
    return next_due(patient or make_patient(), sets=sets, **more)


def totals(*points):
    """Complete sets of these totals, an hour from one to the next."""
    return [make_total(total, when=at(hours), id=hours) for hours, total in enumerate(points, start=1)]


def minutes_after(*points, **more):
    """The interval after the last of these sets, and the code of its reason."""
    found = due(*totals(*points), **more)
    return found.interval.total_seconds() / 60, found.because.code


# ---------------------------------------------------------------- the fall


@pytest.mark.parametrize(
    "points,expected",
    [
        ((2, 0), (720, "pathway")),
        ((3, 0), (240, "fall")),
        ((4, 1), (240, "pathway")),  # the limit is no shorter than what is asked for
        ((4, 2), (240, "pathway")),
        ((5, 5), (60, "pathway")),
        ((5, 4), (60, "fall")),  # the one before was medium
        ((5, 0), (60, "fall")),
        ((6, 3), (60, "fall")),
        ((7, 6), (15, "fall")),  # the one before was high
        ((9, 0), (15, "fall")),
        ((9, 9), (15, "pathway")),
        ((5, 4, 4), (240, "pathway")),  # the second look is as good as the first
        ((5, 0, 0), (720, "pathway")),
    ],
)
def test_after_a_fall_the_interval_of_the_set_before_is_the_longest(points, expected):
    assert minutes_after(*points) == expected


def test_a_single_3_before_asks_for_its_hour_where_the_total_fell_by_3():
    before = make_complete(when=at(1), id=1, consciousness="C")
    found = due(before, make_total(0, when=at(2), id=2))
    assert (found.at, found.because.code) == (at(3), "fall")
    below_3 = make_complete(when=at(2), id=2, pulse=100)
    assert due(before, below_3).because.code == "pathway", "3 to 1, and before it was low-medium"


def test_the_set_before_is_the_newest_complete_one_whatever_lies_between():
    between = [make_report({"temperature": 37.0}, when=at(2 + n / 10), id=20 + n) for n in range(5)]
    found = due(make_total(6, when=at(1), id=1), *between, make_total(0, when=at(3), id=30))
    assert (found.at, found.because.code) == (at(4), "fall")


def test_a_set_that_was_not_scored_is_none_to_fall_from():
    unscored = make_complete(when=at(2), id=2, not_scored_because="pregnant")
    found = due(unscored, make_total(0, when=at(3), id=3))
    assert (found.at, found.because.code) == (at(15), "pathway")


def test_a_patient_who_is_not_scored_has_no_fall():
    patient = make_patient(pregnant=True, monitoring_interval=600)
    unscored = make_complete(when=at(2), id=2, not_scored_because="pregnant")
    assert due(make_total(9, when=at(1), id=1), unscored, patient=patient).at == at(12)


@pytest.mark.parametrize(
    "more,own,expected",
    [
        ({}, 600, (600, "own_interval")),
        ({"planned_interval": lambda after: timedelta(hours=8)}, None, (480, "plan")),
        ({"planned_interval": lambda after: None}, None, (60, "fall")),
        ({"patient": make_patient(monitoring_interval=600)}, None, (60, "fall")),
        ({"patient": make_patient(monitoring_interval=30)}, None, (30, "patient_interval")),
    ],
    ids=[
        "its own",
        "a plan's step",
        "a plan without a step",
        "the patient's, longer",
        "the patient's, shorter",
    ],
)
def test_only_its_own_interval_and_a_plans_step_go_before_the_limit(more, own, expected):
    newest = make_total(0, when=at(2), id=2, monitoring_interval=own)
    found = due(make_total(5, when=at(1), id=1), newest, **more)
    assert (found.interval.total_seconds() / 60, found.because.code) == expected


# ---------------------------------------------------------------- the day after a high one


@pytest.mark.parametrize(
    "hours,expected",
    [
        (1, (240, "after_high")),
        (23, (240, "after_high")),
        (23.99, (240, "after_high")),
        (24, (720, "pathway")),
        (30, (720, "pathway")),
    ],
)
def test_for_24_hours_after_a_set_that_scored_high_four_hours_are_the_longest(hours, expected):
    sets = [
        make_total(7, when=at(0), id=1),
        make_total(0, when=at(0.5), id=2),
        make_total(0, when=at(hours), id=3),
    ]
    found = due(*sets)
    assert (found.interval.total_seconds() / 60, found.because.code) == expected
    kept = due(*sets[1:], patient=make_patient(last_high_at=at(0)))
    assert kept == found, "also where the high set itself is not read any more"


def test_the_newest_high_set_counts_by_when_it_was_taken():
    sets = [
        make_total(8, when=at(10), id=1),
        make_total(7, when=at(2), id=2),
        *(make_total(0, when=at(hours), id=hours) for hours in (20, 30)),
    ]
    assert due(*sets).because.values["high_at"] == "2024-03-01T18:00:00Z"


def test_a_lower_bound_that_is_high_counts_as_high():
    grave = make_report({"pulse": 140, "respiration": 30, "bp_sys": 105}, when=at(1), id=1)
    assert grave.score.lower_bound == 7
    found = due(grave, make_total(0, when=at(2), id=2))
    assert (found.at, found.because.code) == (at(6), "after_high")


def test_a_high_set_itself_is_looked_at_again_after_four_hours_whatever_the_patients_interval():
    found = due(make_total(7, when=at(1), id=1), patient=make_patient(monitoring_interval=720))
    assert (found.at, found.because.code) == (at(5), "after_high")


def test_a_high_set_newer_than_the_complete_one_does_not_limit_it_from_before():
    grave = make_report({"pulse": 140, "respiration": 30, "bp_sys": 105}, when=at(9), id=2)
    assert due(make_total(0, when=at(1), id=1), grave, patient=make_patient(last_high_at=at(9))).at == at(
        9.25
    )


# ---------------------------------------------------------------- what was entered behind it


def test_what_is_entered_behind_a_set_limits_it_not():
    newest = make_total(0, when=at(6), id=5)
    late = make_total(9, when=at(5), id=6)
    assert due(newest, late) == due(newest)
    in_time = make_total(9, when=at(5), id=4)
    assert due(newest, in_time).at == at(6.25)


def test_a_limit_that_was_kept_counts_for_its_set_alone():
    newest = make_total(0, when=at(6), id=5)
    kept = Limit(5, at(7), timedelta(hours=1), Because("fall"))
    assert due(newest, limit=kept).at == at(7)
    assert due(make_total(5, when=at(1), id=1), newest, limit=Limit(5)).at == at(18), (
        "kept: nothing limits it"
    )
    assert due(make_total(0, when=at(6), id=6), limit=kept).at == at(18)


def test_what_stood_before_a_set_was_scored_again_is_the_latest_even_against_its_own_interval():
    newest = make_total(0, when=at(6), id=5, monitoring_interval=720)
    found = due(newest, limit=Limit(5, kept_at=at(10), kept_interval=timedelta(hours=4)))
    assert (found.at, found.interval, found.because.code) == (at(10), timedelta(hours=4), "scored_again")
    assert found.because.values == {"interval": 240, "since": "2024-03-01T14:00:00Z"}


def test_a_limit_is_stored_and_read_back():
    for limit in (
        Limit(None),
        Limit(3),
        limit_by(totals(7), report=make_total(0, when=at(9), id=9), patient=make_patient()),
        Limit(4, kept_at=at(3), kept_interval=timedelta(minutes=15)),
    ):
        assert Limit.from_dict(limit.as_dict()) == limit


# ---------------------------------------------------------------- why

SINCE = {"since": "2024-03-01T10:00:00Z"}
REFUSED = {"not_measured": {"pulse": "refused"}}
CHILD = make_patient(date_of_birth=date(2015, 1, 1))


@pytest.mark.parametrize(
    "sets,patient,more,code,values",
    [
        ([], {}, {}, "first_set", {"interval": 15, "since": "2024-03-01T08:00:00Z"}),
        ([make_total(4, when=at(2))], {}, {}, "pathway",
         {"interval": 240, "pathway": "news2", "score": 4, "risk": "low", **SINCE}),
        ([make_total(0, when=at(2))], {"pathway": "dengue"}, {}, "pathway",
         {"interval": 240, "pathway": "dengue", "score": 0, "risk": "low", **SINCE}),
        ([make_complete(when=at(2), not_scored_because="under_16")], {"date_of_birth": date(2015, 1, 1)}, {},
         "not_scored", {"interval": 240, "pathway": "news2", "not_scored_because": "under_16", **SINCE}),
        ([make_total(4, when=at(2), monitoring_interval=30)], {}, {}, "own_interval", {"interval": 30, **SINCE}),
        ([make_total(4, when=at(2))], {}, {"planned_interval": lambda after: timedelta(minutes=20)}, "plan",
         {"interval": 20, **SINCE}),
        ([make_total(4, when=at(2))], {"monitoring_interval": 45}, {}, "patient_interval", {"interval": 45, **SINCE}),
        ([make_total(6, when=at(1), id=1), make_total(0, when=at(2), id=2)], {}, {}, "fall",
         {"interval": 60, "score": 0, "score_before": 6, "risk_before": "medium", **SINCE}),
        ([make_total(0, when=at(2))], {"last_high_at": at(1)}, {}, "after_high",
         {"interval": 240, "score": 0, "high_at": "2024-03-01T09:00:00Z", **SINCE}),
        ([make_total(0, when=at(1), id=1), make_report({"pulse": 140}, when=at(2), id=2)], {}, {}, "incomplete_set",
         {"interval": 60, "lower_bound": 3, "risk": "low-medium", **SINCE}),
        ([make_total(0, when=at(1), id=1), make_report({"pulse": 140}, when=at(2), id=2, monitoring_interval=5)], {},
         {}, "own_interval", {"interval": 5, **SINCE}),
        ([make_total(0, when=at(0), id=1), make_report({"pulse": 140}, when=at(1.5), id=2),
          make_report(REFUSED, when=at(1.6), id=3)], {}, {}, "incomplete_set",
         {"interval": 60, "lower_bound": 3, "risk": "low-medium", "since": "2024-03-01T09:30:00Z"}),
        ([make_total(4, when=at(1), id=1, monitoring_interval=600), make_report(REFUSED, when=at(2), id=2)], {}, {},
         "refused_set", {"interval": 240, **SINCE}),
        ([make_total(4, when=at(2))], {}, {"paused_until": at(9)}, "paused", {"until": "2024-03-01T17:00:00Z"}),
        ([make_total(4, when=at(2))], {}, {"paused_until": at(3)}, "pathway",
         {"interval": 240, "pathway": "news2", "score": 4, "risk": "low", **SINCE}),
        ([make_complete(when=at(2), not_scored_because="pathway_none")], {"pathway": "none"}, {}, "pathway_none", {}),
        ([], {"pathway": "none"}, {}, "pathway_none", {}),
        ([make_total(4, when=at(2))], {"dismissal_date": at(3)}, {}, "discharged", {}),
    ],
)  # fmt: skip
def test_every_due_time_says_why(sets, patient, more, code, values):
    found = due(*sets, patient=make_patient(**patient), **more)
    assert found.because.as_dict() == {"code": code, "values": values}
    assert code in CODES
    assert (found.at is None) is (code in ("pathway_none", "discharged"))
    if "since" in values:
        since = datetime.fromisoformat(values["since"].replace("Z", "+00:00"))
        assert found.at == since + timedelta(minutes=values["interval"])
        assert since.tzinfo == UTC
