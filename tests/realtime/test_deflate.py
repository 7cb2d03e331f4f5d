"""Large replies compressed, and what clients send compressed: nothing kept, nothing inflated without end."""

import asyncio
import random
import threading
import zlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from autobahn.exception import PayloadCorruptError

from patients.realtime import deflate as deflate_module
from patients.realtime import threads
from patients.realtime.connection import Connection, decode_text_frames, encode_text_frame
from patients.realtime.deflate import LARGEST_PLAIN, Deflate, deflate
from patients.realtime.demultiplexer import _Client, _Door
from patients.realtime.intake import Intake
from patients.realtime.json_frames import LARGEST_FRAME
from tests.realtime.test_outlets import KeepingOutlet
from tests.support.waiting import DEADLINE

COMPRESSED, PLAIN = 0xC1, 0x81


def inflate(data: bytes, window_bits: int = 15) -> bytes:
    """As a client does."""
    return zlib.decompressobj(-window_bits).decompress(data + b"\x00\x00\xff\xff")


def receive(extension: Deflate, *pieces: bytes) -> bytes:
    """One message, as autobahn hands it in."""
    extension.start_decompress_message()
    payload = b"".join([extension.decompress_message_data(piece) for piece in pieces])
    extension.end_decompress_message()
    return payload


# ---------------------------------------------------------------- what comes in
def test_a_message_is_inflated_in_whatever_pieces_it_comes() -> None:
    extension = Deflate(15)
    text = '{"stream":"patients","payload":{"a":"é"}}'.encode() * 50
    sent = deflate(text, 15)
    assert receive(extension, sent) == text
    assert receive(extension, *(bytes((byte,)) for byte in sent)) == text
    assert receive(extension, b"\x00") == b"", "an empty message (RFC 7692, 7.2.3.6)"
    assert extension._decompressor is None, "40 kB a connection otherwise"


@pytest.mark.parametrize("size", [LARGEST_FRAME, LARGEST_FRAME + 1])
def test_it_is_the_inflated_size_that_counts(size: int) -> None:
    """What cannot be compressed is larger on the wire than in truth."""
    extension = Deflate(15)
    text = random.Random(7).randbytes(size)
    sent = deflate(text, 15)
    assert len(sent) > size
    received = receive(extension, sent[:1000], sent[1000:])
    if size > LARGEST_FRAME:
        assert extension.size > LARGEST_FRAME
    else:
        assert (received, extension.size) == (text, size)


def test_a_bomb_is_inflated_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    inflated = 0

    class Counting:
        def __init__(self, window_bits: int) -> None:
            self.inner = decompressobj(window_bits)

        def decompress(self, data: bytes, most: int = 0) -> bytes:
            nonlocal inflated
            payload = self.inner.decompress(data, most)
            inflated += len(payload)
            return payload

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    decompressobj = zlib.decompressobj
    bomb = deflate(b" " * 200 * LARGEST_FRAME, 15)
    monkeypatch.setattr(deflate_module.zlib, "decompressobj", Counting)
    extension = Deflate(15)
    for pieces in ([bomb], [bomb[at : at + 1000] for at in range(0, len(bomb), 1000)]):
        inflated = 0
        receive(extension, *pieces)
        assert extension.size == inflated == LARGEST_FRAME + 1
    assert receive(extension, deflate(b"{}", 15)) == b"{}", "the next one is well"


def test_nothing_is_known_of_the_message_before() -> None:
    extension = Deflate(15)
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    text = b"The quick brown fox jumps over the lazy dog."
    first, second = ((compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4] for _ in range(2))
    assert receive(extension, first) == text
    with pytest.raises(PayloadCorruptError):
        receive(extension, second)


def test_a_last_block_ends_the_message_and_nothing_after_it_is_kept() -> None:
    extension = Deflate(15)
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    whole = compressor.compress(b'{"a":1}') + compressor.flush()
    assert receive(extension, whole + b"\x00", b"\x00") == b'{"a":1}'  # RFC 7692, 7.2.3.4
    for pieces in ([whole + whole], [whole, whole], [whole, b"x"]):
        with pytest.raises(PayloadCorruptError, match="after the last block"):
            receive(extension, *pieces)


def test_what_is_no_compressed_data_is_refused() -> None:
    extension = Deflate(15)
    for data in (b"\xff\xff\xff", b"\x01\x05\x00"):
        with pytest.raises(PayloadCorruptError):
            receive(extension, data)


# ---------------------------------------------------------------- what goes out
class Held:
    """Compressing that waits on its thread until it may go on."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()

    def deflate(self, payload: bytes, window_bits: int) -> bytes:
        self.has_begun.set()
        self.may_go_on.wait(DEADLINE)
        return deflate(payload, window_bits)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held()
    monkeypatch.setattr(deflate_module, "deflate", held.deflate)
    yield held
    held.may_go_on.set()


def make_client(*, window_bits: int = 15, user: int = 1) -> tuple[_Client, KeepingOutlet]:
    async def send(message: dict[str, Any]) -> None:
        raise AssertionError("the outlet was replaced")

    connection = Connection(
        send, user=SimpleNamespace(pk=user), role="viewer", sign_in=None, single="patients"
    )
    assert connection.window_bits == 0, "another server: nothing is compressed"
    connection.outlet = outlet = KeepingOutlet()  # type: ignore[assignment]
    connection.window_bits = window_bits
    return _Client({}, connection=connection, hub=None), outlet  # type: ignore[arg-type]


class Echo:
    """A stream's consumer that replies what it was asked."""

    holds_thread = True

    def __init__(self, *, send: Any, **named: Any) -> None:
        self.send = send

    async def receive_json(self, payload: dict[str, Any]) -> None:
        self.send(payload)


async def ask(client: _Client, payload: dict[str, Any]) -> None:
    await client.perform(Echo, stream="patients", payload=payload)  # type: ignore[arg-type]


LARGE = {"text": "æ" * LARGEST_PLAIN}
SMALL = {"text": "small"}


async def test_a_large_reply_is_one_compressed_frame_and_a_small_one_goes_as_it_is() -> None:
    client, outlet = make_client(window_bits=9)
    await ask(client, {"text": "x" * (LARGEST_PLAIN - len('{"text":""}'))})
    await ask(client, {"text": "x" * (LARGEST_PLAIN - len('{"text":""}') + 1)})
    large = {"text": " ".join(map(str, range(100_000)))}
    await ask(client, large)
    assert [frames[0] for frames in outlet.written] == [PLAIN, COMPRESSED, COMPRESSED]
    (payload,) = decode_text_frames(outlet.written[2])
    assert orjson.loads(inflate(payload, window_bits=9)) == large, "within the window that the client has"
    assert len(payload) < len(large["text"]) // 2


async def test_a_client_that_did_not_offer_it_gets_the_same_bytes_as_ever() -> None:
    client, outlet = make_client(window_bits=0)
    await ask(client, LARGE)
    assert outlet.written == [encode_text_frame(orjson.dumps(LARGE))]


async def test_while_a_reply_is_compressed_the_loop_the_database_and_all_others_go_on(held: Held) -> None:
    (client, outlet), (other, others) = make_client(), make_client(user=2)
    asked = asyncio.create_task(ask(client, LARGE))
    assert await asyncio.to_thread(held.has_begun.wait, DEADLINE)
    assert not threads._pool(None)._held, "the database's thread is free again"
    client.connection.push(encode_text_frame(b"pushed"))
    await ask(other, SMALL)
    assert [len(outlet.written), len(others.written), asked.done()] == [1, 1, False]
    held.may_go_on.set()
    await asked
    assert [frames[0] for frames in outlet.written] == [PLAIN, COMPRESSED]


async def test_one_clients_replies_keep_their_order(held: Held) -> None:
    client, outlet = make_client()
    messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    for payload in (LARGE, SMALL, {"request_id": LARGE}):
        messages.put_nowait({"type": "websocket.receive", "text": orjson.dumps(payload).decode()})
    messages.put_nowait({"type": "websocket.receive", "text": f'"{"x" * LARGEST_FRAME}"'})
    messages.put_nowait({"type": "websocket.disconnect"})
    door = _Door({"patients": Echo}, single="patients")  # type: ignore[dict-item]
    served = asyncio.create_task(door._serve(client, intake=Intake(messages.get)))
    assert await asyncio.to_thread(held.has_begun.wait, DEADLINE)
    for _ in range(10):
        await asyncio.sleep(0)
    assert outlet.written == []
    held.may_go_on.set()
    await served
    assert [frames[0] for frames in outlet.written] == [COMPRESSED, PLAIN, COMPRESSED, PLAIN]


async def test_where_very_many_wait_a_reply_goes_as_it_is(
    monkeypatch: pytest.MonkeyPatch, held: Held
) -> None:
    full = threads.Lane("full", threads=1, most_waiting=0)
    monkeypatch.setattr(deflate_module, "REPLIES", full)
    client, outlet = make_client()
    await ask(client, LARGE)
    assert outlet.written == [encode_text_frame(orjson.dumps(LARGE))]
    assert not held.has_begun.is_set()
