"""Daphne's side of a connection, mended: `install` before it serves (config/asgi.py).

Daphne 4.2.3 answers a subprotocol that is no ASCII with 500 and a traceback, ends the connection at a message that is
too large, answers pings however much of what it sent is still unread, and keeps a request's whole body in memory
before anybody is asked whether it is too large, or who sends it.
"""

import sys
from string import printable
from typing import Any
from urllib.parse import quote

from ..api.imports import LARGEST_IMPORT
from .connection import CLOSE_TOO_SLOW, MOST_UNSENT, DirectOutlet
from .json_frames import LARGEST_FRAME, OVERSIZE

_SUBPROTOCOLS = "sec-websocket-protocol"


def install() -> None:
    """Where Daphne serves, let it use the protocol below."""
    if "daphne.server" not in sys.modules:
        return  # another server; and Daphne's own modules must not be the first to choose a reactor
    from daphne import http_protocol
    from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

    class Request(http_protocol.WebRequest):
        """The methods have Twisted's names."""

        kept = 0  # bytes of the body

        def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
            # The views refuse what is larger (413) by its length, or has none (411): the rest is dropped as it comes.
            kept = data[: LARGEST_IMPORT + 1 - self.kept]
            self.kept += len(kept)
            super().handleContentChunk(kept)

    http_protocol.WebRequest = Request

    class Protocol(WebSocketProtocol):
        """The methods have autobahn's names."""

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

        def onPing(self, payload: bytes) -> None:  # noqa: N802
            outlet = DirectOutlet(self)
            if outlet.unsent() > MOST_UNSENT:
                outlet.close(CLOSE_TOO_SLOW)
            else:
                super().onPing(payload)

    WebSocketFactory.protocol = Protocol
