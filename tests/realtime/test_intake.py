"""How much of what a client sends may wait, and how fast it may send."""

import asyncio
import select
import socket
import statistics
import struct
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from patients.realtime.connection import CLOSE_TOO_MANY
from patients.realtime.deflate import deflate
from patients.realtime.demultiplexer import SLOWED_PAUSE
from patients.realtime.intake import (
    FRAMES_A_SECOND,
    MOST_BYTES_WAITING,
    MOST_WAITING,
    SECONDS_UNTIL_CLOSED,
    SECONDS_UNTIL_SLOWED,
    Flow,
    Intake,
)
from tests.observations import WELL
from tests.realtime.ward import Ward, aside
from tests.support.counts import IS_TORTURE
from tests.support.figures import percentile
from tests.support.stacks import StackBuilder
from tests.support.waiting import DEADLINE

MIB = 1024 * 1024


class FakeTransport:
    def __init__(self) -> None:
        self.is_reading = True
        self.socket = SimpleNamespace(send=None)

    def abortConnection(self) -> None:  # noqa: N802 - Twisted's name
        pass

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.is_reading = False

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.is_reading = True


class FakeProtocol:
    """As much of Daphne's protocol as the intake touches."""

    def __init__(self) -> None:
        self.transport = FakeTransport()
        self.last_ping = 0.0
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.state, self.STATE_OPEN = 3, 3
        self.closed_with: list[int] = []
        self.intake: Intake | None = None
        self.times_told_to_go_on = 0

    def consumeData(self) -> None:  # noqa: N802 - autobahn's name
        self.times_told_to_go_on += 1

    def sendCloseFrame(self, code: int) -> None:  # noqa: N802 - autobahn's name
        self.closed_with.append(code)
        self.state = 2

    def onMessage(self, payload: bytes, is_binary: bool) -> None:  # noqa: N802 - autobahn's name
        self.queue.put_nowait({"type": "websocket.receive", "bytes": payload})


@pytest.fixture
def protocol() -> FakeProtocol:
    return FakeProtocol()


@pytest.fixture
def intake(protocol: FakeProtocol) -> Intake:
    return Intake(protocol.queue.get, protocol=protocol)


# ---------------------------------------------------------------- whether the line lives
PING = b'{"stream":"events","payload":{"action":"ping","request_id":"r7"}}'


def test_a_ping_overtakes_what_is_under_way_and_a_second_one_within_a_second_waits(
    protocol: FakeProtocol, intake: Intake
) -> None:
    answered: list[str] = []
    intake.answer_ping = answered.append
    intake.is_busy = True
    protocol.onMessage(PING, False)
    protocol.onMessage(PING, False)
    assert answered == ["r7"]
    assert protocol.queue.qsize() == 1


def test_a_ping_that_need_not_wait_and_what_only_looks_like_one_go_the_way_of_all_requests(
    protocol: FakeProtocol, intake: Intake
) -> None:
    answered: list[str] = []
    intake.answer_ping = answered.append
    protocol.onMessage(PING, False)
    intake.is_busy = True
    frames = [
        PING.replace(b'"r7"', b"7"),
        PING.replace(b"events", b"history"),
        PING.replace(b'"ping"', b'"ping","action":"list"'),
        PING.replace(b'"ping"', b'"ping","since":1'),
        PING[:-1],
        b'["ping"]',
        b'{"payload":"ping"}',
    ]
    for frame in frames:
        protocol.onMessage(frame, False)
    assert answered == []
    assert protocol.queue.qsize() == 1 + len(frames)


# ---------------------------------------------------------------- how much may wait
async def test_a_client_with_too_many_frames_waiting_is_not_read_on_until_half_are_gone(
    protocol: FakeProtocol, intake: Intake
) -> None:
    for _ in range(MOST_WAITING):
        protocol.onMessage(b"x", False)
    assert protocol.transport.is_reading
    protocol.onMessage(b"x", False)
    assert not protocol.transport.is_reading
    while not protocol.transport.is_reading:
        await intake.receive()
    assert protocol.queue.qsize() == MOST_WAITING // 2


async def test_a_client_with_too_many_bytes_waiting_is_not_read_on(
    protocol: FakeProtocol, intake: Intake
) -> None:
    for _ in range(4):
        protocol.onMessage(b"x" * (MOST_BYTES_WAITING // 4), False)
    assert protocol.transport.is_reading
    protocol.onMessage(b"x", False)
    assert not protocol.transport.is_reading
    await intake.receive()
    assert not protocol.transport.is_reading, "more than half still waits"
    await intake.receive()
    await intake.receive()
    assert protocol.transport.is_reading


async def test_a_client_that_is_held_and_full_is_read_on_when_neither_holds_any_more(
    protocol: FakeProtocol, intake: Intake
) -> None:
    for _ in range(MOST_WAITING + 1):
        protocol.onMessage(b"x", False)
    intake.hold()
    intake.let_go()
    assert not protocol.transport.is_reading, "still full"
    intake.hold()
    for _ in range(MOST_WAITING + 1):
        await intake.receive()
    assert not protocol.transport.is_reading, "still held"
    intake.let_go()
    assert protocol.transport.is_reading


async def test_what_comes_after_the_end_is_read_and_dropped(protocol: FakeProtocol, intake: Intake) -> None:
    for _ in range(MOST_WAITING + 1):
        protocol.onMessage(b"x", False)
    intake.end()
    assert protocol.transport.is_reading, "the client's close frame may be in it"
    for _ in range(10 * MOST_WAITING):
        protocol.onMessage(b"x", False)
    assert protocol.transport.is_reading
    assert protocol.queue.qsize() == MOST_WAITING + 1


async def test_on_another_server_frames_are_counted_as_they_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = 1000.0
    monkeypatch.setattr("patients.realtime.intake.time.monotonic", lambda: at)
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    intake = Intake(queue.get)
    for _ in range(2 * FRAMES_A_SECOND):
        queue.put_nowait({"type": "websocket.receive", "text": "{}"})
        await intake.receive()
        at += 0.5 / FRAMES_A_SECOND
    assert intake.flow.too_fast_for > 0
    intake.hold()
    intake.let_go()
    intake.end()


@pytest.fixture(scope="module")
def slow_ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """A server that takes a second for each request."""
    with stack_builder.prepared("sqlite", folder=tmp_path_factory.mktemp("slow")) as stack:
        server = stack.servers[0]
        server.command = ("-m", "tests.realtime.altered_server", "slow_actions", *server.command[1:])
        try:
            stack.start()
            yield Ward(stack)
        finally:
            stack.stop()


@pytest.mark.parametrize("is_compressed", [False, True], ids=["plain", "compressed"])
async def test_a_flood_of_slow_requests_waits_in_the_clients_own_kernel(
    slow_ward: Ward, is_compressed: bool
) -> None:
    """Frames of 0.8 MiB as fast as they go, each of which takes the server a second: without a bound it would
    take hundreds of MiB in before it answered the tenth."""
    server = psutil.Process(slow_ward.stack.servers[0].pid)
    before = server.memory_info().rss
    payload = (
        b'{"stream":"patients","payload":{"action":"list","limit":1,"x":"' + b"x" * (4 * MIB // 5) + b'"}}'
    )
    frame = frame_of(deflate(payload, 15), first=0xC1) if is_compressed else frame_of(payload)
    with open_raw(slow_ward, "/ws/", offer="permessage-deflate") as client:
        accepted = await aside(send_for, client, frame, seconds=3)
        assert accepted < 30 * MIB, "3 frames were answered; the rest must wait outside"
        assert server.memory_info().rss - before < 60 * MIB
    async with await slow_ward.open("viewer") as other:
        assert (await other.request("patients", "list", limit=1))["response_status"] == 200


@pytest.fixture(scope="module")
def strict_ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """A server that closes after two seconds who sends too fast; in `make torture` as it is, after fifteen."""
    with stack_builder.prepared("sqlite", folder=tmp_path_factory.mktemp("strict")) as stack:
        server = stack.servers[0]
        if not IS_TORTURE:
            server.command = ("-m", "tests.realtime.altered_server", "strict", *server.command[1:])
        try:
            stack.start()
            yield Ward(stack)
        finally:
            stack.stop()


FLOODS = {
    "pings": bytes((0x89, 0x80)) + bytes(4),
    "pongs": bytes((0x8A, 0x80)) + bytes(4),
    "long pings": bytes((0x89, 0x80 | 125)) + bytes(4 + 125),
    "empty pieces": bytes((0x00, 0x80)) + bytes(4),
}
BEGIN_OF_A_MESSAGE = bytes((0x01, 0x80)) + bytes(4)


@pytest.mark.parametrize("kind", FLOODS)
async def test_whatever_frames_a_flood_has_it_is_closed_with_4429_and_waits_in_the_clients_own_kernel(
    strict_ward: Ward, kind: str, figure: Callable[[str], None]
) -> None:
    server = psutil.Process(strict_ward.stack.servers[0].pid)
    before, began = server.memory_info().rss, server.cpu_times()
    patient = (await aside(strict_ward.admit))["id"]
    frames = FLOODS[kind] * 5000
    with open_raw(strict_ward, "/ws/reports/") as client:
        if kind == "empty pieces":
            client.sendall(BEGIN_OF_A_MESSAGE)
        flood = asyncio.create_task(aside(flood_until_closed, client, frames))
        saves = []
        while not flood.done():
            started = time.monotonic()
            await aside(strict_ward.client("nurse").record, patient, **WELL)
            saves.append(time.monotonic() - started)
        sent, last = await flood
    assert last == CLOSE_TOO_MANY.to_bytes(2, "big")
    # What lies in the kernels of this machine, and in the server beyond the frames that it may take.
    assert sent < 30 * MIB
    assert server.memory_info().rss - before < 60 * MIB
    ended = server.cpu_times()
    figure(
        f"flood of {kind}: closed with 4429 after {sum(saves):.1f} s and {sent / 1000:.0f} kB; {len(saves)} saves "
        f"beside it, median {statistics.median(saves) * 1000:.0f} ms, "
        f"99 of 100 in {percentile(saves, 99) * 1000:.0f} ms; "
        f"the server's CPU {ended.user + ended.system - began.user - began.system:.1f} s"
    )


def flood_until_closed(client: socket.socket, frames: bytes) -> tuple[int, bytes]:
    """Send the frames again and again until a close frame is there: how many bytes went out, and its code."""
    sent, rest, answers = 0, memoryview(frames), b""
    while True:
        can_read, can_write, _ = select.select([client], [client], [], DEADLINE)
        if can_read:
            came = client.recv(65536)
            assert came, "ended without a close frame"
            answers = (answers + came)[-4:]
            if answers[:2] == b"\x88\x02":
                return sent, answers[2:]
        if can_write:
            went = client.send(rest, socket.MSG_DONTWAIT)
            sent, rest = sent + went, rest[went:] or memoryview(frames)


def open_raw(ward: Ward, path: str, *, offer: str = "") -> socket.socket:
    """A socket that reads nothing but the handshake's first words."""
    server = ward.stack.servers[0]
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(DEADLINE)
    client.connect(("127.0.0.1", server.port))
    client.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Extensions: {offer}\r\n"
        f"Authorization: Token {ward.client('viewer').token}\r\n\r\n".encode()
    )
    assert client.recv(12) == b"HTTP/1.1 101"
    return client


def frame_of(payload: bytes, *, first: int = 0x81) -> bytes:
    """A text frame, masked with zeros as a client's must be masked."""
    size = struct.pack("!BH", 0x80 | 126, len(payload)) if len(payload) < 65536 else b""
    return bytes((first,)) + (size or struct.pack("!BQ", 0x80 | 127, len(payload))) + bytes(4) + payload


def send_for(client: socket.socket, frames: bytes, *, seconds: float) -> int:
    """Send the frames again and again without a pause; returns how many bytes went out."""
    accepted, ends_at, rest = 0, time.monotonic() + seconds, memoryview(frames)
    while time.monotonic() < ends_at:
        if select.select([], [client], [], 0.1)[1]:
            sent = client.send(rest, socket.MSG_DONTWAIT)
            accepted, rest = accepted + sent, rest[sent:] or memoryview(frames)
    return accepted


# ---------------------------------------------------------------- how fast it may come
async def test_frames_that_nobody_answers_pass_at_the_pace_that_may_be_kept_up(
    protocol: FakeProtocol, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 1000.0
    monkeypatch.setattr("patients.realtime.intake.time.monotonic", lambda: at)
    passed = 0
    while intake.flow.too_fast_for <= SECONDS_UNTIL_CLOSED:
        while not intake.is_paused and not protocol.closed_with:
            intake.let_pass()
            passed += 1
        assert not protocol.transport.is_reading or protocol.closed_with
        at += 0.1
        intake.hold()
        intake.let_go()  # what its own timer does
        assert at < 1100, "it looks quiet"
    assert protocol.closed_with == [CLOSE_TOO_MANY]
    assert passed <= MOST_WAITING + FRAMES_A_SECOND * (at - 1000) + 1


async def test_a_pause_for_frames_that_nobody_answers_ends_by_itself_and_what_was_read_is_parsed(
    protocol: FakeProtocol, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patients.realtime.intake.FRAMES_A_SECOND", 100 * MOST_WAITING)
    while not intake.is_paused:
        intake.let_pass()
    assert not protocol.transport.is_reading
    while intake.is_paused:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert protocol.transport.is_reading
    assert protocol.times_told_to_go_on == 1


async def test_pings_within_the_limit_close_nobody(
    protocol: FakeProtocol, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 1000.0
    monkeypatch.setattr("patients.realtime.intake.time.monotonic", lambda: at)
    for _ in range(30 * FRAMES_A_SECOND):
        intake.let_pass()
        at += 1.1 / FRAMES_A_SECOND
    assert protocol.transport.is_reading
    assert not protocol.closed_with


async def test_large_frames_that_wait_for_room_are_no_flood(
    protocol: FakeProtocol, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 1000.0
    monkeypatch.setattr("patients.realtime.intake.time.monotonic", lambda: at)
    for _ in range(20 * FRAMES_A_SECOND):
        while protocol.transport.is_reading:
            protocol.onMessage(b"x" * MOST_BYTES_WAITING, False)
        await intake.receive()
        at += 0.1
    assert intake.flow.too_fast_for == 0


def test_the_flow_counts_seconds_over_50_frames_a_second() -> None:
    flow = Flow()
    allowed = FRAMES_A_SECOND - 1
    assert [flow.count(index / allowed) for index in range(1000)] == [0] * 1000
    flow = Flow()
    too_fast = [flow.count(index / 100) for index in range(2000)]
    assert too_fast[:50] == [0] * 50
    assert too_fast[-1] == pytest.approx(20 - 0.51, abs=0.1)
    assert too_fast[-1] > SECONDS_UNTIL_CLOSED
    assert flow.count(30) == 0, "a pause ends it"


def test_a_flood_that_is_slowed_is_still_a_flood() -> None:
    """The pauses are ours: they must not make the client look quiet, or it would never be closed."""
    flow, at, paused_for = Flow(), 0.0, 0.0
    while (too_fast_for := flow.count(at, paused_for=paused_for)) <= SECONDS_UNTIL_CLOSED:
        at += 0.001
        if too_fast_for > SECONDS_UNTIL_SLOWED:
            at += SLOWED_PAUSE
            paused_for += SLOWED_PAUSE
        assert at < 20, "it looks quiet"


async def test_a_flood_that_is_not_read_on_is_still_a_flood(
    protocol: FakeProtocol, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten requests a second are answered, and whenever it is read on there is more."""
    at = 1000.0
    monkeypatch.setattr("patients.realtime.intake.time.monotonic", lambda: at)
    while intake.flow.too_fast_for <= SECONDS_UNTIL_CLOSED:
        while protocol.transport.is_reading:
            protocol.onMessage(b"x", False)
        await intake.receive()
        at += 0.1
        assert at < 1100, "it looks quiet"
