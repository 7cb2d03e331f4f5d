"""From a committed change to every connected client: the unit of work and the event log.

Every write runs in a `unit_of_work`. Observers (consumers.py) note which objects changed; as the transaction's
last act the event counter is moved on and one event per frame is written. The counter's row stays locked until the
commit, so numbers become visible in order and without holes: an auto-increment id would be handed out earlier, and a
reader asking for what is newer would miss the slower of two commits. After the commit the frames go to this
process's hub, which rings the doorbell for the others; publishing can neither fail nor delay the save.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple

import orjson
from django.apps import apps as installed_apps
from django.db import DatabaseError, InterfaceError, connection, transaction

from . import clock, storage
from .models import Event, EventCounter, new_epoch
from .prepared import PreparedQuery

logger = logging.getLogger("wardlight.events")

ROWS_A_STATEMENT: Final = 200  # SQLite takes 999 values in some builds
_INSERT: Final = f"INSERT INTO {Event._meta.db_table} (number, stream, frame, created_at) VALUES "

ACCESS_STREAM: Final = "access"  # sign-outs and changed roles: read by every process, sent to no client


class Entry(NamedTuple):
    """One entry of the log. `frame` is the whole text frame of `/ws/`, as UTF-8."""

    number: int
    stream: str
    frame: bytes


@dataclass(eq=False)
class _Note:
    """That something changed: `build` gives the payload's members, in the committed state, when the unit ends.

    Also a commit hook that does nothing: Django drops the hooks of a savepoint that is rolled back, and so
    tells which notes still hold.
    """

    stream: str
    kind: str  # the payload's "type"
    action: str | None
    build: Callable[[], Any]

    def encode(self) -> tuple[str, bytes]:
        head = b'"type":"%s",' % self.kind.encode()
        if self.action is not None:
            head += b'"action":"%s",' % self.action.encode()
        return self.stream, head + b'"data":' + orjson.dumps(self.build())

    def __call__(self) -> None:
        """The hook."""


@dataclass
class _Unit:
    notes: list[tuple[tuple[str, Any], _Note]] = field(default_factory=list)

    def add(self, key: tuple[str, Any], note: _Note) -> None:
        transaction.on_commit(note)
        self.notes.append((key, note))

    def merged(self) -> list[_Note]:
        """One note for each object, of what was not rolled back."""
        kept = {id(entry[1]) for entry in connection.run_on_commit}
        merged: dict[tuple[str, Any], _Note] = {}
        for key, note in self.notes:
            if id(note) not in kept:
                continue
            earlier = merged.get(key)
            if earlier is not None and earlier.action == "create":
                if note.action == "delete":
                    del merged[key]  # created and gone within one transaction: nobody ever saw it
                    continue
                note.action = "create"
            merged[key] = note
        return list(merged.values())


def _units() -> list[_Unit]:
    """The open units of this thread's connection, innermost last."""
    units: list[_Unit] | None = getattr(connection, "wardlight_units", None)
    if units is None:
        units = []
        connection.wardlight_units = units  # type: ignore[attr-defined]
    return units


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction whose changes are told once each, after its commit, in their committed state.

    Units nest: an inner one that fails drops its own notes, and the outermost writes the events.
    """
    units = _units()
    unit = _Unit()
    has_written = False
    try:
        with transaction.atomic():
            units.append(unit)
            try:
                yield
            finally:
                units.pop()
            if units:
                units[-1].notes.extend(unit.notes)
            elif notes := unit.merged():
                _write(notes)
                has_written = True
    except (DatabaseError, InterfaceError) as error:
        if not units:
            storage.note_failed(error, now=clock.now())
        raise
    if has_written:
        storage.note_written()


def _add(key: tuple[str, Any], note: _Note) -> None:
    units = _units()
    if units:
        units[-1].add(key, note)
        return
    # A save outside every service (the admin site, a shell): told all the same, in a unit of its own.
    with unit_of_work():
        _units()[-1].add(key, note)


def note_change(stream: str, action: str, pk: Any, build: Callable[[], Any]) -> None:
    """Note that the object `pk` of `stream` was created, updated or deleted (`action`)."""
    _add((stream, pk), _Note(stream, "change", action, build))


def note_notification(pk: Any, build: Callable[[], Any]) -> None:
    """Note that a notification is to be told on `history` (contract.md), besides its change on `notifications`."""
    _add(("told", pk), _Note("history", "notification", None, build))


def note_access(*, sign_in_id: int | None = None, user_id: int | None = None) -> None:
    """Note that one sign-in ended, or that a user's role or activity changed: every process closes their sockets."""
    who = {"sign_in": sign_in_id, "user": user_id}
    _add((ACCESS_STREAM, (sign_in_id, user_id)), _Note(ACCESS_STREAM, "access", None, lambda: who))


def _write(notes: list[_Note]) -> None:
    # Encoded before the counter is locked: the lock is held for two statements and the commit only.
    bodies = [note.encode() for note in notes]
    last = _move_counter(len(bodies))
    entries = []
    for number, (stream, body) in enumerate(bodies, start=last - len(bodies) + 1):
        frame = b'{"stream":"%s","payload":{%s,"event":%d}}' % (stream.encode(), body, number)
        entries.append(Entry(number, stream, frame))
    _insert(entries, clock.now())
    transaction.on_commit(lambda: _publish(entries), robust=True)


def _move_counter(count: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_eventcounter SET last = last + %s WHERE id = 1 RETURNING last", [count]
        )
        row = cursor.fetchone()
    if row is not None:
        return int(row[0])
    # A database emptied by hand: count from the start, under a new epoch, so that clients list afresh.
    EventCounter.objects.create(id=1, last=count)
    return count


def _insert(entries: list[Entry], now: datetime) -> None:
    # Django makes an object of each row and asks each field four times: a third of the time that a thousand take.
    created_at = Event._meta.get_field("created_at").get_db_prep_save(now, connection)
    with connection.cursor() as cursor:
        for start in range(0, len(entries), ROWS_A_STATEMENT):
            rows = entries[start : start + ROWS_A_STATEMENT]
            values = [(row.number, row.stream, row.frame.decode(), created_at) for row in rows]
            cursor.execute(_INSERT + ", ".join(["(%s, %s, %s, %s)"] * len(values)), list(chain(*values)))


# ---------------------------------------------------------------- after the commit
_publisher: Callable[[list[Entry]], None] | None = None


def set_publisher(publisher: Callable[[list[Entry]], None] | None) -> None:
    """Hand committed entries to `publisher` (the hub, or the doorbell of a process that serves nobody)."""
    global _publisher
    _publisher = publisher


def _publish(entries: list[Entry]) -> None:
    if _publisher is not None:
        _publisher(entries)


# ---------------------------------------------------------------- reading the log
class LogState(NamedTuple):
    last: int
    epoch: str


_COUNTER: Final = PreparedQuery(lambda: EventCounter.objects.filter(id=1).values_list("last", "epoch"))


def log_state() -> LogState:
    """The number of the newest committed event, and the epoch of this database."""
    row = _COUNTER.first()
    if row is None:
        counter, _ = EventCounter.objects.get_or_create(id=1, defaults={"last": 0, "epoch": new_epoch()})
        row = (counter.last, counter.epoch)
    return LogState(*row)


def create_counter(*, using: str, apps: Any = installed_apps, **_: Any) -> None:
    """Make the counter's row where it is missing, under a new epoch: after a flush, as after the first migration.

    Connected to post_migrate, so that no first reader or writer has to make it.
    """
    try:
        counter_model = apps.get_model("patients", "EventCounter")
    except LookupError:  # migrated back to where it does not exist
        return
    counter_model.objects.using(using).get_or_create(id=1, defaults={"epoch": new_epoch()})


def begin_epoch() -> str:
    """Say that the log no longer continues what clients have (a restored backup): they list afresh."""
    epoch = new_epoch()
    EventCounter.objects.update_or_create(id=1, defaults={"epoch": epoch})
    return epoch


def read_log(*, after: int, up_to: int | None = None, limit: int = 1000) -> list[Entry]:
    """The entries numbered above `after` (and not above `up_to`), oldest first, at most `limit`."""
    events = Event.objects.filter(number__gt=after)
    if up_to is not None:
        events = events.filter(number__lte=up_to)
    rows = events.order_by("number").values_list("number", "stream", "frame")[:limit]
    return [Entry(number, stream, frame.encode()) for number, stream, frame in rows]


def oldest_number() -> int | None:
    """The number of the oldest event that is kept, or None where none is."""
    return Event.objects.order_by("number").values_list("number", flat=True).first()
