"""Thousands of frames that no client of ours would send: each gets its answer, and its connection lives on."""

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.sync.client import ClientConnection, connect

from patients.api.serializers import PatientSerializer, ReportSerializer
from tests.observations import ILL
from tests.realtime.ward import Ward
from tests.support.counts import count
from tests.support.generated import anything, as_json, bodies, has_no_json_form
from tests.support.waiting import DEADLINE

FRAMES = count(reduced=250, full=10_000)

STREAMS = {
    "patients": ["list", "retrieve", "create", "patch", "update", "delete", "swap_bed"],
    "reports": ["list", "retrieve", "create", "patch", "update", "delete", "preview"],
    "history": ["list", "retrieve", "patch", "update", "delete"],
    "notifications": ["list", "retrieve", "acknowledge", "unacknowledge", "acknowledge_all"],
    "events": ["resume", "ping"],
}
ROLES = ("lead", "viewer", "doctor", "service")
# Each may send 50 frames a second: with so many, none is slowed.
DOORS = [
    *((role, "/ws/") for role in ROLES * 4),
    *(("lead", f"/ws/{stream}/") for stream in STREAMS if stream != "events"),
]
STATUSES = {200, 201, 204, 400, 403, 404, 409, 410, 413, 422}

# ---------------------------------------------------------------- what is sent
filters = st.dictionaries(
    st.sampled_from(
        ["status", "ward", "search", "overdue", "risk", "patient", "report", "since", "until", "kind", "ordering"]
    )
    | st.text(max_size=5),
    anything,
    max_size=3,
)  # fmt: skip
keys = st.integers(1, 20) | anything
data = bodies([*PatientSerializer().fields, *ReportSerializer().fields, "history_change_reason"])
actions = st.sampled_from(sorted({action for known in STREAMS.values() for action in known}))
payloads = st.fixed_dictionaries(
    {"action": actions | actions | anything},
    optional={
        "request_id": anything,
        "pk": keys,
        "ids": st.lists(st.integers(1, 20), max_size=4) | anything,
        "data": data | anything,
        "filters": filters | anything,
        "ordering": st.sampled_from(["id", "-datetime", "x"]) | anything,
        "limit": anything,
        "offset": anything,
        "since": keys,
        "epoch": anything,
        "idempotency_key": anything,
        "self": anything,
        "scope": anything,
    },
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "stream": st.sampled_from([*STREAMS] * 5) | anything,
        "payload": payloads | payloads | anything,
        "x": anything,
    },
)


def nest(depth: int, opening: str) -> str:
    return opening * depth + "1" + {"[": "]", '{"a":': "}"}[opening] * depth


def spoil(text: str, at: int, letter: str) -> str:
    """A letter more, or less, at some place of the text."""
    at = at % (len(text) + 1)
    return text[:at] + letter + text[at + (letter == "") :]


def is_sendable(text: str) -> bool:
    """Not with a bare surrogate: WebSocket itself closes on a text frame that is not UTF-8 (RFC 6455, 8.1)."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


objects = st.builds(
    lambda envelope, payload: (as_json(envelope), as_json(payload)), envelopes, payloads | anything
)
spoilt = st.builds(
    lambda pair, at, letter: (spoil(pair[0], at, letter), spoil(pair[1], at, letter)),
    objects,
    st.integers(0, 400),
    st.sampled_from(["", "\x00", ",", '"', "}", "[", "\\", "NaN", "1e999", "\\ud800", "９", "\ufeff", "//"]),
)
texts = st.text(max_size=40).filter(is_sendable).map(lambda text: (text, text))
deep = st.builds(
    lambda depth, opening: (
        f'{{"stream":"reports","payload":{{"action":"create","data":{nest(depth, opening)}}}}}',
        nest(depth, opening),
    ),
    st.sampled_from([1, 17, 18, 19, 20, 21, 500, 1024, 5000, 60_000]),
    st.sampled_from(["[", '{"a":']),
)
large = st.builds(
    lambda size, letter: (f'{{"stream":"patients","payload":{{"action":"{letter * size}"}}}}',) * 2,
    st.sampled_from([60_000, 500_000, 1_100_000, 1_500_000]),
    st.sampled_from(["x", "ö", "\\u0000"]),
)
binary = st.binary(max_size=40)
frames = st.one_of(*[objects] * 8, spoilt, spoilt, texts, deep, binary, large)


# ---------------------------------------------------------------- sending it
class Door:
    """A connection on which every frame is followed by a request that must be answered."""

    numbers = itertools.count(1)

    def __init__(self, ward: Ward, *, role: str, path: str, resources: ExitStack) -> None:
        self.is_bare = path != "/ws/"
        self.stream = path.strip("/").removeprefix("ws").strip("/")
        opening = connect(
            ward.stack.servers[-1].ws_url + path,
            additional_headers={"Authorization": f"Token {ward.client(role).token}"},
            compression=None,
            ping_interval=None,
            max_size=None,
            proxy=None,
            open_timeout=DEADLINE,
        )
        self.connection: ClientConnection = resources.enter_context(opening)

    def send(self, frame: bytes | tuple[str, str], *, pieces: int) -> tuple[Any, list[dict[str, Any]]]:
        """What was sent, and all answers to it: what came before the answer to the request that followed."""
        message = frame if isinstance(frame, bytes) else frame[self.is_bare]
        self.connection.send(cut(message, pieces) if pieces > 1 and len(message) >= pieces else message)
        sentinel = f"sentinel-{next(self.numbers)}"
        request = {"action": "list", "limit": 1, "request_id": sentinel}
        stream = self.stream or "patients"
        self.connection.send(json.dumps(request if self.is_bare else {"stream": stream, "payload": request}))
        answers = []
        while True:
            came = json.loads(self.connection.recv(timeout=DEADLINE), parse_constant=refuse_constant)
            payload = came if self.is_bare else came["payload"]
            if payload.get("request_id") == sentinel:
                assert payload["response_status"] == 200
                return message, answers
            if "type" not in payload:
                answers.append(came)


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def cut(message: str | bytes, pieces: int) -> list[Any]:
    """In fragments of about the same size."""
    size = -(-len(message) // pieces)
    return [message[at : at + size] for at in range(0, len(message), size)]


@pytest.fixture(scope="module")
def doors(shared_ward: Ward) -> Iterator["itertools.cycle[Door]"]:
    """Connections of several roles, to all streams and to single ones, taking turns."""
    for _ in range(3):
        patient = shared_ward.admit()
        shared_ward.client().record(patient["id"], **ILL)
    with ExitStack() as resources:
        yield itertools.cycle(
            [Door(shared_ward, role=role, path=path, resources=resources) for role, path in DOORS]
        )


@pytest.mark.timeout(3600)
def test_every_frame_gets_one_clear_answer_and_the_connection_lives_on(
    shared_ward: Ward, doors: "itertools.cycle[Door]"
) -> None:
    @settings(max_examples=FRAMES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(frame=frames, pieces=st.sampled_from([1, 1, 1, 3]))
    def send(frame: bytes | tuple[str, str], pieces: int) -> None:
        door = next(doors)
        message, answers = door.send(frame, pieces=pieces)
        assert len(answers) == 1, answers
        check(message, answers[0], door=door)

    send()
    for name, log in shared_ward.stack.read_logs().items():
        assert "Traceback" not in log, f"{name}:\n{log}"
        assert " ERROR " not in log, f"{name}:\n{log}"


def check(message: str | bytes, answer: dict[str, Any], *, door: Door) -> None:
    payload = answer if door.is_bare else answer["payload"]
    status, errors = payload["response_status"], payload["errors"]
    assert status in STATUSES
    assert isinstance(errors, list)
    assert bool(errors) == (status >= 400)
    assert all(is_explanation(error) for error in errors), errors
    if len(message.encode() if isinstance(message, str) else message) > 1024 * 1024:
        assert status == 413
        return
    if isinstance(message, bytes):
        assert status == 400
        return
    asked = read(message)
    if not door.is_bare:
        if not isinstance(asked, dict) or asked.get("stream") not in [*STREAMS]:
            assert (answer["stream"], status) == (None, 404 if isinstance(asked, dict) else 400)
            return
        assert answer["stream"] in (None, asked["stream"])
        asked = asked.get("payload")
    if not isinstance(asked, dict):
        assert status == 400
        return
    if payload.get("action") is not None:
        assert payload["action"] == asked["action"]
        assert payload["request_id"] == asked.get("request_id")
    else:
        assert status == 400


def read(message: str) -> Any:
    """The value that the server saw, None where it must refuse it as no JSON."""
    try:
        value = json.loads(message)
        return None if has_no_json_form(without_nul(value)) else value
    except (ValueError, RecursionError):
        return None


def without_nul(value: Any) -> Any:
    """A NUL may be echoed in a `request_id`; elsewhere what reads the member refuses it."""
    if isinstance(value, dict):
        return {key.replace("\x00", ""): without_nul(member) for key, member in value.items()}
    if isinstance(value, list):
        return [without_nul(member) for member in value]
    return value.replace("\x00", "") if isinstance(value, str) else value


def is_explanation(error: Any) -> bool:
    """DRF's shape: `{"field": ["message"]}` or `{"detail": "message"}`, no longer than somebody would read."""
    return isinstance(error, dict) and bool(error) and len(json.dumps(error)) < 20_000
