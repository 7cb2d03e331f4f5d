"""PostgreSQL's socket as a TCP port, for processes that do not see the file."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit


@contextmanager
def forwarded(database_url: str) -> Iterator[str]:
    """The URL of this database by TCP; where it goes by TCP already, the same."""
    parts = urlsplit(database_url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    if not folder.startswith("/"):
        yield database_url
        return
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    path = f"{folder}/.s.PGSQL.{parts.port or 5432}"
    listening = asyncio.run_coroutine_threadsafe(_listen(path), loop).result()
    user = (parts.username or "postgres") + (f":{parts.password}" if parts.password else "")
    port = listening.sockets[0].getsockname()[1]
    try:
        yield urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}", query=""))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _listen(path: str) -> asyncio.Server:
    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(path)
        await asyncio.gather(_pass_on(reader, to_server), _pass_on(from_server, writer))

    return await asyncio.start_server(forward, "127.0.0.1", 0)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()
