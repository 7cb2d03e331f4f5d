"""Whatever a client sends, it gets an answer, and its connection lives on."""

import json
from typing import Any

import pytest

from tests.observations import WELL
from tests.realtime.ward import Ward, aside

DEEP = "[" * 60_000
NESTED = (
    '{"stream": "patients", "payload": {"action": "list", "data": ' + '{"a":' * 2000 + "1" + "}" * 2000 + "}}"
)


def framed(payload: str) -> str:
    return '{"stream": "patients", "payload": ' + payload + "}"


# The frame, the stream that the reply names, its status.
BAD = {
    "no JSON": ("no JSON", None, 400),
    "empty": ("", None, 400),
    "binary": (b"\x00\xff", None, 400),
    "empty and binary": (b"", None, 400),
    "JSON in a binary frame": (b'{"stream": "patients", "payload": {"action": "list"}}', None, 400),
    "a list": ("[]", None, 400),
    "a number": ("1", None, 400),
    "null": ("null", None, 400),
    "a text": ('"patients"', None, 400),
    "text after the object": ("{} {}", None, 400),
    "an empty object": ("{}", None, 404),
    "no stream": ('{"payload": {"action": "list"}}', None, 404),
    "unknown stream": ('{"stream": "wards", "payload": {}}', None, 404),
    "stream is a list": ('{"stream": ["patients"], "payload": {}}', None, 404),
    "stream is an object": ('{"stream": {}, "payload": {}}', None, 404),
    "no payload": ('{"stream": "patients"}', "patients", 400),
    "payload is a list": (framed("[]"), "patients", 400),
    "payload is null": (framed("null"), "patients", 400),
    "no action": (framed("{}"), "patients", 400),
    "action is a number": (framed('{"action": 1}'), "patients", 400),
    "action is an object": (framed('{"action": {}}'), "patients", 400),
    "unknown action": (framed('{"action": "explode"}'), "patients", 404),
    "an inner method": (framed('{"action": "receive_json"}'), "patients", 404),
    "a message type of Channels": (framed('{"action": "websocket.disconnect"}'), "patients", 404),
    "a dunder": (framed('{"action": "__init__"}'), "patients", 404),
    "deep": (DEEP, None, 400),
    "deep inside a payload": (NESTED, None, 400),
    "NaN as request_id": (framed('{"action": "list", "request_id": NaN}'), None, 400),
    "a request_id that no number holds": (framed('{"action": "list", "request_id": 1e300}'), "patients", 400),
    "such a one within": (
        framed('{"action": "list", "request_id": {"a": [-9223372036854775809]}}'),
        "patients",
        400,
    ),
    "Infinity in data": (framed('{"action": "create", "data": {"first_name": Infinity}}'), None, 400),
    "a lone surrogate": (framed(r'{"action": "list", "request_id": "\ud800"}'), None, 400),
    "over 1 MiB": (framed('{"action": "list", "data": "' + "x" * 1_100_000 + '"}'), None, 413),
    "over 1 MiB of bytes": (framed('{"action": "list", "data": "' + "ö" * 600_000 + '"}'), None, 413),
    "over 8 MiB": (framed('{"action": "list", "data": "' + "x" * 9_000_000 + '"}'), None, 413),
    "over 1 MiB, binary": (b"x" * 1_100_000, None, 413),
    "filters are a list": (framed('{"action": "list", "filters": [1]}'), "patients", 400),
    "limit is a text": (framed('{"action": "list", "limit": "many"}'), "patients", 400),
    "limit is negative": (framed('{"action": "list", "limit": -1}'), "patients", 400),
    "offset is huge": (framed('{"action": "list", "offset": 1000000}'), "patients", 400),
    "ordering is an object": (framed('{"action": "list", "ordering": {}}'), "patients", 400),
    "retrieve without pk": (framed('{"action": "retrieve"}'), "patients", 400),
    "create without data": (framed('{"action": "create"}'), "patients", 400),
    "create from a list": (framed('{"action": "create", "data": []}'), "patients", 400),
    "patch with null": (framed('{"action": "patch", "pk": 1, "data": null}'), "patients", 400),
    "a filter twice": (framed('{"action": "list", "filters": {"ward": "A", "ward": "B"}}'), "patients", 400),
    "an action twice": (framed('{"action": "list", "action": "list"}'), "patients", 400),
    "NUL in a text": (
        framed(r'{"action": "create", "data": {"first_name": "a\u0000", "last_name": "b"}}'),
        "patients",
        400,
    ),
    "a key that is no text": (
        framed('{"action": "create", "idempotency_key": [], "data": {"first_name": "a", "last_name": "b"}}'),
        "patients",
        400,
    ),
    "NUL in a key": (
        framed(
            r'{"action": "create", "idempotency_key": "\u0000", "data": {"first_name": "a", "last_name": "b"}}'
        ),
        "patients",
        400,
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_frame_is_answered_and_the_connection_lives_on(shared_ward: Ward, name: str) -> None:
    frame, stream, status = BAD[name]
    async with await shared_ward.open("lead") as socket:
        seen = len(socket.frames)
        await socket.send(frame)
        answer = await socket.wait_for(
            lambda frame: "errors" in frame["payload"], after=seen, what="an answer"
        )
        assert answer["stream"] == stream
        assert answer["payload"]["errors"]
        assert answer["payload"]["response_status"] == status
        assert (await socket.request("reports", "list", limit=1))["response_status"] == 200


@pytest.mark.parametrize("extra", ["self", "scope", "consumer", "action_name", "send", "text_data", "kwargs"])
async def test_members_that_collide_with_pythons_own_names_are_harmless(
    shared_ward: Ward, extra: str
) -> None:
    patient = await aside(shared_ward.admit)
    async with await shared_ward.open("lead") as socket:
        payload = {"action": "retrieve", "pk": patient["id"], "request_id": "r1", extra: {"user": 1}}
        await socket.send({"stream": "patients", "payload": payload})
        reply = await socket.wait_for(lambda frame: frame["payload"].get("request_id") == "r1")
        assert reply["payload"]["response_status"] == 200
        assert reply["payload"]["data"]["id"] == patient["id"]
        refused = await socket.request(
            "reports", "create", data={"patient": patient["id"], **WELL, extra: "x"}
        )
        assert refused["response_status"] == 400
        assert extra in refused["errors"][0]


@pytest.mark.parametrize(
    "request_id",
    [None, 0, 1.5, "a", "", True, [1, 2], {"a": {"b": None}}, "ö" * 500, 2**53, {"a": [2**63, 0.5]}],
)
async def test_any_request_id_comes_back_as_it_was_sent(shared_ward: Ward, request_id: Any) -> None:
    async with await shared_ward.open("viewer") as socket:
        for action in ("list", "explode", "retrieve"):
            seen = len(socket.frames)
            payload = {"action": action, "request_id": request_id}
            await socket.send({"stream": "patients", "payload": payload})
            answer = await socket.wait_for(lambda frame: "errors" in frame["payload"], after=seen)
            assert answer["payload"]["request_id"] == request_id
            assert answer["payload"]["action"] == action


async def test_a_request_to_an_unknown_stream_gets_its_own_request_id_back(shared_ward: Ward) -> None:
    async with await shared_ward.open("viewer") as socket:
        await socket.send({"stream": "wards", "payload": {"action": "list", "request_id": "w-1"}})
        answer = await socket.wait_for(lambda frame: frame["payload"].get("request_id") == "w-1")
        assert answer["stream"] is None
        assert answer["payload"]["response_status"] == 404
        assert "patients, reports" in answer["payload"]["errors"][0]["detail"]


async def test_a_burst_of_bad_frames_gets_an_answer_each(shared_ward: Ward) -> None:
    async with await shared_ward.open("viewer") as socket:
        for name in BAD:
            await socket.send(BAD[name][0])
        reply = await socket.request("patients", "list", limit=1)
        assert reply["response_status"] == 200
        # All streams live on, and so do the pushed frames.
        for other in ("reports", "history", "notifications"):
            assert (await socket.request(other, "list", limit=1))["response_status"] == 200
        await shared_ward.catch_up(socket)
        answers = [frame for frame in socket.frames if frame["payload"].get("errors")]
        assert len(answers) == len(BAD)


def test_the_servers_took_none_of_it_for_a_fault(shared_ward: Ward) -> None:
    """Runs last: what a client sends is its own mistake, never an error in the log."""
    for name, log in shared_ward.stack.read_logs().items():
        assert "Traceback" not in log, f"{name}:\n{log}"


# ---------------------------------------------------------------- roles

MAY = {
    ("patients", "create"): {"service", "lead"},
    ("patients", "patch"): {"service", "lead", "nurse", "doctor"},  # of two of them some fields
    ("patients", "swap_bed"): {"nurse", "doctor", "lead", "service"},
    ("patients", "delete"): {"lead"},
    ("reports", "create"): {"nurse", "doctor", "lead", "service"},
    ("reports", "patch"): {"nurse", "doctor", "lead", "service"},
    ("reports", "update"): {"nurse", "doctor", "lead", "service"},
    ("reports", "delete"): {"nurse", "doctor", "lead", "service"},  # of two of them their own
    ("reports", "preview"): {"viewer", "nurse", "doctor", "lead", "service"},
    ("notifications", "acknowledge"): {"nurse", "doctor", "lead", "service"},
    ("notifications", "acknowledge_all"): {"nurse", "doctor", "lead", "service"},
    ("notifications", "unacknowledge"): {"nurse", "doctor", "lead", "service"},
    ("events", "resume"): {"viewer", "nurse", "doctor", "lead", "service"},
    ("events", "ping"): {"viewer", "nurse", "doctor", "lead", "service"},
    **{
        (stream, action): {"viewer", "nurse", "doctor", "lead", "service"}
        for stream in ("patients", "reports", "history", "notifications")
        for action in ("list", "retrieve")
    },
}


@pytest.mark.parametrize("role", ["viewer", "nurse", "doctor", "lead", "service"])
async def test_each_action_is_for_the_roles_that_the_contract_names(shared_ward: Ward, role: str) -> None:
    patient = await aside(shared_ward.admit)
    report = await aside(shared_ward.client().record, patient["id"], **WELL)
    async with await shared_ward.open(role) as socket:
        before = await aside(all_of, shared_ward, patient["id"])
        for (stream, action), roles in MAY.items():
            # What would fail for another reason than the role: nothing here is stored.
            pk = {"patients": patient["id"], "reports": report["id"]}.get(stream, 10**9)
            payload: dict[str, Any] = (
                {"since": -1} if action == "resume" else {"pk": pk, "data": {"nonsense": 1}}
            )
            if action == "delete":
                payload["pk"] = 10**9
            reply = await socket.request(stream, action, **payload)
            if role in roles:
                assert reply["response_status"] in (200, 400, 404), (stream, action, json.dumps(reply))
            else:
                assert reply["response_status"] == 403, (stream, action, json.dumps(reply))
                assert reply["errors"]
    assert await aside(all_of, shared_ward, patient["id"]) == before


def all_of(ward: Ward, patient: int) -> list[Any]:
    """What is stored of a patient."""
    lists = [
        ward.client().read(f"/api/{name}/", patient=patient)["results"] for name in ("reports", "history")
    ]
    return [ward.client().read(f"/api/patients/{patient}/"), *lists]


async def test_a_doctor_changes_plan_and_bed_and_nothing_else(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    async with await shared_ward.open("doctor") as socket:
        reply = await socket.request(
            "patients", "patch", pk=patient["id"], data={"ward": "9C", "spo2_scale": 2}
        )
        assert (reply["response_status"], list(reply["errors"][0])) == (403, ["ward"])
        reply = await socket.request("patients", "patch", pk=patient["id"], data={"spo2_scale": 2})
        assert (reply["response_status"], reply["data"]["spo2_scale"]) == (200, 2)
