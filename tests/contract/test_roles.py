"""contract.md, "Sign-in": one table decides. That in docs/roles.md is walked cell by cell at a running server."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.outside import PASSWORD, Outside, ago, ahead, aside, numbers
from tests.observations import ILL, WELL
from tests.realtime.ward import changes_of
from tests.support.clients import Frame, RestClient, WardSocket
from tests.support.processes import PROJECT

LINES = [
    line for line in (PROJECT / "docs" / "roles.md").read_text(encoding="utf-8").splitlines() if "|" in line
]
ROLES = tuple(cell.strip() for cell in LINES[0].strip("|").split("|"))[1:]
TABLE: dict[str, set[str]] = {}
for line in LINES[2:]:
    name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
    TABLE[name] = {role for role, cell in zip(ROLES, cells, strict=True) if cell == "✓"}

NEW = {"first_name": "Ada", "last_name": "Walk"}
REASON = {"history_change_reason": "walked"}
Things = dict[str, Any]

# object.action -> what to ask for on REST; each succeeds for who may.
REST: dict[str, Callable[[Things], tuple[str, str, Any]]] = {
    "patients.view": lambda t: ("GET", f"/api/patients/{t['patient']}/", None),
    "patients.create": lambda t: ("POST", "/api/patients/", NEW),
    "patients.change": lambda t: ("PATCH", f"/api/patients/{t['patient']}/", {"diagnosis": t["text"]}),
    "patients.move_bed": lambda t: (
        "POST",
        f"/api/patients/{t['patient']}/swap_bed/",
        {"with": t["neighbour"]},
    ),
    "patients.pause": lambda t: (
        "POST",
        f"/api/patients/{t['empty']}/pauses/",
        {"until": ahead(hours=1), "reason": "walked"},
    ),
    "patients.change_plan": lambda t: (
        "PUT",
        f"/api/patients/{t['patient']}/plan/",
        {"steps": [{"every": 60, "for": None}], "until": ahead(hours=5), "reason": "walked"},
    ),
    "patients.delete": lambda t: ("DELETE", f"/api/patients/{t['empty']}/", None),
    "reports.view": lambda t: ("GET", "/api/reports/?limit=1", None),
    "reports.preview": lambda t: ("POST", "/api/reports/preview/", {"patient": t["patient"], **WELL}),
    "reports.create": lambda t: ("POST", "/api/reports/", {"patient": t["patient"], "pulse": 70}),
    "reports.change": lambda t: ("PATCH", f"/api/reports/{t['report']}/", {"additional": t["text"]}),
    "reports.delete_own": lambda t: ("DELETE", f"/api/reports/{t['own']}/", REASON),
    "reports.delete": lambda t: ("DELETE", f"/api/reports/{t['spare']}/", None),
    "history.view": lambda t: ("GET", f"/api/history/{t['version']}/amendments/", None),
    "history.change": lambda t: (
        "PATCH",
        f"/api/history/{t['version']}/",
        {"additional": t["text"], **REASON},
    ),
    "history.delete": lambda t: ("DELETE", f"/api/history/{t['retirable']}/", REASON),
    "notifications.view": lambda t: ("GET", f"/api/notifications/{t['notification']}/", None),
    "notifications.acknowledge": lambda t: (
        "POST",
        f"/api/notifications/{t['notification']}/acknowledge/",
        {},
    ),
    "notifications.acknowledge_all": lambda t: (
        "POST",
        f"/api/patients/{t['patient']}/acknowledge/",
        {"ids": [t["notification"]]},
    ),
    "notifications.unacknowledge": lambda t: (
        "POST",
        f"/api/notifications/{t['taken']}/unacknowledge/",
        {},
    ),
    "events.view": lambda t: ("GET", "/api/patients/?limit=1", None),  # the log has no address of its own
    "ranges.view": lambda t: ("GET", "/api/ranges/", None),
}
# The same on the socket; `patients.change_plan` by a patch, `ranges` has no stream, pauses no action.
SOCKET: dict[str, Callable[[Things], tuple[str, str, dict[str, Any]]]] = {
    "patients.view": lambda t: ("patients", "retrieve", {"pk": t["patient"]}),
    "patients.create": lambda t: ("patients", "create", {"data": NEW}),
    "patients.change": lambda t: (
        "patients",
        "patch",
        {"pk": t["patient"], "data": {"diagnosis": f"s{t['text']}"}},
    ),
    "patients.move_bed": lambda t: (
        "patients",
        "swap_bed",
        {"pk": t["patient"], "data": {"with": t["neighbour"]}},
    ),
    "patients.change_plan": lambda t: (
        "patients",
        "patch",
        {"pk": t["patient"], "data": {"monitoring_interval": t["minutes"]}},
    ),
    "patients.delete": lambda t: ("patients", "delete", {"pk": t["empty"]}),
    "reports.view": lambda t: ("reports", "list", {"limit": 1}),
    "reports.preview": lambda t: ("reports", "preview", {"data": {"patient": t["patient"], **WELL}}),
    "reports.create": lambda t: ("reports", "create", {"data": {"patient": t["patient"], "pulse": 71}}),
    "reports.change": lambda t: (
        "reports",
        "patch",
        {"pk": t["report"], "data": {"additional": f"s{t['text']}"}},
    ),
    "reports.delete_own": lambda t: ("reports", "delete", {"pk": t["own"], "data": REASON}),
    "reports.delete": lambda t: ("reports", "delete", {"pk": t["spare"]}),
    "history.view": lambda t: ("history", "retrieve", {"pk": t["version"]}),
    "history.change": lambda t: (
        "history",
        "patch",
        {"pk": t["version"], "data": {"additional": f"s{t['text']}", **REASON}},
    ),
    "history.delete": lambda t: ("history", "delete", {"pk": t["retirable"], "data": REASON}),
    "notifications.view": lambda t: ("notifications", "list", {"limit": 1}),
    "notifications.acknowledge": lambda t: ("notifications", "acknowledge", {"pk": t["notification"]}),
    "notifications.acknowledge_all": lambda t: (
        "notifications",
        "acknowledge_all",
        {"pk": t["patient"], "ids": [t["notification"]]},
    ),
    "notifications.unacknowledge": lambda t: ("notifications", "unacknowledge", {"pk": t["taken"]}),
    "events.view": lambda t: ("events", "resume", {"since": t["event"]}),
}


@pytest.fixture(scope="session")
def ward(outside: Outside) -> Callable[[str], Things]:
    """What can be asked for; what is used up by asking (a deleted patient) is made anew for each request."""
    kept: Things = {}

    def make(cell: str) -> Things:
        if not kept:
            kept["patient"], kept["neighbour"] = outside.admit()["id"], outside.admit()["id"]
            kept["report"] = outside.record(kept["patient"], **{**ILL, "datetime": ago(hours=1)})["id"]
            kept["version"] = outside.versions(kept["report"])[0]["history_id"]
            kept["notification"] = outside.deteriorations(kept["patient"])[0]["id"]
        if cell == "notifications.unacknowledge" and "taken" not in kept:
            ill = outside.admit()["id"]
            outside.record(ill, **ILL)
            kept["taken"] = outside.deteriorations(ill)[0]["id"]
        number = next(numbers)
        things = {**kept, "text": str(number), "minutes": 5 + number % 1000}
        if cell in ("patients.delete", "patients.pause"):
            things["empty"] = outside.admit()["id"]
        if cell in ("reports.delete", "history.delete"):
            # Nobody's own who lacks the right to all.
            things["spare"] = outside.client("doctor").record(kept["patient"], pulse=70)["id"]
            things["retirable"] = outside.versions(things["spare"])[0]["history_id"]
        things["event"] = int(outside.client("viewer").get("/api/ranges/").headers.get("X-Event", 0)) or int(
            outside.client("viewer").get("/api/patients/", limit=1).headers["X-Event"]
        )
        return things

    return make


def make_ones_own(client: RestClient, cell: str, things: Things) -> None:
    """One takes back one's own acknowledgement only, and one's own report."""
    if cell == "notifications.unacknowledge":
        client.post(f"/api/notifications/{things['taken']}/acknowledge/")
    if cell == "reports.delete_own":
        recorded = client.send("POST", "/api/reports/", json={"patient": things["patient"], "pulse": 70})
        things["own"] = recorded.json().get("id", things["report"])  # who may record none has none


def ask(client: RestClient, cell: str, things: Things) -> int:
    make_ones_own(client, cell, things)
    method, path, body = REST[cell](things)
    return client.send(method, path, **({} if body is None else {"json": body})).status_code


def test_every_cell_of_the_table_is_walked() -> None:
    """One table of permissions decides on REST, on WebSocket actions and on pushed frames."""
    assert set(REST) == set(TABLE)
    assert set(SOCKET) == set(TABLE) - {"ranges.view", "patients.pause"}
    assert ROLES == ("viewer", "nurse", "service", "doctor", "lead", "superuser")
    assert all("superuser" in roles for roles in TABLE.values())


def test_the_table_says_what_the_contract_says() -> None:
    """`viewer` reads; `nurse` also creates and corrects reports, takes back their own, acknowledges, moves beds within
    a ward and pauses for 4 h; `doctor` also `change_plan` and deletes reports; `lead` also admits, edits, discharges
    patients, amends and retires history; `service` as nurse, and creates, edits and discharges patients. Superusers do
    all"""
    acknowledging = {"acknowledge", "acknowledge_all", "unacknowledge"}
    bedside = {
        "reports.create", "reports.change", "reports.delete_own", "patients.move_bed", "patients.pause",
        *(f"notifications.{action}" for action in acknowledging),
    }  # fmt: skip
    of_patients = {"patients.create", "patients.change"}
    reading = {cell for cell in TABLE if cell.endswith((".view", ".preview"))}
    expected = {
        "viewer": reading,
        "nurse": reading | bedside,
        "service": reading | bedside | of_patients,
        "doctor": reading | bedside | {"patients.change_plan", "reports.delete"},
        "lead": set(TABLE),
        "superuser": set(TABLE),
    }
    assert {role: {cell for cell in TABLE if role in TABLE[cell]} for role in ROLES} == expected


@pytest.mark.parametrize("role", ROLES)
def test_every_cell_on_rest(outside: Outside, ward: Callable[[str], Things], role: str) -> None:
    """docs/roles.md"""
    for cell, roles in TABLE.items():
        status = ask(outside.client(role), cell, ward(cell))
        assert (status in (200, 201, 204)) if role in roles else status == 403, f"{role} {cell}: {status}"


@pytest.mark.parametrize("role", ROLES)
async def test_every_cell_on_the_socket(outside: Outside, ward: Callable[[str], Things], role: str) -> None:
    """docs/roles.md"""
    client = await aside(outside.client, role)
    async with await outside.open(client, server=len(outside.stack.servers) - 1) as socket:
        for cell, roles in TABLE.items():
            if cell in SOCKET:
                things = await aside(ward, cell)
                await aside(make_ones_own, client, cell, things)
                stream, action, members = SOCKET[cell](things)
                reply = await socket.request(stream, action, **members)
                status = reply["response_status"]
                place = f"{role} {cell}: {reply}"
                assert (status in (200, 201, 204)) if role in roles else status == 403, place


def test_whoever_has_no_role_or_is_deactivated_may_nothing(
    outside: Outside, ward: Callable[[str], Things]
) -> None:
    """Who is in none of the groups, deactivated or signed out may do nothing."""
    nobody = RestClient(outside.stack.url)
    nobody.sign_in(outside.new_user(), PASSWORD)
    name = outside.new_user("lead")
    gone = RestClient(outside.stack.url)
    gone.sign_in(name, PASSWORD)
    outside.operate(
        "from django.contrib.auth.models import User",
        f"user = User.objects.get(username={name!r})",
        "user.is_active = False",
        "user.save()",
    )
    for cell in TABLE:
        things = ward(cell)
        assert ask(nobody, cell, things) == 403, cell
        assert ask(gone, cell, things) == 401, cell
        assert ask(outside.stranger, cell, things) == 401, cell


@pytest.mark.smoke
def test_of_a_put_or_patch_unchanged_fields_pass_and_a_changed_one_is_named(
    outside: Outside, patient: int
) -> None:
    """of a PUT or PATCH unchanged other fields pass, a changed one is 403 naming it"""
    doctor, path = outside.client("doctor"), f"/api/patients/{patient}/"
    assert doctor.put(path, {**doctor.read(path), "pathway": "dengue"}).status_code == 200
    whole = doctor.read(path)
    refused = doctor.put(path, {**whole, "diagnosis": "Fever", "spo2_scale": 2})
    assert (refused.status_code, list(refused.json())) == (403, ["diagnosis"])
    by_service = outside.client("service").patch(path, {"bed": "8", "spo2_scale": 2})
    assert (by_service.status_code, list(by_service.json())) == (403, ["spo2_scale"])
    assert doctor.read(path)["bed"] == whole["bed"]


# ---------------------------------------------------------------- pushed frames
def one_change_of_each_kind(outside: Outside) -> int:
    """Makes them at both doors of the first process; returns the id of the patient who is made last."""
    lead, nurse = outside.client(), outside.client("nurse")
    gone = outside.admit()["id"]
    lead.delete(f"/api/patients/{gone}/")
    patient = outside.admit()["id"]
    lead.patch(f"/api/patients/{patient}/", {"bed": "1"})
    first = outside.record(patient, datetime=ago(minutes=30))["id"]
    report = outside.record(patient, **ILL)["id"]
    (raised,) = outside.deteriorations(patient)
    nurse.post(f"/api/notifications/{raised['id']}/acknowledge/")
    nurse.patch(f"/api/reports/{report}/", {"pulse": 130})
    newest, older = outside.versions(report)
    lead.patch(f"/api/history/{older['history_id']}/", {"pulse": 131, **REASON})
    lead.delete(f"/api/history/{newest['history_id']}/", REASON)
    lead.delete(f"/api/reports/{first}/", REASON)
    outside.client("doctor").put(
        f"/api/patients/{patient}/plan/",
        {"steps": [{"every": 30, "for": None}], "until": ahead(hours=1), "reason": "Test"},
    )
    return int(outside.admit(last_name="Marker")["id"])


KINDS = {
    ("patients", "change", "create"), ("patients", "change", "update"), ("patients", "change", "delete"),
    ("reports", "change", "create"), ("reports", "change", "update"), ("reports", "change", "delete"),
    ("history", "change", "create"), ("history", "change", "update"), ("history", "change", "delete"),
    ("notifications", "change", "create"), ("notifications", "change", "update"), ("history", "notification", None),
}  # fmt: skip


def kind_of(frame: Frame) -> tuple[str, str, str | None]:
    return frame["stream"], frame["payload"]["type"], frame["payload"].get("action")


async def test_who_is_pushed_what_follows_the_table(outside: Outside) -> None:
    """Pushed to every connected client with the right to see it. Roles in turn on each process; nobody, deactivated and
    signed out have no socket."""
    last = len(outside.stack.servers) - 1
    async with AsyncExitStack() as opened:
        sockets: dict[str, WardSocket] = {}
        for number, role in enumerate(ROLES):
            client = await aside(outside.client, role)
            socket = await outside.open(client, server=number % 2 * last)
            sockets[role] = await opened.enter_async_context(socket)
        marker = await aside(one_change_of_each_kind, outside)
        told: dict[str, list[Frame]] = {}
        for role, socket in sockets.items():
            await socket.wait_for_push("patients", lambda payload: payload["data"]["id"] == marker)
            told[role] = changes_of(socket)
    begin = max(frames[0]["payload"]["event"] for frames in told.values())
    for role, frames in told.items():
        seen = {
            stream
            for stream in ("patients", "reports", "history", "notifications")
            if role in TABLE[f"{stream}.view"]
        }
        assert {kind_of(frame) for frame in frames} == {kind for kind in KINDS if kind[0] in seen}, role
        everything = [frame for frame in told["superuser"] if frame["payload"]["event"] >= begin]
        of_role = [frame for frame in frames if frame["payload"]["event"] >= begin]
        assert of_role == [frame for frame in everything if frame["stream"] in seen], role


@pytest.mark.smoke
@pytest.mark.parametrize("who", ["no role", "deactivated", "signed out", "stranger"])
@pytest.mark.parametrize("path", ["/ws/", "/ws/patients/", "/ws/notifications/"])
async def test_who_may_see_nothing_gets_no_socket(outside: Outside, who: str, path: str) -> None:
    """Refused handshakes get HTTP 403"""

    def make() -> RestClient:
        client = RestClient(outside.stack.url)
        if who == "stranger":
            return client
        name = outside.new_user(*(["viewer"] if who != "no role" else []))
        client.sign_in(name, PASSWORD)
        if who == "deactivated":
            outside.operate(
                "from django.contrib.auth.models import User",
                f"User.objects.filter(username={name!r}).update(is_active=False)",
            )
        if who == "signed out":
            key = client.token
            client.sign_out()
            client.token = key
        return client

    client = await aside(make)
    with pytest.raises(InvalidStatus) as refused:
        await outside.open(client, path=path)
    assert refused.value.response.status_code == 403
