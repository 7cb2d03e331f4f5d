"""Whether what is written can be kept: known by the last write, and by the room on the disk of an SQLite file."""

import errno
import shutil
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings

LEAST_FREE: Final = 32 * 1024 * 1024  # bytes: SQLite's log of writes alone grows to several
# A process that nobody asks any more writes nothing that could succeed: so long after it may be asked again.
DOUBT: Final = timedelta(seconds=30)

FULL_DISK: Final = {errno.ENOSPC, errno.EDQUOT}
FULL_SQLITE: Final = {sqlite3.SQLITE_FULL}
FULL_POSTGRES: Final = {"53100"}  # disk_full
# Nothing can be written either: the device fails, or the database is a copy to be read only.
FAILING_SQLITE: Final = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
FAILING_POSTGRES: Final = {"58030", "25006"}

_failed_at: datetime | None = None


def is_full(error: BaseException) -> bool:
    """Whether it says that a disk is full: the database's, or this machine's where files are put aside."""
    if isinstance(error, OSError):
        return error.errno in FULL_DISK
    sqlite_code, postgres_code = _codes_of(error)
    return sqlite_code in FULL_SQLITE or postgres_code in FULL_POSTGRES


def note_written() -> None:
    """A write was committed."""
    global _failed_at
    _failed_at = None


def note_failed(error: BaseException, *, now: datetime) -> None:
    """A write failed: whether the next one will, too, depends on the error."""
    global _failed_at
    sqlite_code, postgres_code = _codes_of(error)
    if is_full(error) or sqlite_code in FAILING_SQLITE or postgres_code in FAILING_POSTGRES:
        _failed_at = now


def takes_writes(*, now: datetime, newest_beat: datetime | None) -> bool:
    """Whether the next write will be kept, as far as can be known without writing.

    Args:
        newest_beat: when a worker last wrote, which shows that writes are kept again.
    """
    return _free_space() >= LEAST_FREE and (
        _failed_at is None
        or abs(now - _failed_at) > DOUBT
        or (newest_beat is not None and newest_beat > _failed_at)
    )


def _free_space() -> float:
    """Bytes on the disk of the database's file; of a server's disk nothing is known from here."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return float("inf")
    try:
        return shutil.disk_usage(Path(database["NAME"]).parent).free
    except OSError:
        return float("inf")  # in memory, or not there: the database itself is asked as well


def _codes_of(error: BaseException) -> tuple[int | None, str | None]:
    cause: Any = error.__cause__
    sqlite_code = getattr(cause, "sqlite_errorcode", None)
    return None if sqlite_code is None else sqlite_code & 0xFF, getattr(cause, "pgcode", None)
