"""The life of a notification: raised, acknowledged, resolved; it is escalated by escalations.py.

Every function runs in the caller's unit of work.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import combinations
from operator import attrgetter
from typing import Any, Final

from django.conf import settings
from django.db.models import F

from ..bulk import insert_all, update_all
from ..events import note_change, note_notification, unit_of_work
from ..models import Notification, Patient
from ..prepared import Hole, PreparedQuery
from ..representations import represent_notification
from ..rules.findings import Finding, Held, cause_of, level_of, split_new, worst_severity
from ..rules.pathways import Pathway
from ..rules.stay import PatientFacts, ReportFacts, newest, order_of
from .errors import Conflict, NotAllowed, Refused
from .escalations import first_escalation
from .locks import lock_patient, save_derived

BECAUSE_AMENDED = "based on amended observation"
BECAUSE_IN_ERROR = "entered in error"
BECAUSE_BETTER = "a later complete set shows none of its causes"
BECAUSE_RECORDED = "the next observation is due later"
BECAUSE_DISCHARGED = "discharged"
BECAUSE_PATHWAY = "pathway changed"
BECAUSE_BIRTH = "date of birth corrected"
BECAUSE_PREGNANCY = "pregnancy corrected"
# One act may correct several things of the record: these words, in this order, joined by a comma.
BECAUSE_CORRECTED = (BECAUSE_BIRTH, BECAUSE_PREGNANCY, BECAUSE_PATHWAY)

_CORRECTIONS: Final = tuple(
    ", ".join(words) for count in (1, 2, 3) for words in combinations(BECAUSE_CORRECTED, count)
)
BECAUSE_OVERDUE = "overdue"

MOST_REOPENED: Final = 10
UNDO_WITHIN: Final = timedelta(seconds=10)  # of one's own acknowledgement (contract.md)

_RESOLVED_COLUMNS: Final = ("status", "resolved_at", "resolved_because", "escalate_at")

_ACKNOWLEDGING_COLUMNS: Final = (
    "status", "acknowledged_by", "acknowledged_at", "escalate_at", "escalate_at_if_undone",
)  # fmt: skip
_WAITING: Final = (Notification.Status.OPEN, Notification.Status.ESCALATED)
_REMINDERS = (Notification.Kind.OBSERVATION_DUE, Notification.Kind.OBSERVATION_OVERDUE)


_UNRESOLVED: Final = PreparedQuery(
    lambda: (
        Notification.objects.filter(patient=Hole("patient", field=Patient._meta.pk))
        .exclude(status=Notification.Status.RESOLVED)
        .order_by("id")
    )
)


def unresolved_of(patient: Patient) -> list[Notification]:
    """The patient's notifications that are not resolved, oldest first. The patient's row is locked by the caller."""
    return _UNRESOLVED.all(patient=patient.pk)


def tell_findings(
    findings: Iterable[Finding],
    *,
    patient: Patient,
    unresolved: list[Notification],
    report_id: int,
    history_id: int | None,
    now: datetime,
    is_new_set: bool,
) -> None:
    """Raise one deterioration for what is new in the findings; count the rest on what holds it (clinical.md 3).

    Only a new set tells a cause again that was acknowledged long ago, and only a new set is counted: a late report,
    a correction or a removal (not `is_new_set`) occasions a look, but says nothing new by itself.
    """
    told = [n for n in unresolved if n.is_unresolved and n.kind == Notification.Kind.DETERIORATION]
    held: list[Held] = []
    holders: list[Notification] = []
    for notification in told:
        for cause, level in causes_of(notification):
            held.append(Held(cause=cause, level=level, acknowledged_at=notification.acknowledged_at))
            holders.append(notification)
    retell_after = settings.RETELL_AFTER if is_new_set else timedelta.max
    new, known = split_new(findings, held=held, now=now, retell_after=retell_after)
    if is_new_set:
        for notification in {holders[index].pk: holders[index] for _, index in known}.values():
            notification.suppressed_count += 1
            notification.save(update_fields=["suppressed_count"])
    if new:
        unresolved.append(
            _raise(
                Notification(
                    kind=Notification.Kind.DETERIORATION,
                    severity=worst_severity(new),
                    patient=patient,
                    report_id=report_id,
                    history_id=history_id,
                    reasons=[finding.as_reason() for finding in new],
                    created_at=now,
                ),
                now=now,
            )
        )


def causes_of(notification: Notification) -> list[tuple[str, int]]:
    """The (cause, level) pairs that a deterioration holds."""
    return [(cause_of(reason), level_of(reason)) for reason in notification.reasons]


def causes_told(notifications: Iterable[Notification]) -> set[str]:
    """The causes that the unresolved deteriorations among these hold."""
    holding = [n for n in notifications if n.is_unresolved and n.kind == Notification.Kind.DETERIORATION]
    return {cause for notification in holding for cause, _ in causes_of(notification)}


def resolve_what_is_over(
    unresolved: list[Notification],
    *,
    pathway: Pathway,
    sets: Sequence[ReportFacts],
    patient: PatientFacts,
    now: datetime,
    because: str = BECAUSE_BETTER,
) -> None:
    """Resolve the deteriorations of which the newest later complete set, and the course, show no cause any more."""
    newest_complete = newest(report for report in sets if report.is_scored)
    by_id = {report.id: report for report in sets}
    for notification in [n for n in unresolved if n.kind == Notification.Kind.DETERIORATION]:
        later = newest_complete
        raised_by = by_id.get(notification.report_id)
        if later is not None and raised_by is not None and order_of(raised_by) >= order_of(later):
            later = None
        if not pathway.remaining_causes(causes_of(notification), report=later, patient=patient):
            resolve(notification, because=because, now=now)


def keep_clocks_right(
    unresolved: Iterable[Notification], *, findings: Iterable[Finding], rules: Sequence[str]
) -> None:
    """Let what these tell by one of `rules` say what the findings say now: the same cause, of another time."""
    said_now = {finding.cause: finding.as_reason() for finding in findings if finding.rule in rules}
    for notification in unresolved:
        if not notification.is_unresolved:
            continue
        reasons = [said_now.get(cause_of(reason), reason) for reason in notification.reasons]
        if reasons != notification.reasons:
            notification.reasons = reasons
            notification.save(update_fields=["reasons"])


def raised_on(unresolved: Iterable[Notification], *, report_id: int | None) -> list[Notification]:
    """The deteriorations among these that were raised on this report."""
    return [n for n in unresolved if n.kind == Notification.Kind.DETERIORATION and n.report_id == report_id]


def resolve_unfounded(
    raised: Iterable[Notification],
    *,
    findings: Iterable[Finding],
    now: datetime,
    because: str = BECAUSE_AMENDED,
) -> None:
    """Resolve those of which the report they were raised on, as it stands now, shows no cause (or it is gone)."""
    shown = {finding.cause for finding in findings}
    for notification in raised:
        if not shown.intersection(cause for cause, _ in causes_of(notification)):
            resolve(notification, because=because, now=now)


def resolve_reminders(unresolved: Iterable[Notification], *, because: str, now: datetime) -> None:
    """Resolve the patient's reminders: the time they were about no longer holds."""
    for notification in unresolved:
        if notification.kind in _REMINDERS:
            resolve(notification, because=because, now=now)


def resolve(notification: Notification, *, because: str, now: datetime) -> None:
    """Close one notification; one that is closed stays as it is."""
    if not notification.is_unresolved:
        return
    _close(notification, because=because, now=now)
    notification.save(update_fields=_RESOLVED_COLUMNS)


def _close(notification: Notification, *, because: str, now: datetime) -> None:
    notification.status = Notification.Status.RESOLVED
    notification.resolved_at = now
    notification.resolved_because = because
    notification.escalate_at = None


def resolve_superseded(patients: Collection[Patient], *, now: datetime) -> None:
    """Resolve what says of these that their observations are due, acknowledged or not: they are overdue now.

    Of however many in two statements, as all else that happens to a thousand patients at one moment.
    """
    if not patients:
        return
    due = Notification.objects.filter(
        patient__in=[patient.id for patient in patients], kind=Notification.Kind.OBSERVATION_DUE
    ).exclude(status=Notification.Status.RESOLVED)
    superseded = list(due.select_related("acknowledged_by").order_by("id"))
    for notification in superseded:
        _close(notification, because=BECAUSE_OVERDUE, now=now)
    read = attrgetter(*_RESOLVED_COLUMNS, "id")
    update_all(Notification, _RESOLVED_COLUMNS, [read(one) for one in superseded], key="id")
    for notification in superseded:
        note_change("notifications", "update", notification.pk, told(notification))


def closed_deteriorations(patient: Patient) -> list[Notification]:
    """The newest deteriorations of this stay that a later set, a discharge or a correction of the record resolved,
    with the report of each."""
    closed = Notification.objects.filter(
        patient=patient,
        kind=Notification.Kind.DETERIORATION,
        status=Notification.Status.RESOLVED,
        resolved_because__in=(BECAUSE_BETTER, BECAUSE_DISCHARGED, *_CORRECTIONS),
        report__datetime__gte=patient.admission_date,
    )
    return list(closed.select_related("report").order_by("-id")[:MOST_REOPENED])


def reopen(notification: Notification, *, now: datetime) -> Notification:
    """Take back that it was resolved, and tell it again; an acknowledgement stands."""
    is_acknowledged = notification.acknowledged_at is not None
    notification.status = Notification.Status.ACKNOWLEDGED if is_acknowledged else Notification.Status.OPEN
    _begin_again(notification)
    return _raise(notification, now=now)


def earlier_reminders(patients: Iterable[Patient]) -> dict[int, Notification]:
    """By patient: the reminder that exists already for this kind, due time and report, resolved or not."""
    waiting = {(p.id, p.reminder_kind, p.next_due_at, p.due_report_id) for p in patients}
    # `in waiting` decides. The filter spares reading all that a stay was ever told, by the columns of the unique index.
    same_time = Notification.objects.filter(
        patient__in=[patient_id for patient_id, *_ in waiting],
        kind__in=_REMINDERS,
        due_at=F("patient__next_due_at"),
    )
    return {
        n.patient_id: n
        for n in same_time.select_related("acknowledged_by")
        if (n.patient_id, n.kind, n.due_at, n.report_id) in waiting
    }


def remind_all(reminders: Sequence[Notification], *, now: datetime) -> None:
    """Store new reminders, one of each patient, all at once, and tell them."""
    for reminder in reminders:
        reminder.escalate_at = first_escalation(reminder, now=now)
    insert_all(reminders, unique="patient_id")
    for reminder in reminders:
        represent = cache(told(reminder))  # two frames say the same
        note_change("notifications", "create", reminder.pk, represent)
        note_notification(reminder.pk, represent)


def remind_again(
    reminder: Notification, *, severity: str, reasons: list[dict[str, Any]], now: datetime
) -> Notification:
    """Raise a reminder again that was resolved too early; (patient, kind, due_at, report) is unique."""
    reminder.status = Notification.Status.OPEN
    reminder.severity = severity
    reminder.reasons = reasons
    reminder.acknowledged_at = None
    reminder.acknowledged_by = None
    _begin_again(reminder)
    return _raise(reminder, now=now)


def _begin_again(notification: Notification) -> None:
    notification.resolved_at = None
    notification.resolved_because = ""
    notification.escalated_at = None
    notification.escalated_to = ""


def _raise(notification: Notification, *, now: datetime) -> Notification:
    notification.escalate_at = first_escalation(notification, now=now)
    notification.save()
    note_notification(notification.pk, told(notification))
    return notification


def told(notification: Notification) -> Callable[[], dict[str, Any]]:
    """What a frame says of it, built when the unit of work ends."""
    return partial(represent_notification, notification)


def acknowledge(notification_id: int, *, by: Any, now: datetime) -> Notification:
    """Acknowledge as `by`. Doing it again changes nothing: the first name stands.

    Raises Notification.DoesNotExist, and Conflict where it is already resolved.
    """
    with unit_of_work():
        patient, notification = _lock(notification_id)
        if notification.status == Notification.Status.RESOLVED:
            raise Conflict(f"This notification was resolved: {notification.resolved_because}.")
        _acknowledge([notification], patient=patient, by=by, now=now)
        return notification


def acknowledge_all(
    patient_id: int, *, by: Any, now: datetime, ids: Collection[int] | None = None
) -> list[Notification]:
    """Acknowledge as `by`, in one act, all that wait of one patient, or of these only those with `ids`.

    Returns them as they then stand, by id. Of those named, one that somebody else has acknowledged keeps that name and
    one that was resolved stays so: neither keeps the rest from being acknowledged. Raises Patient.DoesNotExist, and
    Refused where `ids` name one that is not this patient's.
    """
    with unit_of_work():
        patient = lock_patient(patient_id)
        found = Notification.objects.filter(patient=patient).select_related("acknowledged_by").order_by("id")
        if ids is None:
            chosen = list(found.filter(status__in=_WAITING))
        else:
            chosen = list(found.filter(pk__in=ids))
            strange = sorted(set(ids).difference(notification.pk for notification in chosen))
            if strange:
                named = ", ".join(map(str, strange))
                raise Refused({"ids": [f"This patient has no such notification: {named}."]})
        _acknowledge(chosen, patient=patient, by=by, now=now)
        return chosen


def unacknowledge(notification_id: int, *, by: Any, now: datetime) -> Notification:
    """Take back one's own acknowledgement, within UNDO_WITHIN of it: status and time of escalation are what they were.

    Raises Notification.DoesNotExist, NotAllowed where somebody else acknowledged it, and Conflict where it is too late,
    nobody did, or it was resolved since.
    """
    with unit_of_work():
        patient, notification = _lock(notification_id)
        if notification.status == Notification.Status.RESOLVED:
            raise Conflict(f"This notification was resolved: {notification.resolved_because}.")
        if notification.acknowledged_at is None:
            raise Conflict("This notification is not acknowledged.")
        if notification.acknowledged_by_id != by.pk:
            raise NotAllowed({"detail": "Somebody else acknowledged this notification."})
        # The distance: another server's clock may be a moment behind the one that acknowledged it.
        if abs(now - notification.acknowledged_at) > UNDO_WITHIN:
            seconds = round(UNDO_WITHIN.total_seconds())
            raise Conflict(f"An acknowledgement can be taken back for {seconds} seconds, which are over.")
        was_escalated = notification.escalated_at is not None
        notification.status = Notification.Status.ESCALATED if was_escalated else Notification.Status.OPEN
        notification.acknowledged_by = None
        notification.acknowledged_at = None
        notification.escalate_at = notification.escalate_at_if_undone
        notification.escalate_at_if_undone = None
        notification.save(update_fields=_ACKNOWLEDGING_COLUMNS)
        _count_again(patient)
        return notification


def _lock(notification_id: int) -> tuple[Patient, Notification]:
    patient_id = Notification.objects.values_list("patient_id", flat=True).get(pk=notification_id)
    patient = lock_patient(patient_id)
    return patient, Notification.objects.select_related("acknowledged_by").get(pk=notification_id)


def _acknowledge(notifications: Iterable[Notification], *, patient: Patient, by: Any, now: datetime) -> None:
    """Acknowledge those of the patient that wait; the others stay as they are."""
    waiting = [notification for notification in notifications if is_waiting(notification.status)]
    for notification in waiting:
        notification.status = Notification.Status.ACKNOWLEDGED
        notification.acknowledged_by = by
        notification.acknowledged_at = now
        notification.escalate_at_if_undone = notification.escalate_at
        notification.escalate_at = None
        notification.save(update_fields=_ACKNOWLEDGING_COLUMNS)
    if waiting:
        _count_again(patient)


def _count_again(patient: Patient) -> None:
    patient.open_notifications = count_open(unresolved_of(patient))
    save_derived(patient, fields=("open_notifications",))


def is_waiting(status: str) -> bool:
    """Whether it waits for somebody: open or escalated."""
    return status in _WAITING


def count_open(notifications: Iterable[Notification]) -> int:
    """How many wait for somebody."""
    return sum(is_waiting(notification.status) for notification in notifications)
