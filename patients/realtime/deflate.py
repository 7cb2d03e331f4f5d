"""Large replies leave compressed, where a client offers permessage-deflate (RFC 7692), and it may send so itself.

A list of 300 patients is 349 kB of JSON and 15 kB on the line. Nothing is kept from one message to the next in
either direction: a compressor is 256 kB and a decompressor 40 kB, more than all else that a connection takes. Pushed
frames and small replies go out as they are: pushed ones are the same bytes for all.
"""

import asyncio
import zlib
from collections.abc import Iterable
from typing import Any, Final

from autobahn.exception import PayloadCorruptError
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept

from .connection import encode_text_frame
from .json_frames import LARGEST_FRAME
from .threads import REPLIES, Errand, TooManyWaiting, lent_thread

EXTENSION: Final = "permessage-deflate"
LARGEST_PLAIN: Final = 4096  # bytes of a reply that is not worth a thread
LEVEL: Final = 6
_END: Final = b"\x00\x00\xff\xff"  # of each message, and left out on the wire (RFC 7692, 7.2.1)


def acceptable(extensions: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What of a handshake's extensions can be agreed to: offers of ours that say nothing wrong.

    The others are declined, as RFC 7692 (7.1) wants it; autobahn would answer 400. A window of 256 bytes, which zlib
    cannot make, is one of them.
    """
    kept = []
    for name, parameters in extensions:
        if name == EXTENSION:
            try:
                PerMessageDeflateOffer.parse(parameters)
            except Exception:
                continue
            kept.append((name, parameters))
    return kept


def accept(offers: list[Any]) -> Any:
    """Autobahn's `perMessageCompressionAccept`: the first offer, and no context is kept in either direction."""
    offer = offers[0]
    offer.request_no_context_takeover = True  # a server may say so unasked; autobahn only repeats it
    return PerMessageDeflateOfferAccept(offer, request_no_context_takeover=True, no_context_takeover=True)


class Deflate:
    """The extension on one connection. The methods and the capitals have the names of autobahn's PerMessageCompress.

    Attributes:
        window_bits: how large a window the client takes, 9 to 15 as zlib counts.
        size: bytes that the message being received has come to, inflated.
    """

    EXTENSION_NAME = EXTENSION
    __slots__ = ("_decompressor", "_has_ended", "size", "window_bits")

    def __init__(self, window_bits: int) -> None:
        self.window_bits = window_bits
        self.size = 0
        self._decompressor: Any = None
        self._has_ended = False

    def start_decompress_message(self) -> None:
        self.size, self._has_ended = 0, False
        self._decompressor = zlib.decompressobj(-zlib.MAX_WBITS)

    def decompress_message_data(self, data: bytes, max_output_len: int | None = None) -> bytes:
        """What this piece inflates to; nothing of a message that is too large, which is inflated no further.

        Raises PayloadCorruptError: autobahn drops the connection.
        """
        if self._has_ended:
            self._refuse_rest(data)
        if self._decompressor is None:
            return b""
        payload: bytes = self._inflate(data, LARGEST_FRAME + 1 - self.size)
        self.size += len(payload)
        if self.size > LARGEST_FRAME:
            self._decompressor = None
            return b""
        if self._decompressor.eof:
            # A last block says that it is the last. What follows zlib would keep, however much it is.
            rest, self._decompressor, self._has_ended = self._decompressor.unused_data, None, True
            self._refuse_rest(rest)
        return payload

    def end_decompress_message(self) -> None:
        """Raises PayloadCorruptError where the message cannot end so; one that is cut off may go unseen here."""
        if self._decompressor is not None:
            self._inflate(_END, 1)
            self._decompressor = None

    def _inflate(self, data: bytes, most: int) -> bytes:
        try:
            payload: bytes = self._decompressor.decompress(data, most)
        except zlib.error as error:
            self._decompressor = None
            raise _corrupt(str(error)) from None
        return payload

    def _refuse_rest(self, data: bytes) -> None:
        if data.strip(b"\0"):  # an empty block is what may follow (RFC 7692, 7.2.3.4)
            raise _corrupt("there is more after the last block")


def _corrupt(reason: str) -> Exception:
    error: Exception = PayloadCorruptError(f"invalid {EXTENSION} data: {reason}")
    return error


async def encode_reply(payload: bytes, *, window_bits: int, user_id: int) -> bytes:
    """A text frame with this payload, compressed on a thread; as it is where very many wait for one."""
    try:
        async with lent_thread(Errand(asker=("user", user_id)), lane=REPLIES) as loan:
            compress = asyncio.get_running_loop().run_in_executor
            compressed = await compress(loan.executor, deflate, payload, window_bits)
    except TooManyWaiting:
        return encode_text_frame(payload)
    return encode_text_frame(compressed, is_compressed=True)


def deflate(payload: bytes, window_bits: int) -> bytes:
    """A message's payload as RFC 7692 (7.2.1) sends it."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -window_bits)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[: -len(_END)]
