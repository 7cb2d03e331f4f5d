"""A crowd of WebSocket clients that cost little, a client that saves, and what each of them saw when.

A save carries a marker in its text; a client has the save when it holds every frame with that marker.
"""

import asyncio
import re
import secrets
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

now = time.perf_counter

OFFER = ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")
PING = b'{"stream":"events","payload":{"action":"ping","request_id":"first"}}'
_compressor = zlib.compressobj(wbits=-15)
COMPRESSED_PING = (_compressor.compress(PING) + _compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]  # RFC 7692, 7.2.1


@dataclass(frozen=True)
class Target:
    """What is measured.

    Attributes:
        name: as printed.
        ws_urls: where the clients connect, in turn.
        post_url: where a save is posted.
        headers: sign-in for both.
        body: a save without its marker, which goes into `additional`.
        streams: the streams on which a save's marker comes.
        greets: whether a client gets a frame as soon as it is in.
        pids: the processes whose cost counts.
        compresses: whether clients offer permessage-deflate, and send a first request compressed.
    """

    name: str
    ws_urls: Sequence[str]
    post_url: str
    headers: Sequence[tuple[str, str]]
    body: dict[str, Any]
    streams: frozenset[str]
    greets: bool
    pids: Sequence[int]
    compresses: bool = False


class Client(WSListener):
    """One screen."""

    def __init__(self, crowd: "Crowd") -> None:
        self.crowd = crowd
        self.transport: WSTransport | None = None
        self.has_greeting = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if self.crowd.target.compresses:
            transport.send(WSMsgType.TEXT, COMPRESSED_PING, rsv1=True)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.crowd.lost += not self.crowd.is_leaving

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.crowd.note(self, frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


@dataclass
class Save:
    """One save and its way to the crowd: seconds of this process's clock."""

    number: int
    wanted: int
    sent_at: float = 0.0
    answered_at: float = 0.0
    complete_at: float = 0.0
    frames: set[tuple[int, str]] = field(default_factory=set)
    doubled: int = 0
    is_complete: asyncio.Event = field(default_factory=asyncio.Event)
    settled_missing: int | None = None

    @property
    def missing(self) -> int:
        if self.settled_missing is not None:
            return self.settled_missing
        return self.wanted - len(self.frames)

    def settle(self) -> None:
        """Keep only the count of what never came: a long run would fill memory with frames."""
        self.settled_missing = self.missing
        self.frames.clear()


class Crowd:
    """Clients connected to a target, and the saves made while they watched.

    Attributes:
        connect_seconds: from the first connection asked for to the last client's greeting.
        lost: how many clients were closed by the server.
        sends_keys: whether each save carries an Idempotency-Key; the server does a little more for it.
    """

    def __init__(self, target: Target, *, sends_keys: bool = False) -> None:
        self.target = target
        self.clients: list[Client] = []
        self.saves: list[Save] = []
        # Another marker for every crowd: what an earlier one left on its way is not taken for ours.
        self.prefix = f"mark{secrets.token_hex(3)}x"
        self.marker = re.compile(rf"{self.prefix}(\d+)_".encode())
        self.lost = 0
        self.is_leaving = False
        self.connect_seconds = 0.0
        self.waiting_for_greeting = 0
        self.all_greeted = asyncio.Event()
        self.sends_keys = sends_keys
        self.poster = Poster(target)

    async def join(self, size: int, *, timeout: float = 60) -> None:
        """Connect this many clients, all at once, and wait until each is in.

        Raises:
            TimeoutError, OSError: where one does not get in.
        """
        started = now()
        self.waiting_for_greeting = size if self.target.greets else 0
        await asyncio.gather(*(self.connect(number, timeout) for number in range(size)))
        if self.waiting_for_greeting:
            await asyncio.wait_for(self.all_greeted.wait(), timeout)
        self.connect_seconds = now() - started

    async def connect(self, number: int, timeout: float) -> None:
        urls = self.target.ws_urls
        client = Client(self)
        offer = [OFFER] if self.target.compresses else []
        await ws_connect(
            lambda: client,
            urls[number % len(urls)],
            extra_headers=[*self.target.headers, *offer] or None,
            websocket_handshake_timeout=timeout,
            max_frame_size=1 << 20,
        )
        self.clients.append(client)

    def note(self, client: Client, payload: bytes) -> None:
        """A client got a frame."""
        at = now()
        if not client.has_greeting:
            client.has_greeting = True
            self.waiting_for_greeting -= 1
            if self.waiting_for_greeting == 0:
                self.all_greeted.set()
        found = self.marker.search(payload)
        if found is None:
            return
        save = self.saves[int(found[1])]
        # {"stream":"reports","payload":... : the third text between quotes is the stream's name.
        key = (id(client), payload[:40].split(b'"', 4)[3].decode())
        if key in save.frames or save.settled_missing == 0:
            save.doubled += 1
            return
        save.frames.add(key)
        if len(save.frames) == save.wanted:
            save.complete_at = at
            save.is_complete.set()

    async def save(self, **values: Any) -> Save:
        """Save once, with these values on top of the target's; returns when the server has answered."""
        number = len(self.saves)
        save = Save(number, wanted=len(self.clients) * len(self.target.streams))
        self.saves.append(save)
        body = orjson.dumps({**self.target.body, **values, "additional": f"{self.prefix}{number}_"})
        save.sent_at = now()
        await self.poster.post(body, key=f"{self.prefix}{number}" if self.sends_keys else "")
        save.answered_at = now()
        return save

    async def save_one_by_one(self, count: int, *, pause: float = 0.1, timeout: float = 20) -> list[Save]:
        """Save, wait until all have it, pause; that often. What never comes shows in `Save.missing`."""
        saves = []
        for _ in range(count):
            saves.append(await self.save())
            await wait_at_most(saves[-1], timeout)
            await asyncio.sleep(pause)
        return saves

    async def save_together(self, count: int, *, timeout: float = 60) -> list[Save]:
        """Save that often at once, and wait until all have all."""
        saves = await asyncio.gather(*(self.save() for _ in range(count)))
        for save in saves:
            await wait_at_most(save, timeout)
        await asyncio.sleep(0.5)  # for what comes twice
        return saves

    async def leave(self) -> None:
        self.is_leaving = True
        for client in self.clients:
            if client.transport is not None:
                client.transport.disconnect()
        self.poster.close()
        await asyncio.sleep(0.5)  # the server sees them off before anything is measured again


async def wait_at_most(save: Save, timeout: float) -> None:
    if save.wanted:
        try:
            await asyncio.wait_for(save.is_complete.wait(), timeout)
        except TimeoutError:
            return


class Poster:
    """POSTs over kept-alive connections, as many at once as asked for, with little of its own cost.

    Attributes:
        resent: how many bodies were sent again, since the server gave the connection up while they were on their way.
    """

    def __init__(self, target: Target) -> None:
        address = urlsplit(target.post_url)
        self.host, self.port = address.hostname, address.port
        headers = [("Host", address.netloc), ("Content-Type", "application/json"), *target.headers]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.head = f"POST {address.path or '/'} HTTP/1.1\r\n{lines}".encode()
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.resent = 0

    async def post(self, body: bytes, *, key: str = "") -> None:
        """Send a body; with a `key`, a second time where that can be needed.

        Raises:
            RuntimeError: with the answer, where it is not 201.
            OSError, asyncio.IncompleteReadError: where the connection broke.
        """
        headers = f"Idempotency-Key: {key}\r\n" if key else ""
        request = self.head + f"{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body
        kept = self._take_idle()
        try:
            answer = await self._exchange(kept or await self._connect(), request)
        except (ConnectionError, asyncio.IncompleteReadError):
            # HTTP lets a server close a connection that is idle while a request is already on its way.
            if not (kept and key):
                raise
            self.resent += 1
            answer = await self._exchange(await self._connect(), request)
        if b" 201 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"POST was answered with {answer[:500]!r}")

    def _take_idle(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection that the server has not closed meanwhile, as it does after a minute without a request."""
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port)

    async def _exchange(
        self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
    ) -> bytes:
        """The answer, head and body, to one request."""
        reader, writer = connection
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head.lower())
            body = await reader.readexactly(int(length[1]) if length else 0)
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()
            raise
        self.idle.append(connection)
        return head + body

    def close(self) -> None:
        for _, writer in self.idle:
            writer.close()
