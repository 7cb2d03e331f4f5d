"""What migrations do to a database that is filled: on both engines, from the tables as they were before."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import manage
from tests.support.servers import OwnPostgres

BEFORE = """
from django.core.management import call_command
call_command("migrate", "patients", "0010", verbosity=0)
call_command("migrate", "auth", verbosity=0)
"""

FILL = """
from datetime import UTC, datetime
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

before = [("patients", "0010_reports_by_creation"), ("auth", "0012_alter_user_first_name_max_length")]
apps = MigrationExecutor(connection).loader.project_state(before).apps
model = lambda name: apps.get_model("patients", name)
due_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
nurse = apps.get_model("auth", "User").objects.create(username="nadia")
wards = {
    "both": [("observation_due", "open"), ("observation_overdue", "escalated")],
    "acknowledged": [("observation_due", "acknowledged"), ("observation_overdue", "acknowledged")],
    "beside": [("deterioration", "open"), ("observation_due", "open"), ("observation_overdue", "open")],
    "only due": [("observation_due", "open")],
    "only overdue": [("observation_overdue", "open")],
    "over": [("observation_due", "resolved"), ("observation_overdue", "open")],
    "both over": [("observation_due", "resolved"), ("observation_overdue", "resolved")],
    "none": [],
}
for name, told in wards.items():
    waiting = sum(status in ("open", "escalated") for _, status in told)
    patient = model("Patient").objects.create(first_name="Ada", last_name=name, open_notifications=waiting)
    for kind, status in told:
        is_over = status == "resolved"
        model("Notification").objects.create(
            patient=patient, kind=kind, severity="low", status=status, created_at=due_at,
            due_at=None if kind == "deterioration" else due_at,
            acknowledged_by=nurse if status == "acknowledged" else None,
            resolved_because="the next observation is due later" if is_over else "",
            resolved_at=due_at if is_over else None,
        )
model("EventCounter").objects.update(epoch="before")
"""

READ = """
import json
call_command("migrate", verbosity=0)
from patients.models import EventCounter, Notification, Patient
found = {
    patient.last_name: [
        patient.open_notifications,
        [[n.kind, n.status, n.resolved_because, n.resolved_at is not None, str(n.acknowledged_by or "")]
         for n in patient.notifications.order_by("id")],
    ]
    for patient in Patient.objects.order_by("id")
}
print(json.dumps([found, EventCounter.objects.get().epoch]))
"""

LATER = "the next observation is due later"


@pytest.fixture(params=["sqlite", "postgres"])
def configuration(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield {"DATABASE_URL": f"sqlite:///{tmp_path / 'ward.sqlite3'}"}
        return
    postgres = OwnPostgres()
    try:
        yield {"DATABASE_URL": postgres.url}
    finally:
        postgres.close()


def migrate(configuration: dict[str, str], *, fill: str, read: str) -> Any:
    """What `read` prints of a database that `fill` has filled; one process, since each takes its time to start."""
    program = BEFORE + fill + read
    printed = manage("shell", "--verbosity", "0", "--command", program, configuration=configuration)
    return json.loads(printed.splitlines()[-1])


def test_of_due_and_overdue_side_by_side_the_due_one_is_resolved(configuration: dict[str, str]) -> None:
    found, epoch = migrate(configuration, fill=FILL, read=READ)
    assert found == {
        "both": [1, [
            ["observation_due", "resolved", "overdue", True, ""],
            ["observation_overdue", "escalated", "", False, ""],
        ]],
        "acknowledged": [0, [
            ["observation_due", "resolved", "overdue", True, "nadia"],
            ["observation_overdue", "acknowledged", "", False, "nadia"],
        ]],
        "beside": [2, [
            ["deterioration", "open", "", False, ""],
            ["observation_due", "resolved", "overdue", True, ""],
            ["observation_overdue", "open", "", False, ""],
        ]],
        "only due": [1, [["observation_due", "open", "", False, ""]]],
        "only overdue": [1, [["observation_overdue", "open", "", False, ""]]],
        "over": [1, [
            ["observation_due", "resolved", LATER, True, ""],
            ["observation_overdue", "open", "", False, ""],
        ]],
        "both over": [0, [
            ["observation_due", "resolved", LATER, True, ""],
            ["observation_overdue", "resolved", LATER, True, ""],
        ]],
        "none": [0, []],
    }  # fmt: skip
    assert epoch != "before", "screens that resume would go on showing both"
