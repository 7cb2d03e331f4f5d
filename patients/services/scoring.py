"""The score that a report holds, why it is due when it is, and sets that are scored again (clinical rules, section 2).

A score belongs to its set: it was given by the scale and the record of that day, and a correction of a reading does
not change by what it is judged. Where the record itself was wrong (birth, pregnancy, pathway), what it judged last is
judged again. Every function runs in the caller's unit of work, with the patient's row locked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from ..models import Patient, Report
from ..rules.news2 import Score, is_attempt, is_set, reason_not_scored, score_set
from ..rules.schedule import Due
from ..rules.stay import ReportFacts, order_of
from . import due_limits
from .course import ScoredAgain, due_of, settle
from .notifications import BECAUSE_AMENDED, BECAUSE_BIRTH, BECAUSE_PATHWAY, BECAUSE_PREGNANCY
from .stay import course_of, recent_sets, sets_of_stay

# What of the record decides whether a set is scored, in the words that its new version and an alert that ends give.
CORRECTED: Final[Mapping[str, str]] = {
    "date_of_birth": BECAUSE_BIRTH,
    "pregnant": BECAUSE_PREGNANCY,
    "pathway": BECAUSE_PATHWAY,
}
_SCORED_AGAIN: Final = "scored again: {because}"
NOW_NEWEST: Final = "it is the newest complete set now"


def what_was_corrected(changed: Iterable[str]) -> str:
    """What of these fields of a patient decides on scoring, in words; "" where none does."""
    names = set(changed)
    return ", ".join(words for field, words in CORRECTED.items() if field in names)


def keep_score(row: Any, score: Score) -> None:
    """Let a report, or a version of one, hold this score."""
    row.news2 = score.as_dict()
    row.is_set = is_set(vars(row)) or is_attempt(vars(row))
    row.is_complete = score.complete


def keep_due(row: Any, due: Due) -> None:
    """Let a report, or a version of one, say when the next set is due after it, and why."""
    row.due_at = due.at
    row.due_because = None if due.because is None else due.because.as_dict()


def score_again(row: Any, *, values: Mapping[str, Any]) -> None:
    """Score a report or a version by `values`, on the scale it was scored on, and as little as it was not scored."""
    stored = Score.from_dict(row.news2)
    keep_score(
        row, score_set(values, spo2_scale=stored.spo2_scale, not_scored_because=stored.not_scored_because)
    )


def sign(report: Report, *, by: Any, reason: str, now: datetime) -> None:
    """Tell the history who writes, and why: over sockets and in tasks it cannot know by itself."""
    report._history_user = by
    report._change_reason = reason
    report._history_date = now


def save_version(report: Report, *, by: Any, reason: str, now: datetime) -> int:
    """Store the report with its version; returns the version's history_id."""
    sign(report, by=by, reason=reason, now=now)
    report.save()
    history_id: int = report.wardlight_history_id  # noted by apps.py when simple-history has written it
    return history_id


@dataclass(frozen=True)
class Rescored:
    """The reports that were scored again, the oldest first, and the recent sets of the stay as they now stand."""

    reports: Sequence[ScoredAgain]
    sets: list[ReportFacts]


def score_stay_again(
    patient: Patient, *, because: str, by: Any, now: datetime, due_before: Due | None = None
) -> Rescored:
    """Score the newest complete set of the running stay, and all that is newer, by the record as it now is.

    By the age on the day of each, on the scale it was scored on. Where a score changes by that the report gets a new
    version with the reason `because`; nothing else does. `due_before`: when the next set was due before the record
    was changed, which neither a new score nor another age moves back; None: the change itself decides. So does another
    pathway that leaves every score as it was.
    """
    changed = _score_by_record(patient)
    course = course_of(patient)
    patient.course = None if course is None else course.as_dict()
    sets = recent_sets(patient)
    due_limits.look_again(patient, sets=sets)
    if due_before is not None and (changed or because != BECAUSE_PATHWAY):
        due = due_of(patient, sets=sets, is_paused=False)
        due_limits.keep_from_moving_back(patient, sets=sets, before=due_before, now=due)
    due = due_of(patient, sets=sets)
    reports = []
    for report in changed:
        keep_due(report, due)
        report.version += 1
        report.updated_at = now
        reason = _SCORED_AGAIN.format(because=because)
        reports.append(ScoredAgain(report, save_version(report, by=by, reason=reason, now=now)))
    return Rescored(reports, sets)


def keep_in_line(patient: Patient, *, sets: Sequence[ReportFacts], by: Any, now: datetime) -> None:
    """After a set was corrected, removed or put back: one that was judged by a record that was put right since, and
    older than what was scored again then, may be the newest complete one now. Score it again, and settle.
    """
    if patient.is_discharged or all(_is_in_line(facts, patient=patient) for facts in _deciding(sets)):
        return
    again = score_stay_again(patient, because=NOW_NEWEST, by=by, now=now)
    settle(patient, sets=again.sets, now=now, scored_again=again.reports, corrected=BECAUSE_AMENDED)


def _deciding(sets: Sequence[ReportFacts]) -> list[ReportFacts]:
    """Of these sets the newest complete one, and those that are newer."""
    deciding: list[ReportFacts] = []
    for facts in sorted(sets, key=order_of, reverse=True):
        deciding.append(facts)
        if facts.score.complete:
            break
    return deciding


def _is_in_line(facts: ReportFacts, *, patient: Patient) -> bool:
    return facts.score.not_scored_because == _reason(patient, taken_at=facts.datetime)


def _newest_complete_and_newer(patient: Patient) -> list[Report]:
    """Those reports of the stay, oldest first; all of it where no set is complete.

    Also those that are no set: what of the record kept them from being scored is shown with them too.
    """
    stay = Report.objects.filter(patient=patient, datetime__gte=patient.admission_date)
    oldest = sets_of_stay(patient).filter(is_complete=True).values_list("datetime", "id").first()
    if oldest is not None:
        stay = stay.filter(datetime__gte=oldest[0]).exclude(datetime=oldest[0], id__lt=oldest[1])
    reports = list(stay.select_related("recorded_by").order_by("datetime", "id"))
    for report in reports:
        report.patient = patient
    return reports


def _score_by_record(patient: Patient) -> list[Report]:
    """Those of them that are scored now and were not, or the other way; their versions are yet to be made."""
    changed = []
    for report in _newest_complete_and_newer(patient):
        reason = _reason(patient, taken_at=report.datetime)
        if reason == report.news2["not_scored_because"]:
            continue
        score = score_set(vars(report), spo2_scale=report.news2["spo2_scale"], not_scored_because=reason)
        keep_score(report, score)
        # What is due after it depends on all scores together: the sets are read with these, then each is stored.
        Report.objects.filter(pk=report.pk).update(news2=report.news2)
        changed.append(report)
    return changed


def _reason(patient: Patient, *, taken_at: datetime) -> str | None:
    return reason_not_scored(
        date_of_birth=patient.date_of_birth,
        pregnant=patient.pregnant,
        pathway=patient.pathway,
        on=timezone.localdate(taken_at),
    )
