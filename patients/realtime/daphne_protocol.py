"""Daphne's side of a handshake, mended: `install` before it serves (config/asgi.py)."""

import sys
from string import printable
from typing import Any
from urllib.parse import quote

_SUBPROTOCOLS = "sec-websocket-protocol"


def install() -> None:
    """Where Daphne serves, let each handshake reach the application, which decides who may come in."""
    if "daphne.server" not in sys.modules:
        return  # another server; and Daphne's own modules must not be the first to choose a reactor
    from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

    class Protocol(WebSocketProtocol):
        """Daphne 4.2.3 reads the offered subprotocols as ASCII and answers anything else with 500 and a traceback.

        It undoes percent-encoding right after, so encoded they arrive as they were sent.
        """

        def onConnect(self, request: Any) -> Any:  # noqa: N802 - autobahn's name
            offered = request.headers.get(_SUBPROTOCOLS, "")
            if not offered.isascii():
                request.headers[_SUBPROTOCOLS] = quote(offered, safe=printable)
            return super().onConnect(request)

    WebSocketFactory.protocol = Protocol
