"""How soon many reminders that are due in the same second are stored, and on every screen: part of `make bench`.

Patients without a set are admitted so that all become due at one instant, while clients watch. A client has all when
it holds a banner of each reminder; the two other frames of each (its own stream, the patient's) come with it.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from tests.benchmarks.crowd import Client, Crowd, Target, now
from tests.benchmarks.fanout import row, target_of
from tests.realtime.ward import Ward
from tests.support.stacks import STACKS, Stack, StackBuilder
from tests.tasks.due import reminders_of

BANNER = b'{"stream":"history","payload":{"type":"notification"'


class Watchers(Crowd):
    """Clients that count the banners they get."""

    def __init__(self, target: Target, *, banners: int) -> None:
        super().__init__(target)
        self.wanted = banners
        self.got: dict[int, int] = {}
        self.complete = 0
        self.frames = 0
        self.last_at = 0.0
        self.all_complete = asyncio.Event()

    def note(self, client: Client, payload: bytes) -> None:
        if not client.has_greeting:
            client.has_greeting = True
            self.waiting_for_greeting -= 1
            if self.waiting_for_greeting == 0:
                self.all_greeted.set()
            return
        self.frames += 1
        if not payload.startswith(BANNER):
            return
        self.last_at = now()
        got = self.got[id(client)] = self.got.get(id(client), 0) + 1
        if got == self.wanted:
            self.complete += 1
            if self.complete == len(self.clients):
                self.all_complete.set()


@dataclass
class Figures:
    """Seconds from the due instant; `stored_s` by the newest reminder's event, as the server's clock noted it."""

    stored_s: float
    all_s: float
    missing: int
    doubled: int
    lost_clients: int


async def measure(stack: Stack, *, name: str, reminders: int, clients: int) -> Figures:
    ward = Ward(stack)
    crowd = Watchers(target_of(stack, name=name), banners=reminders)
    try:
        await crowd.join(clients)
        lead_time = 5 + reminders / 12  # seconds to admit them all
        due_at = datetime.now(UTC) + timedelta(seconds=lead_time)
        due = now() + lead_time
        await asyncio.to_thread(admit_due_at, ward, due_at=due_at, number=reminders)
        if now() > due:
            raise RuntimeError("Admitting took longer than until they were due: fewer of them, please.")
        await wait_for_all(crowd)
        await asyncio.sleep(1)  # for what comes twice
        rows = await asyncio.to_thread(reminders_of, ward)
        counts = [crowd.got.get(id(client), 0) for client in crowd.clients]
        return Figures(
            stored_s=await asyncio.to_thread(stored_seconds, ward, due_at=due_at),
            all_s=crowd.last_at - due,
            missing=sum(max(0, reminders - count) for count in counts) + (reminders - len(rows)),
            doubled=sum(max(0, count - reminders) for count in counts),
            lost_clients=crowd.lost,
        )
    finally:
        await crowd.leave()
        ward.close()


async def wait_for_all(crowd: Watchers) -> None:
    try:
        await asyncio.wait_for(crowd.all_complete.wait(), 300)
    except TimeoutError:
        return


def admit_due_at(ward: Ward, *, due_at: datetime, number: int) -> None:
    ward.shell(
        "from datetime import datetime, timedelta",
        "from django.contrib.auth.models import User",
        "from patients.services.patients import admit_patient",
        "lead = User.objects.get(username='lead')",
        f"admitted_at = datetime.fromisoformat({due_at.isoformat()!r}) - timedelta(minutes=15)",
        f"for number in range({number}):",
        "    admit_patient(by=lead, now=admitted_at, first_name=str(number), last_name='Benchmark')",
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
        builder = StackBuilder(folder)
        resources.callback(builder.close)
        for name in options.stack or STACKS:
            (folder / name).mkdir()
            with builder.running(name, folder=folder / name) as stack:
                figures[name] = uvloop.run(
                    measure(stack, name=name, reminders=options.reminders, clients=options.clients)
                )
    print(f"{options.reminders} reminders due at one instant, {options.clients} clients")
    row("", *figures, "goal")
    row("8 all stored, s", *(f"{each.stored_s:.2f}" for each in figures.values()), "1")
    row("8 all on every screen, s", *(f"{each.all_s:.2f}" for each in figures.values()), "1")
    row(
        "  missing / doubled / clients closed",
        *(f"{each.missing} / {each.doubled} / {each.lost_clients}" for each in figures.values()),
        "0 / 0 / 0",
    )
    return 1 if any(each.missing or each.doubled or each.lost_clients for each in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
