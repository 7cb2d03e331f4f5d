"""What a client sends, until it is looked at: how fast it comes, and how much of it may wait.

Daphne puts every frame into a queue without an end. Here a client that sends faster than it can be answered is not
read on from for a while, nor is what it sent parsed any further: its own kernel fills up, and it waits. How fast it
sends is told by when frames arrive. Time in which nothing was read because there were too many frames does not count:
it would make a flood look like a quiet client. Large frames are no flood, so waiting for room for their bytes does
count.

Pings, pongs and the pieces of a message, empty ones too, are frames as any other. Nobody's answer keeps them back, so
they are let in at the pace that a client may keep up.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from .connection import CLOSE_TOO_MANY, DirectOutlet
from .pings import SECONDS_BETWEEN, read_ping

Receive = Callable[[], Awaitable[dict[str, Any]]]

FRAMES_A_SECOND: Final = 50
SECONDS_UNTIL_SLOWED: Final = 5
SECONDS_UNTIL_CLOSED: Final = 15
# As many as may come before anybody is slowed; what came in one piece from the network is taken all the same.
MOST_WAITING: Final = FRAMES_A_SECOND * SECONDS_UNTIL_SLOWED  # frames
MOST_BYTES_WAITING: Final = 1024 * 1024


class Flow:
    """How fast a client sends: over 50 frames a second for 5 s it is slowed, after 15 s closed."""

    __slots__ = ("_arrivals", "_too_fast_since", "too_fast_for")

    def __init__(self) -> None:
        self.too_fast_for = 0.0  # seconds, at the last arrival
        self._arrivals: deque[float] = deque(maxlen=FRAMES_A_SECOND)
        self._too_fast_since: float | None = None

    def count(self, at: float, *, paused_for: float = 0) -> float:
        """Note a frame at `at` (monotonic seconds, of which nothing was read in `paused_for`).

        Returns for how many seconds the client has been too fast.
        """
        arrivals, read_at = self._arrivals, at - paused_for
        is_fast = len(arrivals) == FRAMES_A_SECOND and read_at - arrivals[0] < 1
        arrivals.append(read_at)
        if not is_fast:
            self._too_fast_since = None
        elif self._too_fast_since is None:
            self._too_fast_since = at
        self.too_fast_for = 0.0 if self._too_fast_since is None else at - self._too_fast_since
        return self.too_fast_for


class Intake:
    """One client's frames on their way in. `protocol` is Daphne's, where frames can be watched as they arrive.

    On any other server frames are counted as they are taken, and reading is never paused.
    """

    __slots__ = ("_bytes", "_hand_over", "_has_too_many", "_is_held", "_passing", "_passing_at", "_paused_at",
                 "_paused_for", "_pinged_at", "_protocol", "_receive", "_sizes", "_wake_up", "answer_ping", "flow",
                 "is_busy")  # fmt: skip

    def __init__(self, receive: Receive, *, protocol: Any = None) -> None:
        self.flow = Flow()
        self.is_busy = False  # a request is under way: others wait
        self.answer_ping: Callable[[str], None] | None = None
        self._pinged_at = 0.0
        self._receive = receive
        self._protocol = protocol
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._passing = 0.0  # frames that wait for nobody, less those that the time since has allowed
        self._passing_at = 0.0
        self._wake_up: asyncio.TimerHandle | None = None
        self._is_held = False
        self._has_too_many = False  # frames, at some moment of the pause
        self._paused_at: float | None = None
        self._paused_for = 0.0
        if protocol is not None:
            self._hand_over = protocol.onMessage
            protocol.onMessage = self._take_in
            protocol.intake = self

    @property
    def is_paused(self) -> bool:
        """Whether nothing more of what came is to be parsed for now."""
        return self._paused_at is not None

    async def receive(self) -> dict[str, Any]:
        """The next message, as ASGI's `receive`."""
        message = await self._receive()
        if message["type"] == "websocket.receive":
            if self._protocol is None:
                self.flow.count(time.monotonic())
            elif self._sizes:
                self._bytes -= self._sizes.popleft()
                self._adjust()
        return message

    def hold(self) -> None:
        """Read nothing more, until `let_go`."""
        self._is_held = True
        self._adjust()

    def let_go(self) -> None:
        self._is_held = False
        self._adjust()

    def end(self) -> None:
        """Nobody looks at what still comes; it is read, for the client's close frame may be in it."""
        self._is_held = False
        self._sizes.clear()
        self._bytes = 0
        self._adjust()
        if self._protocol is not None:
            self._protocol.onMessage = _drop

    def let_pass(self) -> None:
        """Count a frame that nobody answers as a request: a ping, a pong, a piece of a message that goes on."""
        now = time.monotonic()
        self._passing = self._still_passing(now) + 1
        self._passing_at = now
        if self._count(now) > SECONDS_UNTIL_CLOSED:
            DirectOutlet(self._protocol).close(CLOSE_TOO_MANY)
        self._adjust()

    def _still_passing(self, now: float) -> float:
        return max(0.0, self._passing - (now - self._passing_at) * FRAMES_A_SECOND)

    def _count(self, now: float) -> float:
        at = now if self._paused_at is None else self._paused_at
        return self.flow.count(at, paused_for=self._paused_for)

    def _take_in(self, payload: bytes, is_binary: bool) -> None:
        self._count(time.monotonic())
        if self._is_answered_at_once(payload):
            return
        self._sizes.append(len(payload))
        self._bytes += len(payload)
        self._hand_over(payload, is_binary)
        self._adjust()

    def _is_answered_at_once(self, payload: bytes) -> bool:
        """Whether it was a ping that would have waited behind another request."""
        now = time.monotonic()
        if self.answer_ping is None or not (self.is_busy or self._sizes):
            return False
        if now - self._pinged_at < SECONDS_BETWEEN or (request_id := read_ping(payload)) is None:
            return False
        self._pinged_at = now
        self.answer_ping(request_id)
        return True

    def _adjust(self) -> None:
        """Pause reading where too much waits, and read on once half of it is gone."""
        if self._protocol is None:
            return
        share = 1 if self._paused_at is None else 2
        most = MOST_WAITING // share
        passing = self._still_passing(time.monotonic())
        has_too_many = self._is_held or len(self._sizes) > most or passing > most
        if has_too_many or self._bytes > MOST_BYTES_WAITING // share:
            self._has_too_many |= has_too_many
            # Who is not read from cannot answer a ping: it is alive as long as there is something of its own to do.
            self._protocol.last_ping = time.time()
            if self._paused_at is None:
                self._paused_at = time.monotonic()
                self._protocol.transport.pauseProducing()
            if passing > most and self._wake_up is None:
                seconds = (passing - MOST_WAITING // 2) / FRAMES_A_SECOND
                self._wake_up = asyncio.get_running_loop().call_later(seconds, self._look_again)
        elif self._paused_at is not None:
            if self._has_too_many:
                self._paused_for += time.monotonic() - self._paused_at
            self._paused_at, self._has_too_many = None, False
            self._protocol.transport.resumeProducing()
            # What came in one piece with the last frame. Not at once: that frame may still be in the parser's hands.
            asyncio.get_running_loop().call_soon(self._protocol.consumeData)

    def _look_again(self) -> None:
        self._wake_up = None
        self._adjust()


def _drop(payload: bytes, is_binary: bool) -> None:
    """For a client that is being closed."""
