"""The worker: runs what is due, on time, inside `serve` or as `process_tasks` beside it.

A thin layer around django-background-tasks. The library picks one task, waits at random and looks again, up to 5 s
later; a dead worker's task stays locked for an hour. Reminders are told in batches by the service that holds the
truth (services/reminders.py), their tasks only say when to wake up; all other tasks are run by the library, one
after the other, without the pauses.
"""

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from background_task.models import Task
from background_task.tasks import tasks
from django.db import close_old_connections, connections
from django.db.models import Min

from . import clock
from .models import Notification, Patient, WorkerHeartbeat
from .services import escalations, housekeeping, plans, reminders

logger = logging.getLogger("wardlight.worker")

LONGEST_SLEEP: Final = 0.5  # seconds: how late a change by another process is noticed at the most
HEARTBEAT_INTERVAL: Final = timedelta(seconds=3)
HOUSEKEEPING_INTERVAL: Final = timedelta(hours=1)
REMINDER_QUEUE: Final = "reminders"
LONGEST_LOCK_NAME: Final = Task._meta.get_field("locked_by").max_length


def _lock_name(process: int | str) -> str:
    """What a task is locked by: the machine and the number of the process."""
    return f"{socket.gethostname()}:{process}"[-LONGEST_LOCK_NAME:]


def _is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True  # somebody else's, but there
    except (OSError, ValueError):
        return False
    return True


class Worker:
    """One worker; its database work all happens on one thread of its own."""

    def __init__(self, *, queue: str | None = None, longest_sleep: float = LONGEST_SLEEP) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._queue = queue
        self._longest_sleep = longest_sleep
        self._last_beat: datetime | None = None
        self._last_housekeeping: datetime | None = None
        # The library locks tasks under the number of the process alone, which another machine may use as well.
        tasks._runner.worker_name = _lock_name(os.getpid())

    def run_due(self) -> float:
        """Run everything that is due, and say for how many seconds there is nothing more to do."""
        close_old_connections()
        self._beat(clock.now())
        self._plan_housekeeping(clock.now())
        self._send_reminders()
        while self._run_next_task():
            self._send_reminders()  # on time, however many other tasks are waiting
        return self._sleep_until_next(clock.now())

    def free_locks_of_the_dead(self) -> None:
        """At start: tasks locked by a worker of this machine that is gone need not wait out MAX_RUN_TIME.

        Those of other machines do: from here nobody can see whether their workers live.
        """
        for task in Task.objects.filter(locked_by__isnull=False):
            machine, _, process = task.locked_by.rpartition(":")
            is_of_this_machine = machine == "" or task.locked_by == _lock_name(process)
            if is_of_this_machine and (process == str(os.getpid()) or not _is_running(process)):
                Task.objects.filter(pk=task.pk, locked_by=task.locked_by).update(
                    locked_by=None, locked_at=None
                )

    def forget(self) -> None:
        """Take the heartbeat away: this worker stopped on purpose."""
        WorkerHeartbeat.objects.filter(name=self.name).delete()

    def _send_reminders(self) -> None:
        if self._queue in (None, REMINDER_QUEUE):
            while plans.settle_run_out(now=clock.now()):
                pass
            while reminders.send_due(now=clock.now()):
                pass
            while escalations.send_due(now=clock.now()):
                pass

    def _run_next_task(self) -> bool:
        """One task of the library's, by the library; reminders' own tasks are gone or moved by now."""
        ran: bool = tasks.run_next_task(self._queue)
        return ran

    def _beat(self, now: datetime) -> None:
        if self._last_beat is None or abs(now - self._last_beat) >= HEARTBEAT_INTERVAL:
            WorkerHeartbeat.objects.update_or_create(name=self.name, defaults={"beat_at": now})
            of_today = (now - timedelta(days=1), now + timedelta(days=1))  # ahead: the clock was set back
            WorkerHeartbeat.objects.exclude(beat_at__range=of_today).delete()
            self._last_beat = now

    def _plan_housekeeping(self, now: datetime) -> None:
        if self._last_housekeeping is None or abs(now - self._last_housekeeping) >= HOUSEKEEPING_INTERVAL:
            housekeeping.plan_housekeeping()
            self._last_housekeeping = now

    def _sleep_until_next(self, now: datetime) -> float:
        """Until the next reminder or task, half a second at most."""
        horizon = now + timedelta(seconds=self._longest_sleep)
        next_reminder = Patient.objects.filter(reminder_at__lte=horizon).aggregate(at=Min("reminder_at"))[
            "at"
        ]
        next_escalation = Notification.objects.filter(escalate_at__lte=horizon).aggregate(
            at=Min("escalate_at")
        )["at"]
        next_task = Task.objects.filter(run_at__lte=horizon, locked_by=None).aggregate(at=Min("run_at"))["at"]
        instants = [instant for instant in (next_reminder, next_escalation, next_task) if instant is not None]
        if not instants:
            return self._longest_sleep
        # Never a busy loop, also where something that is due cannot be done yet.
        return max((min(instants) - now).total_seconds(), 0.02)


async def work(worker: Worker, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Drive the worker from the loop that serves, until `should_stop` or cancelled; survives any outage."""
    loop = asyncio.get_running_loop()
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker")
    has_freed = False
    try:
        while not should_stop():
            try:
                if not has_freed:
                    await loop.run_in_executor(executor, worker.free_locks_of_the_dead)
                    has_freed = True
                pause = await loop.run_in_executor(executor, worker.run_due)
            except Exception as error:  # the database is away, or a task broke: go on, it is still due
                logger.error(
                    "The worker could not finish its round: %s", type(error).__name__, exc_info=error
                )
                pause = worker._longest_sleep
            await asyncio.sleep(pause)
    finally:
        executor.submit(_leave, worker)
        executor.shutdown(wait=False)


def _leave(worker: Worker) -> None:
    try:
        worker.forget()
    except Exception as error:  # leaving while the database is away: the heartbeat grows old by itself
        logger.warning("The worker's heartbeat was left behind: %s", type(error).__name__)
    finally:
        connections.close_all()  # this thread's, which ends here
