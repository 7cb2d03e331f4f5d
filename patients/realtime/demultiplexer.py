"""All streams over one socket: frames `{"stream": S, "payload": P}` in, to the stream's consumer; replies out.

In the place of channelsmultiplexer, whose wire form is kept: one bad frame ended its socket with all streams, it ran
one task and one queue per stream and client, and decoded and encoded every frame again for each client. Here a
stream's consumer is made for a request and forgotten; pushed frames do not pass through at all (hub.py).
"""

import asyncio
import logging
from typing import Any, Final

import orjson

from ..api.fields import show
from ..api.parsers import GIVEN_TWICE, name_given_twice
from ..permissions import TABLE, role_of
from .connection import (
    CLOSE_RESTART,
    CLOSE_TOO_MANY,
    Connection,
    Send,
    encode_text_frame,
    protocol_behind,
)
from .consumer import READING, StreamConsumer
from .deflate import LARGEST_PLAIN, encode_reply
from .errands import errand_of_action
from .hub import Hub, get_hub
from .intake import FRAMES_A_SECOND, SECONDS_UNTIL_CLOSED, SECONDS_UNTIL_SLOWED, Intake
from .json_frames import BadFrame, read_frame
from .pings import reply_to_ping
from .threads import lent_thread

logger = logging.getLogger("wardlight.socket")

SLOWED_PAUSE: Final = 1 / FRAMES_A_SECOND


class AsyncJsonWebsocketDemultiplexer:
    """The ASGI application of `/ws/`: `AsyncJsonWebsocketDemultiplexer(patients=PatientConsumer.as_asgi(), …)`."""

    def __init__(self, **streams: Any) -> None:
        unknown = set(streams) - set(TABLE)
        if unknown:
            raise ValueError(f"Say in permissions.TABLE who may see {sorted(unknown)}.")
        self._consumers: dict[str, type[StreamConsumer]] = {
            stream: application.consumer_class for stream, application in streams.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The streams, in the order in which they were named."""
        return tuple(self._consumers)

    def single(self, stream: str) -> "_Door":
        """The ASGI application of `/ws/<stream>/`: one stream, payloads bare, no greeting and no heartbeat."""
        return _Door({stream: self._consumers[stream]}, single=stream)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        await _Door(self._consumers, single=None)(scope, receive, send)


class _Door:
    """One path: which streams it carries, and whether it carries one of them bare."""

    def __init__(self, consumers: dict[str, type[StreamConsumer]], *, single: str | None) -> None:
        self._consumers = consumers
        self._single = single

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        hub = get_hub()
        await hub.ready()
        await receive()  # websocket.connect
        if hub.is_stopping:
            await send({"type": "websocket.close", "code": CLOSE_RESTART})
            return
        # Before the client may send: it need not wait for the answer.
        intake = Intake(receive, protocol=protocol_behind(send))
        await send({"type": "websocket.accept", "subprotocol": scope.get("subprotocol")})
        user = scope["user"]
        connection = Connection(
            send, user=user, role=role_of(user), sign_in=scope.get("sign_in"), single=self._single
        )
        try:
            await hub.admit(connection)
            await self._serve(_Client(scope, connection=connection, hub=hub), intake=intake)
        finally:
            intake.end()
            hub.unregister(connection)
            connection.leave()

    async def _serve(self, client: "_Client", *, intake: Intake) -> None:
        if self._single is None:
            intake.answer_ping = lambda request_id: client.send(
                client.encode("events", reply_to_ping(request_id))
            )
        while True:
            message = await intake.receive()
            if message["type"] == "websocket.disconnect":
                return
            if intake.flow.too_fast_for > SECONDS_UNTIL_CLOSED:
                client.connection.close(CLOSE_TOO_MANY)
                return
            if intake.flow.too_fast_for > SECONDS_UNTIL_SLOWED:
                intake.hold()
                await asyncio.sleep(SLOWED_PAUSE)
                intake.let_go()
            intake.is_busy = True
            await client.connection.has_room()
            await self._answer(client, message)
            intake.is_busy = False

    async def _answer(self, client: "_Client", message: dict[str, Any]) -> None:
        """Answer one frame. Whatever it holds, the connection lives on."""
        try:
            frame = read_frame(message)
            stream, payload = self._address(frame) if self._single is None else (self._single, frame)
            if (twice := name_given_twice(message["text"])) is not None:
                raise BadFrame(
                    f"{show(twice)}: {GIVEN_TWICE}", stream=stream, request_id=payload.get("request_id")
                )
        except BadFrame as bad:
            await client.answer(client.encode(bad.stream, bad.as_reply()))
        else:
            await client.perform(self._consumers[stream], stream=stream, payload=payload)

    def _address(self, frame: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        stream, payload = frame.get("stream"), frame.get("payload")
        if not isinstance(stream, str) or stream not in self._consumers:
            request_id = payload.get("request_id") if isinstance(payload, dict) else None
            raise BadFrame(
                f"Name a stream: one of {', '.join(self._consumers)}.", status=404, request_id=request_id
            )
        if not isinstance(payload, dict):
            raise BadFrame("The payload must be an object.", stream=stream)
        return stream, payload


class _Client:
    """One connected client's requests, one after the other, with the rights it was admitted with."""

    __slots__ = ("connection", "hub", "scope")

    def __init__(self, scope: dict[str, Any], *, connection: Connection, hub: Hub) -> None:
        self.scope = scope
        self.connection = connection
        self.hub = hub

    async def perform(
        self, consumer_class: type[StreamConsumer], *, stream: str, payload: dict[str, Any]
    ) -> None:
        large: list[bytes] = []

        def send(reply: dict[str, Any]) -> None:
            # At once, for what follows may close the connection; a large one when the database's thread is free again.
            frame = self.encode(stream, reply)
            if large or self._is_to_be_compressed(frame):
                large.append(frame)
            else:
                self.send(frame)

        consumer = consumer_class(scope=self.scope, send=send, connection=self.connection, hub=self.hub)
        if consumer.holds_thread:
            errand = errand_of_action(self.connection.user_id, payload, reading=READING)
            async with lent_thread(errand):
                await consumer.receive_json(payload)
        else:
            await consumer.receive_json(payload)
        for frame in large:
            await self.answer(frame)

    def encode(self, stream: str | None, payload: dict[str, Any]) -> bytes:
        is_bare = self.connection.audience.single is not None
        return orjson.dumps(payload if is_bare else {"stream": stream, "payload": payload})

    def send(self, frame: bytes) -> None:
        self.connection.answer(encode_text_frame(frame))

    async def answer(self, frame: bytes) -> None:
        """Send it, compressed where that is worth it; pushed frames may overtake it meanwhile."""
        connection = self.connection
        if self._is_to_be_compressed(frame):
            reply = await encode_reply(frame, window_bits=connection.window_bits, user_id=connection.user_id)
            connection.answer(reply)
        else:
            self.send(frame)

    def _is_to_be_compressed(self, frame: bytes) -> bool:
        return bool(self.connection.window_bits) and len(frame) > LARGEST_PLAIN
