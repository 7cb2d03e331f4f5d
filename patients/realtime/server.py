"""`manage.py serve`: Daphne with the worker in its loop, and a shutdown of our own.

Daphne's own way out sends clients no close frame, never ends while a request thread waits for a loop that has
stopped, and crashed CPython 3.11.7. Here SIGTERM means: stop listening, answer 503 on connections that are still
open, close sockets with 1012, let running requests finish for at most three seconds, and leave with exit code 0.
"""

import asyncio
import contextlib
import gc
import logging
import os
import resource
import signal
import sys
from typing import Any, Final

# Before anything imports Twisted's reactor: Daphne installs the asyncio one.
from daphne.server import Server, reactor  # isort: skip
from background_task.tasks import autodiscover
from daphne.endpoints import build_endpoint_description_strings

from ..api.health import state
from ..worker import Worker, work
from .hub import get_hub

logger = logging.getLogger("wardlight.server")

SECONDS_TO_FINISH: Final = 3.0
SECONDS_FOR_HANDSHAKE: Final = 30  # after a restart a whole hospital connects at once
# Twisted lets 50 wait; the kernel drops the rest, and each tries again after 1, 3, 7 and 15 seconds.
MOST_WAITING_TO_CONNECT: Final = 4096
SECONDS_FOR_REQUEST: Final = 180  # the longest import takes half a minute, on a busy machine over a whole one
MOST_FILES: Final = 65536  # each connection is one
SECONDS_BETWEEN_TIMEOUT_CHECKS: Final = 5  # a silent client is asked for a sign of life after 20 s


class DaphneServer(Server):
    """Daphne, which looks less often whether a connection timed out: with a thousand, each look holds all up."""

    def timeout_checker(self) -> None:
        for protocol in list(self.connections):
            try:
                protocol.check_timeouts()
            except Exception:  # Daphne's own loop would end here, and nobody would ever time out again
                logger.exception("A connection's time could not be checked.")
        reactor.callLater(SECONDS_BETWEEN_TIMEOUT_CHECKS, self.timeout_checker)


def raise_limit_of_files() -> None:
    """As many as the system lets this process have: what a shell grants, 1024 often, is little for a hospital."""
    granted, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(MOST_FILES, most)
    if granted != resource.RLIM_INFINITY and granted < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


class WardlightServer:
    """One serving process. `run` returns only where the address cannot be listened on."""

    def __init__(self, *, host: str, port: int, has_worker: bool, has_proxy: bool = False) -> None:
        from config.asgi import application

        self._address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._has_worker = has_worker
        self._tasks: list[asyncio.Task[Any]] = []
        self._is_leaving = False
        self._server = DaphneServer(
            application,
            endpoints=[
                f"{endpoint}:backlog={MOST_WAITING_TO_CONNECT}"
                for endpoint in build_endpoint_description_strings(host=host, port=port)
            ],
            signal_handlers=False,
            http_timeout=SECONDS_FOR_REQUEST,
            websocket_timeout=-1,
            websocket_handshake_timeout=SECONDS_FOR_HANDSHAKE,
            websocket_connect_timeout=SECONDS_FOR_HANDSHAKE,
            server_name="wardlight",
            # Else everybody behind the proxy has its address, and shares one throttle of failed sign-ins.
            proxy_forwarded_address_header="X-Forwarded-For" if has_proxy else None,
        )

    def run(self) -> None:
        state.is_ready = False
        raise_limit_of_files()
        loop = reactor._asyncioEventloop
        loop.call_soon(self._start)
        self._server.run()
        if not self._is_leaving:
            logger.critical("Wardlight cannot listen on %s.", self._address)
            sys.exit(1)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._begin_to_leave)
        self._tasks.append(loop.create_task(self._get_ready()))
        if self._has_worker:
            autodiscover()
            self._tasks.append(loop.create_task(work(Worker())))

    async def _get_ready(self) -> None:
        await get_hub().ready()
        # What is loaded by now stays. Looking through it again and again would stop every socket each time.
        gc.collect()
        gc.freeze()
        state.is_ready = True
        sys.stdout.write(f"Wardlight is at {self._address}\n")
        sys.stdout.flush()

    def _begin_to_leave(self) -> None:
        if not self._is_leaving:
            self._is_leaving = True
            self._tasks.append(asyncio.get_running_loop().create_task(self._leave()))

    async def _leave(self) -> None:
        state.is_stopping = True
        for listener in self._server.listeners:
            listener.addCallback(lambda port: port.stopListening())
        hub = get_hub()
        await hub.stop()
        for task in self._tasks[:-1]:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_FINISH):
                await self._until_quiet()
        await hub.doorbell.finish()
        logging.shutdown()
        sys.stdout.flush()
        # Not through the interpreter's teardown: it would wait for threads that wait for this loop.
        os._exit(0)

    async def _until_quiet(self) -> None:
        """Running requests finish, and clients have read their close frames."""
        while state.requests_in_flight or any(True for _ in get_hub().connections()):
            await asyncio.sleep(0.02)
