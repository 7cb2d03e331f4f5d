"""What the tests of the live side share: people on a running stack, and screens that are held against lists."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tests.support.clients import Frame, RestClient, WardSocket
from tests.support.processes import PROJECT, environment_of
from tests.support.stacks import Stack
from tests.support.starter import start
from tests.support.waiting import eventually

Answer = TypeVar("Answer")

STREAMS = ("patients", "reports", "history", "notifications")
KEYS = {"patients": "id", "reports": "id", "history": "history_id", "notifications": "id"}


def ago(**duration: float) -> str:
    """The instant that lies so long back, as clients write it."""
    return (datetime.now(UTC) - timedelta(**duration)).isoformat()


async def aside(call: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
    """Run a blocking call on a thread, so that the sockets of this test are read meanwhile."""
    return await asyncio.to_thread(call, *arguments, **named)


@dataclass
class Ward:
    """A running stack with its people signed in."""

    stack: Stack
    clients: dict[tuple[str, int], RestClient] = field(default_factory=dict)
    operator: "OperatorShell | None" = None

    def client(self, username: str = "lead", *, server: int = 0) -> RestClient:
        """REST as this person, with one sign-in on all web processes (0: the first; -1: the last)."""
        if (username, server) not in self.clients:
            self.clients[username, server] = self.stack.signed_in(username, server=server)
        return self.clients[username, server]

    async def open(self, username: str = "lead", *, path: str = "/ws/", server: int = 0) -> WardSocket:
        """A socket of this person; on `/ws/` it is greeted."""
        client = await aside(self.client, username, server=server)
        socket = await self.stack.connect(client, path=path, server=server)
        if socket.is_multiplexed:
            await socket.hello()
        return socket

    async def settle(self) -> None:
        """Return when every web process has handed out all that was committed until now.

        A process that hears of a change late greets with a smaller number, and hands the change out after that.
        """
        last = await aside(self.last_event)

        async def has_handed_it_out(server: int) -> bool:
            async with await self.open("viewer", server=server) as socket:
                return bool((await socket.hello())["event"] >= last)

        for number in range(len(self.stack.servers)):
            await eventually(lambda number=number: has_handed_it_out(number), what=f"event {last} is out")  # type: ignore[misc]

    async def open_everywhere(self, resources: AsyncExitStack, username: str = "lead") -> list[WardSocket]:
        """A socket on each web process, which gets nothing that was committed before."""
        await self.settle()
        return [
            await resources.enter_async_context(await self.open(username, server=number))
            for number in range(len(self.stack.servers))
        ]

    def admit(self, **fields: Any) -> dict[str, Any]:
        """A patient who came an hour ago."""
        return self.client().admit(**{"admission_date": ago(hours=1), **fields})

    def shell(self, *lines: str) -> None:
        """Run Python beside the servers, in a `manage.py shell` that stays open as an operator's would.

        Raises:
            RuntimeError: with what it printed, where it fails.
        """
        if self.operator is None:
            self.operator = OperatorShell(self.stack.configuration)
        self.operator.run("\n".join(lines))

    def close(self) -> None:
        if self.operator is not None:
            self.operator.close()

    def last_event(self) -> int:
        """The number of the newest event."""
        return int(self.client().get("/api/patients/", limit=1).headers["X-Event"])

    async def catch_up(self, *sockets: WardSocket) -> int:
        """Return when all that was committed until now has arrived on these sockets of `/ws/`.

        A change of its own is made and waited for: frames come in the order of their numbers, so everything
        before it is there. Returns that change's number.
        """
        marker = await aside(self.admit, last_name="Marker")
        frames = [
            await socket.wait_for_push("patients", lambda payload: payload["data"]["id"] == marker["id"])
            for socket in sockets
        ]
        return int(frames[0]["event"])


class OperatorShell:
    """A `manage.py shell` that runs what it is sent, one piece of Python after the other."""

    LOOP = """
import json, sys, traceback
from django.db import connections
for line in sys.stdin:
    connections.close_all()  # the server behind it may have been another one since
    try:
        exec(json.loads(line), {})
        print("done", flush=True)
    except Exception:
        print(json.dumps(traceback.format_exc()), flush=True)
"""

    def __init__(self, configuration: Mapping[str, str]) -> None:
        reading, self.orders = os.pipe()
        answers, writing = os.pipe()
        self.process = start(
            ["manage.py", "shell", "--verbosity", "0", "--command", self.LOOP],
            cwd=PROJECT,
            environment=environment_of(configuration),
            stdin=reading,
            stdout=writing,
        )
        os.close(reading)
        os.close(writing)
        self.answers = os.fdopen(answers)

    def run(self, code: str) -> None:
        os.write(self.orders, (json.dumps(code) + "\n").encode())
        told = ""
        for line in self.answers:
            if line == "done\n":
                return
            if line.startswith('"'):
                raise RuntimeError(json.loads(line))
            told += line
        raise RuntimeError(f"the shell ended:\n{told}")

    def close(self) -> None:
        os.close(self.orders)
        self.process.wait()
        self.answers.close()


def changes_of(socket: WardSocket, *, after: int = 0) -> list[Frame]:
    """Every numbered frame that was pushed on any stream, in the order of arrival."""
    return [
        frame
        for frame in socket.frames[after:]
        if frame["stream"] != "events" and frame["payload"].get("type") in ("change", "notification")
    ]


def numbers_of(socket: WardSocket, *, after: int = 0) -> list[int]:
    return [frame["payload"]["event"] for frame in changes_of(socket, after=after)]


class Screen:
    """What a client shows that lists everything once and lives on pushed frames from then on."""

    def __init__(self, socket: WardSocket) -> None:
        self.socket = socket
        self.objects: dict[str, dict[int, dict[str, Any]]] = {}
        self.events: dict[str, int] = {}
        self.seen = 0

    async def load(self) -> None:
        self.seen = len(self.socket.frames)
        for stream in STREAMS:
            reply = await self.socket.request(stream, "list", limit=1000)
            assert reply["response_status"] == 200, reply
            rows = reply["data"]["results"]
            assert reply["data"]["count"] == len(rows), (
                "too many objects for one page: the test needs a fresh stack"
            )
            self.objects[stream] = {row[KEYS[stream]]: row for row in rows}
            self.events[stream] = reply["event"]

    def apply_what_came(self) -> None:
        """Apply the pushed frames that are newer than what was listed."""
        for frame in changes_of(self.socket, after=self.seen):
            stream, payload = frame["stream"], frame["payload"]
            if payload["type"] != "change" or payload["event"] <= self.events[stream]:
                continue
            key = payload["data"][KEYS[stream]]
            if payload["action"] == "delete":
                self.objects[stream].pop(key, None)
            else:
                assert payload["action"] == "create" or key in self.objects[stream], (
                    f"{stream} {key} is unknown"
                )
                self.objects[stream][key] = payload["data"]


async def assert_screens_agree(ward: Ward, action: Callable[[], Any]) -> list[Frame]:
    """Old snapshot + received events == a fresh list, on a screen of every web process.

    Returns the frames that the first screen got from the action on until its end was seen everywhere.
    """
    async with AsyncExitStack() as resources:
        screens = [Screen(socket) for socket in await ward.open_everywhere(resources)]
        for screen in screens:
            await screen.load()
        came_before = len(screens[0].socket.frames)
        answer = action()
        if asyncio.iscoroutine(answer):
            await answer
        await ward.catch_up(*(screen.socket for screen in screens))
        told = changes_of(screens[0].socket, after=came_before)
        for screen in screens:
            fresh = Screen(screen.socket)
            await fresh.load()
            # A list may hold what came about a moment later (a reminder): both go on to the same event.
            await ward.catch_up(*(screen.socket for screen in screens))
            screen.apply_what_came()
            fresh.apply_what_came()
            for stream in STREAMS:
                assert screen.objects[stream] == fresh.objects[stream], stream
            numbers = numbers_of(screen.socket)
            assert numbers == sorted(set(numbers)), "in the order of their numbers, each once"
        return told
