"""Fluid balance per shift and over 24 hours (clinical rules, section 5).

An amount counts in the period that holds its report's `datetime`. Periods are half-open and lie in ward time,
so the night in which the clocks change is an hour shorter or longer. Where nothing was recorded there is no
number: None, which the screen shows as "–". A recorded 0 is a number.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from patients.rules.formulas import DAY_STARTS, EVENING_STARTS, NIGHT_STARTS, daytime
from patients.rules.ranges import FLUID_INTAKE_FIELDS, FLUID_OUTPUT_FIELDS, round_half_up
from patients.rules.stay import as_utc

FLUID_FIELDS: Final = (*FLUID_INTAKE_FIELDS, *FLUID_OUTPUT_FIELDS)
RUNNING_PERIOD: Final = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class FluidsRecorded:
    """What one report recorded: field -> ml, None where it recorded nothing. `taken_at` is aware."""

    taken_at: dt.datetime
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Balance:
    """The sums in ml from `since` to before `until` (UTC); None where nothing of the kind was recorded.

    `amounts` are the sums by field. `balance` is intake − output, where a side of which nothing was recorded
    counts nothing; None where neither was. `shift` is "D", "E" or "N", None for the running 24 hours.
    """

    shift: str | None
    since: dt.datetime
    until: dt.datetime
    amounts: Mapping[str, float | None]
    intake: float | None
    output: float | None
    balance: float | None


def shift_balances(
    records: Iterable[FluidsRecorded], *, since: dt.datetime, until: dt.datetime, zone: dt.tzinfo
) -> list[Balance]:
    """The balance of every shift that overlaps `since` to `until`, each shift whole, the oldest first."""
    records = list(records)
    return [
        _sum_up(records, shift=shift, since=start, until=end)
        for shift, start, end in shifts_between(since, until, zone=zone)
    ]


def running_balance(records: Iterable[FluidsRecorded], *, until: dt.datetime) -> Balance:
    """The balance of the 24 hours before `until`: real hours, whatever the clock on the wall did."""
    until = as_utc(until)
    return _sum_up(list(records), shift=None, since=until - RUNNING_PERIOD, until=until)


def shifts_between(
    since: dt.datetime, until: dt.datetime, *, zone: dt.tzinfo
) -> Iterator[tuple[str, dt.datetime, dt.datetime]]:
    """The shifts that overlap `since` to before `until`: letter, start and end in UTC."""
    since, until = as_utc(since), as_utc(until)
    day = since.astimezone(zone).date() - dt.timedelta(days=1)
    start = _starts_of(day, zone=zone)[-1]
    while start < until:
        day += dt.timedelta(days=1)
        for end in _starts_of(day, zone=zone):
            if end > since and start < until:
                yield daytime(start.astimezone(zone).hour), start, end
            start = end


def _starts_of(day: dt.date, *, zone: dt.tzinfo) -> list[dt.datetime]:
    """When the three shifts that begin on `day` begin, in UTC."""
    return [
        dt.datetime.combine(day, dt.time(hour), tzinfo=zone).astimezone(dt.UTC)
        for hour in (DAY_STARTS, EVENING_STARTS, NIGHT_STARTS)
    ]


def _sum_up(
    records: list[FluidsRecorded], *, shift: str | None, since: dt.datetime, until: dt.datetime
) -> Balance:
    within = [record.values for record in records if since <= as_utc(record.taken_at) < until]
    amounts = {field: _sum(values.get(field) for values in within) for field in FLUID_FIELDS}
    intake = _sum(amounts[field] for field in FLUID_INTAKE_FIELDS)
    output = _sum(amounts[field] for field in FLUID_OUTPUT_FIELDS)
    is_empty = intake is None and output is None
    balance = None if is_empty else round_half_up(Decimal(str(intake or 0)) - Decimal(str(output or 0)))
    return Balance(shift, since, until, amounts, intake, output, balance)


def _sum(values: Iterable[float | None]) -> float | None:
    """Their sum, exact to the decimal; None where none of them was recorded."""
    recorded = [Decimal(str(value)) for value in values if value is not None]
    return round_half_up(sum(recorded)) if recorded else None
