"""A client's question whether the line lives, answered while what it asked before is still under way.

Requests of a connection are answered one after the other. A ping behind a save that waits for the database would look
like a dead line, and the client would give up a connection that works.
"""

from typing import Any, Final

import orjson

LONGEST: Final = 200  # bytes
SECONDS_BETWEEN: Final = 1.0
"""What comes more often than this waits its turn, as any request does: a flood is slowed and closed there."""


def read_ping(payload: bytes) -> str | None:
    """The request's id where this frame is a plain ping of `/ws/`, with a text as its id; None where it is not."""
    if len(payload) > LONGEST or b'"ping"' not in payload:
        return None
    try:
        frame = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    request_id = _inner(frame).get("request_id")
    is_ping = frame == {"stream": "events", "payload": {"action": "ping", "request_id": request_id}}
    return request_id if is_ping and isinstance(request_id, str) else None


def _inner(frame: Any) -> dict[str, Any]:
    payload = frame.get("payload") if isinstance(frame, dict) else None
    return payload if isinstance(payload, dict) else {}


def reply_to_ping(request_id: str) -> dict[str, Any]:
    """As the consumer's, to the letter."""
    return {"action": "ping", "request_id": request_id, "response_status": 200, "errors": [], "data": {}}
