"""The worker: reminders on time, other tasks through the library, no lock of a dead worker, its heartbeat."""

import asyncio
import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from background_task import background
from background_task.models import CompletedTask, Task
from background_task.tasks import tasks
from django.utils import timezone

from patients import clock, worker
from patients.models import Notification, Patient, Plan, WorkerHeartbeat
from patients.services import escalations, plans, reminders
from patients.worker import HEARTBEAT_INTERVAL, LONGEST_SLEEP, Worker, work
from tests import factories
from tests.services.builders import at, fresh, record, remind_all, told, total

# Each round looks after its connection, as a thread of its own would: no transaction of the test around it.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def set_clock(monkeypatch):
    """Sets the clock to an instant, where it stands still."""
    return lambda instant: monkeypatch.setattr(clock, "now", lambda: instant)


@pytest.fixture
def background_task():
    """Makes a function a background task for the time of the test."""
    names = []

    def make(function, **options):
        proxy = background(name=f"tests.{function.__name__}.{len(names)}", **options)(function)
        names.append(proxy.name)
        return proxy

    yield make
    for name in names:
        del tasks._tasks[name]


@pytest.fixture
def dead_pid():
    """The id of a process that is no more."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


# ---------------------------------------------------------------- one round


def test_a_round_tells_what_is_due_and_nothing_else(patient, set_clock):
    set_clock(at(minutes=14))
    Worker().run_due()
    assert told(patient) == []
    set_clock(at(minutes=15))
    Worker().run_due()
    assert [notification.kind for notification in told(patient)] == ["observation_due"]
    Worker().run_due()
    assert len(told(patient)) == 1


def test_a_round_after_an_outage_tells_all_that_was_missed(lead, set_clock, monkeypatch):
    monkeypatch.setattr(reminders, "MOST_AT_ONCE", 2)
    for _ in range(5):
        factories.make_patient(by=lead, now=at(0), admission_date=at(0))
    set_clock(at(minutes=16))
    Worker().run_due()
    assert Notification.objects.count() == 5


def test_a_reminder_whose_task_was_lost_is_told_all_the_same(patient, set_clock, monkeypatch):
    monkeypatch.setattr(Worker, "_run_next_task", lambda self: False)  # it would be followed by another look
    Task.objects.all().delete()
    set_clock(at(minutes=15))
    Worker().run_due()
    assert [notification.kind for notification in told(patient)] == ["observation_due"]


def test_a_round_ends_with_nothing_of_any_kind_left_that_is_due(lead, doctor, nurse, set_clock, monkeypatch):
    """Plans that ran out, reminders by what is due then, escalations: each in as many portions as it takes."""
    for service in (plans, reminders, escalations):
        monkeypatch.setattr(service, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(Worker, "_run_next_task", lambda self: False)
    for _ in range(5):
        patient = factories.make_patient(by=lead, now=at(0), admission_date=at(0))
        record(patient, total(8), when=at(1), by=nurse)
        plans.set_plan(
            patient.pk,
            by=doctor,
            now=at(1),
            steps=[{"every": 1440, "for": None}],
            call_at={},
            until=at(2),
            reason="theatre",
        )
    set_clock(at(2))
    Worker().run_due()
    assert list(Plan.objects.values_list("ended_at", flat=True)) == [at(2)] * 5
    reminded = Notification.objects.filter(kind="observation_overdue").values_list("due_at", flat=True)
    assert list(reminded) == [at(1, minutes=15)] * 5
    escalated = Notification.objects.filter(kind="deterioration").values_list("escalated_to", flat=True)
    assert list(escalated) == ["doctor"] * 5


def test_other_tasks_run_through_the_library(background_task, patient):
    ran = []
    task = background_task(lambda *args, **kwargs: ran.append((args, kwargs)))
    task("a", 1, key="b")
    Worker().run_due()
    assert ran == [(("a", 1), {"key": "b"})]
    assert list(CompletedTask.objects.filter(task_name=task.name).values_list("attempts", flat=True)) == [1]
    assert not Task.objects.filter(task_name=task.name).exists()


def test_a_task_for_later_waits(background_task):
    ran = []
    background_task(lambda: ran.append(1))(schedule=timezone.now() + timedelta(hours=1))
    Worker().run_due()
    assert ran == []


def test_a_task_that_fails_is_tried_later_and_stops_no_other(background_task):
    ran = []

    def fail():
        raise ValueError("this task is broken")

    broken = background_task(fail)
    broken()
    background_task(lambda: ran.append(1))()
    Worker().run_due()
    assert ran == [1]
    task = Task.objects.get(task_name=broken.name)
    assert (task.attempts, task.locked_by) == (1, None)
    assert task.run_at > timezone.now()
    assert "this task is broken" in task.last_error


def test_a_worker_of_one_queue_leaves_the_others_alone(background_task, patient, set_clock):
    ran = []
    background_task(lambda: ran.append("mail"), queue="mail")()
    set_clock(at(minutes=15))
    Worker(queue="mail").run_due()
    assert (ran, told(patient)) == (["mail"], [])
    background_task(lambda: ran.append("letters"), queue="letters")()
    Task.objects.filter(queue="reminders").delete()  # the round tells, not the task
    Worker(queue="reminders").run_due()
    assert (ran, len(told(patient))) == (["mail"], 1)


def test_a_reminder_that_becomes_due_during_other_tasks_does_not_wait_for_the_last_of_them(
    background_task, patient, set_clock
):
    told_before_second = []
    set_clock(at(minutes=14))

    def first():
        set_clock(at(minutes=15))

    def second():
        told_before_second.append(len(told(patient)))

    background_task(first)(schedule=timezone.now() - timedelta(minutes=2))
    background_task(second)(schedule=timezone.now() - timedelta(minutes=1))
    Worker().run_due()
    assert told_before_second == [1]


def test_the_reminders_own_task_tells_through_the_library_too(patient, set_clock):
    """So does a worker of the library alone, without the round above."""
    Task.objects.update(run_at=timezone.now() - timedelta(seconds=1))
    set_clock(at(minutes=15))
    assert tasks.run_next_task()
    assert [notification.kind for notification in told(patient)] == ["observation_due"]
    assert fresh(patient).reminder_kind == "observation_overdue"
    # The row, not the task, is the truth: what the library took away with the task still goes out.
    Task.objects.all().delete()
    assert remind_all(now=at(1)) == 1


# ---------------------------------------------------------------- until the next


def test_it_sleeps_until_the_next_reminder_and_half_a_second_at_most(patient, set_clock):
    set_clock(at(minutes=10))
    assert Worker().run_due() == LONGEST_SLEEP
    set_clock(at(minutes=15) - timedelta(seconds=0.2))
    assert Worker().run_due() == pytest.approx(0.2)
    assert Worker(longest_sleep=0.1).run_due() == pytest.approx(0.1)


def test_it_sleeps_until_the_first_of_reminders_escalations_and_tasks_that_nobody_has(
    patient, nurse, set_clock, monkeypatch
):
    monkeypatch.setattr(Worker, "_run_next_task", lambda self: False)
    record(patient, total(8), when=at(1), by=nurse)
    remind_all(now=at(1.25))
    Task.objects.all().delete()
    set_clock(at(1.25) - timedelta(seconds=0.3))
    round_of = Worker().run_due
    assert round_of() == pytest.approx(0.3), "the escalation"
    task = Task.objects.create(
        task_name="tests.later", task_params="[[], {}]", run_at=at(1.25) - timedelta(seconds=0.1)
    )
    assert round_of() == pytest.approx(0.2), "the task"
    Patient.objects.update(reminder_at=at(1.25) - timedelta(seconds=0.15))
    assert round_of() == pytest.approx(0.15), "the reminder"
    Patient.objects.update(reminder_at=None)
    Notification.objects.update(escalate_at=None)
    Task.objects.filter(pk=task.pk).update(locked_by="another-host:7", locked_at=at(1))
    assert round_of() == LONGEST_SLEEP


def test_what_cannot_be_done_yet_makes_no_busy_loop(patient, set_clock):
    """A task whose function nobody knows is due for ever."""
    set_clock(timezone.now())
    Patient.objects.update(reminder_at=None)
    Task.objects.new_task("tests.unknown", run_at=timezone.now() - timedelta(hours=1)).save()
    assert Worker().run_due() >= 0.02


# ---------------------------------------------------------------- dead workers


def lock(by):
    return Task.objects.create(
        task_name="tests.locked",
        task_params="[[], {}]",
        task_hash=str(by)[-40:],
        run_at=at(0),
        locked_by=by,
        locked_at=at(0),
    )


def own_name(pid):
    return f"{socket.gethostname()}:{pid}"[-64:]


def test_locks_of_dead_workers_of_this_machine_are_freed(dead_pid):
    plain, named = lock(str(dead_pid)), lock(own_name(dead_pid))
    lock(None)  # nobody's
    Worker().free_locks_of_the_dead()
    assert [(fresh(task).locked_by, fresh(task).locked_at) for task in (plain, named)] == [(None, None)] * 2


def test_the_name_of_a_lock_ends_with_the_process_however_long_the_machines_name_is(dead_pid, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "m" * 80)
    dead, living = lock(own_name(dead_pid)), lock(own_name(os.getppid()))
    Worker().free_locks_of_the_dead()
    assert [fresh(task).locked_by for task in (dead, living)] == [None, own_name(os.getppid())]


def test_a_lock_in_a_name_that_is_no_processs_is_freed_and_stops_no_start(dead_pid):
    unknown, dead = lock("somebody"), lock(str(dead_pid))
    Worker().free_locks_of_the_dead()
    assert [fresh(task).locked_by for task in (unknown, dead)] == [None, None]


def test_locks_of_living_workers_of_another_user_stay(monkeypatch):
    def refuse(*args):
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    living = lock(str(os.getppid()))
    Worker().free_locks_of_the_dead()
    assert fresh(living).locked_by == str(os.getppid())


def test_locks_of_living_workers_stay():
    living = [lock(str(os.getppid())), lock(own_name(os.getppid()))]
    Worker().free_locks_of_the_dead()
    assert [fresh(task).locked_by for task in living] == [str(os.getppid()), own_name(os.getppid())]


def test_a_lock_under_this_processes_own_number_is_an_earlier_processs():
    """In a container every worker is process 1: one that was killed and started again finds its own number."""
    own = lock(own_name(os.getpid()))
    Worker().free_locks_of_the_dead()
    assert fresh(own).locked_by is None


def test_a_lock_that_changed_hands_since_it_was_read_stays(dead_pid, monkeypatch):
    task = lock(str(dead_pid))

    def look(process):
        Task.objects.update(locked_by="another-host:7")
        return False

    monkeypatch.setattr(worker, "_is_running", look)
    Worker().free_locks_of_the_dead()
    assert fresh(task).locked_by == "another-host:7"


def test_locks_of_other_machines_stay(dead_pid):
    """Whether they live cannot be seen from here; the library frees them after MAX_RUN_TIME."""
    elsewhere = [lock(f"another-host:{dead_pid}"), lock(f"another-host:{os.getpid()}")]
    Worker().free_locks_of_the_dead()
    assert [fresh(task).locked_by for task in elsewhere] == [task.locked_by for task in elsewhere]


def test_a_running_task_is_locked_in_the_name_of_machine_and_process(background_task):
    locked_by = []
    locked = Task.objects.exclude(locked_by=None).values_list("locked_by", flat=True)
    background_task(lambda: locked_by.extend(locked))()
    Worker().run_due()
    assert locked_by == [own_name(os.getpid())]


# ---------------------------------------------------------------- the heartbeat


def test_a_worker_beats_every_three_seconds_and_no_more(set_clock, db):
    one = Worker()
    set_clock(at(1))
    one.run_due()
    set_clock(at(1) + HEARTBEAT_INTERVAL / 2)
    one.run_due()
    assert WorkerHeartbeat.objects.get().beat_at == at(1)
    set_clock(at(1) + HEARTBEAT_INTERVAL)
    one.run_due()
    assert WorkerHeartbeat.objects.get().beat_at == at(1) + HEARTBEAT_INTERVAL
    set_clock(at(0))  # set back: it would seem dead until the clock is there again
    one.run_due()
    assert WorkerHeartbeat.objects.get().beat_at == at(0)


def test_each_worker_has_a_heartbeat_and_takes_only_its_own_away(set_clock):
    set_clock(at(1))
    first, second = Worker(), Worker()
    first.run_due()
    second.run_due()
    assert WorkerHeartbeat.objects.count() == 2
    first.forget()
    assert WorkerHeartbeat.objects.get().name == second.name


def test_a_heartbeat_a_day_old_is_swept_away_and_so_is_one_a_day_ahead(set_clock):
    for hours in (23, 24.9, 25.1, 72.9, 73.1):
        WorkerHeartbeat.objects.create(name=f"at {hours}", beat_at=at(hours))
    set_clock(at(49))
    own = Worker()
    own.run_due()
    others = WorkerHeartbeat.objects.exclude(name=own.name).order_by("beat_at")
    assert [heartbeat.name for heartbeat in others] == ["at 25.1", "at 72.9"]


# ---------------------------------------------------------------- driven by the loop


class CountingWorker(Worker):
    """Rounds that fail or succeed as told."""

    def __init__(self, failures):
        super().__init__(longest_sleep=0.01)
        self.failures = list(failures)
        self.failures_to_free = []
        self.rounds = 0
        self.freed = 0
        self.has_left = False

    def free_locks_of_the_dead(self):
        self.freed += 1
        if self.failures_to_free:
            raise self.failures_to_free.pop()

    def run_due(self):
        self.rounds += 1
        if self.failures:
            raise self.failures.pop(0)
        return 0.001

    def forget(self):
        self.has_left = True


async def test_a_round_that_fails_is_followed_by_the_next(caplog):
    counting = CountingWorker([OSError("the database is away"), ValueError("broken")])
    await work(counting, should_stop=lambda: counting.rounds >= 4)
    assert (counting.rounds, counting.freed) == (4, 1)
    assert [record.levelname for record in caplog.records if record.name == worker.logger.name] == [
        "ERROR",
        "ERROR",
    ]


async def test_locks_are_freed_once_the_database_is_there():
    counting = CountingWorker([])
    counting.failures_to_free = [OSError("the database is away")]
    await work(counting, should_stop=lambda: counting.rounds >= 2)
    assert (counting.freed, counting.rounds) == (2, 2)


def test_a_worker_that_leaves_while_the_database_is_away_closes_its_connections_all_the_same(
    monkeypatch, caplog
):
    def refuse():
        raise OSError("the database is away")

    leaving, closed = Worker(), []
    monkeypatch.setattr(leaving, "forget", refuse)
    monkeypatch.setattr(worker.connections, "close_all", lambda: closed.append(True))
    worker._leave(leaving)
    assert closed == [True]
    assert [record.levelname for record in caplog.records if record.name == worker.logger.name] == ["WARNING"]


async def test_a_cancelled_worker_takes_its_heartbeat_away():
    counting = CountingWorker([])
    working = asyncio.get_running_loop().create_task(work(counting))
    while counting.rounds < 2:
        await asyncio.sleep(0.001)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    while not counting.has_left:
        await asyncio.sleep(0.001)
