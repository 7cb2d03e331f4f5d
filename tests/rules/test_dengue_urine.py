"""Urine on the dengue pathway, per kg and hour: at its limits, and where it cannot be computed."""

from datetime import date

import pytest

from patients.rules.dengue import urine_rate
from patients.rules.dengue_course import Course
from tests.rules.builders import at, make_report
from tests.rules.dengue import MINUTE, brought, follow, readings, shown

LOW_URINE = "low_urine_output:fo_urine"


def urine(*records, weight=50.0):
    weighed = [make_report({"weight": weight}, when=at(0), id=90)] if weight is not None else []
    return [*weighed, *readings(*records, field="fo_urine")]


@pytest.mark.parametrize(
    "years,amount,found", [(16, 149, True), (16, 150, False), (15, 299, True), (15, 300, False)]
)
def test_urine_below_its_limit_over_six_hours_is_found_by_age(years, amount, found):
    reports = urine((0, 500), (6, amount))
    born = date(2024 - years, 3, 1)
    assert (LOW_URINE in brought(*reports, date_of_birth=born)) is found


@pytest.mark.parametrize(
    "weight,amount,years",
    [(3.2, 9.6, 30), (3.7, 11.1, 30), (58.3, 174.9, 30), (58.1, 174.3, 30), (3.3, 19.8, 3)],
)
def test_urine_of_exactly_the_limit_is_not_below_it_in_decimals_either(weight, amount, years):
    born = date(2024 - years, 1, 1)
    exact = brought(*urine((0, 500), (6, amount), weight=weight), date_of_birth=born)
    assert LOW_URINE not in exact
    below = brought(*urine((0, 500), (6, round(amount - 0.1, 1)), weight=weight), date_of_birth=born)
    assert LOW_URINE in below


def test_urine_just_below_its_limit_does_not_read_as_the_limit():
    found = brought(*urine((0, 500), (6, 149.9)))[LOW_URINE]
    assert found.values["value"] == 0.49
    assert found.message == "Urine 0.49 ml/kg/h over 6 h is below 0.5 ml/kg/h."


def test_the_amounts_between_count_each_from_the_record_before():
    found = brought(*urine((0, 900), (2, 40), (4, 50), (6, 50)))[LOW_URINE]
    assert found.severity == "medium"
    assert (found.values["value"], found.values["hours"], found.values["weight"]) == (0.47, 6.0, 50.0)


def test_only_the_newest_six_hours_or_more_count():
    reports = urine((0, 10), (6, 10), (8, 600), (14, 600))
    rate = urine_rate(follow(*reports))
    assert (rate.rate, rate.hours) == (2, 6)
    assert [record.at for record in follow(*reports).urine] == [at(8), at(14)]


@pytest.mark.parametrize(
    "reports,why",
    [
        (urine((0, 500), (6, 10), weight=None), "weight"),
        (urine((6, 10)), "6 h"),
        (urine((0, 500), (6 - MINUTE, 10)), "6 h"),
        (urine(), "6 h"),
    ],
)
def test_without_weight_or_times_it_cannot_be_computed_and_is_not_0(reports, why):
    course = follow(*reports) if reports else Course()
    rate = urine_rate(course)
    assert (rate.rate, rate.hours) == (None, None)
    assert rate.why_not.startswith("cannot be computed")
    assert why in rate.why_not
    assert LOW_URINE not in shown(*reports)


def test_a_recorded_0_is_no_urine():
    assert brought(*urine((0, 500), (6, 0)))[LOW_URINE].values["value"] == 0.0


def test_a_weight_that_comes_later_tells_what_the_urine_was():
    reports = [*urine((0, 500), (6, 10), weight=None), make_report({"weight": 50.0}, when=at(7), id=99)]
    assert LOW_URINE in brought(*reports)
