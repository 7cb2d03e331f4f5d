"""The benchmarks' client that saves keeps to HTTP's rules for connections that are kept alive."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.benchmarks.crowd import Poster, Target

Answers = Callable[[asyncio.StreamReader, asyncio.StreamWriter, list[bytes]], Awaitable[None]]


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: list[bytes]) -> None:
    """Take one request in, which has no body to speak of, and answer that it was stored."""
    seen.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
    writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
    await writer.drain()


async def answer_and_close(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: list[bytes]
) -> None:
    await answer(reader, writer, seen)
    writer.close()


async def answer_then_take_in_one_more_and_close(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: list[bytes]
) -> None:
    """As it looks where the request crosses the server's decision to give the connection up."""
    await answer(reader, writer, seen)
    seen.append(await reader.readuntil(b"\r\n\r\n"))
    writer.close()


async def post_twice(server_does: Answers, *, key: str) -> tuple[Poster, list[bytes]]:
    """Two posts, the second after the first connection's end has arrived, if it comes; the requests that came."""
    seen: list[bytes] = []
    served: list[asyncio.Future[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        served.append(end)
        try:
            await server_does(reader, writer, seen)
        except asyncio.IncompleteReadError:
            pass  # the poster went
        finally:
            writer.close()
            end.set_result(None)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    target = Target(
        name="", ws_urls=(), post_url=f"http://127.0.0.1:{port}/", headers=(), body={},
        streams=frozenset(), greets=False, pids=(),
    )  # fmt: skip
    poster = Poster(target)
    try:
        await poster.post(b"{}", key=key)
        while server_does is answer_and_close and not poster.idle[0][0].at_eof():
            await asyncio.sleep(0.01)
        await poster.post(b"{}", key=key)
    finally:
        poster.close()
        server.close()
        await asyncio.wait(served)
        await asyncio.sleep(0.05)  # both ends of each connection are let go
    return poster, seen


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    poster, seen = await post_twice(answer_and_close, key="")
    assert (len(seen), poster.resent) == (2, 0)


async def test_a_body_that_crosses_the_end_of_its_connection_is_sent_again_with_its_key() -> None:
    poster, seen = await post_twice(answer_then_take_in_one_more_and_close, key="once")
    assert (len(seen), poster.resent) == (3, 1)
    assert all(b"Idempotency-Key: once\r\n" in request for request in seen)


async def test_a_body_without_a_key_is_never_sent_twice() -> None:
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await post_twice(answer_then_take_in_one_more_and_close, key="")
