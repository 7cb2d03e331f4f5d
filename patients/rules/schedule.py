"""When the next set of observations is due (clinical rules, section 7).

All arithmetic is on instants in UTC: four hours are four hours, also in the night the clocks change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from patients.rules.news2 import reason_not_scored, worse_risk
from patients.rules.pathways import PATHWAYS
from patients.rules.stay import PatientFacts, ReportFacts, as_utc, newest, order_of

FIRST_SET_INTERVAL = timedelta(minutes=15)
LONGEST_GRACE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Due:
    """`at`: the instant (UTC) the next set is due; `interval`: the time it was given. Both None: never."""

    at: datetime | None
    interval: timedelta | None


NEVER_DUE = Due(at=None, interval=None)


def grace_interval(interval: timedelta) -> timedelta:
    """How long after its due time a set counts as overdue: a quarter of the interval, at most 30 min."""
    return min(interval / 4, LONGEST_GRACE)


def next_due(
    patient: PatientFacts,
    *,
    sets: Sequence[ReportFacts],
    planned_interval: Callable[[datetime], timedelta | None] | None = None,
    paused_until: datetime | None = None,
) -> Due:
    """When the next set of this patient is due.

    `sets`: those of the running stay and the attempts at one, at least from the newest complete one (else the first)
    to the newest, in any order; older ones and reports that are neither change nothing. `planned_interval` gives the
    interval that a monitoring plan asks for after a set taken at that instant, None where it asks for
    none. `paused_until`: the end of the newest pause that has begun.
    """
    if patient.dismissal_date is not None:
        return NEVER_DUE
    due = _due_by_sets(patient, sets=sets, planned_interval=planned_interval)
    if paused_until is None or due.at is None:
        return due
    return Due(at=max(due.at, as_utc(paused_until)), interval=due.interval)


def current_risk(sets: Sequence[ReportFacts]) -> str | None:
    """The risk that the patient is shown with: the newest complete set's, or a newer lower bound's if worse.

    An incomplete set thereby never makes a patient look better. `sets` as for `next_due`. None where no set
    says anything: none was taken, or the newest complete one was not scored.
    """
    risk: str | None = None
    for report in _from_newest(sets, decides=lambda report: report.score.complete):
        risk = worse_risk(risk, report.score.risk)
    return risk


def _due_by_sets(
    patient: PatientFacts,
    *,
    sets: Sequence[ReportFacts],
    planned_interval: Callable[[datetime], timedelta | None] | None,
) -> Due:
    def decides(report: ReportFacts) -> bool:
        return _decides(report, patient=patient)

    deciding_and_newer = _from_newest(sets, decides=decides)
    if deciding_and_newer and decides(deciding_and_newer[0]):
        due = _due_after(deciding_and_newer[0], patient=patient, planned_interval=planned_interval)
        incomplete = deciding_and_newer[1:]
    else:
        due = _first_due(patient, planned_interval=planned_interval)
        incomplete = deciding_and_newer
    for index, report in enumerate(incomplete):
        if report.is_attempt:
            earlier = deciding_and_newer[: len(deciding_and_newer) - len(incomplete) + index]
            due = _brought_forward(due, report=report, interval=_interval_of_risk(earlier, patient=patient))
        else:
            interval = PATHWAYS[patient.pathway].interval(report, patient=patient)
            due = _brought_forward(due, report=report, interval=interval)
    return due


def _from_newest(sets: Sequence[ReportFacts], *, decides: Callable[[ReportFacts], bool]) -> list[ReportFacts]:
    """The newest set that decides and all newer ones, oldest first; all sets where none decides."""
    ordered = sorted((report for report in sets if report.is_set or report.is_attempt), key=order_of)
    deciding = newest(report for report in ordered if decides(report))
    return ordered if deciding is None else ordered[ordered.index(deciding) :]


def _decides(report: ReportFacts, *, patient: PatientFacts) -> bool:
    """A complete set settles the due time, and so does any set of a patient who is not scored."""
    if report.is_attempt:
        return False
    if report.score.complete or report.score.not_scored_because is not None:
        return True
    reason = reason_not_scored(
        date_of_birth=patient.date_of_birth,
        pregnant=patient.pregnant,
        pathway=patient.pathway,
        on=patient.day_of(report.datetime),
    )
    return reason is not None


def _due_after(
    report: ReportFacts,
    *,
    patient: PatientFacts,
    planned_interval: Callable[[datetime], timedelta | None] | None,
) -> Due:
    """The set's own interval, else the plan's step, else the patient's interval, else the pathway's."""
    interval = _minutes(report.monitoring_interval)
    if interval is None and planned_interval is not None:
        interval = planned_interval(report.datetime)
    if interval is None:
        interval = _minutes(patient.monitoring_interval)
    if interval is None:
        interval = PATHWAYS[patient.pathway].interval(report, patient=patient)
    if interval is None:
        return NEVER_DUE
    return Due(at=report.datetime + interval, interval=interval)


def _first_due(
    patient: PatientFacts, *, planned_interval: Callable[[datetime], timedelta | None] | None
) -> Due:
    """Before the first set: 15 minutes after admission, or after it was entered if that was later."""
    start = max(patient.admission_date, patient.created_at)
    is_planned = planned_interval is not None and planned_interval(start) is not None
    if patient.pathway == "none" and patient.monitoring_interval is None and not is_planned:
        return NEVER_DUE
    return Due(at=start + FIRST_SET_INTERVAL, interval=FIRST_SET_INTERVAL)


def _interval_of_risk(sets: Sequence[ReportFacts], *, patient: PatientFacts) -> timedelta | None:
    """The shortest interval that the pathway asks for after any of these; None where it asks for none."""
    pathway = PATHWAYS[patient.pathway]
    intervals = [pathway.interval(report, patient=patient) for report in sets if report.is_set]
    return min((interval for interval in intervals if interval is not None), default=None)


def _brought_forward(due: Due, *, report: ReportFacts, interval: timedelta | None) -> Due:
    """An incomplete set may bring the due time forward, never back; `interval`: where it names none of its own.

    After one that was refused as a whole it is the risk's, however long a plan's or the patient's is (adr/0014).
    """
    interval = _minutes(report.monitoring_interval) or interval
    if interval is None:
        return due
    at = report.datetime + interval
    if due.at is None or at < due.at:
        return Due(at=at, interval=interval)
    return due


def _minutes(interval: int | None) -> timedelta | None:
    return None if interval is None else timedelta(minutes=interval)
