"""A client that does not read, and one that does not stop sending: each is closed, and nobody else notices."""

import asyncio
import socket as sockets
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from patients.realtime.connection import SECONDS_TO_READ
from tests.observations import WELL
from tests.realtime.ward import Ward, aside, numbers_of
from tests.support.clients import WardSocket
from tests.support.stacks import StackBuilder
from tests.support.waiting import DEADLINE

DATABASE_THREADS = 4  # the default of settings.DATABASE_THREADS


@pytest.fixture(scope="module")
def full_ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """One process on SQLite, for thousands of rows: what is kept for a slow client does not know the engine."""
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("full")) as stack:
        ward = Ward(stack)
        yield ward
        ward.close()


class DeafClient:
    """Opens `/ws/` and reads nothing until told to."""

    def __init__(self, ward: Ward, *, server: int) -> None:
        self.port = ward.stack.servers[server].port
        self.token = ward.client("viewer").token
        self.socket = sockets.socket()
        # A small window, as on a slow line: the kernels of one machine would hide megabytes.
        self.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)

    def open(self) -> None:
        self.socket.settimeout(DEADLINE)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.sendall(
            f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Token {self.token}\r\n\r\n".encode()
        )
        assert self.socket.recv(12) == b"HTTP/1.1 101"

    def ask(self, text: str) -> None:
        """Send a text frame, masked with zeros as a client's must be masked."""
        payload = text.encode()
        assert len(payload) < 126
        self.socket.sendall(bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload)

    def read_to_the_end(self) -> bytes:
        """All that still comes until the server ends the connection; its last bytes are the close frame."""
        read = bytearray()
        try:
            while block := self.socket.recv(1 << 20):
                read += block
        except ConnectionResetError:
            pass
        self.socket.close()
        return bytes(read)


async def test_a_client_that_never_reads_is_closed_with_4408_and_the_others_get_everything(
    full_ward: Ward,
) -> None:
    patient = await aside(full_ward.admit)
    deaf = await aside(DeafClient, full_ward, server=-1)
    await aside(deaf.open)
    async with await full_ward.open("viewer", server=-1) as other:
        since = (await other.hello())["event"]
        # Enough to fill the kernel's buffers (several MB at most) and 1 MiB in the server.
        writes = [
            "from patients.events import unit_of_work",
            "from patients.models import Report",
            "import time",
            "for index in range(80):",
            "    with unit_of_work():",
            "        for _ in range(10):",
            f"            Report.objects.create(patient_id={patient['id']}, additional='x' * 4000)",
            "    time.sleep(0.02)",
        ]
        await aside(full_ward.shell, *writes)
        last = await full_ward.catch_up(other)
        assert numbers_of(other) == list(range(since + 1, last + 1))
        assert other.close_code is None
        came = await aside(deaf.read_to_the_end)
        # A client that reads on after all finds the close frame; one that is too late finds the line cut.
        assert came.endswith((4408).to_bytes(2, "big")) or len(came) > 4096
        assert len(came) < 12_000_000, "the server kept sending"
        assert (await other.request("patients", "list", limit=1))["response_status"] == 200


async def test_clients_that_do_not_read_their_replay_hold_nobody_up(full_ward: Ward) -> None:
    """More of them than there are database threads: each waits for its client without holding one."""
    patient = await aside(full_ward.admit)
    await aside(
        full_ward.shell,
        "from patients.events import unit_of_work",
        "from patients.models import Report",
        "for index in range(200):",
        "    with unit_of_work():",
        "        for _ in range(10):",
        f"            Report.objects.create(patient_id={patient['id']}, additional='x' * 4000)",
    )
    deaf = [await aside(DeafClient, full_ward, server=-1) for _ in range(DATABASE_THREADS + 2)]
    try:
        for client in deaf:
            await aside(client.open)
            await aside(client.ask, '{"stream":"events","payload":{"action":"resume","since":0}}')
        async with await full_ward.open("viewer", server=-1) as other:
            await asyncio.sleep(2)  # until the replays are stuck
            # Well before the server gives up the clients that do not read, which would set the threads free.
            answer = await asyncio.wait_for(other.request("patients", "list", limit=1), SECONDS_TO_READ - 15)
            assert answer["response_status"] == 200
    finally:
        for client in deaf:
            client.socket.close()


@pytest.mark.long("a flood lasts until heartbeats have come, every ten seconds")
async def test_a_flood_is_closed_with_4429_and_the_others_keep_their_heartbeat(
    stack_builder: StackBuilder, tmp_path: Any
) -> None:
    with stack_builder.running("sqlite", folder=tmp_path) as stack:
        ward = Ward(stack)
        patient = await aside(ward.admit)
        async with await ward.open("lead") as other, await ward.open("lead", path="/ws/reports/") as bare:
            recorded = 0
            # On a slow machine ten seconds of the server's can be longer than one flood: then another one follows.
            while not (heartbeats := other.pushed("events", type="heartbeat")):
                flood = asyncio.create_task(send_without_end(ward))
                while not flood.done():
                    await aside(ward.client("nurse").record, patient["id"], **WELL)
                    recorded += 1
                    await asyncio.sleep(0.5)
                assert await flood == 4429
            await ward.catch_up(other)
            assert len(other.pushed("reports")) == recorded
            assert set(heartbeats[0]) == {"type", "event", "epoch", "server_time", "worker"}
            for heartbeat in heartbeats:
                at = next(i for i, frame in enumerate(other.frames) if frame["payload"] == heartbeat)
                handed = [frame["payload"]["event"] for frame in other.frames[:at]]
                assert max(handed) == heartbeat["event"], "the number up to which everything was handed over"
            await bare.wait_for(lambda _: len(bare.frames) >= recorded)
            assert {frame["type"] for frame in bare.frames} == {"change"}, (
                "no heartbeat on a stream of its own"
            )
            assert len(bare.frames) == recorded
        ward.close()


async def send_without_end(ward: Ward) -> int:
    """Send as fast as the server takes it, reading the answers; the close code."""
    url = ward.stack.servers[0].ws_url + "/ws/"
    headers = {"Authorization": f"Token {ward.client('viewer').token}"}
    frame = '{"stream": "patients", "payload": {"action": "nothing"}}'
    async with connect(
        url, additional_headers=headers, ping_interval=None, proxy=None, max_size=None
    ) as client:

        async def read() -> None:
            try:
                async for _ in client:
                    pass
            except ConnectionClosed:
                pass

        reading = asyncio.create_task(read())
        try:
            while True:
                for _ in range(20):
                    await client.send(frame)
                await asyncio.sleep(0.02)
        except ConnectionClosed:
            pass
        await asyncio.wait_for(reading, DEADLINE)
        assert client.close_code is not None
        return client.close_code


async def open_on_a_thin_line(ward: Ward) -> WardSocket:
    """A client whose kernel takes little at a time, as far away: most of a large answer waits in the server."""
    line = sockets.socket()
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 65536)
    line.setblocking(False)
    server = ward.stack.servers[0]
    await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", server.port))
    connection = await connect(
        server.ws_url + "/ws/",
        additional_headers={"Authorization": f"Token {ward.client('viewer').token}"},
        sock=line,
        max_size=None,
        ping_interval=None,
        proxy=None,
    )
    return WardSocket(connection, is_multiplexed=True)


async def test_what_a_client_asked_for_reaches_it_however_large_and_slow(full_ward: Ward) -> None:
    """A page of a thousand rows, and the events of a long absence, with pushes in between."""
    patient = await aside(full_ward.admit)
    since = await aside(full_ward.last_event)
    await aside(
        full_ward.shell,
        "from patients.events import unit_of_work",
        "from patients.models import Report",
        "with unit_of_work():",
        "    for _ in range(1000):",
        "        Report.objects.create(",
        f"            patient_id={patient['id']}, additional='x' * 4000, medical_advice='y' * 4000)",
    )
    last = await aside(full_ward.last_event)

    await full_ward.settle()
    async with await open_on_a_thin_line(full_ward) as socket:
        pushing = asyncio.create_task(push_now_and_then(full_ward))
        try:
            reply = await socket.request("reports", "list", filters={"patient": patient["id"]}, limit=1000)
            assert len(reply["data"]["results"]) == 1000
            reply = await socket.resume(since=since)
            assert reply["response_status"] == 200
            numbers = numbers_of(socket)
            replayed = numbers[numbers.index(since + 1) :]
            assert replayed[: last - since] == list(range(since + 1, last + 1))
        finally:
            pushing.cancel()
        await full_ward.catch_up(socket)


async def push_now_and_then(ward: Ward) -> None:
    while True:
        await aside(ward.admit, last_name="Between")
        await asyncio.sleep(0.02)
