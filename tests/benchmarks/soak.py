"""The long run: a ward that saves for twenty minutes while its screens stay connected; `make soak`.

Prints of each stack how its memory grows, how many database connections it holds and what was lost or came
twice. Fails where a save was not answered, a report is not stored exactly once or did not arrive exactly once, a client
was closed, or memory or connections go on growing.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2
import uvloop

from tests.benchmarks.costs import memory_bytes
from tests.benchmarks.crowd import Crowd, Save, now, wait_at_most
from tests.benchmarks.fanout import target_of
from tests.support.clients import RestClient
from tests.support.stacks import STACKS, Stack, StackBuilder

SAMPLE_SECONDS = 5
SETTLE_SECONDS = 2
"""For what comes twice, after a save is complete."""
LONGEST_SECONDS = 30
"""A save that not everybody has by then is lost to somebody."""
MOST_SLOPE = 50.0
"""MB an hour of all processes together, by regression over the last three quarters; in the first, caches fill."""
SHORTEST_FOR_SLOPE = 10
"""Minutes; in a shorter run the slope is printed, but says nothing."""


@dataclass
class Samples:
    """What was looked at every few seconds, in step with each other.

    Attributes:
        at: seconds since the start.
        memory: by process, MB resident.
        connections: open database connections of all processes.
        files: open files and sockets of all processes.
    """

    at: list[float] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=dict)
    connections: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def take(self, stack: Stack, *, at: float) -> None:
        self.at.append(at)
        for process in stack.processes:
            self.memory.setdefault(process.name, []).append(memory_bytes([process.pid]) / 2**20)
        self.connections.append(count_connections(stack))
        self.files.append(sum(psutil.Process(process.pid).num_fds() for process in stack.processes))

    @property
    def total(self) -> list[float]:
        return [sum(of_all) for of_all in zip(*self.memory.values(), strict=True)]

    def slope(self, values: Sequence[float]) -> float:
        """Growth an hour over the last three quarters of the run; 0 where it was too short to tell."""
        first = len(self.at) // 4
        if len(self.at) - first < 3:
            return 0.0
        return statistics.linear_regression(self.at[first:], values[first:]).slope * 3600


def count_connections(stack: Stack) -> int:
    """How many connections to its database a stack holds: PostgreSQL's own count, or SQLite's open files."""
    url = stack.configuration["DATABASE_URL"]
    if stack.name == "postgres":
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])
    path = url.removeprefix("sqlite:///")
    files = (file.path for process in stack.processes for file in psutil.Process(process.pid).open_files())
    return sum(file == path for file in files)


async def soak(stack: Stack, *, minutes: float, clients: int, saves_a_second: float, patients: int) -> bool:
    """Run one stack; True where nothing was wrong."""
    target = target_of(stack, name=stack.name)
    lead = stack.signed_in("lead")
    beds = [lead.admit(last_name=f"Soak {number}")["id"] for number in range(patients)]
    crowd = Crowd(target, sends_keys=True)
    await crowd.join(clients)
    samples = Samples()
    saving: set[asyncio.Task[None]] = set()
    failures: list[str] = []
    started = now()
    next_sample = next_line = 0.0
    number = 0
    while (elapsed := now() - started) < minutes * 60:
        if elapsed >= next_sample:
            next_sample += SAMPLE_SECONDS
            await asyncio.to_thread(samples.take, stack, at=elapsed)
        if elapsed >= next_line:
            next_line += 60
            print_state(stack.name, crowd, samples, elapsed=elapsed)
        # By the clock, not after the answer: a server that falls behind gets no rest by it.
        if elapsed >= number / saves_a_second:
            task = asyncio.create_task(
                save_and_settle(crowd, patient=beds[number % patients], failures=failures)
            )
            saving.add(task)
            task.add_done_callback(saving.discard)
            number += 1
        else:
            await asyncio.sleep(0.01)
    if saving:
        await asyncio.wait(saving)
    await asyncio.to_thread(samples.take, stack, at=now() - started)
    await crowd.leave()
    stored = await asyncio.to_thread(count_stored, lead, crowd)
    return judge(stack.name, crowd, samples, failures, stored, minutes=minutes)


async def save_and_settle(crowd: Crowd, *, patient: str, failures: list[str]) -> None:
    """Save once and see that everybody has it; then forget its frames, which would fill this process."""
    try:
        save = await crowd.save(patient=patient)
    except (RuntimeError, OSError, asyncio.IncompleteReadError) as error:
        failures.append(str(error) or type(error).__name__)
        return
    await wait_at_most(save, LONGEST_SECONDS)
    await asyncio.sleep(SETTLE_SECONDS)
    save.settle()


def count_stored(lead: RestClient, crowd: Crowd) -> Counter[int]:
    """How many reports each save, by its number, has left in the database."""
    stored: Counter[int] = Counter()
    path: str | None = "/api/reports/?limit=1000"
    while path:
        page = lead.read(path)
        marks = (crowd.marker.match(report["additional"].encode()) for report in page["results"])
        stored.update(int(mark[1]) for mark in marks if mark)
        path = page["next"]
    return stored


def times_of(saves: Sequence[Save]) -> list[float]:
    """Milliseconds from before each save until everybody had it."""
    return [(save.complete_at - save.sent_at) * 1e3 for save in saves if save.complete_at] or [0.0]


def print_state(name: str, crowd: Crowd, samples: Samples, *, elapsed: float) -> None:
    print(
        f"{name} minute {elapsed / 60:.0f}: {len(crowd.saves)} saves, {samples.total[-1]:.0f} MB, "
        f"{samples.connections[-1]} connections, "
        f"until all have it {statistics.median(times_of(crowd.saves[-300:])):.0f} ms",
        flush=True,
    )


def judge(
    name: str,
    crowd: Crowd,
    samples: Samples,
    failures: Sequence[str],
    stored: Counter[int],
    *,
    minutes: float,
) -> bool:
    """Print what came of it; True where nothing was wrong."""
    missing = sum(save.missing for save in crowd.saves)
    doubled = sum(save.doubled for save in crowd.saves)
    times = sorted(times_of(crowd.saves))
    slope = samples.slope(samples.total)
    by_process = ", ".join(
        f"{process} {samples.slope(each):+.1f}" for process, each in samples.memory.items()
    )
    quarter = len(samples.at) // 4
    settled = samples.connections[quarter:] or samples.connections
    # A leak never gives back: the fewest of the end are more than the most of the second quarter.
    is_leaking = quarter > 1 and min(settled[-quarter:]) > max(settled[:quarter])
    not_stored = sum(stored[save.number] == 0 for save in crowd.saves)
    stored_twice = sum(count > 1 for count in stored.values())
    print(
        f"{name}: {len(crowd.saves)} saves, {len(failures)} not answered {sorted(set(failures))[:3] or ''}, "
        f"{crowd.poster.resent} sent again with the same key"
    )
    print(f"{name}: reports stored {stored.total()}, missing {not_stored}, twice {stored_twice}")
    print(
        f"{name}: frames wanted {sum(save.wanted for save in crowd.saves)}, lost {missing}, twice {doubled}"
    )
    print(f"{name}: clients closed {crowd.lost}")
    print(
        f"{name}: until all have it: median {times[len(times) // 2]:.0f} ms, 99 % {times[len(times) * 99 // 100]:.0f}"
    )
    print(
        f"{name}: memory {samples.total[0]:.0f} → {samples.total[-1]:.0f} MB, {slope:+.1f} MB/h ({by_process})"
    )
    print(
        f"{name}: database connections {samples.connections[0]} → {samples.connections[-1]}, "
        f"most {max(samples.connections)}; open files {samples.files[0]} → {samples.files[-1]}",
        flush=True,
    )
    is_growing = minutes >= SHORTEST_FOR_SLOPE and slope > MOST_SLOPE
    is_exact = not (failures or not_stored or stored_twice or missing or doubled)
    return is_exact and not (crowd.lost or is_leaking or is_growing)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20, help="on each stack")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--saves", type=float, default=5, help="a second")
    parser.add_argument("--patients", type=int, default=30, help="who take turns in being observed")
    parser.add_argument("--stack", action="append", choices=STACKS, help="default: both")
    options = parser.parse_args()
    is_sound = True
    with (
        tempfile.TemporaryDirectory(prefix="wardlight-soak-") as temporary,
        closing(StackBuilder()) as builder,
    ):
        for name in options.stack or STACKS:
            folder = Path(temporary) / name
            folder.mkdir()
            with builder.running(name, folder=folder) as stack:
                run = soak(
                    stack,
                    minutes=options.minutes,
                    clients=options.clients,
                    saves_a_second=options.saves,
                    patients=options.patients,
                )
                is_sound &= uvloop.run(run)
    print("sound" if is_sound else "NOT SOUND: see above")
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
