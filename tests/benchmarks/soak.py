"""The long run: a ward that saves for an hour while its screens stay connected; `make soak MINUTES=60`.

Fails where a change was lost, came twice or closed a client, or where memory goes on growing.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import uvloop

from tests.benchmarks.costs import memory_bytes
from tests.benchmarks.crowd import Crowd, Target, now, wait_at_most
from tests.benchmarks.fanout import target_of
from tests.support.stacks import STACKS, StackBuilder

CLIENTS = 200
SAVES_A_SECOND = 2
MOST_GROWTH = 1.2
"""Of memory, from the second quarter of the run to the last; in the first, caches fill."""


async def soak(target: Target, *, minutes: int) -> bool:
    """Run one stack; True where nothing was wrong."""
    crowd = Crowd(target)
    await crowd.join(CLIENTS)
    memory: list[float] = []
    is_complete = True
    for minute in range(1, minutes + 1):
        is_complete &= await soak_for_a_minute(crowd)
        memory.append(memory_bytes(target.pids) / 2**20)
        times = [(save.complete_at - save.sent_at) * 1e3 for save in crowd.saves[-60:] if save.complete_at]
        print(
            f"{target.name} minute {minute}: {len(crowd.saves)} saves, {memory[-1]:.0f} MB, "
            f"until all have it {statistics.median(times or [0]):.0f} ms",
            flush=True,
        )
    await crowd.leave()
    growth = growth_of(memory)
    doubled = sum(save.doubled for save in crowd.saves)
    print(
        f"{target.name}: complete: {is_complete}, twice: {doubled}, clients closed: {crowd.lost}, "
        f"memory × {growth:.2f} (at most {MOST_GROWTH})"
    )
    return is_complete and not doubled and not crowd.lost and growth <= MOST_GROWTH


async def soak_for_a_minute(crowd: Crowd) -> bool:
    ends_at = now() + 60
    is_complete = True
    while now() < ends_at:
        save = await crowd.save()
        await wait_at_most(save, 20)
        is_complete &= not save.missing
        await asyncio.sleep(1 / SAVES_A_SECOND)
        save.frames.clear()  # half a second for what comes twice; an hour's frames would fill this process
    return is_complete


def growth_of(memory: Sequence[float]) -> float:
    """The last quarter's median memory by the second's; 1 where the run was too short to tell."""
    quarter = len(memory) // 4
    if quarter == 0:
        return 1.0
    return statistics.median(memory[-quarter:]) / statistics.median(memory[quarter : 2 * quarter])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, default=60, help="on each stack")
    options = parser.parse_args()
    is_sound = True
    with (
        tempfile.TemporaryDirectory(prefix="wardlight-soak-") as temporary,
        closing(StackBuilder(Path(temporary))) as builder,
    ):
        for name in STACKS:
            folder = Path(temporary) / name
            folder.mkdir()
            with builder.running(name, folder=folder) as stack:
                is_sound &= uvloop.run(soak(target_of(stack, name=name), minutes=options.minutes))
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
