"""Reading what a client sent over the socket: JSON, an object, not too large and not too deep."""

from typing import Any, Final

import orjson

LARGEST_FRAME: Final = 1024 * 1024  # bytes
OVERSIZE: Final = b" " * (LARGEST_FRAME + 1)  # stands for a larger one, of which nothing was kept
DEEPEST: Final = 20  # levels of lists and objects


class BadFrame(Exception):
    """A frame that cannot be a request. `stream` names where the reply goes, None where none can be named."""

    def __init__(
        self, message: str, *, status: int = 400, stream: str | None = None, request_id: Any = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.stream = stream
        self.request_id = request_id

    def as_reply(self) -> dict[str, Any]:
        errors = [{"detail": self.message}]
        if self.stream is None:
            told = {} if self.request_id is None else {"request_id": self.request_id}
            return {**told, "errors": errors, "response_status": self.status}
        return {
            "action": None,
            "request_id": self.request_id,
            "response_status": self.status,
            "errors": errors,
            "data": None,
        }


def read_frame(message: dict[str, Any]) -> dict[str, Any]:
    """The object in a received frame. Raises BadFrame."""
    text = message.get("text")
    if text is None:
        raise BadFrame("Send text frames: binary ones are not understood.")
    if len(text) > LARGEST_FRAME or len(encoded := text.encode("utf-8", "surrogatepass")) > LARGEST_FRAME:
        raise BadFrame("The frame is larger than 1 MiB.", status=413)
    try:
        # orjson refuses NaN, Infinity, lone surrogates and text after the value.
        frame = orjson.loads(encoded)
    except (orjson.JSONDecodeError, RecursionError):
        raise BadFrame("The frame is not JSON.") from None
    if not isinstance(frame, dict):
        raise BadFrame("The frame must be an object.")
    if depth_of(frame, limit=DEEPEST) > DEEPEST:
        raise BadFrame(f"The frame is nested over {DEEPEST} levels deep.")
    return frame


def depth_of(value: Any, *, limit: int) -> int:
    """How many levels of lists and objects `value` has; counting stops one above `limit`."""
    depth, level = 0, [value]
    while level and depth <= limit:
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        depth += 1
    return depth
