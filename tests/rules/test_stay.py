"""The facts that rules look at: instants in UTC, one order of reports."""

from datetime import UTC, datetime
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from patients.rules.stay import newest, newest_scored_before, order_of
from tests.rules.builders import at, make_complete, make_patient, make_report

BERLIN = ZoneInfo("Europe/Berlin")


def test_of_two_reports_of_one_moment_the_later_id_is_the_newer():
    earlier = make_complete(when=at(1), id=9)
    first, second = make_complete(when=at(2), id=3), make_complete(when=at(2), id=4)
    unsaved = make_complete(when=at(2), id=None)
    for reports in permutations([earlier, first, second]):
        assert newest(reports) is second
    assert newest([unsaved, second]) is unsaved
    assert newest([]) is None


def test_two_local_times_of_the_hour_that_comes_twice_keep_their_order():
    first = make_complete(when=datetime(2024, 10, 27, 2, 40, fold=0, tzinfo=BERLIN), id=1)
    second = make_complete(when=datetime(2024, 10, 27, 2, 20, fold=1, tzinfo=BERLIN), id=2)
    assert order_of(first) < order_of(second)
    assert first.datetime == datetime(2024, 10, 27, 0, 40, tzinfo=UTC)
    assert first.datetime.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused():
    naive = datetime(2024, 3, 1, 8, 0)  # noqa: DTZ001
    with pytest.raises(ValueError, match="no time zone"):
        make_complete(when=naive)
    with pytest.raises(ValueError, match="no time zone"):
        make_patient(dismissal_date=naive)


def test_the_complete_set_before_skips_incomplete_unscored_and_later_ones():
    complete = make_complete(when=at(1), id=1)
    incomplete = make_report({"pulse": 80}, when=at(2), id=2)
    unscored = make_complete(when=at(3), id=3, not_scored_because="pregnant")
    report = make_complete(when=at(4), id=4)
    later = make_complete(when=at(5), id=5)
    assert newest_scored_before(report, reports=[later, unscored, report, incomplete, complete]) is complete
    assert newest_scored_before(complete, reports=[complete, report]) is None


def test_a_report_knows_whether_it_is_a_set():
    assert make_report({"pulse": 0}).is_set
    assert not make_report({"fi_oral": 200, "pulse": None}).is_set
