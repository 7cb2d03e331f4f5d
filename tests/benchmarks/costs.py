"""What a server's processes have used so far."""

import time
from collections.abc import Sequence

import psutil


def processor_seconds(pids: Sequence[int]) -> float:
    """Processor time of these processes, all threads, in seconds to the nanosecond.

    Linux numbers each process's own clock; psutil's figures come in steps of 10 ms, too coarse for one save.
    """
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def memory_bytes(pids: Sequence[int]) -> int:
    """Resident memory of these processes."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids)
