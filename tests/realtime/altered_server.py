"""`python -m tests.realtime.altered_server ALTERATION COMMAND ...`: manage.py with one part replaced.

For what cannot be made to fail, or be looked at, from outside.
"""

import os
import sys
import time
from typing import Any


def only_plain_asgi() -> None:
    """As on a server whose sockets cannot be written to directly."""
    from patients.realtime.connection import DirectOutlet

    DirectOutlet.fits = staticmethod(lambda send: False)  # type: ignore[method-assign]


def print_outlets() -> None:
    """Say which outlet each connection got."""
    from patients.realtime.connection import Connection

    init = Connection.__init__

    def init_and_print(self: Any, *arguments: Any, **named: Any) -> None:
        init(self, *arguments, **named)
        sys.stdout.write(f"outlet: {type(self.outlet).__name__}\n")
        sys.stdout.flush()

    Connection.__init__ = init_and_print  # type: ignore[method-assign]


def broken_hub() -> None:
    """Publishing fails at once: the hub does not take what was committed."""
    from patients.realtime.hub import Hub

    def offer(self: Any, entries: Any) -> None:
        raise RuntimeError("the hub is broken")

    Hub.offer = offer  # type: ignore[method-assign]


def broken_doorbell() -> None:
    """Publishing fails half way: the hub tells its own clients, ringing for the others raises."""
    from patients.realtime.doorbell import Doorbell

    def ring(self: Any, number: int) -> None:
        raise RuntimeError("the doorbell is broken")

    Doorbell.ring = Doorbell.ring_soon = ring  # type: ignore[method-assign]


def slow_actions() -> None:
    """Every action takes a second."""
    import asyncio

    from patients.realtime.consumer import StreamConsumer

    receive_json = StreamConsumer.receive_json

    async def receive_slowly(self: Any, content: Any, **kwargs: Any) -> None:
        await asyncio.sleep(1)
        await receive_json(self, content, **kwargs)

    StreamConsumer.receive_json = receive_slowly  # type: ignore[method-assign]


def strict() -> None:
    """Whoever sends too fast is slowed after one second and closed after two."""
    from patients.realtime import demultiplexer, intake

    for module in (demultiplexer, intake):
        module.SECONDS_UNTIL_SLOWED = 1  # type: ignore[attr-defined]
        module.SECONDS_UNTIL_CLOSED = 2  # type: ignore[attr-defined]


def wary() -> None:
    """A request's head must be there within five seconds, and each handshake of a socket takes two.

    For bodies of two certain lengths the disk is full: from the start, or when they are written.
    """
    import errno
    import io
    import time

    from twisted.web import http

    from config import middleware
    from patients.realtime import daphne_protocol

    get_content_file = http._getContentFile

    class FullFile(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def get_file(length: int) -> Any:
        if length == 777_777:
            raise OSError(errno.ENOSPC, "No space left on device")
        return FullFile() if length == 777_778 else get_content_file(length)

    http._getContentFile = get_file

    daphne_protocol.SECONDS_FOR_HEAD = 5  # type: ignore[misc]
    find_sign_in = middleware._find_sign_in

    def find_slowly(credentials: Any) -> Any:
        time.sleep(2)
        return find_sign_in(credentials)

    middleware._find_sign_in = find_slowly


def impatient() -> None:
    """A request may take five seconds, and a file be left unread for five; an import takes ten."""
    from patients.api import views
    from patients.realtime import daphne_protocol, server

    take_in_files = views.take_in_files

    def take_in_slowly(request: Any, **kwargs: Any) -> Any:
        time.sleep(10)
        return take_in_files(request, **kwargs)

    views.take_in_files = take_in_slowly
    daphne_protocol.SECONDS_STILL = 5
    server.SECONDS_FOR_REQUEST = 5  # type: ignore[misc]
    server.SECONDS_BETWEEN_TIMEOUT_CHECKS = 1  # type: ignore[misc]


def print_rounds() -> None:
    """Say when the worker has had a look and goes to sleep."""
    from patients.worker import Worker

    run_due = Worker.run_due

    def run_due_and_print(self: Any) -> float:
        pause = run_due(self)
        sys.stdout.write("round: over\n")
        sys.stdout.flush()
        return pause

    Worker.run_due = run_due_and_print  # type: ignore[method-assign]


def plain_tasks() -> None:
    """Know the background tasks of an app that is none of ours."""
    import tests.tasks.plain  # noqa: F401 - registers them


ALTERATIONS = {
    alteration.__name__: alteration
    for alteration in (
        only_plain_asgi,
        print_outlets,
        broken_hub,
        broken_doorbell,
        slow_actions,
        strict,
        wary,
        impatient,
        print_rounds,
        plain_tasks,
    )
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    alteration, *command = sys.argv[1:]
    if command[0] == "serve":
        import daphne.server  # noqa: F401 - installs the asyncio reactor before anything imports another

    import django

    django.setup()
    ALTERATIONS[alteration]()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    main()
