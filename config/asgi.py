"""The ASGI application: HTTP to Django, WebSockets to the streams. Every stream and its consumer stand here."""

import os
from typing import Any

from asgiref.sync import sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.handlers.asgi import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup(set_prefix=False)

from django.urls import path, re_path

from config.middleware import TokenAuthMiddlewareStack, refuse_handshake
from patients.api.health import state
from patients.consumers import (
    EventConsumer,
    HistoryConsumer,
    NotificationConsumer,
    PatientConsumer,
    ReportConsumer,
)
from patients.realtime import daphne_protocol
from patients.realtime.demultiplexer import AsyncJsonWebsocketDemultiplexer
from patients.realtime.errands import errand_of_request, lane_of_request
from patients.realtime.hub import get_hub
from patients.realtime.threads import TooManyWaiting, lent_thread


class DjangoApplication(ASGIHandler):
    """Django, with one hop to a lent thread for a whole request instead of two for each middleware."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: Any) -> Any:
        response = await sync_to_async(self.get_response, thread_sensitive=True)(request)
        # Whoever reads the answer slowly must not keep the thread; what reads a file's rows asks for one each time.
        request.scope["lent_thread"].give_back()
        return response

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if state.is_stopping:
            # Daphne still serves connections that were open when its listener closed.
            await send({"type": "http.response.start", "status": 503, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b"Wardlight is being restarted. Try again."})
            return
        get_hub()  # a process that only takes requests publishes them too
        state.requests_in_flight += 1
        try:
            errand = errand_of_request(scope)
            async with lent_thread(errand, lane=lane_of_request(scope)) as loan:
                await super().__call__({**scope, "lent_thread": loan, "errand": errand}, receive, send)
        except TooManyWaiting:
            await _answer_busy(send)
        finally:
            state.requests_in_flight -= 1


async def _answer_busy(send: Any) -> None:
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"5")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    body = b'{"detail":"Too many of these are waiting just now; nothing was stored. Try again in a few seconds."}'
    await send({"type": "http.response.body", "body": body})


streams = AsyncJsonWebsocketDemultiplexer(
    patients=PatientConsumer.as_asgi(),
    reports=ReportConsumer.as_asgi(),
    history=HistoryConsumer.as_asgi(),
    notifications=NotificationConsumer.as_asgi(),
    events=EventConsumer.as_asgi(),
)

# `events` is the log of all streams: it makes sense on /ws/ only.
sockets: list[tuple[str, Any]] = [
    ("ws/", streams),
    *((f"ws/{stream}/", streams.single(stream)) for stream in streams.names if stream != "events"),
]
unknown_socket: Any = refuse_handshake

daphne_protocol.install()

application = ProtocolTypeRouter(
    {
        "http": DjangoApplication(),
        "websocket": TokenAuthMiddlewareStack(
            URLRouter([*(path(address, door) for address, door in sockets), re_path(r"", unknown_socket)])
        ),
    }
)
