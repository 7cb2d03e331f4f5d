"""How long at most after a set, and why a set is due when it is (clinical rules, section 7).

A fall that is too good: one set of 0 after a day of 9 to 3 is no reason to look again in twelve hours. The limits are
this project's own, for a clinician to confirm (docs/clinical-safety.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from patients.rules.pathways import PATHWAYS
from patients.rules.stay import PatientFacts, ReportFacts, newest, order_of

LEAST_FALL: Final = 3  # points, from one complete set to the next
AFTER_HIGH: Final = timedelta(hours=24)
INTERVAL_AFTER_HIGH: Final = timedelta(hours=4)

# The codes of `Because`, as clients read them; docs/integration.md says what each has for values.
FIRST_SET: Final = "first_set"
OWN_INTERVAL: Final = "own_interval"
PLAN: Final = "plan"
PATIENT_INTERVAL: Final = "patient_interval"
PATHWAY: Final = "pathway"
NOT_SCORED: Final = "not_scored"
FALL: Final = "fall"
HIGH_BEFORE: Final = "after_high"
INCOMPLETE_SET: Final = "incomplete_set"
REFUSED_SET: Final = "refused_set"
SCORED_AGAIN: Final = "scored_again"
PAUSED: Final = "paused"
PATHWAY_NONE: Final = "pathway_none"
DISCHARGED: Final = "discharged"
CODES: Final = (
    FIRST_SET, OWN_INTERVAL, PLAN, PATIENT_INTERVAL, PATHWAY, NOT_SCORED, FALL, HIGH_BEFORE, INCOMPLETE_SET,
    REFUSED_SET, SCORED_AGAIN, PAUSED, PATHWAY_NONE, DISCHARGED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Because:
    """Why a set is due when it is: one of CODES, and the numbers behind it as JSON can hold them."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The `due_because` object of the interface."""
        return {"code": self.code, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Limit:
    """The latest due time after one set. It stays as it was found when that set was recorded, corrected or scored
    again: a report entered behind it later changes nothing.

    `report`: the set's id, None before it is stored. `at` (UTC), `interval` and `because` None: no rule limits it.
    `kept_at`, with the interval that it was given: the due time that stood before the set was scored again, which no
    interval moves back; None: it was not, or asked for no later one.
    """

    report: int | None
    at: datetime | None = None
    interval: timedelta | None = None
    because: Because | None = None
    kept_at: datetime | None = None
    kept_interval: timedelta | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it; `from_dict` reads it back."""
        return {
            "report": self.report,
            "at": _stored_instant(self.at),
            "interval": _stored_interval(self.interval),
            "because": None if self.because is None else self.because.as_dict(),
            "kept_at": _stored_instant(self.kept_at),
            "kept_interval": _stored_interval(self.kept_interval),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The limit as `as_dict` gave it. Raises KeyError where a member lacks."""
        because = stored["because"]
        return cls(
            report=stored["report"],
            at=_instant(stored["at"]),
            interval=_interval(stored["interval"]),
            because=None if because is None else Because(because["code"], because["values"]),
            kept_at=_instant(stored["kept_at"]),
            kept_interval=_interval(stored["kept_interval"]),
        )


def is_high(report: ReportFacts) -> bool:
    """Whether a set scored high; of an incomplete one the lower bound is enough: it is at least that."""
    return report.score.risk == "high"


def limit_after(
    report: ReportFacts, *, before: ReportFacts | None, high_at: datetime | None, patient: PatientFacts
) -> Limit:
    """How long at most after this set, where it is complete and was scored.

    `before`: the complete set before it. `high_at`: when the newest set that scored high was taken, this one or an
    older one. Either may be None: there is none.
    """
    if not report.is_scored:
        return Limit(report.id)
    limits = [_after_fall(report, before=before, patient=patient), _after_high(report, high_at=high_at)]
    return min((limit for limit in limits if limit is not None), key=_end_of, default=Limit(report.id))


def limit_by(sets: Iterable[ReportFacts], *, report: ReportFacts, patient: PatientFacts) -> Limit:
    """`limit_after` by these sets of the stay, in any order, as they were when `report` was recorded."""
    known = [
        other for other in sets if order_of(other) < order_of(report) and not _is_late(other, report=report)
    ]
    highs = [other.datetime for other in (*known, report) if is_high(other)]
    if patient.last_high_at is not None and patient.last_high_at <= report.datetime:
        highs.append(patient.last_high_at)
    return limit_after(
        report,
        before=newest(other for other in known if other.is_scored),
        high_at=max(highs, default=None),
        patient=patient,
    )


def as_text(instant: datetime) -> str:
    """ISO 8601 with a Z; the instant is in UTC."""
    return instant.isoformat().replace("+00:00", "Z")


def minutes_of(interval: timedelta) -> int:
    return round(interval.total_seconds() / 60)


def counted(code: str, *, since: datetime, interval: timedelta, **values: Any) -> Because:
    """Due `interval` after `since`."""
    return Because(code, {"interval": minutes_of(interval), "since": as_text(since), **values})


def _is_late(other: ReportFacts, *, report: ReportFacts) -> bool:
    """Whether it was entered behind the report. One that is not stored yet is the last to be entered."""
    return report.id is not None and (other.id is None or other.id > report.id)


def _after_fall(report: ReportFacts, *, before: ReportFacts | None, patient: PatientFacts) -> Limit | None:
    if before is None or before.score.score is None or report.score.score is None:
        return None
    is_fall = before.score.score - report.score.score >= LEAST_FALL
    if not is_fall and before.score.risk not in ("medium", "high"):
        return None
    interval = PATHWAYS[patient.pathway].interval(before, patient=patient)
    if interval is None:
        return None
    values = {
        "score": report.score.score,
        "score_before": before.score.score,
        "risk_before": before.score.risk,
    }
    return _limit(FALL, report=report, interval=interval, values=values)


def _after_high(report: ReportFacts, *, high_at: datetime | None) -> Limit | None:
    if high_at is None or report.datetime >= high_at + AFTER_HIGH:
        return None
    values = {"score": report.score.score, "high_at": as_text(high_at)}
    return _limit(HIGH_BEFORE, report=report, interval=INTERVAL_AFTER_HIGH, values=values)


def _limit(code: str, *, report: ReportFacts, interval: timedelta, values: Mapping[str, Any]) -> Limit:
    because = counted(code, since=report.datetime, interval=interval, **values)
    return Limit(report.id, report.datetime + interval, interval, because)


def _end_of(limit: Limit) -> datetime:
    assert limit.at is not None
    return limit.at


def _stored_instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _stored_interval(interval: timedelta | None) -> float | None:
    return None if interval is None else interval.total_seconds()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _interval(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
