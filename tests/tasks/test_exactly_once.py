"""However often a worker is killed and however many there are: each reminder goes out once."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.realtime.ward import Ward, aside
from tests.support.counts import IS_TORTURE, count
from tests.support.processes import WardlightServer, Worker
from tests.support.stacks import StackBuilder
from tests.support.waiting import wait_until
from tests.tasks.due import (
    admit_with_first_set_due_in,
    assert_told_once_each,
    reminders_of,
    wait_for_reminders,
)

KILLS = count(reduced=6, full=50)
REMINDERS = count(reduced=30, full=300)
AT_ONCE = count(reduced=80, full=500)


@pytest.mark.timeout(1800 if IS_TORTURE else 300)
async def test_no_reminder_is_lost_or_doubled_while_workers_and_servers_are_killed_again_and_again(
    ward: Ward,
) -> None:
    """Each time within a quarter of a second of its telling something: in the middle of its work.

    On the embedded stack the whole server is killed: the worker lives in it. On the other one the worker is, and
    every second time the web process that hears of the reminders with it.
    """
    moments = random.Random(20260101)
    worker, servers = ward.stack.working_process, ward.stack.servers
    since = await aside(ward.last_event)
    for turn in range(1, KILLS + 1):
        due_in = [moments.uniform(0, 0.5) for _ in range(REMINDERS // KILLS)]
        known = len(await aside(reminders_of, ward))
        await aside(admit_with_first_set_due_in, ward, seconds=due_in)
        await aside(wait_for_reminders, ward, count=known + 1)
        await asyncio.sleep(moments.uniform(0, 0.25))
        victims = [worker] if turn % 2 or len(servers) == 1 else [worker, servers[0]]
        for victim in victims:
            victim.kill9()
        for victim in victims:
            victim.launch()
        if worker is servers[0]:
            await aside(worker.wait_until_up)
    await aside(ward.stack.wait_until_ready)
    await aside(wait_for_reminders, ward, count=REMINDERS)
    await asyncio.sleep(2)  # for what would come twice
    rows = await aside(reminders_of, ward)
    assert Counter(row["kind"] for row in rows) == {"observation_due": REMINDERS}, "lost or doubled"
    assert max(Counter(row["patient"] for row in rows).values()) == 1
    async with await ward.open("viewer", server=-1) as socket:
        assert (await socket.resume(since=since))["response_status"] == 200
        assert_told_once_each(
            rows,
            changes=socket.pushed("notifications"),
            banners=socket.pushed("history", type="notification"),
        )


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
                await asyncio.sleep(1.5)
                rows = await aside(reminders_of, ward)
                await ward.catch_up(*sockets)
                assert len(rows) == AT_ONCE
                for socket in sockets:
                    assert_told_once_each(
                        rows,
                        changes=socket.pushed("notifications"),
                        banners=socket.pushed("history", type="notification"),
                    )
                assert sorted(notes) == sorted(f"note {number}" for number in range(40)), "run twice"
        finally:
            ward.close()
            stack.stop()


def schedule_notes(ward: Ward, *, path: Path, number: int) -> None:
    ward.shell(
        "from tests.tasks.plain import note_down",
        f"for number in range({number}):",
        f"    note_down({str(path)!r}, f'note {{number}}')",
    )


def wait_for_notes(path: Path, *, number: int) -> list[str]:
    def has_them() -> Any:
        lines = path.read_text().splitlines() if path.exists() else []
        return lines if len(lines) >= number else None

    lines: list[str] = wait_until(has_them, what=f"{number} notes", timeout=60)
    return lines
