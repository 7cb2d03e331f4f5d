"""Clients as an integrator would write them: REST by requests, live by a WebSocket."""

import asyncio
import itertools
import json
import threading
from collections.abc import Callable, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions import ClientExtensionFactory

from tests.support.waiting import DEADLINE

Frame = dict[str, Any]


class RestClient:
    """REST with a token. May be shared by threads: each has a connection of its own.

    Attributes:
        token: the key of the sign-in, "" before it.
        user: what `/rest-auth/user/` says, {} before the sign-in.
    """

    def __init__(self, url: str, *, token: str = "") -> None:
        self.url = url
        self.token = token
        self.user: dict[str, Any] = {}
        self.of_thread = threading.local()

    def sign_in(self, username: str, password: str) -> None:
        """Sign this client in.

        Raises:
            AssertionError: with the answer, where it is refused.
        """
        answer = self.post("/rest-auth/login/", {"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["key"]
        self.user = self.read("/rest-auth/user/")

    def sign_out(self) -> None:
        assert self.post("/rest-auth/logout/").status_code == 200
        self.token = ""

    # ------------------------------------------------------------ one request, answered as it comes

    def get(self, path: str, **parameters: Any) -> requests.Response:
        return self.send("GET", path, params=parameters)

    def post(self, path: str, body: Any = None, **headers: str) -> requests.Response:
        return self.send("POST", path, json=body if body is not None else {}, headers=headers)

    def put(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.send("PUT", path, json=body, headers=headers)

    def patch(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self.send("PATCH", path, json=body, headers=headers)

    def delete(self, path: str, body: Any = None) -> requests.Response:
        return self.send("DELETE", path, json=body)

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send a request; `path` may be a whole URL, such as a list's `next`."""
        url = path if path.startswith("http") else self.url + path
        return self.session.request(method, url, **{"timeout": DEADLINE, **options})

    @property
    def session(self) -> requests.Session:
        session = getattr(self.of_thread, "session", None)
        if session is None:
            session = self.of_thread.session = requests.Session()
            # The token alone signs in: with the cookie beside it, nobody could tell which of them did.
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.pop("Authorization", None)
        if self.token:
            session.headers["Authorization"] = f"Token {self.token}"
        return session

    # ------------------------------------------------------------ one request that must succeed

    def read(self, path: str, **parameters: Any) -> Any:
        """GET that must answer 200; the decoded body."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def create(self, path: str, body: Any, **headers: str) -> Any:
        """POST that must answer 201; the object."""
        answer = self.post(path, body, **headers)
        assert answer.status_code == 201, f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def admit(self, **fields: Any) -> dict[str, Any]:
        """Create a patient; a name is given where none is."""
        fields = {"first_name": "Ada", "last_name": "Test", **fields}
        patient: dict[str, Any] = self.create("/api/patients/", fields)
        return patient

    def record(self, patient: int, **values: Any) -> dict[str, Any]:
        """Create a report of a patient (by id)."""
        report: dict[str, Any] = self.create("/api/reports/", {"patient": patient, **values})
        return report


class WardSocket:
    """A WebSocket that keeps every frame it got, in order.

    Attributes:
        frames: decoded frames; on `/ws/` each with `stream` and `payload`, on `/ws/<stream>/` bare payloads.
        close_code: None while open.
    """

    def __init__(self, connection: ClientConnection, *, is_multiplexed: bool) -> None:
        self.connection = connection
        self.is_multiplexed = is_multiplexed
        self.frames: list[Frame] = []
        self.close_code: int | None = None
        self.numbers = itertools.count(1)
        self.news = asyncio.Condition()
        self.reader = asyncio.create_task(self.read())

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        token: str = "",
        headers: dict[str, str] | None = None,
        subprotocols: list[str] | None = None,
        extensions: Sequence[ClientExtensionFactory] | None = None,
    ) -> "WardSocket":
        """Open a socket; a token goes into the `Authorization` header. Compression is offered as browsers do.

        Raises:
            websockets.exceptions.InvalidStatus: where the handshake is refused.
        """
        all_headers = dict(headers or {})
        if token:
            all_headers["Authorization"] = f"Token {token}"
        connection = await connect(
            url,
            additional_headers=all_headers,
            subprotocols=subprotocols,  # type: ignore[arg-type]
            extensions=extensions,
            compression="deflate" if extensions is None else None,
            open_timeout=DEADLINE,
            ping_interval=None,
            max_size=None,
            proxy=None,
        )
        return cls(connection, is_multiplexed=url.split("?")[0].endswith("/ws/"))

    async def __aenter__(self) -> "WardSocket":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.connection.close()
        await self.reader

    async def read(self) -> None:
        try:
            async for text in self.connection:
                frame = json.loads(text)
                async with self.news:
                    self.frames.append(frame)
                    self.news.notify_all()
        except ConnectionClosed:
            pass
        async with self.news:
            self.close_code = self.connection.close_code
            self.news.notify_all()

    # ------------------------------------------------------------ asking

    async def send(self, frame: Any) -> None:
        """Send anything: text and bytes as they are, the rest as JSON."""
        await self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def request(self, stream: str, action: str, **payload: Any) -> Frame:
        """Send a request (`pk`, `data`, `filters`, `limit` ... as keywords); the payload of its reply.

        On a socket with one stream of its own, `stream` is of no account.
        """
        request_id = f"test-{next(self.numbers)}"
        body = {"action": action, **payload, "request_id": request_id}
        seen = len(self.frames)
        await self.send({"stream": stream, "payload": body} if self.is_multiplexed else body)
        reply = await self.wait_for(
            lambda frame: self.payload_of(frame).get("request_id") == request_id,
            what=f"reply to {stream} {action}",
            after=seen,
        )
        return self.payload_of(reply)

    async def resume(self, *, since: int, epoch: str | None = None) -> Frame:
        """Ask for everything after event `since`; the payload of the closing reply."""
        return await self.request(
            "events", "resume", since=since, **({} if epoch is None else {"epoch": epoch})
        )

    # ------------------------------------------------------------ what came

    def payload_of(self, frame: Frame) -> Frame:
        payload: Frame = frame.get("payload", {}) if self.is_multiplexed else frame
        return payload

    def pushed(self, stream: str, *, type: str = "change", after: int = 0) -> list[Frame]:
        """Payloads that came on a stream of `/ws/` without being asked for, in order."""
        return [
            frame["payload"]
            for frame in self.frames[after:]
            if frame.get("stream") == stream and frame["payload"].get("type") == type
        ]

    async def wait_for(
        self,
        predicate: Callable[[Frame], Any],
        *,
        what: str = "a frame",
        after: int = 0,
        timeout: float = DEADLINE,
    ) -> Frame:
        """The first frame, from number `after` on, for which the predicate holds; it may be there already.

        Raises:
            TimeoutError: naming what was waited for and the last frames that came.
            ConnectionError: where the socket was closed before.
        """
        next_frame = after
        async with self.news:
            try:
                async with asyncio.timeout(timeout):
                    while True:
                        for frame in self.frames[next_frame:]:
                            next_frame += 1
                            if predicate(frame):
                                return frame
                        if self.close_code is not None:
                            raise ConnectionError(f"{what}: the socket was closed with {self.close_code}")
                        await self.news.wait()
            except TimeoutError:
                last = [str(frame)[:300] for frame in self.frames[-5:]]
                raise TimeoutError(f"{what}: not within {timeout:g} s. Last frames: {last}") from None

    async def wait_for_push(
        self, stream: str, matches: Callable[[Frame], Any] = bool, *, type: str = "change", after: int = 0
    ) -> Frame:
        """The payload of the first pushed frame of a stream for which `matches(payload)` holds."""
        frame = await self.wait_for(
            lambda frame: (
                frame.get("stream") == stream
                and frame["payload"].get("type") == type
                and matches(frame["payload"])
            ),
            what=f"{type} on {stream}",
            after=after,
        )
        payload: Frame = frame["payload"]
        return payload

    async def hello(self) -> Frame:
        """The payload of the greeting of `/ws/`."""
        return await self.wait_for_push("events", type="hello")

    async def wait_until_closed(self, *, timeout: float = DEADLINE) -> int:
        """The code with which the server closed this socket."""
        async with self.news:
            async with asyncio.timeout(timeout):
                await self.news.wait_for(lambda: self.close_code is not None)
        assert self.close_code is not None
        return self.close_code
