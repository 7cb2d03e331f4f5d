"""The sockets refuse what contradicts itself as REST does, and `preview` there asks about what is improbable."""

from typing import Any

from tests.observations import WELL
from tests.realtime.ward import Ward, ago, aside
from tests.support.clients import WardSocket

BOTH = {"supplemental_oxygen", "oxygen_flow"}


async def refused(socket: WardSocket, stream: str, action: str, **members: Any) -> set[str]:
    """The fields that a request was refused for."""
    reply = await socket.request(stream, action, **members)
    assert reply["response_status"] == 400, reply
    return {name for error in reply["errors"] for name in error}


async def test_air_with_a_flow_is_refused_by_every_action_that_writes_or_previews(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    contradiction = {"patient": patient["id"], **WELL, "oxygen_flow": 15}
    async with await shared_ward.open("lead", server=-1) as socket:
        for action in ("create", "preview"):
            assert await refused(socket, "reports", action, data=contradiction) == BOTH
        created = await socket.request("reports", "create", data={"patient": patient["id"], **WELL})
        pk = created["data"]["id"]
        (version,) = (await socket.request("history", "list", filters={"report": pk}))["data"]["results"]
        for stream, key in (("reports", pk), ("history", version["history_id"])):
            why = {"history_change_reason": "typed wrong"}
            assert await refused(socket, stream, "patch", pk=key, data={"oxygen_flow": 15, **why}) == BOTH
            assert await refused(socket, stream, "update", pk=key, data={**contradiction, **why}) == BOTH
        unchanged = await socket.request("reports", "retrieve", pk=pk)
        assert (unchanged["data"]["oxygen_flow"], unchanged["data"]["version"]) == (None, 1)


async def test_preview_asks_and_allergies_go_with_their_status(shared_ward: Ward) -> None:
    patient = await aside(shared_ward.admit)
    async with await shared_ward.open("lead", server=-1) as socket:
        values = {"patient": patient["id"], "supplemental_oxygen": True, "oxygen_flow": 0, "height": 90}
        preview = await socket.request("reports", "preview", data=values)
        assert set(preview["data"]["unusual"]) == BOTH | {"height"}
        names = {"first_name": "Ada", "last_name": "Byron", "admission_date": ago(hours=1)}
        wrong = {**names, "allergy_status": "known"}
        assert await refused(socket, "patients", "create", data=wrong) == {"allergies", "allergy_status"}
        known = await socket.request("patients", "create", data={**names, "allergies": "Latex"})
        assert known["data"]["allergy_status"] == "known"
        early = {**names, "date_of_birth": "2199-01-01"}
        assert "date_of_birth" in await refused(socket, "patients", "create", data=early)
