"""One client's socket, as the hub sees it: what it may be sent, and the fastest safe way to send it."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

from ..permissions import TABLE, may

Send = Callable[[dict[str, Any]], Awaitable[None]]

MOST_UNSENT: Final = 1024 * 1024  # bytes; beyond, the client is closed with 4408 and resumes by event number
SECONDS_TO_READ: Final = 60  # an answer that is larger than that
SECONDS_BETWEEN_LOOKS: Final = 0.02
SECONDS_TO_LEAVE: Final = 5  # for a client that does not answer, or does not even read, the close frame

CLOSE_RESTART: Final = 1012
CLOSE_SIGNED_OUT: Final = 4401
CLOSE_TOO_SLOW: Final = 4408
CLOSE_TOO_MANY: Final = 4429


class Audience(NamedTuple):
    """Connections that get the same bytes: the streams they may see, and whether they carry one stream bare."""

    streams: frozenset[str]
    single: str | None


def audience_of(role: str | None, *, single: str | None) -> Audience:
    """What a client of this role is pushed, on `/ws/` or (with `single`) on `/ws/<single>/`."""
    wanted = TABLE if single is None else (single,)
    return Audience(frozenset(subject for subject in wanted if may(role, subject, "view")), single)


def encode_text_frame(payload: bytes, *, is_compressed: bool = False) -> bytes:
    """A WebSocket text frame from server to client (RFC 6455, 5.2): final, unmasked, with RSV1 where compressed."""
    length = len(payload)
    first = b"\xc1" if is_compressed else b"\x81"
    if length < 126:
        return first + bytes((length,)) + payload
    if length < 65536:
        return first + b"\x7e" + struct.pack("!H", length) + payload
    return first + b"\x7f" + struct.pack("!Q", length) + payload


def protocol_behind(send: Send) -> Any:
    """Daphne's protocol that an ASGI `send` leads to; None on another server, or where a field is missing."""
    return send.args[0] if DirectOutlet.fits(send) else None  # type: ignore[attr-defined]


PROTOCOL_PARTS: Final = (
    "state",
    "STATE_OPEN",
    "sendCloseFrame",
    "send_queue",
    "last_ping",
    "onMessage",
    "onFrameBegin",
    "consumeData",
    "processData",
)


class DirectOutlet:
    """Writes to the socket first and leaves only the rest to Twisted, which halves the time of a fan-out.

    It leans on private fields of Twisted and Daphne, as intake.py does: `fits` says whether they are there, a test
    guards them, and AsgiOutlet takes over where they are not.
    """

    __slots__ = ("protocol", "send", "transport")

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.transport = protocol.transport
        self.send: Callable[[bytes], int] = protocol.transport.socket.send

    @staticmethod
    def fits(send: Any) -> bool:
        protocol = next(iter(getattr(send, "args", ())), None)
        transport = getattr(protocol, "transport", None)
        return (
            isinstance(getattr(transport, "socket", None), socket.socket)
            and all(
                hasattr(transport, name)
                for name in ("dataBuffer", "_tempDataBuffer", "_tempDataLen", "offset", "pauseProducing")
            )
            and all(hasattr(protocol, name) for name in PROTOCOL_PARTS)
        )

    def write(self, frames: bytes) -> int:
        """Send one or more encoded frames, in order, without waiting; returns how many bytes are left unsent."""
        protocol, transport = self.protocol, self.transport
        if protocol.state != protocol.STATE_OPEN:
            return 0
        if not transport.dataBuffer and not transport._tempDataLen and not protocol.send_queue:
            try:
                sent = self.send(frames)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                return 0  # reset by the client: Twisted learns of it on its next read
            if sent == len(frames):
                return 0
            frames = frames[sent:]
        transport.write(frames)
        return self.unsent()

    def unsent(self) -> int:
        """Bytes that wait for the client to read, in this process; none once it is gone."""
        protocol, transport = self.protocol, self.transport
        if protocol.state != protocol.STATE_OPEN:
            return 0
        unsent: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return unsent

    def close(self, code: int) -> None:
        """Send a close frame, and drop the client if it has not gone a few seconds later."""
        protocol = self.protocol
        if protocol.state == protocol.STATE_OPEN:
            # Not sendClose, which refuses 1012.
            protocol.sendCloseFrame(code=code)
            asyncio.get_running_loop().call_later(SECONDS_TO_LEAVE, self.transport.abortConnection)


class AsgiOutlet:
    """The plain ASGI way, for any server: frames wait in a task's queue."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None

    def write(self, frames: bytes) -> int:
        for payload in decode_text_frames(frames):
            self._put({"type": "websocket.send", "text": payload.decode()}, len(payload))
        return self._bytes

    def unsent(self) -> int:
        return self._bytes

    def close(self, code: int) -> None:
        self._put({"type": "websocket.close", "code": code}, 0)

    def _put(self, message: dict[str, Any], size: int) -> None:
        self._waiting.append(message)
        self._bytes += size
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            for message in waiting:
                await self._send(message)
            self._bytes = sum(len(message.get("text", "")) for message in self._waiting)


def decode_text_frames(frames: bytes) -> list[bytes]:
    """The payloads of frames made by encode_text_frame."""
    payloads, at = [], 0
    while at < len(frames):
        length, at = frames[at + 1], at + 2
        if length == 126:
            length, at = struct.unpack_from("!H", frames, at)[0], at + 2
        elif length == 127:
            length, at = struct.unpack_from("!Q", frames, at)[0], at + 8
        payloads.append(frames[at : at + length])
        at += length
    return payloads


class Connection:
    """A connected client with the rights it was admitted with; a change of these ends the connection."""

    __slots__ = (
        "_patience",
        "audience",
        "expires_at",
        "held_back",
        "is_slow",
        "most_unsent",
        "outlet",
        "role",
        "sign_in_id",
        "slot",
        "user_id",
        "window_bits",
    )

    def __init__(self, send: Send, *, user: Any, role: str | None, sign_in: Any, single: str | None) -> None:
        protocol = protocol_behind(send)
        self.outlet: DirectOutlet | AsgiOutlet = (
            AsgiOutlet(send) if protocol is None else DirectOutlet(protocol)
        )
        deflate = getattr(protocol, "deflate", None)  # agreed in the handshake (daphne_protocol.py)
        self.window_bits: int = 0 if deflate is None else deflate.window_bits
        self.user_id: int = user.pk
        self.role = role
        self.sign_in_id: int | None = sign_in.pk if sign_in is not None else None
        self.expires_at: datetime | None = sign_in.expires_at if sign_in is not None else None
        self.audience = audience_of(role, single=single)
        self.slot = 0
        self.is_slow = False  # the hub has waited for it in vain
        self.most_unsent = MOST_UNSENT  # more while a large answer is on its way
        self._patience: asyncio.TimerHandle | None = None
        # While a resume replays older frames, newer ones wait here, so that all arrive in order.
        self.held_back: list[bytes] | None = None

    def push(self, frames: bytes) -> None:
        """Hand over encoded frames that the hub fans out."""
        if self.is_slow and not self.unsent():
            self.is_slow = False  # it has caught up
        if self.held_back is not None:
            self.held_back.append(frames)
            if sum(map(len, self.held_back)) > MOST_UNSENT:
                self.close(CLOSE_TOO_SLOW)
        elif self.outlet.write(frames) > self.most_unsent:
            self.close(CLOSE_TOO_SLOW)

    def answer(self, frames: bytes) -> None:
        """Send what the client asked for: however large, it is given time to read it before it counts as too slow."""
        unsent = self.outlet.write(frames)
        if unsent > MOST_UNSENT:
            self.most_unsent = unsent + MOST_UNSENT
            if self._patience is not None:
                self._patience.cancel()
            self._patience = asyncio.get_running_loop().call_later(SECONDS_TO_READ, self._lose_patience)

    def leave(self) -> None:
        """The client is gone."""
        if self._patience is not None:
            self._patience.cancel()

    def _lose_patience(self) -> None:
        self.most_unsent, self._patience = MOST_UNSENT, None
        if self.outlet.unsent() > MOST_UNSENT:
            self.close(CLOSE_TOO_SLOW)

    async def has_room(self) -> None:
        """Return when the client has read most of its answers: nobody piles up more by asking without reading."""
        while self.outlet.unsent() > MOST_UNSENT:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def unsent(self) -> int:
        """Bytes of what was handed over that wait here: for the client, or for the end of its replay."""
        return self.outlet.unsent() + sum(map(len, self.held_back or ()))

    def hold_back(self) -> None:
        self.held_back = []

    def release(self) -> None:
        held_back, self.held_back = self.held_back, None
        if held_back:
            self.answer(b"".join(held_back))

    def close(self, code: int) -> None:
        self.outlet.close(code)
