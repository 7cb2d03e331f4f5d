"""When the next set of observations is due (clinical rules, section 7).

All arithmetic is on instants in UTC: four hours are four hours, also in the night the clocks change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from patients.rules import due_limit
from patients.rules.due_limit import Because, Limit, as_text, counted
from patients.rules.news2 import reason_not_scored, worse_risk
from patients.rules.pathways import PATHWAYS
from patients.rules.stay import PatientFacts, ReportFacts, as_utc, newest, order_of

FIRST_SET_INTERVAL = timedelta(minutes=15)
LONGEST_GRACE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Due:
    """`at`: the instant (UTC) the next set is due; `interval`: the time it was given. Both None: never.

    `because` says why; `limit` is the one of the set that decided, to be kept with it; None: no set has decided yet.
    """

    at: datetime | None
    interval: timedelta | None
    because: Because | None = field(default=None, compare=False)
    limit: Limit | None = field(default=None, compare=False)


_DISCHARGED = Due(at=None, interval=None, because=Because(due_limit.DISCHARGED))
_NOTHING_ASKED = Due(at=None, interval=None, because=Because(due_limit.PATHWAY_NONE))


def grace_interval(interval: timedelta) -> timedelta:
    """How long after its due time a set counts as overdue: a quarter of the interval, at most 30 min."""
    return min(interval / 4, LONGEST_GRACE)


def next_due(
    patient: PatientFacts,
    *,
    sets: Sequence[ReportFacts],
    planned_interval: Callable[[datetime], timedelta | None] | None = None,
    paused_until: datetime | None = None,
    limit: Limit | None = None,
) -> Due:
    """When the next set of this patient is due, and why.

    `sets`: those of the running stay and the attempts at one, at least from the newest complete one (else the first)
    to the newest, in any order; older ones and reports that are neither change nothing. `planned_interval` gives the
    interval that a monitoring plan asks for after a set taken at that instant, None where it asks for
    none. `paused_until`: the end of the newest pause that has begun. `limit`: what was kept with a set; of another one
    than the one that decides it says nothing, and where there is none the sets say.
    """
    if patient.dismissal_date is not None:
        return _DISCHARGED
    due = _due_by_sets(patient, sets=sets, planned_interval=planned_interval, limit=limit)
    if paused_until is None or due.at is None or due.at >= as_utc(paused_until):
        return due
    until = as_utc(paused_until)
    return replace(due, at=until, because=Because(due_limit.PAUSED, {"until": as_text(until)}))


def deciding_set(patient: PatientFacts, *, sets: Sequence[ReportFacts]) -> ReportFacts | None:
    """The newest of these sets that settles the due time, None where none does."""
    deciding = (report for report in sets if report.is_set and _decides(report, patient=patient))
    return newest(deciding)


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
    limit: Limit | None,
) -> Due:
    deciding_and_newer = _from_newest(sets, decides=lambda report: _decides(report, patient=patient))
    incomplete = deciding_and_newer
    if deciding_and_newer and _decides(deciding_and_newer[0], patient=patient):
        report, *incomplete = deciding_and_newer
        if limit is None or report.id is None or limit.report != report.id:
            limit = due_limit.limit_by(sets, report=report, patient=patient)
        due = _due_after(report, patient=patient, planned_interval=planned_interval, limit=limit)
        due = replace(_not_after_what_stood(due, limit=limit), limit=limit)
    else:
        due = _first_due(patient, planned_interval=planned_interval)
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
    limit: Limit,
) -> Due:
    """The set's own interval, else the plan's step, else the patient's interval or the pathway's within the limit."""
    since = report.datetime
    own = _minutes(report.monitoring_interval)
    if own is not None:
        return _due(due_limit.OWN_INTERVAL, since=since, interval=own)
    planned = None if planned_interval is None else planned_interval(since)
    if planned is not None:
        return _due(due_limit.PLAN, since=since, interval=planned)
    patients = _minutes(patient.monitoring_interval)
    if patients is not None:
        due = _due(due_limit.PATIENT_INTERVAL, since=since, interval=patients)
    else:
        due = _due_by_pathway(report, patient=patient)
    if due.at is None or limit.at is None or due.at <= limit.at:
        return due
    return Due(at=limit.at, interval=limit.interval, because=limit.because)


def _not_after_what_stood(due: Due, *, limit: Limit) -> Due:
    """A set that was scored again may bring the time forward, never back."""
    kept_at, interval = limit.kept_at, limit.kept_interval
    if kept_at is None or interval is None or due.at is None or due.at <= kept_at:
        return due
    because = counted(due_limit.SCORED_AGAIN, since=kept_at - interval, interval=interval)
    return Due(at=kept_at, interval=interval, because=because)


def _due_by_pathway(report: ReportFacts, *, patient: PatientFacts) -> Due:
    interval = PATHWAYS[patient.pathway].interval(report, patient=patient)
    if interval is None:
        return _NOTHING_ASKED
    score = report.score
    code = due_limit.NOT_SCORED if score.total is None else due_limit.PATHWAY
    values: dict[str, Any] = {"score": score.score, "risk": score.risk}
    if score.total is None:
        values = {"not_scored_because": score.not_scored_because}
    return _due(code, since=report.datetime, interval=interval, pathway=patient.pathway, **values)


def _first_due(
    patient: PatientFacts, *, planned_interval: Callable[[datetime], timedelta | None] | None
) -> Due:
    """Before the first set: 15 minutes after admission, or after it was entered if that was later."""
    start = max(patient.admission_date, patient.created_at)
    is_planned = planned_interval is not None and planned_interval(start) is not None
    if patient.pathway == "none" and patient.monitoring_interval is None and not is_planned:
        return _NOTHING_ASKED
    return _due(due_limit.FIRST_SET, since=start, interval=FIRST_SET_INTERVAL)


def _interval_of_risk(sets: Sequence[ReportFacts], *, patient: PatientFacts) -> timedelta | None:
    """The shortest interval that the pathway asks for after any of these; None where it asks for none."""
    pathway = PATHWAYS[patient.pathway]
    intervals = [pathway.interval(report, patient=patient) for report in sets if report.is_set]
    return min((interval for interval in intervals if interval is not None), default=None)


def _brought_forward(due: Due, *, report: ReportFacts, interval: timedelta | None) -> Due:
    """An incomplete set may bring the due time forward, never back; `interval`: where it names none of its own.

    After one that was refused as a whole it is the risk's, however long a plan's or the patient's is (adr/0014).
    """
    own = _minutes(report.monitoring_interval)
    interval = own or interval
    if interval is None or (due.at is not None and report.datetime + interval >= due.at):
        return due
    if own is not None:
        brought = _due(due_limit.OWN_INTERVAL, since=report.datetime, interval=own)
    elif report.is_attempt:
        brought = _due(due_limit.REFUSED_SET, since=report.datetime, interval=interval)
    else:
        brought = _due(
            due_limit.INCOMPLETE_SET,
            since=report.datetime,
            interval=interval,
            lower_bound=report.score.lower_bound,
            risk=report.score.risk,
        )
    return replace(brought, limit=due.limit)


def _due(code: str, *, since: datetime, interval: timedelta, **values: Any) -> Due:
    return Due(
        at=since + interval,
        interval=interval,
        because=counted(code, since=since, interval=interval, **values),
    )


def _minutes(interval: int | None) -> timedelta | None:
    return None if interval is None else timedelta(minutes=interval)
