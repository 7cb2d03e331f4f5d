"""What limits the due time of a patient, kept in the patient's row: rules/due_limit.py says what it is.

A new set finds it among the sets that a save reads anyway. Where a set that was there is corrected, removed or scored
again, or the stay begins at another time, it is read anew. The row is saved by the caller.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from ..models import Patient, Report
from ..rules.due_limit import Limit, is_high, limit_after
from ..rules.schedule import Due, deciding_set
from ..rules.stay import ReportFacts, newest, order_of
from .stay import (
    course_of,
    course_with,
    known_before,
    newest_high_at,
    newest_scored,
    patient_facts,
    report_facts,
    sets_of_stay,
)


def limit_of(patient: Patient) -> Limit | None:
    """The limit as it is stored; None where no set has decided since the newest one."""
    return None if patient.due_limit is None else Limit.from_dict(patient.due_limit)


def look_again(patient: Patient, *, sets: list[ReportFacts], changed: Report | None = None) -> None:
    """Find anew when the stay last scored high, and what limits the due time.

    `sets`: the recent sets of the stay as they now stand. `changed`: a report of the patient that is about to be
    stored as it is; the database still has it as it was.
    """
    is_of_stay = changed is not None and changed.is_set and changed.datetime >= patient.admission_date
    facts = report_facts(changed) if changed is not None and is_of_stay else None
    rows = sets_of_stay(patient)
    patient.last_high_at = _newest_high(rows, changed=changed, facts=facts)
    deciding = deciding_set(patient_facts(patient), sets=sets)
    if deciding is None:
        patient.due_limit = None
        return
    kept = limit_of(patient)
    found = Limit(deciding.id)
    if deciding.is_scored:
        found = _limit_after(deciding, patient=patient, changed=changed, facts=facts)
    if kept is not None and kept.report == deciding.id:
        found = replace(found, kept_at=kept.kept_at, kept_interval=kept.kept_interval)
    patient.due_limit = found.as_dict()


def keep_from_moving_back(patient: Patient, *, sets: list[ReportFacts], before: Due, now: Due) -> None:
    """Let the due time of the set that decides be no later than it was `before` it was scored again."""
    deciding, limit = deciding_set(patient_facts(patient), sets=sets), limit_of(patient)
    if before.at is None or now.at is None or before.at >= now.at or deciding is None:
        return
    limit = limit if limit is not None and limit.report == deciding.id else Limit(deciding.id)
    patient.due_limit = replace(limit, kept_at=before.at, kept_interval=before.interval).as_dict()


def forget_what_stood(patient: Patient) -> None:
    """A doctor sets another interval or plan: from then on that counts, not what stood before a correction."""
    limit = limit_of(patient)
    if limit is not None:
        patient.due_limit = replace(limit, kept_at=None, kept_interval=None).as_dict()


def _limit_after(
    deciding: ReportFacts, *, patient: Patient, changed: Report | None, facts: ReportFacts | None
) -> Limit:
    known = known_before(patient, deciding)
    if changed is not None and facts is not None and not _is_older_in_time(changed, facts, than=deciding):
        facts = None
    scored = [facts] if facts is not None and facts.is_scored else []
    course = course_of(patient) if changed is None else course_with(patient, report=changed)
    before = newest_scored(_without(known, changed))
    high_at = deciding.datetime if is_high(deciding) else _newest_high(known, changed=changed, facts=facts)
    return limit_after(
        deciding,
        before=newest([*scored, before] if before is not None else scored),
        high_at=high_at,
        patient=replace(patient_facts(patient), course=course),
    )


def _is_older_in_time(changed: Report, facts: ReportFacts, *, than: ReportFacts) -> bool:
    """Whether the changed report is older than this set and was not entered behind it, as `known_before` has it."""
    if than.id is None or facts.id is None or order_of(facts) >= order_of(than):
        return False
    return facts.id < than.id or changed.created_at <= than.datetime


def _newest_high(rows: Any, *, changed: Report | None, facts: ReportFacts | None) -> datetime | None:
    of_changed = [facts.datetime] if facts is not None and is_high(facts) else []
    of_others = newest_high_at(_without(rows, changed))
    return max(of_changed if of_others is None else [*of_changed, of_others], default=None)


def _without(rows: Any, changed: Report | None) -> Any:
    return rows if changed is None else rows.exclude(pk=changed.pk)
