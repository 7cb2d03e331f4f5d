"""The hub: one per serving process. It knows every connected client and hands each what it may see, in order.

Frames come from this process's own commits (`offer`), or from the log when the doorbell rings, and once in a while
anyway. Whatever comes is sorted by number, and nothing is handed out before everything before it was: the log has no
holes, so a gap only means that another commit is still on its way here.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from .. import clock, events, metrics
from ..events import ACCESS_STREAM, Entry, LogState
from ..selectors import OLDEST_HEARTBEAT, newest_beat
from ..services import sign_ins
from .connection import (
    CLOSE_RESTART,
    CLOSE_SIGNED_OUT,
    CLOSE_TOO_MANY,
    Audience,
    Connection,
    encode_text_frame,
)
from .doorbell import Doorbell
from .threads import lent_thread

logger = logging.getLogger("wardlight.hub")

SECONDS_BETWEEN_LOOKS: Final = 0.5
HEARTBEAT_SECONDS: Final = 10
TOUCH_SECONDS: Final = 300
RECHECK_SECONDS: Final = 10
MOST_RECHECKED: Final = 200  # sign-ins a read
ENTRIES_A_READ: Final = 500
# At a time to everybody. A thousand reminders are 2 MB for each client, and after an import there is much to tell: all
# of it in one write would count a client as too slow that has had no moment to read.
BYTES_A_PORTION: Final = 256 * 1024
PATIENCE: Final = 5.0  # seconds, with clients that have not read the portion before
PATIENCE_AT_A_STANDSTILL: Final = 0.5  # and where none of them reads at all
SECONDS_BETWEEN_GLANCES: Final = 0.002
LONGEST_STEP_ASIDE: Final = 0.1  # seconds


class Hub:
    """All methods but `offer` belong to the loop's thread."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.doorbell = Doorbell(self.loop)
        self.last = 0  # the number up to which every connection was handed everything it may see
        self.epoch = ""
        # A process that only just started has looked for no worker yet: it warns after the time that a beat may take.
        self.worker_beat_at = clock.now()
        self.is_stopping = False
        self._groups: dict[Audience, set[Connection]] = {}
        self._by_sign_in: dict[int, list[Connection]] = {}  # the oldest first, of those that are counted
        self._thread = threading.get_ident()
        self._offered: deque[tuple[list[Entry], threading.Event]] = deque()
        self._is_draining = False
        self._early: dict[int, Entry] = {}
        self._handing_out: asyncio.Task[None] | None = None  # the portions after the first
        self._looking: asyncio.Task[None] | None = None
        self._look_again = False
        self._tick = 0
        self._rechecking: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ready: asyncio.Task[None] = self.loop.create_task(self._start())

    async def ready(self) -> None:
        """Return when the hub knows where the log stands; connections are registered from then on."""
        await asyncio.shield(self._ready)

    async def _start(self) -> None:
        # Committed entries are kept from here on, so none falls between the read and the first registration.
        events.set_publisher(self.offer)
        while True:
            try:
                self.last, self.epoch = await _read_state()
                break
            except Exception as error:  # started before the database: wait for it
                logger.warning("The event log cannot be read yet: %s", type(error).__name__)
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        self._tasks = [
            self.loop.create_task(self._keep_looking()),
            self.loop.create_task(self._keep_time()),
            self.loop.create_task(self.doorbell.listen(self._heard)),
        ]

    async def stop(self) -> None:
        """Close every connection with 1012 and end the hub's own tasks."""
        self.is_stopping = True
        events.set_publisher(None)
        for task in self._tasks:
            task.cancel()
        for connection in list(self.connections()):
            connection.close(CLOSE_RESTART)

    # ------------------------------------------------------------ connections
    def connections(self) -> Iterable[Connection]:
        return (connection for group in self._groups.values() for connection in group)

    def register(self, connection: Connection) -> None:
        """From now on the connection gets everything it may see; its greeting follows at once."""
        connection.slot = self._tick % HEARTBEAT_SECONDS
        self._groups.setdefault(connection.audience, set()).add(connection)
        self._count(connection)
        if connection.audience.single is None:
            connection.push(self._state_frame("hello"))

    async def admit(self, connection: Connection) -> None:
        """Register a client whose sign-in is still live; its greeting is the first that it gets.

        Whoever signs out while the handshake is under way would be told to nobody: so it is looked at once more when
        everything that comes later closes the connection.
        """
        connection.hold_back()
        self.register(connection)
        await self.recheck([connection])
        connection.release()

    def _count(self, connection: Connection) -> None:
        """One socket more than a sign-in may have closes its oldest: a page gone wrong opens one again and again.

        Services have as many as they want.
        """
        most, sign_in_id = settings.SOCKETS_PER_SIGN_IN, connection.sign_in_id
        if not most or sign_in_id is None or connection.role == "service":
            return
        counted = self._by_sign_in.setdefault(sign_in_id, [])
        counted.append(connection)
        while len(counted) > most:
            counted.pop(0).close(CLOSE_TOO_MANY)

    def unregister(self, connection: Connection) -> None:
        if connection.sign_in_id is not None:
            counted = self._by_sign_in.get(connection.sign_in_id, [])
            if connection in counted:
                counted.remove(connection)
            if not counted:
                self._by_sign_in.pop(connection.sign_in_id, None)
        group = self._groups.get(connection.audience)
        if group is not None:
            group.discard(connection)
            if not group:
                del self._groups[connection.audience]

    def _state_frame(self, kind: str) -> bytes:
        now = clock.now()
        payload = {
            "type": kind,
            "event": self.last,
            "epoch": self.epoch,
            "server_time": now.isoformat().replace("+00:00", "Z"),
            "worker": abs(now - self.worker_beat_at) <= OLDEST_HEARTBEAT,
        }
        return encode_text_frame(orjson.dumps({"stream": "events", "payload": payload}))

    # ------------------------------------------------------------ entries in
    def offer(self, entries: list[Entry]) -> None:
        """Take what this process has committed. Called from any thread, and never fails it.

        The thread steps aside until the frames are out, a moment at most: its answer would have to pass through the
        same loop after them anyway, and meanwhile the two would fight for the interpreter at every single write.
        """
        is_out = threading.Event()
        self._offered.append((entries, is_out))
        if self.loop.is_closed():
            return
        if not self._is_draining:
            self._is_draining = True
            self.loop.call_soon_threadsafe(self._drain)
        if threading.get_ident() != self._thread:
            is_out.wait(LONGEST_STEP_ASIDE)

    def _drain(self) -> None:
        self._is_draining = False
        if not self._ready.done():
            self.loop.call_later(0.05, self._drain)
            return
        arrived: list[Entry] = []
        waiting: list[threading.Event] = []
        while self._offered:
            entries, is_out = self._offered.popleft()
            arrived.extend(entries)
            waiting.append(is_out)
        if arrived:
            # The bell first: the other processes read the log while this one writes to its sockets.
            self.doorbell.ring(arrived[-1].number)
            self.loop.call_soon(self._take_own, arrived, waiting)

    def _take_own(self, arrived: list[Entry], waiting: list[threading.Event]) -> None:
        try:
            self._take(arrived)
        finally:
            for is_out in waiting:
                is_out.set()

    def _heard(self, number: int) -> None:
        if number > self.last:
            self._look()

    def _take(self, entries: Iterable[Entry]) -> None:
        """Hand out what continues the log; keep what came too early and fetch what is between."""
        for entry in entries:
            if entry.number > self.last:
                self._early[entry.number] = entry
        if self._handing_out is not None and not self._handing_out.done():
            return  # it goes on with these
        self._hand_out_portion()
        if self.last + 1 in self._early:
            self._handing_out = self._spawn(self._hand_out_rest())
        elif self._early:
            self._look()

    # ------------------------------------------------------------ entries out
    def _hand_out_portion(self) -> None:
        due: list[Entry] = []
        size = 0
        while size < BYTES_A_PORTION and (entry := self._early.pop(self.last + 1, None)) is not None:
            due.append(entry)
            size += len(entry.frame)
            self.last += 1
        if due:
            self._hand_out(due)

    async def _hand_out_rest(self) -> None:
        while self.last + 1 in self._early:
            await self._give_time_to_read()
            self._hand_out_portion()
        if self._early:
            self._look()

    async def _give_time_to_read(self) -> None:
        """Return when all have read what they were handed, or nobody goes on reading.

        Who is behind then is not waited for again before they have caught up: what waits for them grows until it is
        too much.
        """
        await asyncio.sleep(0)  # requests and heartbeats come between two portions
        behind = [connection for connection in self.connections() if not connection.is_slow]
        now = self.loop.time()
        end, standstill, unsent = now + PATIENCE, now + PATIENCE_AT_A_STANDSTILL, 0
        while behind := [connection for connection in behind if connection.unsent()]:
            if self.loop.time() >= min(end, standstill):
                break
            await asyncio.sleep(SECONDS_BETWEEN_GLANCES)
            before, unsent = unsent, sum(connection.unsent() for connection in behind)
            if unsent != before:
                standstill = self.loop.time() + PATIENCE_AT_A_STANDSTILL
        for connection in behind:
            connection.is_slow = True

    def _hand_out(self, entries: list[Entry]) -> None:
        started_at = time.perf_counter()
        for audience, group in list(self._groups.items()):
            frames = encode_for(audience, entries)
            if frames:
                for connection in list(group):
                    connection.push(frames)
        metrics.EVENTS.inc(len(entries))
        metrics.FAN_OUT.observe(time.perf_counter() - started_at)
        for entry in entries:
            if entry.stream == ACCESS_STREAM:
                self._apply_access(orjson.loads(entry.frame)["payload"]["data"])

    def _apply_access(self, who: dict[str, Any]) -> None:
        """A sign-in ended, or a user's rights changed: their sockets end, here as in every process."""
        if who["sign_in"] is not None:
            ended = [c for c in self.connections() if c.sign_in_id == who["sign_in"]]
            for connection in ended:
                connection.close(CLOSE_SIGNED_OUT)
        elif any(connection.user_id == who["user"] for connection in self.connections()):
            _ = self._spawn(self.recheck([c for c in self.connections() if c.user_id == who["user"]]))

    # ------------------------------------------------------------ looking at the log
    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = self.loop.create_task(self._catch_up())
        else:
            self._look_again = True

    async def reach(self, number: int) -> None:
        """Return when everybody was handed all up to `number`, or no more of the log can be read."""
        before = -1
        while before < self.last < number:
            before = self.last
            self._look()
            assert self._looking is not None
            await asyncio.wait([self._looking])

    async def _catch_up(self) -> None:
        while True:
            self._look_again = False
            try:
                entries = await _read_entries(self.last)
            except Exception as error:  # the database is away: the next look finds what this one missed
                logger.warning("The event log cannot be read: %s", type(error).__name__)
                return
            newer = [entry for entry in entries if entry.number > self.last]
            if newer and newer[0].number > self.last + 1:
                self._adopt(LogState(newer[0].number - 1, self.epoch))
            self._take(newer)
            if self._handing_out is not None:
                await asyncio.wait([self._handing_out])
            if len(entries) < ENTRIES_A_READ and not self._look_again:
                return

    def _adopt(self, state: LogState) -> None:
        """The log was cut or replaced under us (pruned while away, restored): go on from where it stands."""
        logger.warning("The event log does not continue after %d; going on after %d.", self.last, state.last)
        self.last, self.epoch = state
        self._early.clear()
        for connection in self.connections():
            if connection.audience.single is None:
                connection.push(self._state_frame("hello"))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                state, beat_at = await _read_state(), await _read_beat()
            except Exception as error:
                # The database is away: screens see that no heartbeat moves, and we try again.
                logger.warning("The event log cannot be read: %s", type(error).__name__)
                continue
            self.worker_beat_at = beat_at or self.worker_beat_at
            if state.epoch != self.epoch:
                self._adopt(state)
            elif state.last > self.last:
                self._look()

    # ------------------------------------------------------------ the clock
    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._tick += 1
            self._send_heartbeats()
            self._end_expired(clock.now())
            if self._tick % TOUCH_SECONDS == 0:
                _ = self._spawn(self._touch())
            if self._tick % RECHECK_SECONDS == 0 and (self._rechecking is None or self._rechecking.done()):
                self._rechecking = self._spawn(self.recheck(list(self.connections())))

    def _send_heartbeats(self) -> None:
        heartbeat = self._state_frame("heartbeat")
        slot = self._tick % HEARTBEAT_SECONDS
        for audience, group in list(self._groups.items()):
            if audience.single is None:
                for connection in [c for c in group if c.slot == slot and c.held_back is None]:
                    connection.push(heartbeat)

    def _end_expired(self, now: datetime) -> None:
        for connection in [c for c in self.connections() if c.expires_at is not None and c.expires_at <= now]:
            connection.close(CLOSE_SIGNED_OUT)

    async def _touch(self) -> None:
        """An open screen is in use: its sign-in does not fall idle."""
        ids = {c.sign_in_id for c in self.connections() if c.sign_in_id is not None}
        async with lent_thread():
            await database_sync_to_async(sign_ins.touch)(ids, now=clock.now())

    async def recheck(self, connections: Sequence[Connection]) -> None:
        """Close those whose sign-in, or whose user's role, is no longer what they were admitted with.

        Asked again until the database answers. A few at a time, so that nobody's save waits for a whole hospital's.
        """
        signed_in = [connection for connection in connections if connection.sign_in_id is not None]
        for start in range(0, len(signed_in), MOST_RECHECKED):
            chunk = signed_in[start : start + MOST_RECHECKED]
            live = await self._live_state({c.sign_in_id for c in chunk})
            for connection in chunk:
                state = live.get(connection.sign_in_id)
                if state is None or state.role != connection.role:
                    connection.close(CLOSE_SIGNED_OUT)

    async def _live_state(self, ids: set[int | None]) -> dict[int | None, sign_ins.LiveState]:
        while True:
            try:
                async with lent_thread():
                    return await database_sync_to_async(sign_ins.live_state)(ids)
            except DatabaseError as error:
                logger.warning("Who is still signed in cannot be read: %s", type(error).__name__)
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def _spawn(self, coroutine: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = self.loop.create_task(coroutine)
        self._tasks.append(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[None]") -> None:
        self._tasks.remove(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A task of the hub failed.", exc_info=task.exception())


def encode_for(audience: Audience, entries: Iterable[Entry]) -> bytes:
    """The entries that this audience may see, encoded for the wire and joined into one write."""
    if audience.single is None:
        return b"".join(encode_text_frame(e.frame) for e in entries if e.stream in audience.streams)
    return b"".join(encode_text_frame(bare_payload(e)) for e in entries if e.stream in audience.streams)


def bare_payload(entry: Entry) -> bytes:
    """The payload without the stream around it, for `/ws/<stream>/`."""
    return entry.frame[len(b'{"stream":"","payload":') + len(entry.stream) : -1]


async def _read_state() -> LogState:
    async with lent_thread():
        return await database_sync_to_async(events.log_state)()


async def _read_beat() -> datetime | None:
    async with lent_thread():
        return await database_sync_to_async(newest_beat)(now=clock.now())


async def _read_entries(after: int) -> list[Entry]:
    async with lent_thread():
        return await database_sync_to_async(events.read_log)(after=after, limit=ENTRIES_A_READ)


# ---------------------------------------------------------------- one hub a process
_hub: Hub | None = None


def running_hub() -> Hub | None:
    """This process's hub, None in one that serves nobody."""
    return _hub


def get_hub() -> Hub:
    """This process's hub, started on the running loop at the first call."""
    global _hub
    if _hub is None or _hub.loop is not asyncio.get_running_loop():
        _hub = Hub()
    return _hub
