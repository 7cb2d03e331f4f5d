"""Many saves at once, many clients: everybody gets every change exactly once, on every process."""

import asyncio
import re
from typing import Any

import orjson
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from tests.observations import WELL
from tests.realtime.ward import Ward, aside
from tests.support.counts import count
from tests.support.waiting import DEADLINE, eventually

CLIENTS = 200
SAVES = count(reduced=300, full=1500)
AT_ONCE = 30
NUMBER = re.compile(rb'"event":(\d+)\}\}$')
TOLD = re.compile(
    rb'^\{"stream":"reports","payload":\{"type":"change","action":"create","data":\{"id":(\d+),'
)


class Listener(WSListener):
    """Keeps the numbers of the frames it gets, and of which report a creation was told."""

    def __init__(self) -> None:
        self.greeted_at: int | None = None
        self.numbers: list[int] = []
        self.reports: list[int] = []

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_bytes()
        found = NUMBER.search(payload)
        if found is None:
            greeting = orjson.loads(payload)["payload"]
            if greeting["type"] == "hello":
                self.greeted_at = greeting["event"]
            return
        self.numbers.append(int(found[1]))
        told = TOLD.match(payload)
        if told is not None:
            self.reports.append(int(told[1]))


async def join(ward: Ward, number: int) -> Listener:
    servers = ward.stack.servers
    _, listener = await ws_connect(
        Listener,
        servers[number % len(servers)].ws_url + "/ws/",
        extra_headers=[("Authorization", f"Token {ward.client('viewer').token}")],
        websocket_handshake_timeout=DEADLINE,
    )
    return listener  # type: ignore[return-value]


async def test_300_saves_at_once_reach_200_clients_each_exactly_once(ward: Ward) -> None:
    patients = [(await aside(ward.admit))["id"] for _ in range(10)]
    nurses = [ward.client("nurse", server=number) for number in range(len(ward.stack.servers))]
    ward.client("viewer")
    await ward.settle()
    crowd: list[Listener] = await asyncio.gather(*(join(ward, number) for number in range(CLIENTS)))

    async def is_greeted() -> bool:
        return all(listener.greeted_at is not None for listener in crowd)

    await eventually(is_greeted, what="every client is greeted")
    (start,) = {listener.greeted_at for listener in crowd}
    assert start is not None
    gate = asyncio.Semaphore(AT_ONCE)

    async def save(number: int) -> dict[str, Any]:
        async with gate:
            nurse = nurses[number % len(nurses)]
            return await asyncio.to_thread(nurse.record, patients[number % len(patients)], **WELL)

    saved = {report["id"] for report in await asyncio.gather(*(save(number) for number in range(SAVES)))}
    assert len(saved) == SAVES
    last = await aside(ward.last_event)

    async def has_all() -> bool:
        return all(listener.numbers and listener.numbers[-1] >= last for listener in crowd)

    await eventually(has_all, what="every client has the last change")
    await asyncio.sleep(1)  # for what would come twice: the look at the log each half second
    everything = list(range(start + 1, last + 1))
    for listener in crowd:
        assert listener.numbers == everything, "in order, without holes, none twice"
        assert len(listener.reports) == SAVES
        assert set(listener.reports) == saved
    for listener in crowd:
        listener.transport.disconnect()
