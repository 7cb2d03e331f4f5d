"""The limit: what one process can do that only passes a POST's body on to every WebSocket.

No database, no Django, no sign-in. `python -m tests.benchmarks.limit PORT` takes WebSockets on PORT and POSTs
on PORT + 1.
"""

import asyncio
import sys
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

# With the body about as long as the frame of one of Wardlight's reports.
PADDING = b"x" * 1400

screens: set[WSTransport] = set()


class Screen(WSListener):
    def on_ws_connected(self, transport: WSTransport) -> None:
        screens.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        screens.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


async def answer_posts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            frame = b'{"stream":"reports","payload":' + body[:-1] + b',"padding":"' + PADDING + b'"}}'
            for screen in screens:
                screen.send(WSMsgType.TEXT, frame)
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
    except asyncio.IncompleteReadError:
        writer.close()


async def serve(port: int) -> None:
    def welcome(request: Any) -> WSListener:
        return Screen()

    screens_server = await ws_create_server(welcome, "127.0.0.1", port, backlog=4096)
    await asyncio.start_server(answer_posts, "127.0.0.1", port + 1)
    await screens_server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
