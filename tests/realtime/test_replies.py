"""A reply over the socket holds what REST answers, to the letter."""

import json
from typing import Any

import orjson
import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate

from patients.realtime.json_frames import LARGEST_FRAME
from tests.observations import ILL, WELL
from tests.realtime.ward import KEYS, STREAMS, Ward, ago, aside
from tests.support.clients import WardSocket


async def read(ward: Ward, path: str, **parameters: Any) -> tuple[Any, int]:
    """What REST answers, and the event it is true as of."""
    answer = await aside(ward.client().get, path, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json(), int(answer.headers["X-Event"])


async def assert_retrieves_what_rest_does(ward: Ward, socket: WardSocket, *, stream: str, pk: int) -> Any:
    expected, event = await read(ward, f"/api/{stream}/{pk}/")
    reply = await socket.request(stream, "retrieve", pk=pk)
    assert (reply["response_status"], reply["errors"]) == (200, [])
    assert reply["data"] == expected
    assert reply["event"] >= event
    return expected


async def make_ward(ward: Ward) -> dict[str, int]:
    """One object of each kind: a patient whose set raised a deterioration. The ids by stream."""
    patient = await aside(ward.admit, ward="North", hospital_number=None)
    report = await aside(ward.client("nurse").record, patient["id"], **ILL)
    versions, _ = await read(ward, "/api/history/", report=report["id"])
    told, _ = await read(ward, "/api/notifications/", patient=patient["id"])
    return {
        "patients": patient["id"],
        "reports": report["id"],
        "history": versions["results"][0]["history_id"],
        "notifications": told["results"][0]["id"],
    }


@pytest.mark.parametrize("stream", STREAMS)
async def test_retrieve_gives_rests_object_with_its_event(shared_ward: Ward, stream: str) -> None:
    ids = await make_ward(shared_ward)
    async with await shared_ward.open("viewer", server=-1) as socket:
        found = await assert_retrieves_what_rest_does(shared_ward, socket, stream=stream, pk=ids[stream])
        assert found[KEYS[stream]] == ids[stream]


@pytest.mark.parametrize("stream", STREAMS)
async def test_retrieving_what_is_not_there_is_404(shared_ward: Ward, stream: str) -> None:
    async with await shared_ward.open("viewer") as socket:
        for pk in (10**9, 0, -1, "x", "1; drop", 1.5, True, [], {}, 2**63, "\u0661", "1\u0000"):
            reply = await socket.request(stream, "retrieve", pk=pk)
            assert reply["response_status"] == 404, pk
            assert reply["errors"]
            assert reply["data"] is None


@pytest.mark.parametrize("stream", STREAMS)
async def test_list_gives_rests_rows_with_their_event(shared_ward: Ward, stream: str) -> None:
    for _ in range(3):
        ids = await make_ward(shared_ward)
    async with await shared_ward.open("viewer", server=-1) as socket:
        expected, event = await read(shared_ward, f"/api/{stream}/")
        reply = await socket.request(stream, "list")
        assert reply["response_status"] == 200
        assert reply["data"] == {"count": expected["count"], "results": expected["results"]}
        assert event <= reply["event"] <= await aside(shared_ward.last_event)
        assert len(reply["data"]["results"]) >= 3

        page, _ = await read(shared_ward, f"/api/{stream}/", limit=1, offset=1)
        reply = await socket.request(stream, "list", limit=1, offset=1)
        assert reply["data"] == {"count": page["count"], "results": page["results"]}
        assert len(page["results"]) == 1

        name = "search" if stream == "patients" else "patient"
        value = "Ada" if stream == "patients" else ids["patients"]
        some, _ = await read(shared_ward, f"/api/{stream}/", **{name: value})
        reply = await socket.request(stream, "list", filters={name: value})
        assert reply["data"]["results"] == some["results"] != []


async def test_an_unknown_filter_is_refused_by_name_as_on_rest(shared_ward: Ward) -> None:
    async with await shared_ward.open("viewer") as socket:
        refused = await aside(shared_ward.client().get, "/api/reports/", wing="North")
        reply = await socket.request("reports", "list", filters={"wing": "North"})
        assert (refused.status_code, reply["response_status"]) == (400, 400)
        assert reply["errors"] == [refused.json()]


async def test_data_sent_along_with_a_reading_action_is_ignored(shared_ward: Ward) -> None:
    ids = await make_ward(shared_ward)
    async with await shared_ward.open("viewer") as socket:
        assert (await socket.request("reports", "list", data={"x": 1}))["response_status"] == 200
        reply = await socket.request("reports", "retrieve", pk=ids["reports"], data={"x": 1})
        assert reply["data"]["id"] == ids["reports"]


async def test_a_patient_is_written_over_the_socket_as_over_rest(shared_ward: Ward) -> None:
    async with await shared_ward.open("lead", server=-1) as socket:
        data = {"first_name": "Grace", "last_name": "Hopper", "ward": "North", "admission_date": ago(hours=2)}
        created = await socket.request("patients", "create", data=data)
        assert created["response_status"] == 201
        pk = created["data"]["id"]
        stored = await assert_retrieves_what_rest_does(shared_ward, socket, stream="patients", pk=pk)
        assert created["data"] == stored
        # What POST answers over REST has the same members, and the same values where they are not of its own.
        over_rest = await aside(shared_ward.client().create, "/api/patients/", data)
        own = {"id", "created_at", "updated_at", "next_due_at"}
        assert {k: v for k, v in over_rest.items() if k not in own} == {
            k: v for k, v in created["data"].items() if k not in own
        }
        assert over_rest.keys() == created["data"].keys()

        patched = await socket.request("patients", "patch", pk=pk, data={"bed": "7"})
        assert (patched["response_status"], patched["data"]["bed"], patched["data"]["version"]) == (
            200,
            "7",
            2,
        )
        stored = await assert_retrieves_what_rest_does(shared_ward, socket, stream="patients", pk=pk)
        assert patched["data"] == stored

        # What was read can be put back; what is read-only in it is ignored.
        updated = await socket.request("patients", "update", pk=pk, data={**stored, "bed": "8"})
        assert (updated["response_status"], updated["data"]["version"]) == (200, 3)
        stored = await assert_retrieves_what_rest_does(shared_ward, socket, stream="patients", pk=pk)
        assert updated["data"] == stored

        deleted = await socket.request("patients", "delete", pk=pk)
        assert (deleted["response_status"], deleted["data"], deleted["errors"]) == (204, None, [])
        assert (await socket.request("patients", "retrieve", pk=pk))["response_status"] == 404


async def test_a_report_is_written_over_the_socket_as_over_rest(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    async with await shared_ward.open("lead", server=-1) as socket:
        data = {"patient": patient["id"], "datetime": ago(minutes=10), **ILL}
        created = await socket.request("reports", "create", data=data)
        assert created["response_status"] == 201
        pk = created["data"]["id"]
        stored = await assert_retrieves_what_rest_does(shared_ward, socket, stream="reports", pk=pk)
        assert created["data"] == stored
        assert stored["news2"]["risk"] == "high"
        over_rest = await aside(shared_ward.client().create, "/api/reports/", data)
        own = {"id", "created_at", "updated_at"}
        assert {k: v for k, v in over_rest.items() if k not in own} == {
            k: v for k, v in created["data"].items() if k not in own
        }

        reason = "typing error"
        patched = await socket.request(
            "reports", "patch", pk=pk, data={"pulse": 80, "history_change_reason": reason}
        )
        assert (patched["response_status"], patched["data"]["pulse"], patched["data"]["version"]) == (
            200,
            80,
            2,
        )
        stored = await assert_retrieves_what_rest_does(shared_ward, socket, stream="reports", pk=pk)
        assert patched["data"] == stored
        versions, _ = await read(shared_ward, "/api/history/", report=pk)
        assert [(row["history_type"], row["history_change_reason"]) for row in versions["results"]] == [
            ("~", reason),
            ("+", ""),
        ]
        assert versions["results"][0]["history_user"]["name"] == "Lead Test"

        updated = await socket.request("reports", "update", pk=pk, data={**stored, "pulse": 81})
        assert (updated["response_status"], updated["data"]["version"]) == (200, 3)
        stored = await assert_retrieves_what_rest_does(shared_ward, socket, stream="reports", pk=pk)
        assert updated["data"] == stored

        deleted = await socket.request(
            "reports", "delete", pk=pk, data={"history_change_reason": "wrong patient"}
        )
        assert (deleted["response_status"], deleted["data"]) == (204, None)
        assert (await socket.request("reports", "retrieve", pk=pk))["response_status"] == 404
        versions, _ = await read(shared_ward, "/api/history/", report=pk)
        newest = versions["results"][0]
        assert (newest["history_type"], newest["history_change_reason"]) == ("-", "wrong patient")


async def test_preview_answers_as_rest_does_and_stores_nothing(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    body = {"patient": patient["id"], "datetime": ago(minutes=1), **ILL}
    async with await shared_ward.open("viewer", server=-1) as socket:
        before = await aside(shared_ward.last_event)
        reply = await socket.request("reports", "preview", data=body)
        over_rest = await aside(shared_ward.client("viewer").post, "/api/reports/preview/", body)
        assert reply["response_status"] == over_rest.status_code == 200
        assert reply["data"] == over_rest.json()
        assert await aside(shared_ward.last_event) == before


async def test_acknowledging_over_the_socket_gives_the_acknowledged_notification(shared_ward: Ward) -> None:
    ids = await make_ward(shared_ward)
    async with await shared_ward.open("nurse", server=-1) as socket:
        reply = await socket.request("notifications", "acknowledge", pk=ids["notifications"])
        assert reply["response_status"] == 200
        stored = await assert_retrieves_what_rest_does(
            shared_ward, socket, stream="notifications", pk=ids["notifications"]
        )
        assert reply["data"] == stored
        assert stored["status"] == "acknowledged"
        assert stored["acknowledged_by"]["name"] == "Nurse Test"
        again = await socket.request("notifications", "acknowledge", pk=ids["notifications"])
        assert again["data"] == stored
        patient = stored["patient"]
        named = await socket.request("notifications", "acknowledge_all", pk=patient, ids=[stored["id"]])
        assert (named["response_status"], named["data"]) == (200, {"results": [stored]})
        all_of_them = await socket.request("notifications", "acknowledge_all", pk=patient)
        assert (all_of_them["response_status"], all_of_them["data"]) == (200, {"results": []})
        back = await socket.request("notifications", "unacknowledge", pk=stored["id"])
        assert (back["response_status"], back["data"]["status"]) == (200, "open")
        twice = await socket.request("notifications", "unacknowledge", pk=stored["id"])
        assert (twice["response_status"], twice["errors"]) == (
            409,
            [{"detail": "This notification is not acknowledged."}],
        )


@pytest.mark.parametrize(
    "stream, data, field",
    [
        ("patients", {"ward": "7A"}, "last_name"),
        ("patients", {"first_name": "A", "last_name": "B", "lastname": "B"}, "lastname"),
        ("reports", {"pulse": 301}, "pulse"),
        ("reports", {"pulse": 71.5}, "pulse"),
        ("reports", {"pulse": "\uff17\uff12"}, "pulse"),
        ("reports", {"puls": 72}, "puls"),
        # Still ahead when the test runs, however long after this was read.
        ("reports", {"datetime": ago(days=-1)}, "datetime"),
    ],
)
async def test_what_rest_refuses_is_refused_in_the_same_words(
    shared_ward: Ward, stream: str, data: dict[str, Any], field: str
) -> None:
    body = dict(data)
    if stream == "reports":
        body["patient"] = (await aside(shared_ward.admit))["id"]
    async with await shared_ward.open("lead") as socket:
        refused = await aside(shared_ward.client().post, f"/api/{stream}/", body)
        reply = await socket.request(stream, "create", data=body)
        assert refused.status_code == reply["response_status"] == 400
        assert reply["errors"] == [refused.json()]
        assert field in refused.json()


async def test_a_stale_version_is_409_with_the_object_as_it_stands(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    report = await aside(shared_ward.client().record, patient["id"], **WELL)
    current = (await aside(shared_ward.client().patch, f"/api/reports/{report['id']}/", {"pulse": 75})).json()
    async with await shared_ward.open("nurse") as socket:
        reply = await socket.request("reports", "patch", pk=report["id"], data={"pulse": 90, "version": 1})
        assert reply["response_status"] == 409
        assert reply["errors"]
        assert reply["data"] == current
        assert (await read(shared_ward, f"/api/reports/{report['id']}/"))[0] == current


@pytest.mark.parametrize("action", ["patch", "update", "delete", "swap_bed"])
async def test_a_stale_patient_of_whom_sets_are_there_is_409_too(shared_ward: Ward, action: str) -> None:
    """The patient in the answer holds the last set, which the refused write had no need to read."""
    ids = await make_ward(shared_ward)
    other = await aside(shared_ward.admit)
    changed = await aside(shared_ward.client().patch, f"/api/patients/{ids['patients']}/", {"bed": "8"})
    assert changed.status_code == 200
    data = {"first_name": "Ada", "last_name": "Byron", "version": 1}
    if action == "swap_bed":
        data = {"with": other["id"], "version": 1}
    async with await shared_ward.open("lead") as socket:
        reply = await socket.request("patients", action, pk=ids["patients"], data=data)
        assert reply["response_status"] == 409
        if action != "delete":  # there the data of a request counts for its reason alone
            assert reply["data"] == (await read(shared_ward, f"/api/patients/{ids['patients']}/"))[0]
            assert reply["data"]["last_report"] is not None


async def test_a_patient_with_reports_is_not_deleted(shared_ward: Ward) -> None:
    ids = await make_ward(shared_ward)
    async with await shared_ward.open("lead") as socket:
        reply = await socket.request("patients", "delete", pk=ids["patients"])
        assert reply["response_status"] == 409


async def test_an_idempotency_key_creates_once_whichever_door_it_comes_to(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    data = {"patient": patient["id"], **WELL}
    key = f"key-of-{patient['id']}"
    async with await shared_ward.open("nurse", server=-1) as socket:
        first = await socket.request("reports", "create", data=data, idempotency_key=key)
        again = await socket.request("reports", "create", data=data, idempotency_key=key)
        over_rest = await aside(
            shared_ward.client("nurse").post, "/api/reports/", data, **{"Idempotency-Key": key}
        )
        assert first["response_status"] == again["response_status"] == over_rest.status_code == 201
        assert first["data"] == again["data"] == over_rest.json()
        other = await socket.request("reports", "create", data={**data, "pulse": 73}, idempotency_key=key)
        assert other["response_status"] == 422
        stored, _ = await read(shared_ward, "/api/reports/", patient=patient["id"])
        assert stored["count"] == 1


# ---------------------------------------------------------------- compressed


class Watching(ClientPerMessageDeflateFactory):
    """Offers compression, and notes of each data frame whether it came compressed, and its bytes on the wire."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.came: list[tuple[bool, int]] = []

    def process_response_params(self, *arguments: Any) -> PerMessageDeflate:
        extension = super().process_response_params(*arguments)
        decode = extension.decode

        def note(frame: Any, **limits: Any) -> Any:
            self.came.append((frame.rsv1, len(frame.data)))
            return decode(frame, **limits)

        extension.decode = note  # type: ignore[method-assign]
        return extension


@pytest.mark.parametrize("server", [0, -1])
async def test_large_replies_come_compressed_and_pushes_and_small_ones_do_not(
    shared_ward: Ward, server: int
) -> None:
    watching = Watching(server_max_window_bits=10)
    stack, client = shared_ward.stack, shared_ward.client("nurse", server=server)
    url = stack.servers[server].ws_url + "/ws/"
    async with await WardSocket.connect(url, token=client.token, extensions=[watching]) as socket:
        await socket.hello()
        for _ in range(8):
            await aside(shared_ward.admit)
        await shared_ward.catch_up(socket)
        assert (await socket.request("patients", "retrieve", pk=10**9))["response_status"] == 404
        assert not any(is_compressed for is_compressed, _ in watching.came)
        reply = await socket.request("patients", "list", limit=1000)
        assert len(reply["data"]["results"]) >= 8
        is_compressed, size = watching.came[-1]
        assert is_compressed
        assert size < len(orjson.dumps(reply)) / 2


async def test_what_comes_compressed_is_understood_in_pieces_too_and_counts_inflated(
    shared_ward: Ward,
) -> None:
    async with await shared_ward.open("viewer") as socket:
        assert socket.connection.protocol.extensions, "this client compresses all that it sends"
        request = {"action": "retrieve", "pk": 10**9, "request_id": "é" * 3000}
        whole = json.dumps({"stream": "patients", "payload": request}, ensure_ascii=False).encode()
        # Cut within letters.
        pieces = [whole[at : at + 1001] for at in range(0, len(whole), 1001)]
        await socket.connection.send(pieces, text=True)
        reply = await socket.wait_for(lambda frame: frame["payload"].get("request_id") == "é" * 3000)
        assert reply["payload"]["response_status"] == 404
        for size, status in ((LARGEST_FRAME, 400), (LARGEST_FRAME + 1, 413), (20 * LARGEST_FRAME, 413)):
            for text in ("x" * size, f"{'x' * (size % 2)}{'é' * (size // 2)}"):
                whole = text.encode()
                for cut in (size, 1001):
                    seen = len(socket.frames)
                    await socket.connection.send([whole[:cut], whole[cut:]], text=True)
                    answer = await socket.wait_for(lambda frame: "errors" in frame["payload"], after=seen)
                    assert answer["payload"]["response_status"] == status, (size, text[:2], cut)
        assert (await socket.request("patients", "list", limit=1))["response_status"] == 200
        no_data_of_deflate = bytes((0xC1, 0x80 | 3)) + bytes(4) + b"\xff\xff\xff"
        socket.connection.transport.write(no_data_of_deflate)
        assert await socket.wait_until_closed() == 1006, (
            "dropped, as after any frame that breaks the protocol"
        )


async def test_a_list_comes_in_pages_of_so_many_bytes_to_who_asks_for_them(shared_ward: Ward) -> None:
    """And to nobody else: clients that know nothing of `next` get what they always got."""
    ids = await make_ward(shared_ward)
    for _ in range(3):
        await aside(shared_ward.client("nurse").record, ids["patients"], **WELL)
    filters = {"patient": ids["patients"]}
    async with await shared_ward.open("viewer") as socket:
        whole = await socket.request("reports", "list", filters=filters)
        assert set(whole["data"]) == {"count", "results"}
        most = 2 * len(orjson.dumps(whole["data"]["results"][0])) + 100
        found: list[Any] = []
        cursor, sizes = None, []
        while True:
            reply = await socket.request("reports", "list", filters=filters, cursor=cursor, max_bytes=most)
            assert reply["data"]["count"] == 4
            assert reply["event"] >= whole["event"]
            found += reply["data"]["results"]
            sizes.append(len(orjson.dumps(reply["data"]["results"])))
            cursor = reply["data"]["next"]
            if cursor is None:
                break
        assert found == whole["data"]["results"]
        assert max(sizes) <= most < 2 * max(sizes)
        assert len(sizes) >= 2
        totals = await socket.request("reports", "totals", filters=filters, max_bytes=most)
        assert [row[:2] + row[3:] for row in totals["data"]["results"]] == [
            [one["id"], one["patient"], one["news2"]["score"], one["supplemental_oxygen"]] for one in found
        ]
        assert totals["data"]["next"] is None
        assert totals["event"] >= whole["event"]
        for bad in ({"max_bytes": 0}, {"cursor": "x"}, {"cursor": "x", "offset": 3}):
            refused = await socket.request("reports", "totals", **bad)
            assert refused["response_status"] == 400
            assert set(refused["errors"][0]) <= {"max_bytes", "cursor", "offset"}
