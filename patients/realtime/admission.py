"""What a request may cost before anybody knows who sends it: decided by its head, before any of its body is kept.

A stranger's body is small, for all that a stranger can do is sign in. A larger one is kept where somebody is signed in,
and one of a file's size at the import alone, a few at a time in each process: it lies in memory more than once until
its rows are read.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from channels.db import database_sync_to_async
from django.conf import settings
from django.http import parse_cookie

from .. import clock
from ..addresses import network_of
from ..api.errors import DISK_FULL, SECONDS_TO_RETRY
from ..api.imports import LARGEST_IMPORT
from ..services import sign_ins
from .threads import lent_thread

logger = logging.getLogger("wardlight.server")

LARGEST_OF_A_STRANGER: Final = 64 * 1024  # bytes
LARGEST_OF_A_PATH: Final = {
    b"/rest-auth/login/": LARGEST_OF_A_STRANGER,
    b"/admin/login/": LARGEST_OF_A_STRANGER,
    b"/api/patients/import/": LARGEST_IMPORT,
}
FILES_AT_ONCE: Final = 2
SECONDS_FOR_HEAD: Final = 30
SECONDS_UNTIL_IT_COUNTS: Final = 1  # among those that wait for a head


class Refusal(NamedTuple):
    """What the server itself answers, in the place of the application."""

    status: int
    detail: str
    headers: Mapping[str, str] = {}


RETRY: Final = {"Retry-After": str(SECONDS_TO_RETRY)}
NOBODY: Final = Refusal(401, "Authentication credentials were not provided.", {"WWW-Authenticate": "Token"})
TOO_MANY_FILES: Final = Refusal(429, "Other files are being sent. Try again.", RETRY)
NO_ROOM: Final = Refusal(507, f"{DISK_FULL}Nothing of this was stored.", RETRY)
NOT_ASKED: Final = Refusal(
    503,
    "Who sends this cannot be looked up at the moment. Nothing of it was stored.",
    RETRY,
)


def largest_body(path: bytes) -> int:
    """How many bytes a request to this path may carry at the most."""
    return LARGEST_OF_A_PATH.get(path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def too_large(most: int) -> Refusal:
    unit = f"{most // 1024 // 1024} MiB" if most >= 1024 * 1024 else f"{most // 1024} KiB"
    return Refusal(413, f"The body is larger than {unit}.")


async def refuse_stranger(authorization: str, cookie: str) -> Refusal | None:
    """None where one of these headers belongs to a live sign-in; the application asks again, and for rights."""
    scheme, _, key = authorization.partition(" ")
    session_key = parse_cookie(cookie).get(settings.SESSION_COOKIE_NAME, "")
    if scheme.lower() != "token" and not session_key:
        return NOBODY
    try:
        async with lent_thread():
            is_known = await database_sync_to_async(_is_live)(
                key.strip() if scheme.lower() == "token" else None, session_key
            )
    except Exception as error:  # whatever it is, the request waits for an answer
        logger.error("Who sends a large body cannot be looked up: %s", type(error).__name__)
        return NOT_ASKED
    return None if is_known else NOBODY


def _is_live(key: str | None, session_key: str) -> bool:
    now = clock.now()
    if key is not None:
        return sign_ins.authenticate_key(key, now=now) is not None
    return sign_ins.authenticate_session(session_key, now=now) is not None


class Files:
    """The bodies of a file's size that this process keeps at the moment."""

    def __init__(self) -> None:
        self._kept: set[Any] = set()

    def take(self, request: Any) -> Refusal | None:
        """Let this request have one of the few places, or say why not."""
        if len(self._kept) >= FILES_AT_ONCE:
            return TOO_MANY_FILES
        self._kept.add(request)
        return None

    def leave(self, request: Any) -> None:
        self._kept.discard(request)


class WaitingConnections:
    """Those that owe the head of a request, by where they come from. Of too many of one address the oldest goes."""

    def __init__(self) -> None:
        self._of: dict[str, dict[Any, None]] = {}

    def add(self, connection: Any, *, address: str) -> None:
        waiting = self._of.setdefault(network_of(address) or address, {})
        waiting[connection] = None
        most: int = settings.WAITING_CONNECTIONS_PER_ADDRESS
        if 0 < most < len(waiting):
            oldest = next(iter(waiting))
            del waiting[oldest]
            oldest.loseConnection()

    def remove(self, connection: Any, *, address: str) -> None:
        place = network_of(address) or address
        waiting = self._of.get(place, {})
        waiting.pop(connection, None)
        if not waiting:
            self._of.pop(place, None)
