"""Which paths there are, who gets in, and what comes unasked right after."""

from datetime import datetime

import pytest
from websockets.exceptions import InvalidStatus

from tests.observations import WELL
from tests.realtime.ward import Ward, aside
from tests.support.clients import WardSocket

SINGLE = ("patients", "reports", "history", "notifications")


async def status_of_handshake(ward: Ward, path: str, *, token: str | None = None) -> int:
    """101 where the socket opens."""
    key = (await aside(ward.client)).token if token is None else token
    try:
        socket = await WardSocket.connect(ward.stack.servers[0].ws_url + path, token=key)
    except InvalidStatus as refused:
        return refused.response.status_code
    await socket.close()
    return 101


async def test_the_greeting_comes_first_and_says_where_the_log_stands(shared_ward: Ward) -> None:
    before = await aside(shared_ward.last_event)
    async with await shared_ward.open() as socket:
        first = socket.frames[0]
        assert first["stream"] == "events"
        assert set(first["payload"]) == {"type", "event", "epoch", "server_time", "worker"}
        assert first["payload"]["type"] == "hello"
        assert before <= first["payload"]["event"] <= await aside(shared_ward.last_event)
        assert first["payload"]["epoch"]
        assert datetime.fromisoformat(first["payload"]["server_time"]).tzinfo is not None


async def test_everything_after_the_greetings_number_reaches_the_client(shared_ward: Ward) -> None:
    for server in range(len(shared_ward.stack.servers)):
        async with await shared_ward.open(server=server) as socket:
            hello = await socket.hello()
            assert await shared_ward.catch_up(socket) > hello["event"]


async def test_all_processes_greet_with_the_same_epoch(shared_ward: Ward) -> None:
    epochs = set()
    for server in range(len(shared_ward.stack.servers)):
        async with await shared_ward.open(server=server) as socket:
            epochs.add((await socket.hello())["epoch"])
    assert len(epochs) == 1


@pytest.mark.parametrize("path", ["/ws/events/", "/ws/nothing/", "/ws", "/ws/reports", "/", "/api/patients/"])
async def test_a_path_that_nobody_serves_is_refused_with_403(shared_ward: Ward, path: str) -> None:
    assert await status_of_handshake(shared_ward, path) == 403


@pytest.mark.parametrize("path", ["/ws/", *(f"/ws/{stream}/" for stream in SINGLE)])
async def test_a_stranger_is_refused_with_403(shared_ward: Ward, path: str) -> None:
    assert await status_of_handshake(shared_ward, path, token="0" * 64) == 403
    assert await status_of_handshake(shared_ward, path, token="") == 403
    assert await status_of_handshake(shared_ward, path) == 101


async def test_a_key_in_the_address_is_refused(shared_ward: Ward) -> None:
    key = (await aside(shared_ward.client)).token
    assert await status_of_handshake(shared_ward, f"/ws/?token={key}", token="") == 403
    assert await status_of_handshake(shared_ward, f"/ws/?token={key}") == 403


async def test_a_stream_of_its_own_carries_bare_payloads_and_no_greeting(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    async with (
        await shared_ward.open(path="/ws/reports/", server=-1) as bare,
        await shared_ward.open(server=-1) as full,
    ):
        reply = await bare.request("reports", "list", limit=1)
        assert reply["response_status"] == 200
        recorded = await aside(shared_ward.client().record, patient["id"], **WELL)
        pushed = await bare.wait_for(lambda frame: frame.get("type") == "change", what="the change, bare")
        wrapped = await full.wait_for_push("reports", lambda payload: payload["data"]["id"] == recorded["id"])
        assert pushed == wrapped
        assert pushed["data"] == recorded
        await shared_ward.catch_up(full)
        # The patient, the version and the marker changed too: none of that is of this stream.
        assert bare.frames == [reply, pushed]


@pytest.mark.parametrize("stream", SINGLE)
async def test_every_stream_of_its_own_answers_bare(shared_ward: Ward, stream: str) -> None:
    async with await shared_ward.open(path=f"/ws/{stream}/") as bare:
        for bad in (
            "no JSON",
            b"\x00",
            "[]",
            '{"action": "nonsense"}',
            '{"stream": "patients", "payload": {}}',
        ):
            seen = len(bare.frames)
            await bare.send(bad)
            frame = await bare.wait_for(lambda _: True, after=seen)
            assert frame["errors"]
            assert "payload" not in frame
        reply = await bare.request(stream, "list", limit=1)
        assert reply["response_status"] == 200
        assert isinstance(reply["event"], int)
