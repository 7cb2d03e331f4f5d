"""However often a worker is killed and however many there are: each reminder goes out once."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.observations import ILL
from tests.realtime.ward import Ward, aside
from tests.support.counts import IS_TORTURE, count
from tests.support.processes import WardlightServer, Worker
from tests.support.stacks import Stack, StackBuilder
from tests.support.waiting import wait_until
from tests.tasks.due import (
    admit_with_first_set_due_in,
    assert_told_once_each,
    of_kind,
    reminders_of,
    see_another_look,
    wait_for_reminders,
)

DUE = "observation_due"
KILLS = count(reduced=6, full=50)
REMINDERS = count(reduced=30, full=300)
KILLS_ESCALATING = count(reduced=3, full=50)
ESCALATIONS = count(reduced=12, full=300)
AT_ONCE = count(reduced=80, full=500)


@pytest.mark.timeout(1800 if IS_TORTURE else 600)
@pytest.mark.long("reminders come due over and over while processes die and start again")
async def test_no_reminder_is_lost_or_doubled_while_workers_and_servers_are_killed_again_and_again(
    ward: Ward,
) -> None:
    """Each time within a quarter of a second of its telling something: in the middle of its work.

    On the embedded stack the whole server is killed: the worker lives in it. On the other one the worker is, and
    every second time the web process that hears of the reminders with it.
    """
    moments = random.Random(20260101)
    since = await aside(ward.last_event)
    for turn in range(1, KILLS + 1):
        due_in = [moments.uniform(0, 0.5) for _ in range(REMINDERS // KILLS)]
        known = len(await aside(reminders_of, ward, kind=DUE))
        await aside(admit_with_first_set_due_in, ward, seconds=due_in)
        await aside(wait_for_reminders, ward, count=known + 1, kind=DUE)
        await kill_within_a_quarter_second(ward.stack, turn=turn, moments=moments)
    await aside(ward.stack.wait_until_ready)
    await aside(wait_for_reminders, ward, count=REMINDERS, kind=DUE)
    await aside(see_another_look, ward)
    # Where all this takes longer than the grace of the first ones they are overdue as well: once each.
    rows = await aside(reminders_of, ward)
    assert max(Counter((row["patient"], row["kind"]) for row in rows).values()) == 1, "doubled"
    due = [row for row in rows if row["kind"] == DUE]
    assert len(due) == REMINDERS + 1, "lost; one is of the look"
    async with await ward.open("viewer", server=-1) as socket:
        assert (await socket.resume(since=since))["response_status"] == 200
        assert_told_once_each(
            due,
            changes=of_kind(DUE, socket.pushed("notifications")),
            banners=of_kind(DUE, socket.pushed("history", type="notification")),
        )


@pytest.mark.timeout(1800 if IS_TORTURE else 600)
@pytest.mark.long("processes die and start again until all is escalated")
async def test_what_nobody_acknowledges_is_escalated_once_while_workers_and_servers_are_killed(
    ward: Ward,
) -> None:
    moments = random.Random(20260102)
    open_ones = await aside(raise_high_notifications, ward, number=ESCALATIONS)
    since = await aside(ward.last_event)
    at_a_time = ESCALATIONS // KILLS_ESCALATING
    for turn in range(1, KILLS_ESCALATING + 1):
        chosen = open_ones[(turn - 1) * at_a_time : turn * at_a_time]
        due_in = {notification: moments.uniform(0, 0.5) for notification in chosen}
        await aside(let_escalate_in, ward, seconds=due_in)
        await aside(wait_for_escalations, ward, count=(turn - 1) * at_a_time + 1)
        await kill_within_a_quarter_second(ward.stack, turn=turn, moments=moments)
    await aside(ward.stack.wait_until_ready)
    await aside(wait_for_escalations, ward, count=ESCALATIONS)
    await aside(see_another_look, ward)
    rows = await aside(wait_for_escalations, ward, count=ESCALATIONS)
    assert {row["id"] for row in rows} == set(open_ones)
    async with await ward.open("viewer", server=-1) as socket:
        assert (await socket.resume(since=since))["response_status"] == 200
        for pushed in (socket.pushed("notifications"), socket.pushed("history", type="notification")):
            to_doctor = [frame["data"]["id"] for frame in pushed if frame["data"]["escalated_to"] == "doctor"]
            assert sorted(to_doctor) == open_ones, "lost or doubled"


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
async def test_four_workers_and_three_web_processes_tell_each_reminder_once(
    stack_builder: StackBuilder, tmp_path: Path, name: str
) -> None:
    """Also without Redis, where the processes find each other's changes in the log."""
    with stack_builder.prepared(name, folder=tmp_path) as stack:
        settings = stack.configuration
        stack.servers = [
            WardlightServer(configuration=settings, folder=tmp_path, name=f"web-{number}", has_worker=False)
            for number in (1, 2, 3)
        ]
        stack.workers = [
            Worker(configuration=settings, folder=tmp_path, name=f"worker-{number}") for number in range(4)
        ]
        for worker in stack.workers:
            worker.command = ("-m", "tests.realtime.altered_server", "plain_tasks", "process_tasks")
        ward = Ward(stack)
        try:
            stack.start()
            async with AsyncExitStack() as resources:
                sockets = await ward.open_everywhere(resources, "viewer")
                # All due in the same second, and other work between them.
                await aside(schedule_notes, ward, path=tmp_path / "notes", number=40)
                await aside(admit_with_first_set_due_in, ward, seconds=[2.0] * AT_ONCE)
                await aside(wait_for_reminders, ward, count=AT_ONCE)
                notes = await aside(wait_for_notes, tmp_path / "notes", number=40)
                await aside(see_another_look, ward)
                rows = await aside(reminders_of, ward)
                await ward.catch_up(*sockets)
                assert len(rows) == AT_ONCE + 1, "one is of the look"
                for socket in sockets:
                    assert_told_once_each(
                        rows,
                        changes=socket.pushed("notifications"),
                        banners=socket.pushed("history", type="notification"),
                    )
                # The library runs a task again that it cannot mark as done: four workers on one SQLite file can keep
                # its lock from each other for longer than the 20 s that a writer waits.
                ran = sorted(notes) if name == "postgres" else sorted(set(notes))
                assert ran == sorted(f"note {number}" for number in range(40)), "lost, or run twice"
        finally:
            ward.close()
            stack.stop()


async def kill_within_a_quarter_second(stack: Stack, *, turn: int, moments: random.Random) -> None:
    """Kill who works, and every second time the first web process with it; start them again."""
    worker, servers = stack.working_process, stack.servers
    await asyncio.sleep(moments.uniform(0, 0.25))
    victims = [worker] if turn % 2 or len(servers) == 1 else [worker, servers[0]]
    for victim in victims:
        victim.kill9()
    for victim in victims:
        victim.launch()
    if worker is servers[0]:
        await aside(worker.wait_until_up)


def raise_high_notifications(ward: Ward, *, number: int) -> list[int]:
    """The ids of so many open notifications, of one patient each, in order."""
    for _ in range(number):
        ward.client("nurse").record(ward.admit(last_name="Ill")["id"], **ILL)
    page = ward.client().read("/api/notifications/", limit=1000, ordering="id", kind="deterioration")
    rows = page["results"]
    assert [row["severity"] for row in rows] == ["high"] * number
    return [row["id"] for row in rows]


def let_escalate_in(ward: Ward, *, seconds: dict[int, float]) -> None:
    """As if the quarter of an hour that somebody has to acknowledge were over in a moment."""
    ward.shell(
        "from datetime import timedelta",
        "from patients import clock",
        "from patients.models import Notification",
        "started = clock.now()",
        f"for id, seconds in {seconds!r}.items():",
        "    escalate_at = started + timedelta(seconds=seconds)",
        "    Notification.objects.filter(pk=id).update(escalate_at=escalate_at)",
    )


def wait_for_escalations(ward: Ward, *, count: int) -> list[dict[str, Any]]:
    """What was escalated, as soon as there are that many."""

    def has_them() -> list[dict[str, Any]] | None:
        client = ward.client(server=-1)
        rows = client.read("/api/notifications/", limit=1000, kind="deterioration", status="escalated")[
            "results"
        ]
        return rows if len(rows) >= count else None

    return wait_until(has_them, what=f"{count} escalations") or []


def schedule_notes(ward: Ward, *, path: Path, number: int) -> None:
    ward.shell(
        "from tests.tasks.plain import note_down",
        f"for number in range({number}):",
        f"    note_down({str(path)!r}, f'note {{number}}')",
    )


def wait_for_notes(path: Path, *, number: int) -> list[str]:
    def has_them() -> Any:
        lines = path.read_text().splitlines() if path.exists() else []
        return lines if len(set(lines)) >= number else None

    lines: list[str] = wait_until(has_them, what=f"{number} notes")
    return lines
