"""What follows from a change of a patient's reports or plan: risk, due time, notifications, the next reminder.

One function, `settle`, called with the patient's row locked, as the last step of every service that changes a
report or a patient. Everything derived is written here and nowhere else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..models import Notification, Patient, Report
from ..rules.deterioration import is_of_news2
from ..rules.due_limit import is_high
from ..rules.findings import Finding
from ..rules.news2 import reason_not_scored
from ..rules.schedule import Due, current_risk, next_due
from ..rules.stay import ReportFacts, newest, order_of
from . import notifications, reminders, running
from .due_limits import limit_of
from .locks import derived_of, save_derived
from .stay import course_of, course_with, pathway_of, patient_facts, plan_facts, recent_sets, report_facts


@dataclass(frozen=True)
class ScoredAgain:
    """A report that was scored again, with the version that this made."""

    report: Report
    history_id: int


def due_of(
    patient: Patient, *, sets: Sequence[ReportFacts], report: Report | None = None, is_paused: bool = True
) -> Due:
    """When the patient's next set is due, given the recent sets of the stay; `report`: one that is not stored yet.

    Without `is_paused` as if no pause had begun.
    """
    facts, plan = patient_facts(patient), plan_facts(patient)
    if report is not None:
        facts = replace(facts, course=course_with(patient, report=report))
    return next_due(
        facts,
        sets=sets,
        planned_interval=None if plan is None else plan.interval_after,
        paused_until=patient.due_not_before if is_paused else None,
        limit=limit_of(patient),
    )


def settle(
    patient: Patient,
    *,
    sets: Sequence[ReportFacts],
    now: datetime,
    report: Report | None = None,
    removed: int | None = None,
    history_id: int | None = None,
    is_taken_in: bool = False,
    scored_again: Sequence[ScoredAgain] = (),
    corrected: str = "",
) -> None:
    """Bring everything derived in line with `sets` (the recent sets of the stay, as they stand now) and tell it.

    `report`: the one that was recorded or corrected; `removed`: the id of the one that was deleted; neither: the
    patient was changed. `history_id` is the version that the change made. `is_taken_in`: the report is the newest of
    many that came at once, so that what the stay shows is told, not only what that one brought. `scored_again`: what
    the change of the patient let be scored again, the oldest first; `corrected`: what of the record was corrected, in
    the words that a notification which ends with it gives.
    """
    due_before = patient.next_due_at
    before = getattr(patient, "derived_as_stored", None) or derived_of(patient)
    is_run_out = patient.resettle_at is not None and patient.resettle_at <= now
    if is_run_out or report is None:
        running.look_again(patient, now=now)
    course = course_of(patient) if report is None else course_with(patient, report=report)
    patient.course = None if course is None else course.as_dict()
    _derive(patient, sets=sets, report=report)
    unresolved = notifications.unresolved_of(patient)
    if patient.is_discharged:
        for notification in unresolved:
            notifications.resolve(notification, because=notifications.BECAUSE_DISCHARGED, now=now)
    else:
        _tell(
            patient,
            sets=sets,
            unresolved=unresolved,
            report=report,
            removed=removed,
            history_id=history_id,
            is_taken_in=is_taken_in,
            now=now,
        )
        because = corrected or notifications.BECAUSE_PATHWAY
        if corrected:
            _resolve_what_the_record_belies(
                patient, sets=sets, unresolved=unresolved, scored_again=scored_again, because=because, now=now
            )
        if report is None:
            _resolve_what_no_report_can_end(patient, unresolved=unresolved, because=because, now=now)
        if report is None or report.version > 1:
            _reopen_what_was_closed_by_mistake(patient, unresolved=unresolved, now=now)
        for again in scored_again:
            _tell_what_is_scored_again(again, patient=patient, sets=sets, unresolved=unresolved, now=now)
        if report is None:
            _tell_what_the_course_shows(patient, unresolved=unresolved, now=now)
        _keep_clocks_right(patient, sets=sets, unresolved=unresolved)
        if patient.next_due_at != due_before and (patient.next_due_at is None or patient.next_due_at > now):
            is_never_due = corrected and patient.next_due_at is None
            why = because if is_never_due else notifications.BECAUSE_RECORDED
            notifications.resolve_reminders(unresolved, because=why, now=now)
    unresolved = [notification for notification in unresolved if notification.is_unresolved]
    patient.open_notifications = notifications.count_open(unresolved)
    reminders.plan_next(patient, unresolved=unresolved)
    # The patient's row shows score and time of these two reports, so a correction of one is news of the patient.
    shown = (patient.last_report_id, patient.last_scored_id)
    is_shown = any(
        one.pk in shown for one in (report, *(again.report for again in scored_again)) if one is not None
    )
    if derived_of(patient) != before or is_shown:
        save_derived(patient)


def _derive(patient: Patient, *, sets: Sequence[ReportFacts], report: Report | None) -> None:
    due = due_of(patient, sets=sets)
    patient.next_due_at = due.at
    patient.due_interval = None if due.interval is None else round(due.interval.total_seconds() / 60)
    newest_set = newest(facts for facts in sets if facts.is_set)
    patient.due_report_id = None if newest_set is None else newest_set.id
    if not patient.is_discharged:  # taking a discharge back gives it back
        patient.due_limit = None if due.limit is None else due.limit.as_dict()
    highs = [facts.datetime for facts in sets if is_high(facts)]
    patient.last_high_at = max(filter(None, (patient.last_high_at, *highs)), default=None)
    patient.current_risk = current_risk(sets)
    _set_last_report(patient, report=report)
    _set_last_scored(patient, sets=sets, report=report)


def _set_last_report(patient: Patient, *, report: Report | None) -> None:
    last_at = getattr(patient, "last_report_at", None)  # from lock_patient
    is_another = report is not None and report.pk != patient.last_report_id
    if report is not None and is_another and last_at is not None:
        if report.datetime > last_at:
            patient.last_report = report
        if report.datetime != last_at:
            return
    stay = Report.objects.filter(patient=patient, datetime__gte=patient.admission_date)
    newest_id = stay.order_by("-datetime", "-id").values_list("pk", flat=True).first()
    if report is not None and report.pk == newest_id:
        patient.last_report = report
    elif patient.last_report_id != newest_id:
        patient.last_report = None if newest_id is None else Report.objects.get(pk=newest_id)


def _set_last_scored(patient: Patient, *, sets: Sequence[ReportFacts], report: Report | None) -> None:
    complete = newest(facts for facts in sets if facts.score.complete)
    if complete is None or not complete.is_scored:
        patient.last_scored = None
    elif report is not None and complete.id == report.pk:
        patient.last_scored = report
    elif patient.last_scored_id != complete.id:
        patient.last_scored = Report.objects.get(pk=_saved_id(complete))


def _resolve_what_the_record_belies(
    patient: Patient,
    *,
    sets: Sequence[ReportFacts],
    unresolved: list[Notification],
    scored_again: Sequence[ScoredAgain],
    because: str,
    now: datetime,
) -> None:
    """What was told of a set that was scored again, or by an age that was wrong, and holds no more."""
    for again in scored_again:
        raised = notifications.raised_on(unresolved, report_id=again.report.pk)
        if raised:
            findings = _findings_up_to(report_facts(again.report), changed=None, patient=patient, sets=sets)
            notifications.resolve_unfounded(raised, findings=findings, now=now, because=because)
    taken = [facts for facts in sets if facts.is_set]
    notifications.resolve_what_is_over(
        unresolved,
        pathway=pathway_of(patient),
        sets=taken,
        patient=patient_facts(patient),
        now=now,
        because=because,
    )


def _tell_what_is_scored_again(
    again: ScoredAgain,
    *,
    patient: Patient,
    sets: Sequence[ReportFacts],
    unresolved: list[Notification],
    now: datetime,
) -> None:
    """What its score shows against the sets before it; what the course shows was told when it was recorded."""
    facts = report_facts(again.report)
    if not facts.is_set:
        return
    until_then = [other for other in sets if other.is_set and order_of(other) <= order_of(facts)]
    notifications.tell_findings(
        pathway_of(patient).findings(replace(patient_facts(patient), course=None), reports=until_then),
        patient=patient,
        unresolved=unresolved,
        report_id=again.report.pk,
        history_id=again.history_id,
        now=now,
        is_new_set=False,
    )


def _resolve_what_no_report_can_end(
    patient: Patient, *, unresolved: list[Notification], because: str, now: datetime
) -> None:
    """Another pathway, or a patient who is no longer scored: what no report could show to be over ends with that act.

    It would stay open, and escalate, until the discharge otherwise.
    """
    for notification in unresolved:
        if notification.kind != Notification.Kind.DETERIORATION:
            continue
        if not _can_be_ended(notifications.causes_of(notification), patient=patient, now=now):
            notifications.resolve(notification, because=because, now=now)


def _can_be_ended(causes: Iterable[tuple[str, int]], *, patient: Patient, now: datetime) -> bool:
    """Whether a report to come could show that any of these causes is over."""
    facts = patient_facts(patient)
    reason = reason_not_scored(
        date_of_birth=patient.date_of_birth,
        pregnant=patient.pregnant,
        pathway=patient.pathway,
        on=facts.day_of(now),
    )
    pathway = pathway_of(patient)
    return any(pathway.knows(cause) and (reason is None or not is_of_news2(cause)) for cause, _ in causes)


def _reopen_what_was_closed_by_mistake(
    patient: Patient, *, unresolved: list[Notification], now: datetime
) -> None:
    """A mistake undone (a set deleted or corrected, a discharge taken back) gives back what it had closed.

    That is each deterioration of which no set since the one it was raised on, as they stand now, shows the end, and
    which nothing else tells. The newest set alone would not: it may be no worse than the one before it.
    """
    closed = notifications.closed_deteriorations(patient)
    if not closed:
        return
    facts = patient_facts(patient)
    told = notifications.causes_told(unresolved)
    raised_at = {n.pk: (n.report.datetime, n.report.pk) for n in closed if n.report is not None}
    sets = recent_sets(patient, back_to=min(raised_at.values())[0])
    pathway = pathway_of(patient)
    for notification in closed:
        since = [s for s in sets if s.is_scored and (s.datetime, s.id or 0) >= raised_at[notification.pk]]
        causes = _causes_of_its_report(notification)
        is_told = not told.isdisjoint(cause for cause, _ in causes)
        if is_told or not _can_be_ended(causes, patient=patient, now=now):
            continue
        if all(pathway.remaining_causes(causes, report=later, patient=facts) for later in (None, *since)):
            unresolved.append(notifications.reopen(notification, now=now))
            told.update(cause for cause, _ in causes)


def _causes_of_its_report(notification: Notification) -> list[tuple[str, int]]:
    """What it holds, without what NEWS2 found where the set is, as it now stands, not scored."""
    causes = notifications.causes_of(notification)
    if notification.report is None or notification.report.news2["not_scored_because"] is None:
        return causes
    return [(cause, level) for cause, level in causes if not is_of_news2(cause)]


def _tell_what_the_course_shows(patient: Patient, *, unresolved: list[Notification], now: datetime) -> None:
    """Put on another pathway, or with an onset or a baseline typed later, a patient may show what nobody was told of.

    No report to come would bring it: to the rules it would be old, though the critical phase had begun.
    """
    findings = pathway_of(patient).findings(patient_facts(patient), reports=[])
    if not findings:
        return
    assert patient.last_report_id is not None  # of no report the course shows nothing
    notifications.tell_findings(
        findings,
        patient=patient,
        unresolved=unresolved,
        report_id=patient.last_report_id,
        history_id=newest_version_of(patient.last_report_id),
        now=now,
        is_new_set=False,
    )


def _keep_clocks_right(
    patient: Patient, *, sets: Sequence[ReportFacts], unresolved: Iterable[Notification]
) -> None:
    """A fever noted late, or a time put right, moves the critical phase that a notification tells of."""
    pathway = pathway_of(patient)
    if pathway.clock_rules:
        findings = pathway.findings(patient_facts(patient), reports=sets)
        notifications.keep_clocks_right(unresolved, findings=findings, rules=pathway.clock_rules)


def _tell(
    patient: Patient,
    *,
    sets: Sequence[ReportFacts],
    unresolved: list[Notification],
    report: Report | None,
    removed: int | None,
    history_id: int | None,
    is_taken_in: bool,
    now: datetime,
) -> None:
    """Resolve the deteriorations that no longer hold, then raise what is new, by the patient's pathway."""
    if report is None and removed is None:
        return
    pathway = pathway_of(patient)
    sets = [facts for facts in sets if facts.is_set]  # an attempt that was refused says nothing
    facts = next((facts for facts in sets if report is not None and facts.id == report.pk), None)
    is_of_earlier_stay = report is not None and report.datetime < patient.admission_date
    changed = report_facts(report) if report is not None and not is_of_earlier_stay else None
    changed_id = report.pk if report is not None else removed
    raised = notifications.raised_on(unresolved, report_id=changed_id)
    if raised:
        findings_now = _findings_up_to(changed, changed=None, patient=patient, sets=sets)
        because = notifications.BECAUSE_IN_ERROR if changed is None else notifications.BECAUSE_AMENDED
        notifications.resolve_unfounded(raised, findings=findings_now, now=now, because=because)
    notifications.resolve_what_is_over(
        unresolved, pathway=pathway, sets=sets, patient=patient_facts(patient), now=now
    )
    if is_of_earlier_stay or (changed is not None and facts is None and not pathway.course_fields):
        return  # on a pathway without a course, fluids or a laboratory value alone say nothing new
    judged = _judged(changed, facts=facts, sets=sets)
    if judged is None:
        return
    is_new = report is not None and report.version == 1 and judged is changed
    if is_new and judged.is_set and pathway.held_back(patient_facts(patient), reports=sets):
        running.count_held_back(patient)
    notifications.tell_findings(
        _findings_of(judged, is_new=is_new and not is_taken_in, changed=changed, patient=patient, sets=sets),
        patient=patient,
        unresolved=unresolved,
        report_id=_saved_id(judged),
        history_id=history_id if judged is changed else newest_version_of(_saved_id(judged)),
        now=now,
        is_new_set=is_new,
    )


def _judged(
    changed: ReportFacts | None, *, facts: ReportFacts | None, sets: Sequence[ReportFacts]
) -> ReportFacts | None:
    """The report whose findings are told: the changed one; the newest set where that is late, or gone."""
    if changed is None or (facts is not None and _is_older_than_a_complete_set(facts, sets=sets)):
        return newest(sets)
    return changed


def _findings_of(
    judged: ReportFacts,
    *,
    is_new: bool,
    changed: ReportFacts | None,
    patient: Patient,
    sets: Sequence[ReportFacts],
) -> list[Finding]:
    """What a new report brought; else, and for fluids and laboratory values, what the stay shows as it now stands."""
    pathway, facts = pathway_of(patient), patient_facts(patient)
    brought = changed if is_new or (changed is not None and not changed.is_set) else None
    newest_set = newest(sets)
    if newest_set is None or not judged.is_set or order_of(newest_set) == order_of(judged):
        return pathway.findings(facts, reports=sets, changed=brought)
    # Entered behind a newer, incomplete set: that one cannot say what this one shows.
    until_then = _findings_up_to(judged, changed=brought, patient=patient, sets=sets)
    of_newest = pathway.findings(facts, reports=sets, changed=newest_set if is_new else None)
    return _worst_of_each_cause([*until_then, *of_newest])


def _saved_id(facts: ReportFacts) -> int:
    """The id of a set that was read from the database; only a preview has none."""
    assert facts.id is not None
    return facts.id


def _is_older_than_a_complete_set(facts: ReportFacts, *, sets: Sequence[ReportFacts]) -> bool:
    return any(other.score.complete and order_of(other) > order_of(facts) for other in sets)


def _worst_of_each_cause(findings: Sequence[Finding]) -> list[Finding]:
    worst: dict[str, Finding] = {}
    for finding in findings:
        known = worst.get(finding.cause)
        if known is None or finding.level > known.level:
            worst[finding.cause] = finding
    return list(worst.values())


def newest_version_of(report_id: int) -> int | None:
    """The history_id of the newest version of a report that is not retired."""
    versions = Report.history.filter(id=report_id, is_retired=False).order_by("-history_id")
    history_id: int | None = versions.values_list("history_id", flat=True).first()
    return history_id


def _findings_up_to(
    facts: ReportFacts | None,
    *,
    changed: ReportFacts | None,
    patient: Patient,
    sets: Sequence[ReportFacts],
) -> list[Finding]:
    """What the stay until this report, as it stands now, shows (of `changed`: what that brought); nothing where the
    report is gone."""
    if facts is None:
        return []
    until_then = [other for other in sets if order_of(other) <= order_of(facts)]
    as_of_then = replace(patient_facts(patient), course=course_of(patient, up_to=facts))
    return pathway_of(patient).findings(as_of_then, reports=until_then, changed=changed)
