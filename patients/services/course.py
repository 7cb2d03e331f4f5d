"""What follows from a change of a patient's reports or plan: risk, due time, notifications, the next reminder.

One function, `settle`, called with the patient's row locked, as the last step of every service that changes a
report or a patient. Everything derived is written here and nowhere else.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..models import Notification, Patient, Report
from ..rules.findings import Finding
from ..rules.schedule import Due, current_risk, next_due
from ..rules.stay import ReportFacts, newest, order_of
from . import notifications, reminders, running
from .locks import DERIVED_FIELDS, save_derived
from .stay import pathway_of, patient_facts, plan_facts, recent_sets


def due_of(patient: Patient, *, sets: Sequence[ReportFacts]) -> Due:
    """When the patient's next set is due, given the recent sets of the stay."""
    plan = plan_facts(patient)
    return next_due(
        patient_facts(patient),
        sets=sets,
        planned_interval=None if plan is None else plan.interval_after,
        paused_until=patient.due_not_before,
    )


def settle(
    patient: Patient,
    *,
    sets: Sequence[ReportFacts],
    now: datetime,
    report: Report | None = None,
    removed: int | None = None,
    history_id: int | None = None,
) -> None:
    """Bring everything derived in line with `sets` (the recent sets of the stay, as they stand now) and tell it.

    `report`: the one that was recorded or corrected; `removed`: the id of the one that was deleted; neither: the
    patient was changed. `history_id` is the version that the change made.
    """
    due_before = patient.next_due_at
    before = _stored(patient)
    is_run_out = patient.resettle_at is not None and patient.resettle_at <= now
    if is_run_out or (report is None and removed is None):
        running.look_again(patient, now=now)
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
            now=now,
        )
        if report is None or report.version > 1:
            _reopen_what_was_closed_by_mistake(patient, unresolved=unresolved)
        if patient.next_due_at != due_before and (patient.next_due_at is None or patient.next_due_at > now):
            notifications.resolve_reminders(unresolved, because=notifications.BECAUSE_RECORDED, now=now)
    unresolved = [notification for notification in unresolved if notification.is_unresolved]
    patient.open_notifications = notifications.count_open(unresolved)
    reminders.plan_next(patient, unresolved=unresolved)
    if _stored(patient) != before:
        save_derived(patient)


def _stored(patient: Patient) -> list[Any]:
    """The derived columns as they are stored: comparing the reports themselves would load them."""
    return [patient.serializable_value(field) for field in DERIVED_FIELDS]


def _derive(patient: Patient, *, sets: Sequence[ReportFacts], report: Report | None) -> None:
    due = due_of(patient, sets=sets)
    patient.next_due_at = due.at
    patient.due_interval = None if due.interval is None else round(due.interval.total_seconds() / 60)
    newest_set = newest(facts for facts in sets if facts.is_set)
    patient.due_report_id = None if newest_set is None else newest_set.id
    patient.current_risk = current_risk(sets)
    _set_last_report(patient, report=report)
    _set_last_scored(patient, sets=sets, report=report)


def _set_last_report(patient: Patient, *, report: Report | None) -> None:
    last_at = getattr(patient, "last_report_at", None)  # from lock_patient
    is_another = report is not None and report.pk != patient.last_report_id
    if report is not None and is_another and last_at is not None and patient.admission_date <= last_at:
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


def _reopen_what_was_closed_by_mistake(patient: Patient, *, unresolved: list[Notification]) -> None:
    """A mistake undone (a set deleted or corrected, a discharge taken back) gives back what it had closed.

    That is each deterioration of which no set since the one it was raised on, as they stand now, shows the end, and
    which nothing else tells. The newest set alone would not: it may be no worse than the one before it.
    """
    closed = notifications.closed_deteriorations(patient)
    if not closed or patient.pathway == Patient.Pathway.NONE:
        return
    told = notifications.causes_told(unresolved)
    raised_at = {n.pk: (n.report.datetime, n.report.pk) for n in closed if n.report is not None}
    sets = recent_sets(patient, back_to=min(raised_at.values())[0])
    pathway = pathway_of(patient)
    for notification in closed:
        since = [s for s in sets if s.is_scored and (s.datetime, s.id or 0) >= raised_at[notification.pk]]
        causes = notifications.causes_of(notification)
        is_told = not told.isdisjoint(cause for cause, _ in causes)
        if not is_told and all(pathway.remaining_causes(causes, report=facts) for facts in since):
            unresolved.append(notifications.reopen(notification))
            told.update(cause for cause, _ in causes)


def _tell(
    patient: Patient,
    *,
    sets: Sequence[ReportFacts],
    unresolved: list[Notification],
    report: Report | None,
    removed: int | None,
    history_id: int | None,
    now: datetime,
) -> None:
    """Resolve the deteriorations that no longer hold, then raise what is new, by the patient's pathway."""
    if report is None and removed is None:
        return
    pathway = pathway_of(patient)
    sets = [facts for facts in sets if facts.is_set]  # an attempt that was refused says nothing
    facts = next((facts for facts in sets if report is not None and facts.id == report.pk), None)
    changed_id = report.pk if report is not None else removed
    raised = notifications.raised_on(unresolved, report_id=changed_id)
    is_of_earlier_stay = report is not None and report.datetime < patient.admission_date
    if raised and not is_of_earlier_stay:
        findings_now = _findings_up_to(facts, patient=patient, sets=sets)
        notifications.resolve_unfounded(raised, findings=findings_now, now=now)
    notifications.resolve_what_is_over(unresolved, pathway=pathway, sets=sets, now=now)
    newest_set = newest(sets)
    if newest_set is None or (report is not None and facts is None):
        return  # fluids or a laboratory value alone say nothing new
    findings = pathway.findings(patient_facts(patient), reports=sets)
    is_late = facts is None or _is_older_than_a_complete_set(facts, sets=sets)
    is_correction = report is not None and report.version > 1
    if facts is not None and not is_late and facts is not newest_set:
        # Entered behind a newer, incomplete set: that one cannot say what this one shows.
        findings = _worst_of_each_cause([*_findings_up_to(facts, patient=patient, sets=sets), *findings])
    judged = newest_set if is_late or facts is None else facts
    is_new_set = not (is_late or is_correction)
    if is_new_set and pathway.held_back(patient_facts(patient), reports=sets):
        running.count_held_back(patient)
    notifications.tell_findings(
        findings,
        patient=patient,
        unresolved=unresolved,
        report_id=_saved_id(judged),
        history_id=history_id if judged is facts else _newest_version_of(_saved_id(judged)),
        now=now,
        is_new_set=is_new_set,
    )


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


def _newest_version_of(report_id: int) -> int | None:
    versions = Report.history.filter(id=report_id).order_by("-history_id")
    history_id: int | None = versions.values_list("history_id", flat=True).first()
    return history_id


def _findings_up_to(
    facts: ReportFacts | None, *, patient: Patient, sets: Sequence[ReportFacts]
) -> list[Finding]:
    """What this report, as it stands now, shows against those before it; nothing where it is gone."""
    if facts is None:
        return []
    until_then = [other for other in sets if order_of(other) <= order_of(facts)]
    return pathway_of(patient).findings(patient_facts(patient), reports=until_then)
