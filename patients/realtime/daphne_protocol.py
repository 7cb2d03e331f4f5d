"""Daphne's side of a connection, mended: `install` before it serves (config/asgi.py).

Daphne 4.2.3 answers a subprotocol that is no ASCII with 500 and a traceback, ends the connection at a message that is
too large, parses on what it has read while reading is paused, answers pings however many there are, and keeps a
request's whole body in memory before anybody is asked whether it is too large, or who sends it. A form in it Twisted
reads too, in the loop, and ends the connection with an empty 400 where it cannot; a body that came in chunks is handed
on without its length. A file that is sent in pieces it takes in as fast as it is made, however slowly it is read, and
after the time for a request it ends it as if it were complete.
"""

import asyncio
import logging
import sys
import time
from string import printable
from typing import Any
from urllib.parse import quote

from ..api.imports import LARGEST_IMPORT
from .intake import Intake
from .json_frames import LARGEST_FRAME, OVERSIZE

logger = logging.getLogger("wardlight.server")

FIRST_CONTROL_OPCODE = 8  # RFC 6455, 5.2
_SUBPROTOCOLS = "sec-websocket-protocol"


def install() -> None:
    """Where Daphne serves, let it use the protocol below."""
    if "daphne.server" not in sys.modules:
        return  # another server; and Daphne's own modules must not be the first to choose a reactor
    from daphne import http_protocol
    from daphne.server import Server
    from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

    class Protocol(WebSocketProtocol):
        """The methods have autobahn's names."""

        intake: Intake | None = None  # from the handshake on

        def consumeData(self) -> None:  # noqa: N802
            intake = self.intake
            if intake is None or self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
                super().consumeData()
                return
            while not (intake.is_paused and self.current_frame is None):
                if not self.processData() or self.state == self.STATE_CLOSED:
                    return

        def onFrameBegin(self) -> None:  # noqa: N802
            super().onFrameBegin()
            frame = self.current_frame
            if self.intake is not None and (frame.opcode >= FIRST_CONTROL_OPCODE or not frame.fin):
                self.intake.let_pass()

        def onConnect(self, request: Any) -> Any:  # noqa: N802
            self.maxMessagePayloadSize = self.maxFramePayloadSize = 0  # no limit: see onMessageFrameData
            # Daphne undoes percent-encoding right after, so encoded they arrive as they were sent.
            offered = request.headers.get(_SUBPROTOCOLS, "")
            if not offered.isascii():
                request.headers[_SUBPROTOCOLS] = quote(offered, safe=printable)
            return super().onConnect(request)

        def onMessageFrameData(self, payload: bytes) -> None:  # noqa: N802
            # What is too large is dropped as it comes; the length of a frame is known before.
            if self.message_data_total_length <= LARGEST_FRAME:
                super().onMessageFrameData(payload)

        def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
            if self.message_data_total_length > LARGEST_FRAME:
                payload, isBinary = OVERSIZE, False  # noqa: N806
            super().onMessage(payload, isBinary)

    WebSocketFactory.protocol = Protocol

    class Request(http_protocol.WebRequest):
        """The methods have Twisted's and Daphne's names."""

        kept = 0  # bytes of the body
        pace: Pace | None = None  # of an answer that comes in pieces

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **{**named, "parsePOSTFormSubmission": False})

        def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
            # The views refuse what is larger (413) by its length: the rest is dropped as it comes.
            kept = data[: LARGEST_IMPORT + 1 - self.kept]
            self.kept += len(kept)
            super().handleContentChunk(kept)

        def process(self) -> Any:
            headers = self.requestHeaders
            if headers.hasHeader(b"Transfer-Encoding") and not headers.hasHeader(b"Content-Length"):
                # It is here and put together by now. Without its length DRF takes a body for an empty one.
                headers.removeHeader(b"Transfer-Encoding")
                headers.setRawHeaders(b"Content-Length", [b"%d" % self.kept])
            return super().process()

        def handle_reply(self, message: dict[str, Any]) -> None:
            is_piece = message["type"] == "http.response.body" and message.get("more_body", False)
            if is_piece and self.pace is None and self.is_connected():
                self.pace = Pace()
                self.registerProducer(self.pace, True)
            if self.pace is not None:
                self.pace.has_moved()
            super().handle_reply(message)

        def finish(self) -> None:
            if self.pace is not None and self.is_connected():
                self.unregisterProducer()
            super().finish()

        def is_connected(self) -> bool:
            """Twisted sets the channel to None where the client left, and takes it away after an answer."""
            return getattr(self, "channel", None) is not None

        def check_timeouts(self) -> None:
            if self.pace is None:
                super().check_timeouts()
            elif self.is_connected() and self.pace.seconds_still() > self.server.http_timeout:
                # Not finish(), as Daphne does: the client would take the part for the whole.
                logger.warning("A client read no more of its file, and was disconnected.")
                self.channel.forceAbortClient()

    hand_on = Server.handle_reply

    async def handle_reply(self: Any, protocol: Any, message: dict[str, Any]) -> None:
        await hand_on(self, protocol, message)
        pace: Pace | None = getattr(protocol, "pace", None)
        if pace is not None:
            await pace.may_go.wait()

    http_protocol.WebRequest = Request
    Server.handle_reply = handle_reply


class Pace:
    """What Twisted tells when a connection has taken in enough, and when it can take more (an IPushProducer)."""

    def __init__(self) -> None:
        self.may_go = asyncio.Event()
        self.may_go.set()
        self._moved_at = time.monotonic()

    def has_moved(self) -> None:
        self._moved_at = time.monotonic()

    def seconds_still(self) -> float:
        return time.monotonic() - self._moved_at

    def pauseProducing(self) -> None:  # noqa: N802
        self.may_go.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self.has_moved()
        self.may_go.set()

    def stopProducing(self) -> None:  # noqa: N802
        self.may_go.set()  # the connection is gone: Daphne drops what still comes
