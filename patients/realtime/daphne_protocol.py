"""Daphne's side of a connection, mended: `install` before it serves (config/asgi.py).

Daphne 4.2.3 answers a subprotocol that is no ASCII with 500 and a traceback, ends the connection at a message that is
too large, parses on what it has read while reading is paused, answers pings however many there are, takes in what
follows a handshake without an end, waits for the head of a request as long as something of it comes, and keeps a
request's whole body in memory before anybody is asked whether it is too large, or who sends it. Its own errors are
pages of HTML, and Twisted's are empty. A form in it Twisted reads too, in the loop, and ends the connection with an
empty 400 where it cannot; a body that came in chunks is handed on without its length. A file that is sent in pieces it
takes in as fast as it is made, however slowly it is read, and after the time for a request it ends it as if it were
complete.
"""

import asyncio
import json
import logging
import sys
import time
from io import BytesIO
from string import printable
from typing import Any
from urllib.parse import quote

from django.conf import settings

from ..api.errors import BROKEN, NOT_KNOWN
from .admission import (
    LARGEST_OF_A_STRANGER,
    NO_ROOM,
    RETRY,
    SECONDS_FOR_HEAD,
    SECONDS_UNTIL_IT_COUNTS,
    Files,
    Refusal,
    WaitingConnections,
    largest_body,
    refuse_stranger,
    too_large,
)
from .deflate import Deflate, accept, acceptable
from .intake import MOST_BYTES_WAITING, Intake
from .json_frames import LARGEST_FRAME, OVERSIZE

logger = logging.getLogger("wardlight.server")

FIRST_CONTROL_OPCODE = 8  # RFC 6455, 5.2
SECONDS_STILL = 60  # of a file that its reader does not take
TOOK_TOO_LONG = "The server took too long. "
_SUBPROTOCOLS = "sec-websocket-protocol"


def install() -> None:
    """Where Daphne serves, let it use the protocol below."""
    if "daphne.server" not in sys.modules:
        return  # another server; and Daphne's own modules must not be the first to choose a reactor
    from daphne import http_protocol
    from daphne.server import Server
    from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol
    from twisted.internet.protocol import connectionDone
    from twisted.web.http import HTTPChannel

    files, waiting_connections = Files(), WaitingConnections()

    class Protocol(WebSocketProtocol):
        """The methods have autobahn's names."""

        _perMessageCompress: Any  # noqa: N815
        websocket_extensions: list[tuple[str, Any]]
        websocket_extensions_in_use: list[Any]
        intake: Intake | None = None  # from the handshake on
        deflate: Deflate | None = None  # where the handshake agreed on it
        is_too_large = False  # the message that is coming in

        def consumeData(self) -> None:  # noqa: N802
            intake = self.intake
            if intake is None or self.state not in (self.STATE_OPEN, self.STATE_CLOSING):
                super().consumeData()
                return
            while not (intake.is_paused and self.current_frame is None):
                if not self.processData() or self.state == self.STATE_CLOSED:
                    return

        def dataReceived(self, data: bytes) -> None:  # noqa: N802
            if self.state == self.STATE_CONNECTING and len(self.data) + len(data) > MOST_BYTES_WAITING:
                self.transport.abortConnection()  # it may send before it is let in, but not for ever
            else:
                super().dataReceived(data)

        def onFrameBegin(self) -> None:  # noqa: N802
            super().onFrameBegin()
            frame = self.current_frame
            if self.intake is not None and (frame.opcode >= FIRST_CONTROL_OPCODE or not frame.fin):
                self.intake.let_pass()

        def onConnect(self, request: Any) -> Any:  # noqa: N802
            self.maxMessagePayloadSize = self.maxFramePayloadSize = 0  # no limit: see onMessageFrameData
            # Daphne undoes percent-encoding right after, so encoded they arrive as they were sent.
            self.websocket_extensions = acceptable(self.websocket_extensions)
            self.perMessageCompressionAccept = accept
            offered = request.headers.get(_SUBPROTOCOLS, "")
            if not offered.isascii():
                request.headers[_SUBPROTOCOLS] = quote(offered, safe=printable)
            return super().onConnect(request)

        def onOpen(self) -> None:  # noqa: N802
            if self._perMessageCompress is not None:
                # Autobahn's own keeps its decompressor, and knows no limit that leaves the connection open.
                self.deflate = Deflate(self._perMessageCompress.server_max_window_bits)
                self._perMessageCompress, self.websocket_extensions_in_use = self.deflate, []
            # Of the handshake nothing more is asked, and it is 2 kB.
            self.websocket_extensions = self.request.extensions = []
            self.http_request_data = self.http_response_data = b""
            self.http_headers.clear()  # the application has Daphne's own
            super().onOpen()

        def sendMessage(self, payload: bytes, isBinary: bool = False, **how: Any) -> None:  # noqa: N802, N803
            # AsgiOutlet's way, in the loop.
            super().sendMessage(payload, isBinary, **{**how, "doNotCompress": True})

        def onMessageBegin(self, isBinary: bool) -> None:  # noqa: N802, N803
            self.is_too_large = False
            super().onMessageBegin(isBinary)

        def onMessageFrameData(self, payload: bytes) -> None:  # noqa: N802
            # What is too large is dropped as it comes; the length of a frame is known before, unless it is compressed.
            if not self._isMessageCompressed or self.deflate is None:
                self.is_too_large |= self.message_data_total_length > LARGEST_FRAME
            elif self.deflate.size > LARGEST_FRAME:
                self.is_too_large = True
                self.utf8validateIncomingCurrentMessage = False  # it may be cut within a letter
            if not self.is_too_large:
                super().onMessageFrameData(payload)

        def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
            if self.is_too_large:
                payload, isBinary = OVERSIZE, False  # noqa: N806
            super().onMessage(payload, isBinary)

    WebSocketFactory.protocol = Protocol

    class Request(http_protocol.WebRequest):
        """The methods have Twisted's and Daphne's names."""

        content: Any = None
        kept = 0  # bytes of the body
        most = 0  # that may be kept, for all that is known of who sends it
        asking: asyncio.Task[None] | None = None  # who sends it
        refusal: Refusal | None = None
        is_whole = False  # the body is here
        pace: Pace | None = None  # of an answer that comes in pieces

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **{**named, "parsePOSTFormSubmission": False})

        def gotLength(self, length: int | None) -> None:  # noqa: N802
            self.largest = largest_body(self.channel._path.partition(b"?")[0])
            self.most = min(self.largest, LARGEST_OF_A_STRANGER)
            if length is not None and length > self.largest:
                self.refuse(too_large(self.largest))
            elif length is not None and length > self.most:
                self.ask(length)
            # In memory, or in a file where it may be large: not where nothing is kept.
            try:
                super().gotLength(0 if length is None or self.refusal is not None else length)
            except OSError:
                self.refuse(NO_ROOM)
                super().gotLength(0)

        def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
            if self.refusal is None and self.kept + len(data) > self.most:
                if self.most == self.largest:
                    self.refuse(too_large(self.largest))
                elif self.asking is None:
                    self.ask(self.largest)
            if self.refusal is None:
                self.kept += len(data)
                try:
                    super().handleContentChunk(data)
                except OSError:
                    self.refuse(NO_ROOM)

        def ask(self, length: int) -> None:
            """Read on when it is known whether a body of so many bytes may be kept."""
            self.channel._networkProducer.pauseProducing()
            self.asking = asyncio.get_running_loop().create_task(self.find_out(length))

        async def find_out(self, length: int) -> None:
            authorization, cookie = (
                self.requestHeaders.getRawHeaders(name, [b""])[0].decode("latin-1")
                for name in (b"Authorization", b"Cookie")
            )
            refusal = await refuse_stranger(authorization, cookie)
            if not self.is_connected():
                return
            if refusal is None and length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                refusal = files.take(self)
            if refusal is None:
                self.most = self.largest
            else:
                self.refuse(refusal)
            self.channel._networkProducer.resumeProducing()
            if self.is_whole:
                self.process()

        def refuse(self, refusal: Refusal) -> None:
            """Answer this when all has come, of which nothing is kept."""
            self.refusal = refusal
            if self.content is not None:
                self.content.close()
                self.content = BytesIO()

        def process(self) -> Any:
            self.is_whole = True
            if (
                self.asking is not None
                and not self.asking.done()
                and self.asking is not asyncio.current_task()
            ):
                return None
            if self.refusal is not None:
                self.answer(self.refusal)
                return None
            headers = self.requestHeaders
            if headers.hasHeader(b"Transfer-Encoding") and not headers.hasHeader(b"Content-Length"):
                # It is here and put together by now. Without its length DRF takes a body for an empty one.
                headers.removeHeader(b"Transfer-Encoding")
                headers.setRawHeaders(b"Content-Length", [b"%d" % self.kept])
            return super().process()

        def answer(self, refusal: Refusal) -> None:
            """Answer in the place of the application, in the form of its API."""
            body = json.dumps({"detail": refusal.detail}).encode()
            headers = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                **refusal.headers,
            }
            start = {
                "status": refusal.status,
                "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            }
            self.handle_reply({"type": "http.response.start", **start})
            self.handle_reply({"type": "http.response.body", "body": body})

        def basic_error(self, status: int, status_text: bytes, body: str) -> None:
            if status >= 500:  # what was asked for may be done all the same
                body = (TOOK_TOO_LONG if status == 503 else BROKEN) + NOT_KNOWN
            self.answer(Refusal(status, body, RETRY if status == 503 else {}))

        def connectionLost(self, reason: Any) -> None:  # noqa: N802
            files.leave(self)
            super().connectionLost(reason)

        def handle_reply(self, message: dict[str, Any]) -> None:
            is_piece = message["type"] == "http.response.body" and message.get("more_body", False)
            if is_piece and self.pace is None and self.is_connected():
                self.pace = Pace()
                self.registerProducer(self.pace, True)
            if self.pace is not None:
                self.pace.has_moved()
            super().handle_reply(message)

        def finish(self) -> None:
            files.leave(self)
            if self.pace is not None and self.is_connected():
                self.unregisterProducer()
            super().finish()

        def is_connected(self) -> bool:
            """Twisted sets the channel to None where the client left, and takes it away after an answer."""
            return getattr(self, "channel", None) is not None

        def check_timeouts(self) -> None:
            if self.pace is None:
                super().check_timeouts()
            elif self.is_connected() and self.pace.seconds_still() > SECONDS_STILL:
                # Not finish(), as Daphne does: the client would take the part for the whole.
                logger.warning("A client read no more of its file, and was disconnected.")
                self.channel.forceAbortClient()

    class Channel(HTTPChannel):
        """One HTTP connection. The methods have Twisted's names."""

        transport: Any
        head_timer: asyncio.TimerHandle | None = None

        def connectionMade(self) -> None:  # noqa: N802
            super().connectionMade()
            self.address = getattr(self.transport.getPeer(), "host", "")
            self.await_head()

        def dataReceived(self, data: bytes) -> None:  # noqa: N802
            if not self.requests and self.head_timer is None:
                self.await_head()  # of the next request
            super().dataReceived(data)

        def await_head(self) -> None:
            # After a restart a whole hospital comes at once, and each head is there as soon as it can be read.
            loop = asyncio.get_running_loop()
            self.head_timer = loop.call_later(SECONDS_UNTIL_IT_COUNTS, self.await_head_long)

        def await_head_long(self) -> None:
            seconds = SECONDS_FOR_HEAD - SECONDS_UNTIL_IT_COUNTS
            self.head_timer = asyncio.get_running_loop().call_later(seconds, self.loseConnection)
            # Behind a proxy all connections are the proxy's, which waits for heads itself.
            if not self.factory.server.proxy_forwarded_address_header:
                waiting_connections.add(self, address=self.address)

        def allHeadersReceived(self) -> None:  # noqa: N802
            self.stop_waiting()
            super().allHeadersReceived()

        def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802
            self.stop_waiting()
            super().connectionLost(reason)

        def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802
            self._respondToBadRequestAndDisconnect()

        def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
            body = json.dumps({"detail": "This is no request of HTTP."}).encode()
            self.transport.write(
                b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            self.loseConnection()

        def stop_waiting(self) -> None:
            if self.head_timer is not None:
                self.head_timer.cancel()
                self.head_timer = None
            waiting_connections.remove(self, address=self.address)

    hand_on = Server.handle_reply

    async def handle_reply(self: Any, protocol: Any, message: dict[str, Any]) -> None:
        await hand_on(self, protocol, message)
        pace: Pace | None = getattr(protocol, "pace", None)
        if pace is not None:
            await pace.may_go.wait()

    http_protocol.WebRequest = Request
    http_protocol.HTTPFactory.protocol = Channel
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
