"""The commands that write: demo, import_csv and process_tasks."""

import csv
import logging
import sys
import time
from datetime import timedelta
from io import StringIO

import pytest
from background_task.models import CompletedTask, Task
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError
from django.utils import timezone

from patients import clock, events
from patients.management.commands import process_tasks
from patients.models import Patient, Report, WorkerHeartbeat
from patients.worker import LONGEST_SLEEP, Worker
from tests import factories
from tests.services.builders import at, fresh, told
from tests.support.waiting import wait_until

pytestmark = pytest.mark.home("sqlite")

PATIENTS = """\
hospital_number,last_name,first_name,admission_date,height,weight
H1,Byron,Ada,2024-03-01T08:00:00Z,170,
H2,,,2024-03-01T08:00:00Z,,60
H3,King,Eve,2024-03-01T08:00:00Z,,
"""
REPORTS = """\
hospital_number,datetime,pulse,respiration,temperature
H1,2024-03-01T09:00:00Z,70,16,37.0
H1,2024-03-01T10:00:00Z,400,16,37.0
H3,2024-03-01T10:00:00Z,72,,
H9,2024-03-01T10:00:00Z,72,,
"""


def run(name, *arguments, **options):
    """Run a command; returns what it printed and what it complained of."""
    printed, complaints = StringIO(), StringIO()
    call_command(name, *arguments, stdout=printed, stderr=complaints, **options)
    return printed.getvalue(), complaints.getvalue()


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------- demo


@pytest.mark.django_db
def test_demo_fills_an_empty_database_and_refuses_the_next_time():
    printed, _ = run("demo")
    assert "27 patients" in printed
    assert Patient.objects.count() == 27
    with pytest.raises(CommandError, match="already"):
        run("demo")
    assert run("demo", "--if-empty") == ("", "")
    assert Patient.objects.count() == 27


# ---------------------------------------------------------------- import_csv


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: at(12))
    patients, reports = tmp_path / "patients.csv", tmp_path / "reports.csv"
    patients.write_text(PATIENTS, encoding="utf-8")
    reports.write_text(REPORTS, encoding="utf-8")
    return patients, reports


@pytest.mark.django_db
def test_import_takes_in_what_it_can_and_writes_the_rest_beside_the_files(files):
    printed, complaints = run("import_csv", *map(str, files))
    assert "2 patients and 3 reports" in printed  # one of them the height at admission
    assert "patients.csv line 3: last_name: " in complaints
    assert "reports.csv line 3: pulse: " in complaints
    assert "reports.csv line 5: hospital_number: " in complaints
    patients, reports = files
    assert [row["hospital_number"] for row in rows_of(patients.with_suffix(".rejected.csv"))] == ["H2"]
    rejected = rows_of(reports.with_suffix(".rejected.csv"))
    assert [(row["hospital_number"], row["pulse"]) for row in rejected] == [("H1", "400"), ("H9", "72")]
    assert set(Patient.objects.values_list("hospital_number", flat=True)) == {"H1", "H3"}
    assert {report.recorded_by.get_full_name() for report in Report.objects.all()} == {"Wardlight (system)"}


@pytest.mark.django_db
def test_a_second_import_adds_nothing(files):
    run("import_csv", *map(str, files))
    last = events.log_state().last
    printed, _ = run("import_csv", *map(str, files))
    assert "0 patients and 0 reports" in printed
    assert "known already: 2 and 3" in printed
    assert (Patient.objects.count(), Report.objects.count(), events.log_state().last) == (2, 3, last)


@pytest.mark.django_db
def test_what_was_rejected_can_be_put_right_and_taken_in(files):
    run("import_csv", *map(str, files))
    patients, reports = (path.with_suffix(".rejected.csv") for path in files)
    (row,) = rows_of(patients)
    with patients.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=[*row, "last_name"])
        writer.writeheader()
        writer.writerow({**row, "last_name": "Lovelace"})
    reports.write_text(reports.read_text().replace("400", "140"), encoding="utf-8")
    _, complaints = run("import_csv", str(patients), str(reports))
    assert Patient.objects.get(hospital_number="H2").last_name == "Lovelace"
    assert Report.objects.filter(pulse=140).count() == 1
    assert "H9" in complaints


@pytest.mark.django_db
def test_without_rejects_no_file_is_written(tmp_path, files):
    patients = tmp_path / "good.csv"
    patients.write_text("hospital_number,first_name,last_name\nH7,A,B\n", encoding="utf-8-sig")
    run("import_csv", str(patients))
    assert Patient.objects.get().hospital_number == "H7"
    assert not list(tmp_path.glob("*.rejected.csv"))


@pytest.mark.django_db
@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00hospital_number"], ids=["no file", "no text"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "broken.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=r"broken\.csv cannot be read"):
        run("import_csv", str(path))


# ---------------------------------------------------------------- process_tasks


@pytest.fixture
def run_worker(transactional_db):
    """Runs process_tasks as in life, where its process, its heartbeat and its publisher end with it."""
    before = events._publisher
    yield lambda *arguments: run("process_tasks", *arguments)
    events.set_publisher(before)
    wait_until(lambda: not WorkerHeartbeat.objects.exists(), what="the worker takes its heartbeat away")


def parsed(*arguments):
    command = load_command_class(get_commands()["process_tasks"], "process_tasks")
    return vars(command.create_parser("manage.py", "process_tasks").parse_args(arguments))


def test_process_tasks_is_ours_and_has_the_librarys_options():
    assert get_commands()["process_tasks"] == "patients"
    options = parsed("--duration", "3", "--sleep", "0.2", "--queue", "mail", "--log-std", "--dev")
    assert {name: options[name] for name in ("duration", "sleep", "queue", "log_std", "dev")} == {
        "duration": 3, "sleep": 0.2, "queue": "mail", "log_std": True, "dev": True,
    }  # fmt: skip


def test_process_tasks_looks_every_half_second_unless_said():
    options = parsed()
    assert (options["sleep"], options["duration"], options["queue"]) == (LONGEST_SLEEP, 0, None)


def test_process_tasks_tells_what_is_due_and_ends_after_its_duration(run_worker):
    lead = factories.make_user("lead")
    patient = factories.make_patient(by=lead, now=timezone.now() - timedelta(minutes=16))
    started = time.monotonic()
    run_worker("--duration", "1", "--sleep", "0.05")
    assert time.monotonic() - started >= 1
    assert [notification.kind for notification in told(patient)] == ["observation_due"]


def test_process_tasks_of_another_queue_tells_nothing(run_worker):
    lead = factories.make_user("lead")
    patient = factories.make_patient(by=lead, now=timezone.now() - timedelta(minutes=16))
    run_worker("--duration", "1", "--queue", "mail")
    assert told(patient) == []
    assert fresh(patient).reminder_kind == "observation_due"
    of_reminders = Task.objects.filter(queue="reminders")
    assert (of_reminders.count(), CompletedTask.objects.count()) == (1, 0)


def test_process_tasks_hands_its_options_to_the_worker_and_its_output_to_the_log(
    run_worker, monkeypatch, caplog
):
    made = []

    class NotedWorker(Worker):
        def __init__(self, **options):
            super().__init__(**options)
            made.append(options)
            sys.stdout.write("begun")

    monkeypatch.setattr(process_tasks, "Worker", NotedWorker)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    with caplog.at_level(logging.INFO):
        run_worker("--duration", "1", "--sleep", "0.25", "--queue", "mail", "--log-std")
    assert made == [{"queue": "mail", "longest_sleep": 0.25}]
    assert "begun" in caplog.messages
