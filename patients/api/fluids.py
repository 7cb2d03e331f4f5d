"""The fluid balance of one patient, as `/api/patients/<id>/fluids/` shows it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from .. import selectors
from ..representations import represent_instant
from ..rules.fluids import RUNNING_PERIOD, Balance, running_balance, shift_balances
from .periods import read_period

DEFAULT_PERIOD: Final = timedelta(days=3)
LONGEST_PERIOD: Final = timedelta(days=31)
_LONGEST_SHIFT: Final = timedelta(hours=9)  # the night in which the clocks go back


def fluid_balance(patient_id: int, *, query: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """`{since, until, shifts: […], last_24_hours: {…}}`, in ml.

    `since` and `until` of the query are three days ago and now where not given, 31 days apart at most; shifts
    that reach over them are whole. Raises ValidationError (400).
    """
    since, until = read_period(query, now=now, default=DEFAULT_PERIOD, longest=LONGEST_PERIOD)
    records = selectors.fluids_of(
        patient_id, since=min(since - _LONGEST_SHIFT, until - RUNNING_PERIOD), until=until + _LONGEST_SHIFT
    )
    shifts = shift_balances(records, since=since, until=until, zone=ZoneInfo(settings.TIME_ZONE))
    return {
        "since": represent_instant(since),
        "until": represent_instant(until),
        "shifts": [_represent(balance) for balance in shifts],
        "last_24_hours": _represent(running_balance(records, until=until)),
    }


def _represent(balance: Balance) -> dict[str, Any]:
    return {
        "shift": balance.shift,
        "since": represent_instant(balance.since),
        "until": represent_instant(balance.until),
        "intake": balance.intake,
        "output": balance.output,
        "balance": balance.balance,
        "amounts": dict(balance.amounts),
    }
