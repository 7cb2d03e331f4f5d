"""A slow line between a browser and a server: so many bytes a second each way, and each of them late."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

OFFER = b"Sec-WebSocket-Extensions"
PIECE = 1460  # bytes, as a packet carries
MOST_UNDER_WAY = (
    64 * 1024
)  # bytes that the line itself holds for one connection: further ones wait at the sender


@dataclass
class Way:
    """One direction, which all connections share.

    Attributes:
        carried: bytes that were handed over so far.
    """

    carried: int = 0
    free_at: float = 0.0


@dataclass
class SlowLine:
    """A proxy for TCP. As it is made, it does not slow anything.

    Attributes:
        rate: bytes a second each way; None: no limit.
        round_trip: seconds there and back. A new connection costs one before its first byte.
        has_compression: False: the offer of permessage-deflate does not get through, as with some proxies.
        down, up: what has come to the browser, and what has gone from it.
    """

    port: int
    rate: int | None = None
    round_trip: float = 0.0
    has_compression: bool = True
    listens_on: int = 0
    down: Way = field(default_factory=Way)
    up: Way = field(default_factory=Way)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listens_on}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        with suppress(OSError), closing(writer):
            await asyncio.sleep(self.round_trip)
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.port)
            with closing(to_server):
                ways = [self._carry(reader, to_server, self.up), self._carry(from_server, writer, self.down)]
                carrying = [asyncio.ensure_future(way) for way in ways]
                try:
                    await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in carrying:
                        one.cancel()
                    await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way) -> None:
        loop = asyncio.get_running_loop()
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MOST_UNDER_WAY // PIECE)

        async def hand_over() -> None:
            while True:
                due_at, piece = await under_way.get()
                if not piece:
                    return
                await asyncio.sleep(due_at - loop.time())
                writer.write(piece)
                way.carried += len(piece)

        handing_over = asyncio.ensure_future(hand_over())
        try:
            while piece := await reader.read(PIECE):
                if not self.has_compression:
                    piece = piece.replace(OFFER, b"X" + OFFER[1:])
                way.free_at = max(loop.time(), way.free_at) + (len(piece) / self.rate if self.rate else 0)
                arrives_at = way.free_at + self.round_trip / 2
                # Before the next piece is read, this one is on the line: connections take turns.
                await asyncio.sleep(way.free_at - loop.time())
                await under_way.put((arrives_at, piece))
            await under_way.put((0, b""))
            await handing_over
        finally:
            handing_over.cancel()


@contextmanager
def slow_line(port: int) -> Iterator[SlowLine]:
    """A line to this port of this machine, in a thread of its own: in a test's own thread Playwright has its loop."""
    line = SlowLine(port)
    is_open, loops = threading.Event(), []

    async def run() -> None:
        over = asyncio.Event()
        carried: set[asyncio.Task[None]] = set()

        def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(line.serve(reader, writer))
            carried.add(task)
            task.add_done_callback(carried.discard)

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        line.listens_on = server.sockets[0].getsockname()[1]
        loops.append((asyncio.get_running_loop(), over))
        is_open.set()
        await over.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    is_open.wait()
    try:
        yield line
    finally:
        for loop, over in loops:
            loop.call_soon_threadsafe(over.set)
        thread.join()
