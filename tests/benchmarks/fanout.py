"""How soon one saved report is on every screen, and what that costs: `make bench`.

Three servers run at once and take turns in rounds: the limit (limit.py), Wardlight as one process on SQLite,
and Wardlight as two processes on PostgreSQL and Redis. Clients run in this process, servers in theirs. Only
ratios of one run mean anything; the figures are medians of the rounds, after a first one that is thrown away.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import uvloop

from tests.benchmarks.costs import memory_bytes, processor_seconds, sync_seconds
from tests.benchmarks.crowd import Crowd, Save, Target
from tests.support.processes import PROJECT
from tests.support.servers import free_port
from tests.support.stacks import STACKS, Stack, StackBuilder
from tests.support.waiting import wait_until

NORMAL_SET = {
    "temperature": 36.8,
    "pulse": 72,
    "respiration": 16,
    "bp_sys": 124,
    "bp_dia": 78,
    "o2sat": 98,
    "supplemental_oxygen": False,
    "consciousness": "A",
}
FEW = 50
BURST_SAVES, BURST_CLIENTS = 150, 200


@dataclass
class Figures:
    """What the rounds of one target gave, a figure a round."""

    connect_s: list[float] = field(default_factory=list)
    connection_kb: list[float] = field(default_factory=list)
    all_ms: list[float] = field(default_factory=list)
    save_alone_us: list[float] = field(default_factory=list)
    delivery_us: list[float] = field(default_factory=list)
    answer_few_ms: list[float] = field(default_factory=list)
    answer_many_ms: list[float] = field(default_factory=list)
    burst_s: list[float] = field(default_factory=list)
    wanted: int = 0
    missing: int = 0
    doubled: int = 0
    lost_clients: int = 0

    def count(self, saves: list[Save]) -> None:
        self.wanted += sum(save.wanted for save in saves)
        self.missing += sum(save.missing for save in saves)
        self.doubled += sum(save.doubled for save in saves)


# ---------------------------------------------------------------- the rounds


async def measure_save_alone(target: Target, saves: int) -> float:
    """Processor time of a save that nobody watches, in µs."""
    crowd = Crowd(target)
    before = processor_seconds(target.pids)
    await crowd.save_one_by_one(saves)
    used = processor_seconds(target.pids) - before
    await crowd.leave()
    return used / saves * 1e6


async def run_round(target: Target, figures: Figures, *, clients: int, saves: int) -> None:
    """One round of the fan-out: everybody comes in at once, then one save after the other."""
    save_alone_us = await measure_save_alone(target, saves)

    few = Crowd(target)
    await few.join(FEW)
    answer_few = [save.answered_at - save.sent_at for save in await few.save_one_by_one(saves)]
    await few.leave()

    crowd = Crowd(target)
    memory = memory_bytes(target.pids)
    await crowd.join(clients)
    figures.connection_kb.append((memory_bytes(target.pids) - memory) / clients / 1024)
    await asyncio.sleep(1)  # what coming in left to do is not the saves'
    before = processor_seconds(target.pids)
    done = await crowd.save_one_by_one(saves)
    used = processor_seconds(target.pids) - before
    await crowd.leave()

    figures.count(done)
    figures.lost_clients += crowd.lost
    figures.connect_s.append(crowd.connect_seconds)
    figures.save_alone_us.append(save_alone_us)
    figures.delivery_us.append((used * 1e6 - save_alone_us * saves) / (clients * saves))
    figures.all_ms.append(
        statistics.median((save.complete_at - save.sent_at) * 1e3 for save in done if not save.missing)
        if any(not save.missing for save in done)
        else float("nan")
    )
    figures.answer_few_ms.append(statistics.median(answer_few) * 1e3)
    figures.answer_many_ms.append(statistics.median(save.answered_at - save.sent_at for save in done) * 1e3)


async def run_burst(target: Target, figures: Figures) -> None:
    """Many saves at once, fewer clients: everything must arrive, once."""
    crowd = Crowd(target)
    await crowd.join(BURST_CLIENTS)
    saves = await crowd.save_together(BURST_SAVES)
    await crowd.leave()
    figures.count(saves)
    figures.lost_clients += crowd.lost
    if not any(save.missing for save in saves):
        figures.burst_s.append(max(save.complete_at for save in saves) - min(save.sent_at for save in saves))


async def run_all(targets: list[Target], *, clients: int, rounds: int, saves: int) -> dict[str, Figures]:
    figures = {target.name: Figures() for target in targets}
    for number in range(rounds + 1):
        for target in targets:
            print(f"round {number} of {rounds}: {target.name}", file=sys.stderr, flush=True)
            # The first round warms up: its times are thrown away, but memory a connection is only true in it,
            # since a process keeps what it once had.
            of_round = Figures() if number == 0 else figures[target.name]
            await run_round(target, of_round, clients=clients, saves=saves)
            if number == 0:
                figures[target.name].connection_kb.append(of_round.connection_kb[0])
            if target.greets:
                await run_burst(target, of_round)
    return figures


# ---------------------------------------------------------------- the servers


@contextmanager
def running_limit() -> Iterator[Target]:
    port = free_port()
    server = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.limit", str(port)], cwd=PROJECT)
    try:
        wait_until(lambda: is_listening(server.pid, port + 1), what="the limit listens")
        yield Target(
            name="limit",
            ws_urls=[f"ws://127.0.0.1:{port}/"],
            post_url=f"http://127.0.0.1:{port + 1}/",
            headers=(),
            body={"patient": 1, **NORMAL_SET},
            streams=frozenset({"reports"}),
            greets=False,
            pids=[server.pid],
        )
    finally:
        server.kill()
        server.wait()


def is_listening(pid: int, port: int) -> bool:
    connections = psutil.Process(pid).net_connections(kind="tcp4")
    return any(c.laddr.port == port and c.status == psutil.CONN_LISTEN for c in connections)


def target_of(stack: Stack, *, name: str, compresses: bool = False) -> Target:
    """Clients spread over all web processes, saves on the first; the cost is that of the web processes."""
    lead, nurse = stack.sign_in("lead"), stack.sign_in("nurse")
    patient = lead.admit(last_name="Benchmark")
    return Target(
        name=name,
        ws_urls=[f"{server.ws_url}/ws/" for server in stack.servers],
        post_url=f"{stack.url}/api/reports/",
        headers=[("Authorization", f"Token {nurse.token}")],
        body={"patient": patient["id"], **NORMAL_SET},
        streams=frozenset({"reports", "history"}),
        greets=True,
        pids=[server.pid for server in stack.servers],
        compresses=compresses,
    )


# ---------------------------------------------------------------- the result


def print_result(figures: dict[str, Figures], *, clients: int, rounds: int) -> None:
    limit = figures["limit"]
    stacks = {name: each for name, each in figures.items() if name != "limit"}
    middle = statistics.median
    print(f"{clients} clients, medians of {rounds} rounds; × is the ratio to the limit of the same run")
    row("", "the limit", *stacks, "goal")

    def compare(label: str, of: str, goal: str) -> None:
        base = middle(getattr(limit, of))
        values = [middle(getattr(each, of)) for each in stacks.values()]
        row(label, f"{base:.1f}", *(f"{value:.1f} = {value / base:.2f} ×" for value in values), goal)

    compare("1 until the last client has a save, ms", "all_ms", "2 ×, with Redis 2.5 ×")
    compare("2 processor time of a delivery, µs", "delivery_us", "1.5 ×")
    row(
        "2 memory of a connection, kB (first round)",
        f"{limit.connection_kb[0]:.0f}",
        *(f"{each.connection_kb[0]:.0f}" for each in stacks.values()),
        "30",
    )
    row(
        f"3 {BURST_SAVES} saves at once × {BURST_CLIENTS} clients, s",
        "",
        *(f"{middle(each.burst_s):.2f}" if each.burst_s else "incomplete" for each in stacks.values()),
        "all, once",
    )
    row(
        "3 delivered, of all saves",
        f"{delivered_percent(limit):.3f} %",
        *(f"{delivered_percent(each):.3f} %, {each.doubled} twice" for each in stacks.values()),
        "100 %, 0 twice",
    )
    row(
        f"5 answer to a save, {clients} against {FEW} clients, ms",
        "",
        *(
            f"{middle(each.answer_many_ms):.1f} / {middle(each.answer_few_ms):.1f}"
            f" = {middle(each.answer_many_ms) / middle(each.answer_few_ms):.2f} ×"
            for each in stacks.values()
        ),
        "2.5 ×",
    )
    row(
        "7 all clients in, s (worst round)",
        f"{max(limit.connect_s):.2f}",
        *(f"{max(each.connect_s):.2f}" for each in stacks.values()),
        "5",
    )
    row(
        "  a save nobody watches, ms processor time",
        f"{middle(limit.save_alone_us) / 1e3:.1f}",
        *(f"{middle(each.save_alone_us) / 1e3:.1f}" for each in stacks.values()),
        "",
    )
    row("  clients that were closed", *(f"{each.lost_clients}" for each in figures.values()), "0")


def delivered_percent(figures: Figures) -> float:
    return 100 * (1 - figures.missing / figures.wanted) if figures.wanted else 100.0


def row(label: str, *cells: str) -> None:
    print(f"{label:48}" + "".join(f"{cell:>26}" for cell in cells))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5, help="after one that is thrown away")
    parser.add_argument("--saves", type=int, default=20, help="a round")
    parser.add_argument("--stack", action="append", choices=STACKS, help="default: both")
    parser.add_argument("--deflate", action="store_true", help="clients offer compression, as browsers do")
    options = parser.parse_args()
    stacks = options.stack or STACKS

    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="wardlight-bench-")))
        builder = StackBuilder()
        resources.callback(builder.close)
        targets = [resources.enter_context(running_limit())]
        for name in stacks:
            (folder / name).mkdir()
            stack = resources.enter_context(builder.running(name, folder=folder / name))
            targets.append(target_of(stack, name=name, compresses=options.deflate))
        figures = uvloop.run(
            run_all(targets, clients=options.clients, rounds=options.rounds, saves=options.saves)
        )
        sync_s = sync_seconds(folder)
    print_result(figures, clients=options.clients, rounds=options.rounds)
    row("  one sync of this disk, ms (in every save)", "", *(f"{sync_s * 1e3:.1f}" for _ in stacks), "")
    is_complete = not any(each.missing or each.doubled or each.lost_clients for each in figures.values())
    return 0 if is_complete else 1


if __name__ == "__main__":
    sys.exit(main())
