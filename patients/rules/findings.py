"""What a rule found, and what of it is news to the ward (clinical rules, section 3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

# From the least to the most urgent.
SEVERITIES: tuple[str, ...] = ("low", "medium", "high")

RETELL_AFTER = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found in a report.

    `parameter`: the report's field concerned, None where the rule looks at the whole set. `level` grows
    with the gravity within one cause and is comparable only there. `message` is a sentence for the nurse,
    `values` the numbers behind it.
    """

    rule: str
    parameter: str | None
    level: int
    severity: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cause(self) -> str:
        """What makes two findings the same: "rule", or "rule:parameter"."""
        return _cause(self.rule, parameter=self.parameter)

    def as_reason(self) -> dict[str, Any]:
        """The entry in a notification's `reasons`; `cause_of` and `level_of` read it back."""
        return {
            "rule": self.rule,
            "message": self.message,
            "values": {"parameter": self.parameter, "level": self.level, **self.values},
        }


@dataclass(frozen=True, slots=True)
class Held:
    """A cause that an open or acknowledged notification of the patient holds, and at which level.

    `acknowledged_at` is aware, None where nobody acknowledged.
    """

    cause: str
    level: int
    acknowledged_at: datetime | None = None


def cause_of(reason: Mapping[str, Any]) -> str:
    """The cause of a stored reason, as `Finding.cause` gave it."""
    return _cause(reason["rule"], parameter=reason["values"].get("parameter"))


def level_of(reason: Mapping[str, Any]) -> int:
    """The level of a stored reason."""
    return int(reason["values"]["level"])


def worst_severity(findings: Iterable[Finding]) -> str:
    """The most urgent severity. Raises ValueError where there is no finding."""
    return max((finding.severity for finding in findings), key=SEVERITIES.index)


def split_new(
    findings: Iterable[Finding],
    *,
    held: Sequence[Held],
    now: datetime,
    retell_after: timedelta = RETELL_AFTER,
) -> tuple[list[Finding], list[tuple[Finding, int]]]:
    """Part what is news from what a notification already says.

    A finding is new unless its cause is held at the same or a higher level; where that was acknowledged
    more than `retell_after` ago, it is new again. Returns the new findings, and each of the others with
    the index in `held` of the first one that holds it.
    """
    new: list[Finding] = []
    known: list[tuple[Finding, int]] = []
    for finding in findings:
        index = _index_of_holder(finding, held=held, now=now, retell_after=retell_after)
        if index is None:
            new.append(finding)
        else:
            known.append((finding, index))
    return new, known


def _index_of_holder(
    finding: Finding, *, held: Sequence[Held], now: datetime, retell_after: timedelta
) -> int | None:
    for index, holder in enumerate(held):
        if holder.cause != finding.cause or holder.level < finding.level:
            continue
        if _is_long_ago(holder.acknowledged_at, now=now, after=retell_after):
            continue
        return index
    return None


def _is_long_ago(instant: datetime | None, *, now: datetime, after: timedelta) -> bool:
    # Timestamps, since two local times of one zone subtract by the clock on the wall.
    return instant is not None and now.timestamp() - instant.timestamp() > after.total_seconds()


def _cause(rule: str, *, parameter: str | None) -> str:
    return rule if parameter is None else f"{rule}:{parameter}"
