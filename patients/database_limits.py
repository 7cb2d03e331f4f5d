"""How long a process that serves people waits for PostgreSQL: a query that hangs is an answer of 503 after seconds.

For web processes and workers. Migrations and commands may take as long as they need: they never call this.
"""

import select
from typing import Any, Final

from django.db import connections

CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 10
LOCK_SECONDS: Final = 5
IDLE_SECONDS: Final = 15  # within a transaction: a process that is stopped must not keep its locks
SILENCE_SECONDS: Final = 12  # without a byte, where the line is frozen and no error will ever come


def limit_waiting() -> None:
    """Limit how long every connection that this process opens from now on waits. On SQLite nothing hangs."""
    settings = connections.settings["default"]
    if settings["ENGINE"] != "django.db.backends.postgresql":
        return
    import psycopg2.extensions

    limits = {
        "statement_timeout": STATEMENT_SECONDS,
        "lock_timeout": LOCK_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_SECONDS,
    }
    options = settings.setdefault("OPTIONS", {})
    given = options.get("options", "")
    options.update(
        options=" ".join(filter(None, [*(f"-c {name}={limits[name]}s" for name in limits), given])),
        keepalives=1,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=SILENCE_SECONDS * 1000,
    )
    psycopg2.extensions.set_wait_callback(wait)


def wait(connection: Any) -> None:
    """Wait for PostgreSQL in place of libpq, which waits for ever where the other side holds the line and is silent.

    Raises OperationalError after SILENCE_SECONDS without a byte; psycopg2 then closes the connection.
    """
    from psycopg2 import OperationalError, extensions

    poller = select.poll()
    while (state := connection.poll()) != extensions.POLL_OK:
        is_connected = connection.status in (extensions.STATUS_READY, extensions.STATUS_BEGIN)
        seconds = SILENCE_SECONDS if is_connected else CONNECT_SECONDS
        poller.register(
            connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        if not poller.poll(seconds * 1000):
            raise OperationalError(f"The database was silent for {seconds} seconds.")
