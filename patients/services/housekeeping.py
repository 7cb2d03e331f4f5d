"""What nothing asks for any more is taken away, so that no table grows for ever. The clinical record never is."""

from datetime import datetime, timedelta
from typing import Final

from background_task.models import CompletedTask, Task
from django.db import transaction

from ..models import Event
from . import idempotency, sign_in_failures, sign_ins

EVENTS_KEPT_FOR: Final = timedelta(hours=24)  # contract.md: a client that was away longer lists afresh
COMPLETED_TASKS_KEPT_FOR: Final = timedelta(
    days=7
)  # for whoever looks in the admin site why a reminder was late
MOST_AT_ONCE: Final = 2000  # rows: reminders are told between two portions, and writers wait for one at most

TASK_NAME: Final = "patients.tasks.clear_expired"


def plan_housekeeping() -> None:
    """Have the task run by a worker, unless it waits already. The library drops a task that failed 25 times."""
    from ..tasks import clear_expired as task

    if not Task.objects.filter(task_name=TASK_NAME).exists():
        task()


def clear_expired(*, now: datetime) -> bool:
    """Take one portion of what has expired by `now` away; returns whether there may be more."""
    counts = (
        _clear_events(before=now - EVENTS_KEPT_FOR),
        _clear_completed_tasks(before=now - COMPLETED_TASKS_KEPT_FOR),
    )
    idempotency.clear_expired(now=now)
    sign_in_failures.clear_old(now=now)
    sign_ins.clear_ended(now=now)
    return MOST_AT_ONCE in counts


def _clear_events(*, before: datetime) -> int:
    """Only from the beginning of the log on, whatever its clock says: it must stay without holes."""
    with transaction.atomic():
        oldest = Event.objects.order_by("number").values_list("number", "created_at")[:MOST_AT_ONCE]
        expired = []
        for number, created_at in oldest:
            if created_at >= before:
                break
            expired.append(number)
        if expired:
            Event.objects.filter(number__lte=expired[-1]).delete()
    return len(expired)


def _clear_completed_tasks(*, before: datetime) -> int:
    completed = CompletedTask.objects.filter(run_at__lt=before).order_by("run_at")
    expired = list(completed.values_list("pk", flat=True)[:MOST_AT_ONCE])
    CompletedTask.objects.filter(pk__in=expired).delete()
    return len(expired)
