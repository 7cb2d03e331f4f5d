"""What a server's processes have used so far."""

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import psutil


def processor_seconds(pids: Sequence[int]) -> float:
    """Processor time of these processes, all threads, in seconds to the nanosecond.

    Linux numbers each process's own clock; psutil's figures come in steps of 10 ms, too coarse for one save.
    """
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def memory_bytes(pids: Sequence[int]) -> int:
    """Resident memory of these processes."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids)


def sync_seconds(folder: Path) -> float:
    """How long this disk takes to keep a transaction's bytes for good, the median of many.

    Every save waits for one such sync at least; the limit, without a database, for none.
    """
    path = folder / "sync"
    seconds = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(50):
            os.write(file, b"x" * 16_384)
            started = time.perf_counter()
            os.fdatasync(file)
            seconds.append(time.perf_counter() - started)
    finally:
        os.close(file)
        path.unlink()
    return statistics.median(seconds)
