"""Fluid balance (clinical rules, section 5)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from patients.rules.fluids import FluidsRecorded, running_balance, shift_balances, shifts_between

ZURICH = ZoneInfo("Europe/Zurich")
NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


def recorded(taken_at, **values):
    return FluidsRecorded(taken_at, values)


def shift_of(taken_at, zone=UTC):
    return next(shifts_between(taken_at, taken_at + timedelta(seconds=1), zone=zone))


@pytest.mark.parametrize(
    "hour,minute,letter",
    [(5, 59, "N"), (6, 0, "D"), (13, 59, "D"), (14, 0, "E"), (21, 59, "E"), (22, 0, "N"), (0, 0, "N")],
)
def test_a_moment_belongs_to_the_shift_that_began_last(hour, minute, letter):
    taken_at = datetime(2026, 6, 10, hour, minute, tzinfo=UTC)
    shift, start, end = shift_of(taken_at)
    assert shift == letter
    assert start <= taken_at < end


def test_shifts_follow_each_other_without_gap_or_overlap():
    shifts = list(shifts_between(NOON, NOON + timedelta(days=2, seconds=1), zone=ZURICH))
    assert [shift for shift, _, _ in shifts] == ["E", "N", "D", "E", "N", "D", "E"]
    assert all(before[2] == after[1] for before, after in pairwise(shifts))


def test_shifts_lie_in_ward_time():
    shift, start, _ = shift_of(datetime(2026, 6, 10, 4, 30, tzinfo=UTC), zone=ZURICH)
    assert (shift, start) == ("D", datetime(2026, 6, 10, 4, tzinfo=UTC))


@pytest.mark.parametrize("day,hours", [(28, 8), (29, 7)], ids=["before", "the clocks go forward"])
def test_the_night_is_an_hour_shorter_where_the_clocks_go_forward(day, hours):
    _, start, end = shift_of(datetime(2026, 3, day, 0, tzinfo=UTC), zone=ZURICH)
    assert end - start == timedelta(hours=hours)


def test_the_night_is_an_hour_longer_where_the_clocks_go_back():
    shift, start, end = shift_of(datetime(2026, 10, 25, 0, tzinfo=UTC), zone=ZURICH)
    assert (shift, end - start) == ("N", timedelta(hours=9))


def test_an_amount_counts_in_the_shift_that_holds_its_moment():
    six = datetime(2026, 6, 10, 6, tzinfo=UTC)
    records = [
        recorded(six - timedelta(microseconds=1), fi_oral=100.0),
        recorded(six, fi_oral=200.0),
    ]
    night, day = shift_balances(
        records, since=six - timedelta(hours=1), until=six + timedelta(hours=1), zone=UTC
    )
    assert (night.shift, night.intake) == ("N", 100)
    assert (day.shift, day.intake) == ("D", 200)


def test_a_period_with_nothing_recorded_has_no_number():
    (empty,) = shift_balances([], since=NOON, until=NOON + timedelta(hours=1), zone=UTC)
    assert (empty.intake, empty.output, empty.balance) == (None, None, None)
    assert set(empty.amounts.values()) == {None}


def test_a_recorded_zero_is_a_number():
    balance = running_balance([recorded(NOON, fo_urine=0.0)], until=NOON + timedelta(hours=1))
    assert (balance.intake, balance.output, balance.balance) == (None, 0, 0)


def test_the_balance_is_all_intake_less_all_output():
    records = [
        recorded(NOON, fi_oral=200.1, fi_parenteral=500.2, fi_other=None),
        recorded(NOON + timedelta(minutes=1), fo_urine=300.3, fo_drainage=50.0, fi_oral=0.1),
    ]
    balance = running_balance(records, until=NOON + timedelta(hours=1))
    assert (balance.intake, balance.output, balance.balance) == (700.4, 350.3, 350.1)
    assert balance.amounts["fi_oral"] == 200.2
    assert balance.amounts["fi_other"] is None


def test_a_sum_may_be_more_than_one_report_may_hold():
    records = [recorded(NOON + timedelta(minutes=minute), fi_oral=5000.0) for minute in range(3)]
    assert running_balance(records, until=NOON + timedelta(hours=1)).intake == 15_000


def test_the_running_24_hours_end_before_now_and_begin_with_the_same_moment_yesterday():
    records = [
        recorded(NOON - timedelta(hours=24, microseconds=1), fi_oral=1.0),
        recorded(NOON - timedelta(hours=24), fi_oral=10.0),
        recorded(NOON, fi_oral=100.0),
    ]
    assert running_balance(records, until=NOON).intake == 10


def test_the_running_24_hours_are_real_hours_where_the_clocks_change():
    until = datetime(2026, 3, 29, 12, tzinfo=ZURICH)
    balance = running_balance([], until=until)
    assert balance.until - balance.since == timedelta(hours=24)
