"""Every cell of the table of permissions, at every door: generated from the table, the router and the consumers."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.test import Client

from config.asgi import streams
from patients import clock, permissions
from patients.api.examples import EXAMPLES
from patients.events import Entry, log_state
from patients.models import Notification, Report
from patients.permissions import ACTIONS, PARTIAL, ROLES, SUPERUSER, TABLE, action_of, may, may_perform
from patients.realtime.connection import audience_of, decode_text_frames
from patients.realtime.hub import encode_for
from patients.roles import as_markdown
from patients.services.patients import PLAN_FIELDS
from tests.factories import make_patient, make_report, signed_in
from tests.observations import ILL
from tests.support.description import Operation, example_files, operations, resolve, served_paths
from tests.support.signing_in import asking, get_key, make_member, sign_in

pytestmark = pytest.mark.home("sqlite")

# contract.md, "Sign-in", written down once more by hand: the table itself is what is tested here.
ALL = set(ROLES)
CONTRACT = {
    "patients": {
        "view": ALL,
        "create": {"service", "lead"},
        "change": {"service", "lead"},
        "move_bed": ALL - {"viewer"},
        "change_plan": {"doctor", "lead"},
        "pause": ALL - {"viewer"},
        "delete": {"lead"},
    },
    "reports": {
        "view": ALL,
        "preview": ALL,
        "create": ALL - {"viewer"},
        "change": ALL - {"viewer"},
        "delete_own": ALL - {"viewer"},
        "delete": {"doctor", "lead"},
    },
    "history": {"view": ALL, "change": {"lead"}, "delete": {"lead"}},
    "notifications": {
        "view": ALL,
        "acknowledge": ALL - {"viewer"},
        "acknowledge_all": ALL - {"viewer"},
        "unacknowledge": ALL - {"viewer"},
    },
    "events": {"view": ALL},
    "ranges": {"view": ALL},
}
PEOPLE = (*ROLES, SUPERUSER, "no group", "deactivated", "signed out")
CONSUMERS = streams._consumers
STREAMS = streams.names


def test_the_table_is_what_the_contract_says():
    assert {subject: set(actions) for subject, actions in TABLE.items()} == {
        subject: set(actions) for subject, actions in CONTRACT.items()
    }
    for subject, actions in CONTRACT.items():
        for action, roles in actions.items():
            assert {role for role in ROLES if may(role, subject, action)} == roles, (subject, action)
            assert may(SUPERUSER, subject, action)
            assert not may(None, subject, action)


def test_the_roles_in_the_documents_are_those_of_the_table():
    document = Path(__file__).parents[2] / "docs" / "roles.md"
    assert document.read_text(encoding="utf-8") == as_markdown(), "manage.py describe_roles > docs/roles.md"


def subject_of(callback: Any) -> Any:
    """What the view behind an address is about; one of its actions may be about something else than the rest."""
    return callback.initkwargs.get("subject", getattr(callback.cls, "subject", None))


# ---------------------------------------------------------------- nothing is without a cell
def test_every_action_of_every_view_has_a_cell():
    for path, callback in served_paths():
        subject = subject_of(callback)
        if subject is None:  # one's own sign-in, and the page of links
            assert path.startswith("/rest-auth/") or path == "/api/", path
            continue
        for action in (getattr(callback, "actions", None) or {"get": "get"}).values():
            assert action in ACTIONS, f"{path}: name the action {action} in permissions.ACTIONS"
            assert action_of(action) in TABLE[subject], f"{path}: {action} has no cell"


def test_every_action_of_every_consumer_has_a_cell():
    for stream, consumer in CONSUMERS.items():
        assert consumer.subject == stream
        assert "view" in TABLE[stream]
        for action in consumer.available_actions:
            assert action in ACTIONS, f"{stream}: name the action {action} in permissions.ACTIONS"
            assert action_of(action) in TABLE[stream], f"{stream}: {action} has no cell"


def test_what_writes_needs_more_than_the_right_to_look():
    for operation in OF_THE_TABLE:
        _, action = view_action(operation)
        assert (action_of(action) == "view") == (operation.method == "get"), operation
    of_sockets = {action for consumer in CONSUMERS.values() for action in consumer.available_actions}
    assert {action for action in of_sockets if action_of(action) == "view"} == {
        "list",
        "ping",
        "resume",
        "retrieve",
        "totals",
    }


# ---------------------------------------------------------------- people and objects
@pytest.fixture
def ward(db) -> dict[str, Any]:
    """One object of each kind; keys are the first part of a path, or the name of its parameter."""
    root = make_member("superuser", "root")
    patient, empty, planned = make_patient(), make_patient(), make_patient()
    report = make_report(patient, by=root, **ILL)
    client = signed_in(root)
    plan = {**EXAMPLES["PlanCreate"], "until": "2100-01-01T00:00:00Z"}
    client.put(f"/api/patients/{planned.pk}/plan/", plan)
    pause = client.post(f"/api/patients/{planned.pk}/pauses/", soon_over(EXAMPLES["PauseCreate"]))
    return {
        "patients": patient.pk,
        "empty": empty.pk,
        "planned": planned.pk,
        "pause_id": pause.json().get("id"),
        "reports": report.pk,
        "history": Report.history.order_by("-history_id").values_list("pk", flat=True).first(),
        "notifications": Notification.objects.values_list("pk", flat=True).first(),
    }


def soon_over(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "until": (clock.now() + timedelta(hours=2)).isoformat()}


def person(who: str) -> User:
    if who in (*ROLES, SUPERUSER):
        return make_member(who, f"a-{who}")
    return make_member(None if who == "no group" else "lead", "somebody")


def role_as_asked(who: str) -> str | None:
    return who if who in (*ROLES, SUPERUSER) else None


def rest_client(who: str) -> Client:
    """Signed in by a key; the deactivated had one when they were deactivated."""
    if who == "signed out":
        return Client()
    user = person(who)
    client = asking(get_key(user.username))
    if who == "deactivated":
        user.is_active = False
        user.save()
    return client


def prepare(action: str, ward: dict[str, Any], *, by: Any) -> None:
    """Of one's own acknowledgements alone can any be taken back, and without a wider right of one's own reports."""
    if action == "unacknowledge" and getattr(by, "pk", None) is not None:
        Notification.objects.filter(pk=ward["notifications"]).update(
            status="acknowledged", acknowledged_by=by, acknowledged_at=clock.now()
        )
    if action in ("destroy", "delete"):
        are_reports_of(ward, by)


def part_of(role: str | None, subject: str, action: str) -> dict[str, Any]:
    """What somebody may change who may change only a part."""
    part = next(part for part in PARTIAL[(subject, action)] if may(role, subject, part))
    return {"change_plan": {"monitoring_interval": 30}, "move_bed": {"bed": "12"}, "delete_own": {}}[part]


def are_reports_of(ward: dict[str, Any], by: Any) -> None:
    if getattr(by, "pk", None) is not None:
        Report.objects.filter(pk=ward["reports"]).update(recorded_by=by)


def body_of(operation: Operation, ward: dict[str, Any], *, part: dict[str, Any] | None) -> Any:
    body = {**resolve(operation.body_schema or {}).get("example", {})}
    for instant in ("datetime", "version"):
        body.pop(instant, None)
    if "until" in body:
        body = soon_over(body)
    if "patient" in body:
        body["patient"] = ward["patients"]
    if "ids" in body:
        body["ids"] = [ward["notifications"]]
    if "with" in body:
        body = {"with": ward["empty"]}
    return part if part is not None and operation.method == "patch" else body


def sent_with(operation: Operation, ward: dict[str, Any], *, part: dict[str, Any] | None) -> dict[str, Any]:
    if operation.parts:
        return {"data": example_files(operation)}
    if operation.body_schema is None:
        return {}
    return {"data": body_of(operation, ward, part=part), "content_type": "application/json"}


def address_of(operation: Operation, ward: dict[str, Any]) -> str:
    kind = operation.path.split("/")[2]
    if "plan" in operation.path or "pause_id" in operation.path:
        kind = "planned"
    elif (kind, operation.method) == ("patients", "delete"):
        kind = "empty"
    return re.sub(r"{(\w+)}", lambda found: str(ward.get(found[1], ward.get(kind))), operation.path)


# ---------------------------------------------------------------- REST
OF_THE_TABLE = [one for one in operations() if one.path.startswith("/api/")]


def view_action(operation: Operation) -> tuple[str, str]:
    """The subject and the action of the view behind an operation."""
    for path, callback in served_paths():
        if path == re.sub(r"{\w*}", "{}", operation.path):
            actions = getattr(callback, "actions", None) or {"get": "get"}
            if operation.method in actions:
                return subject_of(callback), actions[operation.method]
    raise LookupError(operation)


@pytest.mark.parametrize("who", PEOPLE)
def test_every_cell_on_rest(ward, who):
    client, role = rest_client(who), role_as_asked(who)
    for operation in OF_THE_TABLE:
        subject, action = view_action(operation)
        is_allowed = may_perform(role, subject, action)
        is_part = is_allowed and not may(role, subject, action_of(action))
        part = part_of(role, subject, action_of(action)) if is_part else None
        before = log_state().last
        with transaction.atomic():
            prepare(action, ward, by=User.objects.filter(username__in=(f"a-{who}", "somebody")).first())
            response = getattr(client, operation.method)(
                address_of(operation, ward) + ("?reason=Test" if operation.method == "delete" else ""),
                **sent_with(operation, ward, part=part),
            )
            after = log_state().last
            transaction.set_rollback(True)
        place = f"{who}: {operation}: {response.status_code} {response.content[:200]}"
        if who in ("signed out", "deactivated"):
            assert response.status_code == 401, place
        elif not is_allowed:
            assert response.status_code == 403, place
        elif is_part and operation.method == "put":  # the example changes more than the plan
            assert (response.status_code, set(response.json()) & set(PLAN_FIELDS)) == (403, set()), place
        else:
            assert str(response.status_code) == operation.success, place
        if not is_allowed:
            assert after == before, place
        assert set(operation.described["x-roles"]) == {
            one for one in (*ROLES, SUPERUSER) if may_perform(one, subject, action)
        }


@pytest.mark.parametrize("who", PEOPLE)
def test_ones_own_sign_in_is_open_to_whom_is_signed_in_and_swagger_to_whom_has_a_role(db, who):
    client = rest_client(who)
    is_signed_in = who not in ("signed out", "deactivated")
    for path in ("/rest-auth/user/", "/rest-auth/devices/"):
        assert client.get(path).status_code == (200 if is_signed_in else 401)
    expected = 200 if role_as_asked(who) else 403 if is_signed_in else 401
    assert client.get("/swagger.json").status_code == expected
    assert client.get("/api/").status_code == expected
    if who == "deactivated":
        assert sign_in(Client(), "somebody").status_code == 400


@pytest.mark.parametrize("role", [*ROLES, SUPERUSER])
def test_part_rights_on_a_patient(ward, role):
    client = signed_in(person(role))
    address = f"/api/patients/{ward['patients']}/"
    may_change, may_plan = may(role, "patients", "change"), may(role, "patients", "change_plan")
    if not may_perform(role, "patients", "update"):
        return
    whole = client.get(address).json()
    assert client.put(address, whole).status_code == 200, "unchanged fields pass"
    assert client.patch(address, {"pathway": "none"}).status_code == (200 if may_plan else 403)
    assert client.patch(address, {"bed": "99"}).status_code == 200
    refusal = client.patch(address, {"bed": "100", "ward": "9C"})
    assert refusal.status_code == (200 if may_change else 403)
    if not may_change:
        assert set(refusal.json()) == {"ward"}, "a bed within the ward, and no other ward"


# ---------------------------------------------------------------- actions of the sockets
def payload_of(
    stream: str, action: str, ward: dict[str, Any], *, part: dict[str, Any] | None
) -> dict[str, Any]:
    shape = {"patients": "Patient", "reports": "Report", "history": "Report"}.get(stream, "")
    purpose = {"create": "Create", "preview": "Create", "update": "Replace", "patch": "Change"}.get(action)
    data = {**EXAMPLES[shape + purpose]} if purpose else {"history_change_reason": "Test"}
    data = {name: value for name, value in data.items() if name not in ("datetime", "version")}
    if "patient" in data:
        data["patient"] = ward["patients"]
    if part is not None and action == "patch":
        data = part
    if action == "swap_bed":
        data = {"with": ward["empty"]}
    kind = "empty" if (stream, action) == ("patients", "delete") else stream
    kind = "patients" if action == "acknowledge_all" else kind
    return {"action": action, "request_id": 1, "pk": ward.get(kind), "data": data, "since": -1}


def scope_of(who: str) -> dict[str, Any]:
    if who == "signed out":
        return {"user": AnonymousUser()}
    user = person(who)
    user.is_active = who != "deactivated"
    return {"user": user}


@pytest.mark.parametrize("who", PEOPLE)
def test_every_cell_on_the_actions_of_the_sockets(ward, who, monkeypatch):
    # Channels closes a connection that is within a transaction: here all actions are within the test's own.
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)
    scope, role = scope_of(who), role_as_asked(who)
    for stream, consumer_class in CONSUMERS.items():
        for action in sorted(consumer_class.available_actions):
            is_allowed = may_perform(role, stream, action)
            is_part = is_allowed and not may(role, stream, action_of(action))
            part = part_of(role, stream, action_of(action)) if is_part else None
            payload = payload_of(stream, action, ward, part=part)
            replies: list[dict[str, Any]] = []
            before = log_state().last
            with transaction.atomic():
                prepare(action, ward, by=scope["user"])
                consumer = consumer_class(scope=scope, send=replies.append)
                async_to_sync(consumer.receive_json)(payload)
                after = log_state().last
                transaction.set_rollback(True)
            (reply,) = replies
            place = f"{who}: {stream} {action}: {reply}"
            if not is_allowed:
                assert reply["response_status"] == 403, place
                assert (reply["data"], after) == (None, before), place
            elif action == "resume":  # asked for nonsense: a socket would be needed for the rest
                assert reply["response_status"] == 400, place
            elif is_part and action == "update":
                assert reply["response_status"] == 403, place
                assert not set(reply["errors"][0]) & set(PLAN_FIELDS), place
            else:
                assert reply["response_status"] in (200, 201, 204), place


# ---------------------------------------------------------------- pushed frames
def streams_pushed_to(role: str | None, *, single: str | None = None) -> set[str]:
    """The streams of the frames that somebody of this role gets, of a log with one of each."""
    entries = [
        Entry(number, stream, b'{"stream":"%s","payload":{"event":%d}}' % (stream.encode(), number))
        for number, stream in enumerate((*STREAMS, "access"), start=1)
    ]
    frames = decode_text_frames(encode_for(audience_of(role, single=single), entries))
    if single is None:
        return {json.loads(frame)["stream"] for frame in frames}
    return {STREAMS[json.loads(frame)["event"] - 1] for frame in frames}


@pytest.mark.parametrize("who", PEOPLE)
def test_every_cell_on_pushed_frames(who):
    role = role_as_asked(who)
    seen = {stream for stream in STREAMS if may(role, stream, "view")}
    assert streams_pushed_to(role) == seen
    for stream in STREAMS:
        assert streams_pushed_to(role, single=stream) == seen & {stream}


@pytest.mark.parametrize("stream", STREAMS)
def test_a_role_that_the_table_does_not_let_see_a_stream_is_pushed_none_of_it(monkeypatch, stream):
    monkeypatch.setitem(permissions.TABLE[stream], "view", frozenset({"lead"}))
    assert streams_pushed_to("nurse") == set(STREAMS) - {stream}
    assert streams_pushed_to("nurse", single=stream) == set()
    assert streams_pushed_to("lead") == set(STREAMS)
