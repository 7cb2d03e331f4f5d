"""How frames leave: the direct write with its guard, the plain way beside it, each frame encoded once."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from patients import clock
from patients.events import Entry
from patients.realtime import connection as connection_module
from patients.realtime import hub as hub_module
from patients.realtime import resume as resume_module
from patients.realtime.connection import (
    CLOSE_TOO_SLOW,
    MOST_UNSENT,
    Connection,
    audience_of,
    decode_text_frames,
    encode_text_frame,
)
from patients.realtime.hub import Hub, encode_for
from patients.realtime.resume import TooOld, replay
from tests.observations import ILL, WELL
from tests.realtime.ward import Ward, aside, changes_of, numbers_of
from tests.support.stacks import Stack, StackBuilder


def alter(stack: Stack, alteration: str) -> None:
    """Let the web processes of a stack that is not started yet run with one part replaced."""
    for server in stack.servers:
        server.command = ("-m", "tests.realtime.altered_server", alteration, *server.command[1:])


async def test_the_direct_write_finds_the_private_fields_it_leans_on(
    stack_builder: StackBuilder, tmp_path: Path
) -> None:
    """Goes red when an update of Daphne, Autobahn or Twisted renames one: frames would leave twice as slowly."""
    with stack_builder.prepared("sqlite", folder=tmp_path) as stack:
        alter(stack, "print_outlets")
        try:
            stack.start()
            ward = Ward(stack)
            async with await ward.open(), await ward.open(path="/ws/reports/") as bare:
                assert (await bare.request("reports", "list"))["response_status"] == 200
            assert stack.servers[0].read_log().count("outlet: DirectOutlet") == 2
            assert "outlet: AsgiOutlet" not in stack.servers[0].read_log()
        finally:
            stack.stop()


async def test_the_plain_way_gives_the_same_frames(stack_builder: StackBuilder, tmp_path: Path) -> None:
    """Two web processes on one database, one of them without the direct write."""
    with stack_builder.prepared("postgres", folder=tmp_path) as stack:
        plain = stack.servers[1]
        plain.command = ("-m", "tests.realtime.altered_server", "only_plain_asgi", *plain.command[1:])
        try:
            stack.start()
            ward = Ward(stack)
            async with AsyncExitStack() as resources:
                direct, through_asgi = await ward.open_everywhere(resources)
                since = max((await direct.hello())["event"], (await through_asgi.hello())["event"])
                bare = await resources.enter_async_context(await ward.open(path="/ws/reports/", server=1))
                patient = await aside(ward.admit)
                for _ in range(5):
                    report = await aside(ward.client(server=1).record, patient["id"], **ILL)
                await ward.catch_up(direct, through_asgi)
                assert changes_of(through_asgi) == changes_of(direct) != []
                told_of_reports = [push["event"] for push in direct.pushed("reports")]
                await bare.wait_for(lambda frame: frame["event"] == told_of_reports[-1])
                assert [frame["event"] for frame in bare.frames] == told_of_reports
                replies = [
                    await socket.request("reports", "retrieve", pk=report["id"])
                    for socket in (direct, through_asgi)
                ]
                assert replies[0]["data"] == replies[1]["data"] == report
                await through_asgi.send("no JSON")
                await through_asgi.wait_for(lambda frame: "errors" in frame["payload"])
                seen = len(through_asgi.frames)
                assert (await through_asgi.resume(since=since))["response_status"] == 200
                assert changes_of(through_asgi, after=seen) == changes_of(direct)
                await aside(ward.client("lead").sign_out)
                assert await through_asgi.wait_until_closed() == await direct.wait_until_closed() == 4401
        finally:
            stack.stop()


@pytest.mark.parametrize("alteration", ["broken_hub", "broken_doorbell"])
@pytest.mark.parametrize("name", ["sqlite", "postgres"])
async def test_publishing_never_fails_a_save(
    stack_builder: StackBuilder, tmp_path: Path, name: str, alteration: str
) -> None:
    """Where the hub or the doorbell is broken, POST still answers 201, and the log brings the change."""
    with stack_builder.prepared(name, folder=tmp_path) as stack:
        alter(stack, alteration)
        try:
            stack.start()
            ward = Ward(stack)
            async with AsyncExitStack() as resources:
                sockets = await ward.open_everywhere(resources)
                hello = max([(await socket.hello())["event"] for socket in sockets])
                patient = await aside(ward.admit)
                for _ in range(3):
                    await aside(ward.client("nurse").record, patient["id"], **WELL)
                last = await ward.catch_up(*sockets)
                for socket in sockets:
                    assert [n for n in numbers_of(socket) if n > hello] == list(range(hello + 1, last + 1))
            stored = ward.client().read("/api/reports/", patient=patient["id"])
            assert stored["count"] == 3
            assert "is broken" in stack.servers[0].read_log(), "the alteration did not take hold"
        finally:
            stack.stop()


# ---------------------------------------------------------------- in this process, without a server


class KeepingOutlet:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed_with: int | None = None

    def write(self, frames: bytes) -> int:
        self.written.append(frames)
        return 0

    def unsent(self) -> int:
        return 0

    def close(self, code: int) -> None:
        self.closed_with = code


class StuckOutlet(KeepingOutlet):
    """Its client reads nothing."""

    def write(self, frames: bytes) -> int:
        super().write(frames)
        return self.unsent()

    def unsent(self) -> int:
        return sum(map(len, self.written))


def make_connection(role: str, *, single: str | None = None) -> Connection:
    async def send(message: dict[str, Any]) -> None:
        raise AssertionError("the outlet was replaced")

    connection = Connection(send, user=SimpleNamespace(pk=1), role=role, sign_in=None, single=single)
    connection.outlet = KeepingOutlet()  # type: ignore[assignment]
    return connection


def entry(number: int, stream: str) -> Entry:
    frame = {"stream": stream, "payload": {"type": "change", "action": "create", "data": {"id": number}}}
    frame["payload"]["event"] = number  # type: ignore[index]
    return Entry(number, stream, orjson.dumps(frame))


async def test_a_frame_is_encoded_once_whatever_the_number_of_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded: list[bytes] = []

    def counting(payload: bytes) -> bytes:
        encoded.append(payload)
        return encode_text_frame(payload)

    hub = Hub.__new__(Hub)
    hub.worker_beat_at = clock.now()
    hub._groups, hub._early, hub.last, hub.epoch, hub._tick = {}, {}, 0, "e", 0
    hub._handing_out = None
    crowd = [make_connection("nurse" if number % 2 else "viewer") for number in range(200)]
    bare = [make_connection("nurse", single="reports") for _ in range(50)]
    for connection in (*crowd, *bare):
        hub.register(connection)
        connection.outlet.written.clear()  # type: ignore[union-attr]
    monkeypatch.setattr(hub_module, "encode_text_frame", counting)
    hub._take([entry(2, "reports"), entry(1, "patients"), entry(3, "history")])
    assert len(encoded) == 3 + 1, "three frames on /ws/, one of them bare on /ws/reports/"
    for group in (crowd, bare):
        writes = [connection.outlet.written for connection in group]  # type: ignore[union-attr]
        assert {len(written) for written in writes} == {1}, "one write for all frames of a save"
        assert len({id(written[0]) for written in writes}) == 1, "the same bytes for all, never a copy"
    numbers = [
        orjson.loads(frame)["payload"]["event"] for frame in decode_text_frames(crowd[0].outlet.written[0])
    ]  # type: ignore[union-attr]
    assert numbers == [1, 2, 3]


def test_what_a_role_may_not_see_is_not_encoded_for_it() -> None:
    assert encode_for(audience_of(None, single=None), [entry(1, "patients")]) == b""
    assert encode_for(audience_of("viewer", single=None), [entry(1, "access")]) == b""
    assert encode_for(audience_of("lead", single="history"), [entry(1, "reports")]) == b""
    assert encode_for(audience_of("viewer", single="reports"), [entry(7, "reports")]) == encode_text_frame(
        b'{"type":"change","action":"create","data":{"id":7},"event":7}'
    )


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_frames_that_were_encoded_are_decoded_to_what_they_were(length: int) -> None:
    payloads = [b"a" * length, b"b", b"c" * length]
    assert decode_text_frames(b"".join(map(encode_text_frame, payloads))) == payloads


async def test_a_gap_is_waited_for_and_nothing_overtakes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process's commit may be heard before ours, which has the smaller number."""
    looks: list[datetime] = []
    hub = Hub.__new__(Hub)
    hub.worker_beat_at = clock.now()
    hub._groups, hub._early, hub.last, hub.epoch, hub._tick = {}, {}, 10, "e", 0
    hub._handing_out = None
    monkeypatch.setattr(hub, "_look", lambda: looks.append(datetime.now(UTC)))
    connection = make_connection("viewer")
    hub.register(connection)
    connection.outlet.written.clear()  # type: ignore[union-attr]
    hub._take([entry(12, "patients")])
    assert connection.outlet.written == []  # type: ignore[union-attr]
    assert (hub.last, len(looks)) == (10, 1)
    hub._take([entry(11, "patients"), entry(12, "patients"), entry(9, "patients")])
    frames = decode_text_frames(b"".join(connection.outlet.written))  # type: ignore[union-attr]
    assert [orjson.loads(frame)["payload"]["event"] for frame in frames] == [11, 12]
    assert hub.last == 12
    await asyncio.sleep(0)


@pytest.fixture
def log_of_six(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    """Six committed events, read at once."""
    log = [entry(number, "patients") for number in range(1, 7)]

    def at_once(read: Any) -> Any:
        async def call(**arguments: Any) -> Any:
            return read(**arguments)

        return call

    def read_log(*, after: int, up_to: int, limit: int) -> list[Entry]:
        return [known for known in log if after < known.number <= up_to][:2]

    monkeypatch.setattr(resume_module, "database_sync_to_async", at_once)
    monkeypatch.setattr(resume_module, "_read_bounds", lambda: (6, 1))
    monkeypatch.setattr(resume_module.events, "read_log", read_log)
    return log


class KnowingHub:
    """A hub that was handed the log up to `last`, and reads the rest where it is asked to."""

    epoch = "e"

    def __init__(self, last: int, *, connection: Connection) -> None:
        self.last, self.connection = last, connection

    async def reach(self, number: int) -> None:
        while self.last < number:
            self.last += 1
            self.connection.push(encode_text_frame(entry(self.last, "patients").frame))


def told(connection: Connection) -> list[int]:
    frames = decode_text_frames(b"".join(connection.outlet.written))  # type: ignore[union-attr]
    return [orjson.loads(frame)["payload"]["event"] for frame in frames]


async def test_what_comes_during_a_replay_waits_until_the_replay_is_through(
    monkeypatch: pytest.MonkeyPatch, log_of_six: list[Entry]
) -> None:
    connection = make_connection("viewer")
    live = iter(range(7, 100))
    read_log = resume_module.events.read_log

    def read_while_more_comes(**arguments: int) -> list[Entry]:
        connection.push(encode_text_frame(entry(next(live), "patients").frame))
        return read_log(**arguments)

    monkeypatch.setattr(resume_module.events, "read_log", read_while_more_comes)
    hub = KnowingHub(6, connection=connection)
    assert await replay(connection, hub, since=2, epoch="e") == 6  # type: ignore[arg-type]
    assert told(connection) == [3, 4, 5, 6, 7, 8]


@pytest.mark.usefixtures("log_of_six")
async def test_a_replay_brings_what_another_process_committed_just_now() -> None:
    connection = make_connection("viewer")
    hub = KnowingHub(4, connection=connection)
    assert await replay(connection, hub, since=2, epoch="e") == 6  # type: ignore[arg-type]
    assert told(connection) == [3, 4, 5, 6]


@pytest.mark.usefixtures("log_of_six")
async def test_who_knows_more_than_this_process_is_not_sent_away() -> None:
    connection = make_connection("viewer")
    hub = KnowingHub(4, connection=connection)
    assert await replay(connection, hub, since=6, epoch="e") == 6  # type: ignore[arg-type]
    with pytest.raises(TooOld, match="Event 7 lies ahead of the log, which is at 6"):
        await replay(connection, hub, since=7, epoch="e")  # type: ignore[arg-type]


async def test_a_large_answer_is_waited_for_and_pushes_beyond_it_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "SECONDS_TO_READ", 0.05)
    connection = make_connection("viewer")
    connection.outlet = outlet = StuckOutlet()  # type: ignore[assignment]
    connection.answer(b"a" * 3 * MOST_UNSENT)
    connection.push(b"p" * (MOST_UNSENT // 2))
    assert outlet.closed_with is None
    connection.push(b"p" * MOST_UNSENT)
    assert outlet.closed_with == CLOSE_TOO_SLOW, "over 1 MiB of pushes behind the answer"

    connection = make_connection("viewer")
    connection.outlet = outlet = StuckOutlet()  # type: ignore[assignment]
    connection.answer(b"a" * 3 * MOST_UNSENT)
    await asyncio.sleep(0.2)
    assert outlet.closed_with == CLOSE_TOO_SLOW, "it asked and never read"

    connection = make_connection("viewer")
    connection.outlet = outlet = StuckOutlet()  # type: ignore[assignment]
    connection.answer(b"a" * 3 * MOST_UNSENT)
    outlet.written.clear()
    await asyncio.sleep(0.2)
    assert outlet.closed_with is None
    connection.push(b"p" * (MOST_UNSENT + 1))
    assert outlet.closed_with == CLOSE_TOO_SLOW, "once it was read, the limit is what it was"
