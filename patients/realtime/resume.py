"""After a lost connection: the frames that a client missed, in order and as they were sent."""

from typing import Any, Final

from channels.db import database_sync_to_async

from .. import events
from ..services.errors import Gone
from .connection import Connection
from .hub import ENTRIES_A_READ, Hub, encode_for
from .threads import Errand, lent_thread

LARGEST_NUMBER: Final = 2**63 - 1


class TooOld(Gone):
    """What was missed is no longer kept, lies ahead of the log or belongs to another epoch (410): list afresh."""


async def replay(connection: Connection, hub: Hub, *, since: int, epoch: str | None) -> int:
    """Send what this client may see after event `since`; returns the number up to which it then has everything.

    That is all that was committed when it asked, also where another process did it just now. Frames that come meanwhile
    wait, so that all arrive in the order of their numbers. Raises TooOld.
    """
    if epoch is not None and epoch != hub.epoch:
        raise TooOld("The log is of another epoch: list afresh.")
    async with lent_thread():
        committed, oldest = await database_sync_to_async(_read_bounds)()
    if since > hub.last:  # told by a process that is ahead of this one
        await hub.reach(min(since, committed))
    if since > hub.last:
        raise TooOld(f"Event {since} lies ahead of the log, which is at {hub.last}: list afresh.")
    if since < hub.last and (oldest is None or since < oldest - 1):
        raise TooOld(f"Events since {since} are no longer kept: list afresh.")
    connection.hold_back()
    try:
        last = hub.last
        while since < last:
            # Lent for the read alone: a few slow clients would else hold every thread while they read.
            async with lent_thread(Errand(asker=("user", connection.user_id), is_heavy=True)):
                entries = await database_sync_to_async(events.read_log)(
                    after=since, up_to=last, limit=ENTRIES_A_READ
                )
            if not entries or entries[0].number != since + 1:
                raise TooOld("Events were taken away while they were replayed: list afresh.")
            since = entries[-1].number
            frames = encode_for(connection.audience, entries)
            if frames:
                connection.answer(frames)
                await connection.has_room()
        await hub.reach(committed)
        return hub.last
    finally:
        connection.release()


def _read_bounds() -> tuple[int, int | None]:
    """The newest committed number, and the oldest that is kept."""
    return events.log_state().last, events.oldest_number()


def needed_since(request: dict[str, Any]) -> int:
    """The request's `since`: a whole number from 0. Raises ValueError with what is wrong."""
    since = request.get("since")
    if isinstance(since, bool) or not isinstance(since, int) or not 0 <= since <= LARGEST_NUMBER:
        raise ValueError("A whole number from 0 is needed: the last event you have.")
    return since
