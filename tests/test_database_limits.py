"""PostgreSQL may hang: whoever waits for it is told so within seconds."""

import contextlib
import socket
import threading

import psycopg2
import pytest
from django.db import ConnectionHandler, OperationalError
from environ import Env

from patients import database_limits
from tests.support.servers import postgres_server


class Line:
    """A way to a server of which nothing comes through any more once it is frozen, without an error."""

    def __init__(self, server_url):
        self._server = psycopg2.extensions.parse_dsn(server_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._is_frozen = False
        self._ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self):
        self._is_frozen = True

    def close(self):
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # whoever reads from it in a thread sees its end
            end.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                self._ends.append(here)
                self._ends.append(there := self._reach_server())
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _reach_server(self):
        host, port = self._server["host"], self._server.get("port", "5432")
        if not host.startswith("/"):
            return socket.create_connection((host, int(port)))
        there = socket.socket(socket.AF_UNIX)
        there.connect(f"{host}/.s.PGSQL.{port}")
        return there

    def _carry(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if self._is_frozen:
                    return
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def server_url():
    return postgres_server()


@pytest.fixture
def limited(server_url, monkeypatch, django_db_blocker):
    """Make the limits hold, and give the connection of a process that has them, through a line that can freeze."""
    line = Line(server_url)
    handlers = []

    def connect():
        limits = Env.db_url_config(server_url) | {"HOST": "127.0.0.1", "PORT": line.port, "OPTIONS": {}}
        handlers.append(ConnectionHandler({"default": limits}))
        monkeypatch.setattr(database_limits, "connections", handlers[-1])
        database_limits.limit_waiting()
        return handlers[-1]["default"]

    with django_db_blocker.unblock():
        yield line, connect
    psycopg2.extensions.set_wait_callback(None)
    for handler in handlers:
        handler.close_all()
    line.close()


def test_what_is_stored_and_read_is_the_same_as_ever(limited):
    _, connect = limited
    connection = connect()
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, repeat('x', 1000) FROM generate_series(1, 5000) AS n")
        assert [row[0] for row in cursor.fetchall()] == [*range(1, 5001)]
        with pytest.raises(Exception, match="division by zero"):
            cursor.execute("SELECT 1 / 0")
        cursor.execute("SELECT 2")
        assert cursor.fetchone() == (2,)


def test_each_connection_of_a_process_that_serves_has_its_limits(limited):
    _, connect = limited
    with connect().cursor() as cursor:
        found = {}
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    assert found == {
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "15s",
    }


def test_a_lock_that_is_not_given_up_is_an_error_and_not_a_wait(limited, monkeypatch):
    monkeypatch.setattr(database_limits, "LOCK_SECONDS", 1)
    _, connect = limited
    holder, waiter = connect(), connect()
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(4711)")
    with waiter.cursor() as cursor, pytest.raises(OperationalError, match="lock timeout"):
        cursor.execute("SELECT pg_advisory_lock(4711)")


def test_a_line_that_freezes_is_an_error_and_the_connection_is_given_up(limited, monkeypatch):
    line, connect = limited
    connection = connect()
    connection.ensure_connection()
    monkeypatch.setattr(database_limits, "SILENCE_SECONDS", 0.3)
    line.freeze()
    with connection.cursor() as cursor, pytest.raises(OperationalError, match="silent"):
        cursor.execute("SELECT 1")
    assert connection.connection.closed


def test_a_server_that_takes_no_connection_is_an_error_too(limited, monkeypatch):
    line, connect = limited
    monkeypatch.setattr(database_limits, "CONNECT_SECONDS", 0.3)
    line.freeze()
    with pytest.raises(OperationalError, match=r"silent for 0\.3 seconds"):
        connect().ensure_connection()


def test_on_sqlite_nothing_changes(monkeypatch):
    handler = ConnectionHandler({"default": Env.db_url_config("sqlite:////tmp/ward.sqlite3")})
    monkeypatch.setattr(database_limits, "connections", handler)
    database_limits.limit_waiting()
    assert handler.settings["default"]["OPTIONS"] == {}
    assert psycopg2.extensions.get_wait_callback() is None
