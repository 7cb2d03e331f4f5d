"""Between processes: "there is more in the log up to event N". Only a bell; the log itself is the truth.

With Redis, one pub/sub channel a process (channels-redis' pub/sub layer). It may lose a ring (a restart of Redis
leaves no sign of what was missed), so every process also looks at the log by itself. Without Redis there is no bell
and the look each half second does it all.
"""

import asyncio
import atexit
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from channels.layers import get_channel_layer
from django.conf import settings

from ..events import Entry

logger = logging.getLogger("wardlight.doorbell")

GROUP: Final = "wardlight.log"
SECONDS_BETWEEN_TRIES: Final = 1.0
SECONDS_TO_RING: Final = 1.0


class Doorbell:
    """Rings for the other processes and hears them ring. All methods but `ring_soon` belong to the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._layer: Any = get_channel_layer() if settings.REDIS_URL else None
        self._unsaid = 0
        self._ringing: asyncio.Task[None] | None = None

    def ring_soon(self, number: int) -> None:
        """Tell the others of events up to `number`; from any thread, at once, and never an error."""
        if self._layer is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.ring, number)

    def ring(self, number: int) -> None:
        """As `ring_soon`, from the loop's own thread."""
        if self._layer is None:
            return
        self._unsaid = max(self._unsaid, number)
        if self._ringing is None or self._ringing.done():
            self._ringing = self._loop.create_task(self._say())

    async def _say(self) -> None:
        while self._unsaid:
            number, self._unsaid = self._unsaid, 0
            try:
                async with asyncio.timeout(SECONDS_TO_RING):
                    await self._layer.group_send(GROUP, {"type": "log.grew", "number": number})
            except Exception as error:
                # A silent bell must never hurt: the others look at the log by themselves.
                logger.warning("The doorbell did not ring: %s", type(error).__name__)

    async def listen(self, heard: Callable[[int], None]) -> None:
        """Call `heard(number)` for each ring, until cancelled; reconnects by itself."""
        if self._layer is None:
            return
        while True:
            try:
                channel = await self._layer.new_channel()
                await self._layer.group_add(GROUP, channel)
                while True:
                    message = await self._layer.receive(channel)
                    heard(int(message["number"]))
            except asyncio.CancelledError:
                raise
            except Exception as error:
                # Redis is away or speaks oddly: try again, the look at the log goes on.
                logger.warning("The doorbell cannot be heard: %s", type(error).__name__)
                await asyncio.sleep(SECONDS_BETWEEN_TRIES)

    async def finish(self) -> None:
        """Wait until what was to be said is said, or cannot be."""
        if self._ringing is not None:
            await asyncio.wait([self._ringing], timeout=SECONDS_TO_RING)


class CommandDoorbell:
    """For a process without a loop of its own (a command, a shell): a thread that rings and dies with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._doorbell: Doorbell | None = None

    def publish(self, entries: list[Entry]) -> None:
        """The publisher of events.py."""
        if settings.REDIS_URL:
            self._started().ring_soon(entries[-1].number)

    def _started(self) -> Doorbell:
        with self._lock:
            if self._doorbell is None:
                loop = asyncio.new_event_loop()
                self._doorbell = Doorbell(loop)
                threading.Thread(target=loop.run_forever, name="doorbell", daemon=True).start()
                atexit.register(self._finish, loop, self._doorbell)
            return self._doorbell

    @staticmethod
    def _finish(loop: asyncio.AbstractEventLoop, doorbell: Doorbell) -> None:
        """The last ring must not die with the command that made the last change."""

        async def after_what_is_queued() -> None:
            await doorbell.finish()

        try:
            asyncio.run_coroutine_threadsafe(after_what_is_queued(), loop).result(timeout=2 * SECONDS_TO_RING)
        except TimeoutError:
            logger.warning("The doorbell did not ring in time; servers find the change in the log.")
