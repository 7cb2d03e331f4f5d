"""Waiting for something to become true, with a deadline that only a fault reaches.

Tests assert what happens, never how fast on this machine; so the deadline is generous.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

DEADLINE = 120.0
"""Seconds. A loaded two-core machine needs a few, many where seven processes start at once; more is a fault."""

Answer = TypeVar("Answer")


def wait_until(condition: Callable[[], Answer], *, what: str, timeout: float = DEADLINE) -> Answer:
    """Call `condition` until it answers something true, and return that.

    Raises:
        TimeoutError: naming `what` was waited for, after `timeout` seconds.
    """
    give_up_at = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{what}: not within {timeout:g} s (last answer: {answer!r})")
        time.sleep(0.05)


async def eventually(
    condition: Callable[[], Awaitable[Answer]], *, what: str, timeout: float = DEADLINE
) -> Answer:
    """`wait_until` for a condition that must be awaited."""
    give_up_at = time.monotonic() + timeout
    while True:
        answer = await condition()
        if answer:
            return answer
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{what}: not within {timeout:g} s (last answer: {answer!r})")
        await asyncio.sleep(0.05)
