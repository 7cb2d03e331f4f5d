"""How much the ward was told, how soon it answered, and how often a set became overdue."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from rest_framework.exceptions import ValidationError

from .. import selectors
from ..models import Notification
from ..representations import represent_instant
from .periods import read_period

DEFAULT_PERIOD: Final = timedelta(days=7)
LONGEST_PERIOD: Final = timedelta(days=92)
LONGEST_WARD: Final = 40
# Where the rows of `selectors.notification_counts` are told apart by.
DIMENSIONS: Final = ("ward", "hour", "severity", "kind", "escalated_to")
_COUNTED: Final = ("volume", "acknowledged", "due", "overdue")


def notification_statistics(query: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """`{since, until, ward, total, by_ward, by_hour, by_severity, by_kind,
    by_escalated_to}` of the notifications raised in a period.

    From `since` to before `until`, 92 days at most; the last 7 where not given. `ward` of the query: that ward only.
    Raises ValidationError (400).
    """
    since, until = read_period(
        query, now=now, default=DEFAULT_PERIOD, longest=LONGEST_PERIOD, beside=("ward",)
    )
    ward = query.get("ward") or None
    if ward is not None and (len(ward) > LONGEST_WARD or not ward.isprintable()):
        raise ValidationError({"ward": [f"A ward's name has {LONGEST_WARD} printable characters at most."]})
    raised = selectors.notifications_raised(
        since=since, until=until, ward=ward, zone=ZoneInfo(settings.TIME_ZONE)
    )
    counts, delays = _sum_up(raised)
    statistics: dict[str, Any] = {
        "since": represent_instant(since),
        "until": represent_instant(until),
        "ward": ward,
        "total": _represent(counts[""][None], delays[""][None]),
    }
    for dimension in DIMENSIONS:
        statistics[f"by_{dimension}"] = [
            {dimension: value, **_represent(counts[dimension][value], delays[dimension][value])}
            for value in _values_in_order(dimension, counts[dimension])
        ]
    return statistics


def _sum_up(raised: selectors.Raised) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was counted and the seconds to each acknowledgement, by dimension ("": all) and value."""
    counts: dict[str, Any] = defaultdict(lambda: defaultdict(Counter))
    delays: dict[str, Any] = defaultdict(lambda: defaultdict(list))
    for row in raised.counts:
        for dimension, value in _places(row):
            for name in _COUNTED:
                counts[dimension][value][name] += row[name]
    for row in raised.delays:
        for dimension, value in _places(row):
            delays[dimension][value].append(row["delay"].total_seconds())
    return counts, delays


def _places(row: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return [("", None), *((dimension, row[dimension]) for dimension in DIMENSIONS)]


def _values_in_order(dimension: str, found: Iterable[Any]) -> list[Any]:
    if dimension == "severity":
        return [severity for severity in Notification.Severity.values if severity in set(found)]
    return sorted(found)


def _represent(counted: Mapping[str, int], delays: list[float]) -> dict[str, Any]:
    due = counted["due"]
    delays = sorted(delays)
    return {
        "volume": counted["volume"],
        "acknowledged": counted["acknowledged"],
        "time_to_acknowledge": {"median": _quantile(delays, 0.5), "p90": _quantile(delays, 0.9)},
        "due": due,
        "overdue": counted["overdue"],
        "overdue_share": round(counted["overdue"] / due, 4) if due else None,
    }


def _quantile(delays: list[float], share: float) -> float | None:
    """The smallest of these seconds (in order) that at least this share does not exceed; None of none."""
    return round(delays[ceil(share * len(delays)) - 1], 3) if delays else None
