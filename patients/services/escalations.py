"""Escalation: what nobody acknowledged is told to the next role, and the next, each time exactly once.

The instant lives in the notification's row (`escalate_at`), set when it is raised and taken away when somebody
acknowledges it or it is resolved. A worker's round finds what is due by that column; telling takes the patient's lock,
looks again and moves the instant on, in one transaction: see reminders.py, which works the same way.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import connection

from ..events import note_notification, unit_of_work
from ..models import Notification, Patient

# Who is told, one after the other.
CASCADE: Final = ("doctor", "lead")
MOST_AT_ONCE: Final = 200  # patients


def first_escalation(notification: Notification, *, now: datetime) -> datetime | None:
    """When to escalate what is told now; None where it waits for nobody (contract.md)."""
    is_overdue = notification.kind == Notification.Kind.OBSERVATION_OVERDUE
    is_high = notification.severity == Notification.Severity.HIGH
    if notification.acknowledged_at is not None or not (is_overdue or is_high):
        return None
    return now + settings.ESCALATE_AFTER


def send_due(*, now: datetime) -> int:
    """Escalate what is due by `now`; returns how many were told. Call it again until it returns 0.

    A patient whom somebody is writing at this moment is left out: an acknowledgement on its way counts.
    """
    due = Notification.objects.filter(escalate_at__lte=now)
    if not due.exists():
        return 0  # before the transaction: on SQLite its beginning alone keeps every writer waiting
    with unit_of_work():
        can_skip = connection.features.has_select_for_update_skip_locked
        patients = Patient.objects.filter(pk__in=due.values("patient")).order_by("pk")
        locked = list(
            patients.select_for_update(skip_locked=can_skip, of=("self",)).values_list("pk", flat=True)[
                :MOST_AT_ONCE
            ]
        )
        found = list(due.filter(patient__in=locked).select_related("acknowledged_by").order_by("id"))
        _escalate_all(found, now=now)
    return len(found)


def _escalate_all(notifications: Iterable[Notification], *, now: datetime) -> None:
    from .notifications import told

    for notification in notifications:
        _escalate(notification, now=now)
        notification.save(
            update_fields=["status", "escalated_at", "escalated_to", "escalations", "escalate_at"]
        )
        note_notification(notification.pk, told(notification))


def _escalate(notification: Notification, *, now: datetime) -> None:
    """To the role after the one that was told last. The next is told as long after this as this was after the first."""
    was_told = CASCADE.index(notification.escalated_to) + 1 if notification.escalated_to in CASCADE else 0
    role = CASCADE[was_told]
    notification.status = Notification.Status.ESCALATED
    notification.escalated_at = now
    notification.escalated_to = role
    notification.escalations = [*notification.escalations, {"to": role, "at": now.isoformat()}]
    is_last = role == CASCADE[-1]
    notification.escalate_at = None if is_last else now + settings.ESCALATE_AFTER
