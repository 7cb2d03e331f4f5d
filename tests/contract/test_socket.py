"""contract.md, "WebSocket": what tests/realtime does not hold at a running server already."""

import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.outside import Outside, aside
from tests.observations import ILL, WELL

ACTIONS = {
    "patients": {"list", "retrieve", "create", "patch", "update", "delete", "swap_bed"},
    "reports": {"list", "totals", "retrieve", "create", "patch", "update", "delete", "preview"},
    "history": {"list", "retrieve", "patch", "update", "delete"},
    "notifications": {"list", "retrieve", "acknowledge", "unacknowledge", "acknowledge_all"},
    "events": {"resume", "ping"},
}


async def test_each_stream_has_its_actions_and_no_other(outside: Outside) -> None:
    """Streams: `patients`, `reports` (…), `history` (…), `notifications` (…), `events` (resume)."""
    everything = set().union(*ACTIONS.values()) | {"acknowledge", "subscribe", "__init__"}
    async with await outside.open(outside.client("viewer")) as socket:
        for stream, actions in ACTIONS.items():
            for action in sorted(everything):
                reply = await socket.request(stream, action)
                is_unknown = "There is no such action" in json.dumps(reply["errors"])
                assert is_unknown == (action not in actions), reply
                assert reply["response_status"] == 404 or not is_unknown, reply


async def test_a_reply_has_the_members_that_are_promised(outside: Outside, patient: int) -> None:
    """Reply: `{"action": A, "request_id": same, "response_status": …, "errors": [...], "data": ..., "event": N (list,
    retrieve)}`; `list` answers `{count, results}` in `data`."""
    common = {"action", "request_id", "response_status", "errors", "data"}
    async with await outside.open(outside.client("nurse")) as socket:
        listed = await socket.request("patients", "list", limit=2)
        assert set(listed) == common | {"event"}
        assert set(listed["data"]) == {"count", "results"}
        one = await socket.request("patients", "retrieve", pk=patient)
        assert set(one) == common | {"event"}
        created = await socket.request("reports", "create", data={"patient": patient, **WELL})
        assert (set(created), created["response_status"], created["errors"]) == (common, 201, [])
        refused = await socket.request("reports", "create", data={"patient": patient, "pulse": 301})
        assert (refused["response_status"], refused["data"], list(refused["errors"][0])) == (
            400,
            None,
            ["pulse"],
        )


@pytest.mark.smoke
async def test_the_objects_are_rests_to_the_letter(outside: Outside, patient: int) -> None:
    """The objects are REST's to the letter; the filters are REST's."""
    report = await aside(outside.record, patient, **ILL)
    viewer = outside.client("viewer")
    async with await outside.open(viewer) as socket:
        for stream, query in (
            ("patients", {"ward": "", "search": "Test"}),
            ("reports", {"patient": patient}),
            ("history", {"report": report["id"]}),
            ("notifications", {"patient": patient}),
        ):
            over_socket = await socket.request(stream, "list", filters=query, limit=1000)
            over_rest = await aside(viewer.read, f"/api/{stream}/", limit=1000, **query)
            assert over_socket["data"]["results"] == over_rest["results"] != []
            assert over_socket["data"]["count"] == over_rest["count"]


async def test_heartbeats_come_every_ten_seconds_on_the_multiplexed_path_only(
    outside: Outside, patient: int
) -> None:
    """Every 10 s comes the same with `"type": "heartbeat"`, N being the number up to which this connection was handed
    everything it may see. `/ws/<stream>/` carries one, payloads bare, no greeting, no heartbeat."""
    viewer = outside.client("viewer")
    async with await outside.open(viewer) as socket, await outside.open(viewer, path="/ws/reports/") as bare:
        hello = await socket.hello()
        assert set(hello) >= {"type", "event", "epoch", "server_time"}
        report = await aside(outside.record, patient)
        beat = await socket.wait_for_push("events", type="heartbeat")
        assert (set(beat), beat["epoch"]) == (set(hello), hello["epoch"])
        pushed = await socket.wait_for_push("reports", lambda payload: payload["data"]["id"] == report["id"])
        assert hello["event"] < pushed["event"] <= beat["event"]
        assert [frame["data"]["id"] for frame in bare.frames] == [report["id"]]


@pytest.mark.smoke
async def test_everything_is_pushed_bare_on_single_streams(outside: Outside, patient: int) -> None:
    """`/ws/<stream>/` carries one, payloads bare"""
    viewer = outside.client("viewer")
    last = len(outside.stack.servers) - 1
    sockets = {
        stream: await outside.open(viewer, path=f"/ws/{stream}/", server=last) for stream in list(ACTIONS)[:4]
    }
    report = await aside(outside.record, patient, **ILL)
    for stream, key in (("patients", patient), ("reports", report["id"])):
        frame = await sockets[stream].wait_for(lambda frame, key=key: frame["data"]["id"] == key)
        assert set(frame) == {"type", "action", "data", "event"}
    await sockets["history"].wait_for(
        lambda frame: frame["type"] == "change" and frame["data"]["id"] == report["id"]
    )
    told = await sockets["history"].wait_for(lambda frame: frame["type"] == "notification")
    change = await sockets["notifications"].wait_for(lambda frame: frame["data"]["patient"] == patient)
    assert (told["data"], told["event"] == change["event"]) == (change["data"], False)
    for socket in sockets.values():
        await socket.close()


@pytest.mark.parametrize("path", ["/ws/events/", "/ws/nothing/"])
async def test_other_paths_are_refused_with_403(outside: Outside, path: str) -> None:
    """(on `/ws/` only; `/ws/events/` is refused)"""
    with pytest.raises(InvalidStatus) as refused:
        await outside.open(outside.client("viewer"), path=path)
    assert refused.value.response.status_code == 403


@pytest.mark.smoke
async def test_resume_replays_what_was_sent_then_says_where_it_ends(outside: Outside, patient: int) -> None:
    """replays, in order and as they were sent, the frames this user may see today, then replies with `response_status`
    200 and `data: {"last": M}`; 410 …; 400 where malformed or negative"""
    viewer = outside.client("viewer")
    async with await outside.open(viewer) as first:
        hello = await first.hello()
        report = await aside(outside.record, patient, **ILL)
        await first.wait_for_push("notifications", lambda payload: payload["data"]["report"] == report["id"])
        live = [frame for frame in first.frames if frame["payload"].get("type") in ("change", "notification")]
    async with await outside.open(viewer, server=len(outside.stack.servers) - 1) as second:
        reply = await second.resume(since=hello["event"], epoch=hello["epoch"])
        replayed = [
            frame for frame in second.frames if frame["payload"].get("type") in ("change", "notification")
        ]
        assert replayed[: len(live)] == live
        assert reply["response_status"] == 200
        assert reply["data"]["last"] >= live[-1]["payload"]["event"]
        for since, epoch, status in (
            (10**9, None, 410),
            (0, "another", 410),
            (-1, None, 400),
            ("x", None, 400),
        ):
            assert (await second.resume(since=since, epoch=epoch))["response_status"] == status  # type: ignore[arg-type]


async def test_bad_frames_get_an_error_reply_and_the_connection_lives_on(outside: Outside) -> None:
    """A frame that is no JSON, no object, of an unknown stream or action, or over 1 MiB gets an error reply"""
    async with await outside.open(outside.client("viewer")) as socket:
        for frame, stream, status in (
            ("{", None, None),
            ("[]", None, None),
            (b"\x00\x01", None, None),
            ({"stream": "nothing", "payload": {"action": "list"}}, None, None),
            ({"stream": "patients", "payload": {"request_id": 1}}, "patients", 400),
            ({"stream": "patients", "payload": {"action": "explode"}}, "patients", 404),
            (json.dumps({"stream": "patients", "payload": {"x": "y" * 1_100_000}}), None, 413),
        ):
            seen = len(socket.frames)
            await socket.send(frame)
            reply = await socket.wait_for(lambda frame: "errors" in frame["payload"], after=seen)
            assert reply["stream"] == stream
            assert reply["payload"]["errors"]
            assert status is None or reply["payload"]["response_status"] == status
        assert (await socket.request("patients", "list", limit=1))["response_status"] == 200
