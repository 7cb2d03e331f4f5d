"""The period that a query asks for, where an answer is about a period: fluid balance, statistics."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rest_framework.exceptions import ValidationError

from .fields import show
from .filters import read_query_instant


def read_period(
    query: Mapping[str, str],
    *,
    now: datetime,
    default: timedelta,
    longest: timedelta,
    beside: tuple[str, ...] = (),
) -> tuple[datetime, datetime]:
    """`since` and `until` of the query: `until` is now where not given, `since` a `default` before it.

    `beside` names the other parameters there are. Raises ValidationError (400) for any other, for what is no time
    and for a period that is empty or longer than `longest`.
    """
    known = ("since", "until", *beside)
    errors: dict[str, Any] = {
        show(name): [f"No such parameter. There are: {', '.join(known)}."]
        for name in query
        if name not in (*known, "format")
    }
    instants: dict[str, datetime] = {}
    for name in ("since", "until"):
        if query.get(name):
            try:
                instants[name] = read_query_instant(query[name])
            except ValidationError as error:
                errors[name] = error.detail
    until = instants.get("until", now)
    since = instants.get("since", until - default)
    if not errors and not timedelta(0) < until - since <= longest:
        errors["since"] = [f"It must be before `until`, by {longest.days} days at most."]
    if errors:
        raise ValidationError(errors)
    return since, until
