"""`manage.py process_tasks`: the library's command by its name and options, and its tasks beside ours."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.realtime.ward import Ward
from tests.support.processes import WardlightServer, Worker
from tests.support.stacks import Stack, StackBuilder
from tests.support.waiting import DEADLINE, wait_until
from tests.tasks.due import admit_with_first_set_due_in, reminders_of, wait_for_reminders
from tests.tasks.test_exactly_once import wait_for_notes


@pytest.fixture
def ward(stack_builder: StackBuilder, tmp_path: Path) -> Iterator[Ward]:
    """One web process without a worker: the test brings the workers. On PostgreSQL all stacks have one beside."""
    with stack_builder.prepared("sqlite", folder=tmp_path) as stack:
        stack.servers = [
            WardlightServer(configuration=stack.configuration, folder=tmp_path, has_worker=False)
        ]
        stack.workers = []
        ward = Ward(stack)
        try:
            stack.servers[0].start()
            yield ward
        finally:
            ward.close()
            stack.stop()


def make_worker(stack: Stack, *options: str, name: str = "worker", alteration: str = "plain_tasks") -> Worker:
    """A worker with these options, which by default also knows the plain tasks; stopped with the stack."""
    worker = Worker(configuration=stack.configuration, folder=stack.folder, name=name)
    worker.command = ("-m", "tests.realtime.altered_server", alteration, "process_tasks", *options)
    stack.workers.append(worker)
    return worker


def note(ward: Ward, text: str, *, before: str = "") -> Path:
    path = ward.stack.folder / "notes"
    ward.shell("from tests.tasks.plain import fail, note_down", before, f"note_down({str(path)!r}, {text!r})")
    return path


def test_it_ends_by_itself_after_its_duration_with_its_work_done(ward: Ward) -> None:
    admit_with_first_set_due_in(ward, seconds=[-1, -2])
    path = note(ward, "done")
    worker = make_worker(ward.stack, "--duration", "2")
    worker.start()
    assert worker.require_running().wait(DEADLINE) == 0
    worker.process = None
    assert path.read_text() == "done\n"
    assert len(reminders_of(ward)) == 2


def test_sigterm_ends_a_worker_that_sleeps_long_with_0(ward: Ward) -> None:
    """`--sleep` is the longest pause: what others bring in between waits until it is over."""
    sleeper = make_worker(ward.stack, "--sleep", "3600", name="sleeper", alteration="print_rounds")
    sleeper.start()
    wait_until(lambda: "round: over" in sleeper.read_log(), what="the sleeper has had its first look")
    admit_with_first_set_due_in(ward, seconds=[0])
    time.sleep(1.5)
    assert reminders_of(ward) == [], "it looked before its pause was over"
    assert sleeper.terminate(timeout=DEADLINE) == 0
    make_worker(ward.stack, "--sleep", "0.1").start()
    wait_for_reminders(ward, count=1)


def test_a_queue_keeps_a_worker_to_its_tasks(ward: Ward) -> None:
    admit_with_first_set_due_in(ward, seconds=[0])
    path = note(ward, "first")
    of_notes = make_worker(ward.stack, "--queue", "notes", name="of-notes")
    of_notes.start()
    wait_for_notes(path, number=1)
    note(ward, "first again")
    wait_for_notes(path, number=2)
    assert reminders_of(ward) == [], "it has looked twice"
    assert of_notes.terminate(timeout=DEADLINE) == 0
    note(ward, "second")
    of_reminders = make_worker(ward.stack, "--queue", "reminders", name="of-reminders")
    of_reminders.start()
    wait_for_reminders(ward, count=1)
    admit_with_first_set_due_in(ward, seconds=[0])
    wait_for_reminders(ward, count=2)
    assert path.read_text() == "first\nfirst again\n", "it has looked twice"


def test_a_task_that_fails_stops_neither_other_tasks_nor_reminders(ward: Ward) -> None:
    make_worker(ward.stack).start()
    path = note(ward, "behind it", before="fail(priority=9)")
    admit_with_first_set_due_in(ward, seconds=[0])
    wait_for_notes(path, number=1)
    wait_for_reminders(ward, count=1)
    assert ward.stack.workers[0].require_running()
    ward.shell(
        "from time import sleep",
        "from background_task.models import Task",
        "failed = Task.objects.filter(task_name='tests.tasks.plain.fail')",
        "while failed.get().locked_by:",  # where all this took long, it is tried again just now
        "    sleep(0.1)",
        "task = failed.get()",
        "assert task.attempts >= 1, vars(task)",
        "assert 'always fails' in task.last_error",
    )


def test_what_a_killed_worker_had_locked_is_run_by_the_next(ward: Ward) -> None:
    """The library would leave it locked for an hour."""
    worker = make_worker(ward.stack)
    worker.start()
    pid = worker.pid
    worker.kill9()
    path = note(ward, "taken over")
    ward.shell(
        "import socket",
        "from django.utils import timezone",
        "from background_task.models import Task",
        f"name = f'{{socket.gethostname()}}:{pid}'",
        "assert Task.objects.filter(queue='notes').update(locked_by=name, locked_at=timezone.now()) == 1",
    )
    worker.start()
    assert wait_for_notes(path, number=1) == ["taken over"]


def test_a_worker_that_stopped_on_purpose_leaves_no_heartbeat(ward: Ward) -> None:
    worker = make_worker(ward.stack)
    worker.start()
    ward.stack.wait_until_ready()
    assert worker.terminate(timeout=DEADLINE) == 0
    answer = ward.client().get("/health/full")
    assert (answer.status_code, answer.json()["missing"], answer.json()["degraded"]) == (503, [], ["worker"])
    answer = ward.client().get("/health/ready")
    assert (answer.status_code, answer.json()["degraded"]) == (200, ["worker"])


def test_serve_runs_plain_tasks_too(stack_builder: StackBuilder, tmp_path: Path) -> None:
    with stack_builder.prepared("sqlite", folder=tmp_path) as stack:
        server = stack.servers[0]
        server.command = ("-m", "tests.realtime.altered_server", "plain_tasks", *server.command[1:])
        ward = Ward(stack)
        try:
            stack.start()
            path = note(ward, "inside the server")
            assert wait_for_notes(path, number=1) == ["inside the server"]
            wait_until(server.is_ready, what="the server goes on")
        finally:
            ward.close()
            stack.stop()
