"""Much at once: handed out in portions, so that nobody who reads is closed, and in order."""

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from patients import clock
from patients.events import Entry
from patients.realtime import hub as hub_module
from patients.realtime.connection import CLOSE_TOO_SLOW, MOST_UNSENT, Connection, decode_text_frames
from patients.realtime.hub import BYTES_A_PORTION, Hub
from tests.realtime.test_outlets import KeepingOutlet, make_connection
from tests.realtime.ward import Ward, aside, numbers_of
from tests.support.stacks import StackBuilder
from tests.support.waiting import DEADLINE

FRAME = 4096  # bytes, about
MANY = 4 * MOST_UNSENT // FRAME


class ReadingOutlet(KeepingOutlet):
    """Its client reads so many bytes at each glance."""

    def __init__(self, *, rate: int) -> None:
        super().__init__()
        self.rate = rate
        self.waiting = 0
        self.most = 0

    def write(self, frames: bytes) -> int:
        super().write(frames)
        self.waiting += len(frames)
        self.most = max(self.most, self.waiting)
        return self.waiting

    def unsent(self) -> int:
        self.waiting = max(0, self.waiting - self.rate)
        return self.waiting


def entries(first: int, count: int) -> list[Entry]:
    text = "x" * FRAME
    return [
        Entry(n, "patients", orjson.dumps({"stream": "patients", "payload": {"data": text, "event": n}}))
        for n in range(first, first + count)
    ]


def make_hub() -> Hub:
    hub = Hub.__new__(Hub)
    hub.loop = asyncio.get_running_loop()
    hub.worker_beat_at = clock.now()
    hub._groups, hub._early, hub.last, hub.epoch, hub._tick = {}, {}, 0, "e", 0
    hub._handing_out, hub._tasks, hub._by_sign_in = None, [], {}
    return hub


def join(hub: Hub, outlet: KeepingOutlet) -> Connection:
    connection = make_connection("viewer")
    connection.outlet = outlet  # type: ignore[assignment]
    hub.register(connection)
    outlet.written.clear()
    return connection


def numbers(outlet: KeepingOutlet) -> list[int]:
    return [orjson.loads(f)["payload"]["event"] for f in decode_text_frames(b"".join(outlet.written))]


async def all_out(hub: Hub) -> None:
    if hub._handing_out is not None:
        await asyncio.wait_for(hub._handing_out, DEADLINE)


async def test_who_reads_gets_megabytes_in_order_and_is_not_closed() -> None:
    hub, outlet = make_hub(), ReadingOutlet(rate=64 * 1024)
    join(hub, outlet)
    hub._take(entries(1, MANY))
    assert len(outlet.written) == 1, "a portion at once"
    await all_out(hub)
    assert numbers(outlet) == list(range(1, MANY + 1))
    assert (outlet.closed_with, hub.last) == (None, MANY)
    assert outlet.most < BYTES_A_PORTION + 2 * FRAME


async def test_what_comes_meanwhile_waits_its_turn() -> None:
    hub, outlet = make_hub(), ReadingOutlet(rate=64 * 1024)
    join(hub, outlet)
    hub._take(entries(1, MANY))
    hub._take(entries(MANY + 1, 2))
    assert len(outlet.written) == 1, "whoever commits next does not push the one before out sooner"
    late = KeepingOutlet()
    join(hub, late)
    since = hub.last
    await all_out(hub)
    assert numbers(outlet) == list(range(1, MANY + 3))
    assert numbers(late) == list(range(since + 1, MANY + 3)), "from its greeting's number on"


async def test_who_does_not_read_is_closed_and_keeps_the_others_waiting_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub, deaf, other = make_hub(), ReadingOutlet(rate=0), ReadingOutlet(rate=64 * 1024)
    connection = join(hub, deaf)
    join(hub, other)
    waits: list[float] = []
    sleep = asyncio.sleep

    async def counting_sleep(seconds: float) -> None:
        waits.append(seconds)
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", counting_sleep)
    hub._take(entries(1, MANY))
    await all_out(hub)
    assert numbers(other) == list(range(1, MANY + 1))
    assert (deaf.closed_with, other.closed_with) == (CLOSE_TOO_SLOW, None)
    portions = len(other.written)
    glances = hub_module.PATIENCE_AT_A_STANDSTILL / hub_module.SECONDS_BETWEEN_GLANCES
    # Every portion takes the other one 4 glances; the deaf one is waited for in vain before the second alone.
    assert sum(seconds > 0 for seconds in waits) < glances + portions * 10
    assert connection.is_slow


async def test_who_has_caught_up_is_waited_for_again() -> None:
    hub, outlet = make_hub(), ReadingOutlet(rate=0)
    connection = join(hub, outlet)
    hub._take(entries(1, 2 * BYTES_A_PORTION // FRAME))
    await all_out(hub)
    assert connection.is_slow
    assert outlet.closed_with is None
    outlet.waiting, outlet.rate = 0, 64 * 1024
    hub._take(entries(hub.last + 1, MANY))
    await all_out(hub)
    assert (connection.is_slow, outlet.closed_with) == (False, None)


async def test_what_is_held_back_for_a_replay_counts_as_unread() -> None:
    connection = make_connection("viewer")
    connection.hold_back()
    connection.push(b"x" * 1000)
    assert connection.unsent() == 1000
    connection.release()
    assert connection.unsent() == 0


@pytest.fixture(scope="module")
def busy_ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("busy")) as stack:
        ward = Ward(stack)
        yield ward
        ward.close()


async def test_a_transaction_of_many_megabytes_reaches_a_client_that_reads(busy_ward: Ward) -> None:
    """Made by a command beside the servers, which read it from the log."""
    patient = await aside(busy_ward.admit)
    async with await busy_ward.open("viewer", server=-1) as client:
        since: Any = (await client.hello())["event"]
        await aside(
            busy_ward.shell,
            "from patients.events import unit_of_work",
            "from patients.models import Report",
            "with unit_of_work():",
            "    for _ in range(1000):",
            f"        Report.objects.create(patient_id={patient['id']}, additional='x' * 4000)",
        )
        last = await busy_ward.catch_up(client)
        assert last - since >= 2000
        assert [n for n in numbers_of(client) if n > since] == list(range(since + 1, last + 1))
        assert client.close_code is None
