"""How soon many reminders that are due in the same second are stored, and on every screen: part of `make bench`.

Patients without a set are admitted so that all become due at one instant, while clients watch. A client has all when
it holds a banner of each reminder; the two other frames of each (its own stream, the patient's) come with it. The
clients share the machine with the server, so they only count what comes; a few of them read it.
"""

import argparse
import asyncio
import base64
import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import uvloop

from tests.benchmarks.costs import processor_seconds
from tests.benchmarks.crowd import Client, Crowd, Target, now
from tests.benchmarks.fanout import row, target_of
from tests.realtime.ward import Ward
from tests.support.stacks import STACKS, Stack, StackBuilder
from tests.tasks.due import reminders_of

BANNER: Final = b'{"stream":"history","payload":{"type":"notification"'
READERS: Final = 3
TAIL: Final = len(BANNER) - 1


class Readers(Crowd):
    """Clients that look at each banner they get."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.got: Counter[tuple[int, int]] = Counter()  # (client, notification)

    def note(self, client: Client, payload: bytes) -> None:
        if not client.has_greeting:
            client.has_greeting = True
            self.waiting_for_greeting -= 1
            if self.waiting_for_greeting == 0:
                self.all_greeted.set()
        elif payload.startswith(BANNER):
            self.got[id(client), orjson.loads(payload)["payload"]["data"]["id"]] += 1


class Counting(asyncio.BufferedProtocol):
    """A client that counts the banners in what it gets. All share one buffer, which is looked through at once."""

    buffer = bytearray(1 << 20)
    view = memoryview(buffer)

    def __init__(self, screens: "Screens", target: Target, url: str) -> None:
        self.screens = screens
        self.count = 0
        self.bytes = 0
        self.tail = bytes(TAIL)  # a banner may come in two pieces
        address = urlsplit(url)
        self.address = address.hostname or "", address.port or 80
        key = base64.b64encode(os.urandom(16)).decode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in target.headers)
        self.handshake = (
            f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{lines}\r\n"
        ).encode()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self.handshake)

    def get_buffer(self, sizehint: int) -> memoryview:
        self.view[:TAIL] = self.tail
        return self.view[TAIL:]

    def buffer_updated(self, nbytes: int) -> None:
        if not self.bytes:
            self.screens.note_answer()
        end = TAIL + nbytes
        self.bytes += nbytes
        self.count += self.buffer.count(BANNER, 0, end)
        self.tail = bytes(self.view[end - TAIL : end])
        if self.count == self.screens.wanted:
            self.screens.note_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self.screens.note_lost()


class Screens:
    """The clients that count."""

    def __init__(self, target: Target, *, wanted: int) -> None:
        self.target = target
        self.wanted = wanted
        self.clients: list[Counting] = []
        self.answered = 0
        self.lost = 0
        self.last_at = 0.0
        self.is_leaving = False
        self.all_in = asyncio.Event()
        self.all_ended = asyncio.Event()
        self.size = 0
        self._ended = 0

    async def join(self, size: int) -> None:
        self.size = size
        loop = asyncio.get_running_loop()
        for number in range(size):
            client = Counting(self, self.target, self.target.ws_urls[number % len(self.target.ws_urls)])
            await loop.create_connection(lambda client=client: client, *client.address)  # type: ignore[misc]
            self.clients.append(client)
        await asyncio.wait_for(self.all_in.wait(), 60)

    def note_answer(self) -> None:
        self.answered += 1
        if self.answered == self.size:
            self.all_in.set()

    def note_complete(self) -> None:
        self.last_at = now()
        self._note_end()

    def note_lost(self) -> None:
        self.lost += not self.is_leaving
        self._note_end()

    def _note_end(self) -> None:
        self._ended += 1
        if self._ended == self.size:
            self.all_ended.set()

    def leave(self) -> None:
        self.is_leaving = True
        for client in self.clients:
            client.transport.close()


@dataclass
class Figures:
    """Seconds from the due instant; `stored_s` by the newest reminder's event, as the server's clock noted it."""

    stored_s: float
    all_s: float
    missing: int
    doubled: int
    lost_clients: int
    megabytes: float  # to each client
    server_s: float  # processor time of the processes that serve and work, from before the instant to the end
    clients_s: float


async def measure(stack: Stack, *, name: str, reminders: int, clients: int) -> Figures:
    ward = Ward(stack)
    target = target_of(stack, name=name)
    readers, screens = Readers(target), Screens(target, wanted=reminders)
    pids = [process.pid for process in stack.processes]
    try:
        await readers.join(READERS)
        await screens.join(max(1, clients - READERS))
        lead_time = 10 + reminders / 40  # seconds to admit them all
        due_at = datetime.now(UTC) + timedelta(seconds=lead_time)
        due = now() + lead_time
        await asyncio.to_thread(admit_due_at, ward, due_at=due_at, number=reminders)
        if now() > due - 1:
            raise RuntimeError("Admitting took longer than until they were due: fewer of them, please.")
        await asyncio.sleep(due - 0.5 - now())
        before = [client.bytes for client in screens.clients]
        server_s, clients_s = processor_seconds(pids), processor_seconds([os.getpid()])
        await wait_for_all(screens)
        server_s = processor_seconds(pids) - server_s
        clients_s = processor_seconds([os.getpid()]) - clients_s
        await asyncio.sleep(1)  # for what comes twice
        rows = await asyncio.to_thread(reminders_of, ward, kind="observation_due")
        counts = [client.count for client in screens.clients]
        ids = {reminder["id"] for reminder in rows}
        read = [readers.got[id(client), number] for client in readers.clients for number in ids]
        return Figures(
            stored_s=await asyncio.to_thread(stored_seconds, ward, due_at=due_at),
            all_s=screens.last_at - due,
            missing=sum(max(0, reminders - count) for count in counts)
            + (reminders - len(rows))
            + read.count(0),
            doubled=sum(max(0, count - reminders) for count in counts)
            + sum(max(0, count - 1) for count in read),
            lost_clients=screens.lost + readers.lost,
            megabytes=sum(client.bytes - was for client, was in zip(screens.clients, before, strict=True))
            / len(screens.clients)
            / 1e6,
            server_s=server_s,
            clients_s=clients_s,
        )
    finally:
        screens.leave()
        await readers.leave()
        ward.close()


async def wait_for_all(screens: Screens) -> None:
    try:
        await asyncio.wait_for(screens.all_ended.wait(), 120)
    except TimeoutError:
        return


def admit_due_at(ward: Ward, *, due_at: datetime, number: int) -> None:
    ward.shell(
        "from datetime import datetime, timedelta",
        "from django.contrib.auth.models import User",
        "from patients.services.patients import admit_patient",
        "lead = User.objects.get(username='lead')",
        "from patients.events import unit_of_work",
        f"admitted_at = datetime.fromisoformat({due_at.isoformat()!r}) - timedelta(minutes=15)",
        f"for start in range(0, {number}, 50):",
        "    with unit_of_work():",
        f"        for number in range(start, min(start + 50, {number})):",
        "            admit_patient(by=lead, now=admitted_at, first_name=str(number), last_name='Benchmark')",
    )


def stored_seconds(ward: Ward, *, due_at: datetime) -> float:
    """From the due instant to the writing of the newest banner's event, just before its commit."""
    path = ward.stack.folder / "stored"
    ward.shell(
        "from patients.models import Event",
        "at = Event.objects.filter(stream='history').order_by('-number')[0].created_at",
        f"open({str(path)!r}, 'w').write(at.isoformat())",
    )
    return (datetime.fromisoformat(path.read_text()) - due_at).total_seconds()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reminders", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--stack", action="append", choices=STACKS, help="default: both")
    options = parser.parse_args()
    figures: dict[str, Figures] = {}
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="wardlight-bench-")))
        builder = StackBuilder()
        resources.callback(builder.close)
        for name in options.stack or STACKS:
            (folder / name).mkdir()
            with builder.running(name, folder=folder / name) as stack:
                figures[name] = uvloop.run(
                    measure(stack, name=name, reminders=options.reminders, clients=options.clients)
                )
    print(f"{options.reminders} reminders due at one instant, {options.clients} clients")
    row("", *figures, "goal")
    row("4 all stored, s", *(f"{each.stored_s:.2f}" for each in figures.values()), "1")
    row("4 all on every screen, s", *(f"{each.all_s:.2f}" for each in figures.values()), "1")
    row("  MB to each client", *(f"{each.megabytes:.1f}" for each in figures.values()), "")
    row(
        "  processor time, servers / clients, s",
        *(f"{each.server_s:.1f} / {each.clients_s:.1f}" for each in figures.values()),
        "",
    )
    row(
        "  missing / doubled / clients closed",
        *(f"{each.missing} / {each.doubled} / {each.lost_clients}" for each in figures.values()),
        "0 / 0 / 0",
    )
    return 1 if any(each.missing or each.doubled or each.lost_clients for each in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
