"""A few threads with one database connection each, lent to one request or socket action at a time.

Django starts a thread, and with it a new database connection, for each request; Channels runs the database work of
all sockets on a single thread. Lending from a small pool bounds the connections and lets no request wait behind one
slow query (10 x 0.5 s: 0.6 s instead of 5.1). Those who ask take turns, and no one of them, no writers and no heavy
reads together, can hold all of it: whoever's work is heavy waits for the own work first.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings


class Errand(NamedTuple):
    """What a thread is needed for.

    `asker`: a user, a sign-in or an address, whose errands take turns with those of others; None is the server itself,
    which no limit holds back.
    """

    asker: Hashable = None
    writes: bool = False
    is_heavy: bool = False  # a long read: a file, many rows, what somebody missed


OWN: Final = Errand()


class Pool:
    """Threads of one loop, lent by turns. All methods belong to the loop's thread."""

    def __init__(self, size: int, *, name: str, has_limits: bool = True) -> None:
        # Last in, first out: a quiet server keeps using one warm connection.
        self._free = [
            ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{name}-{index}") for index in range(size)
        ]
        self._half = max(1, size // 2) if has_limits else size
        # One is kept for reads, which need not wait for a lock as writes may, and one for others.
        self._all_but_one = max(1, size - 1) if has_limits else size
        self._waiting: OrderedDict[Hashable, deque[tuple[Errand, asyncio.Future[ThreadPoolExecutor]]]] = (
            OrderedDict()
        )
        self._held: Counter[Hashable] = Counter()
        self._writes = 0
        self._heavy = 0

    @property
    def waiting(self) -> int:
        """How many errands wait."""
        return sum(map(len, self._waiting.values()))

    async def take(self, errand: Errand) -> ThreadPoolExecutor:
        """A thread, as soon as it is this errand's turn."""
        if self._free and self._may(errand):  # whoever waits may not: else it had been served
            return self._hand_out(errand)
        future: asyncio.Future[ThreadPoolExecutor] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(errand.asker, deque()).append((errand, future))
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give_back(future.result(), errand)
            raise

    def give_back(self, executor: ThreadPoolExecutor, errand: Errand) -> None:
        """The errand is done, or no longer needs its thread."""
        self._free.append(executor)
        for key in (errand.asker, (errand.asker, errand.writes)):
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]
        self._writes -= errand.writes
        self._heavy -= errand.is_heavy
        while self._free and self._serve_next():
            pass

    def _may(self, errand: Errand) -> bool:
        if errand.asker is None:
            return True
        return (
            self._held[errand.asker] < self._all_but_one
            and self._held[errand.asker, errand.writes] < self._half
            and (not errand.writes or self._writes < self._all_but_one)
            and (not errand.is_heavy or self._heavy < self._half)
        )

    def _hand_out(self, errand: Errand) -> ThreadPoolExecutor:
        self._held.update((errand.asker, (errand.asker, errand.writes)))
        self._writes += errand.writes
        self._heavy += errand.is_heavy
        return self._free.pop()

    def _serve_next(self) -> bool:
        """Hand a thread to the next asker who may have one, and let that asker be the last of those who wait."""
        for asker, queue in list(self._waiting.items()):
            while queue and queue[0][1].done():  # who asked has gone
                queue.popleft()
            if not queue:
                del self._waiting[asker]
                continue
            entry = next((entry for entry in queue if not entry[1].done() and self._may(entry[0])), None)
            if entry is None:
                continue
            queue.remove(entry)
            if queue:
                self._waiting.move_to_end(asker)
            else:
                del self._waiting[asker]
            entry[1].set_result(self._hand_out(entry[0]))
            return True
        return False


class Lane(NamedTuple):
    """Threads of their own for one kind of work."""

    name: str
    threads: int
    most_waiting: int  # more are turned away


IMPORTS: Final = Lane("imports", threads=2, most_waiting=8)
"""Two, so that who may not import, or not yet, is told so while one is at work (api/imports.py)."""

PASSWORDS: Final = Lane("passwords", threads=1, most_waiting=32)
"""Hashing takes a processor for half a second: those who sign in wait for each other, and nobody waits for them."""

FILES: Final = Lane("files", threads=2, most_waiting=1000)
"""What asks no database is there while that hangs: files, the application's shell, the sign that the process lives."""

REPLIES: Final = Lane("replies", threads=2, most_waiting=1000)
"""Compressing (realtime/deflate.py): a list of 300 patients takes 1 to 3 ms, without the interpreter's lock."""

_pools: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Lane | None, Pool]]" = WeakKeyDictionary()


class TooManyWaiting(Exception):
    """The lane is full: come again."""


def _pool(lane: Lane | None) -> Pool:
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    pool = pools.get(lane)
    if pool is None:
        pool = pools[lane] = (
            Pool(settings.DATABASE_THREADS, name="database")
            if lane is None
            else Pool(lane.threads, name=lane.name, has_limits=False)
        )
    return pool


class Loan:
    """A thread of the pool for as long as it is lent."""

    def __init__(self, pool: Pool, executor: ThreadPoolExecutor, errand: Errand) -> None:
        self.executor = executor
        self._pool = pool
        self._errand = errand
        self._is_lent = True

    def give_back(self) -> None:
        """Before the end, where no more database work will follow."""
        if self._is_lent:
            self._is_lent = False
            self._pool.give_back(self.executor, self._errand)


@asynccontextmanager
async def lent_thread(errand: Errand = OWN, *, lane: Lane | None = None) -> AsyncIterator[Loan]:
    """Within, all thread-sensitive work (`database_sync_to_async` too) runs on one thread of the pool.

    Without a lane one of those that all share. Raises TooManyWaiting where the lane is full.
    """
    pool = _pool(lane)
    if lane is not None and pool.waiting >= lane.most_waiting:
        raise TooManyWaiting
    loan = Loan(pool, await pool.take(errand), errand)
    try:
        async with ThreadSensitiveContext(executor=loan.executor):
            yield loan
    finally:
        loan.give_back()
