"""Who may open a WebSocket: by which credentials, from which origin, to which path."""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.clients import RestClient, WardSocket
from tests.support.people import PASSWORD
from tests.support.stacks import STACKS, Stack
from tests.support.waiting import DEADLINE

WRONG_KEY = "0" * 64
ELSEWHERE = [
    None,
    "null",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1:{port}",
    "http://localhost:{port}",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil.example:{port}",
    "http://user@127.0.0.1:{port}",
    "http://127.0.0.1:{port}/page",
    "http://ward.example",
    "https://ward.example:444",
    "https://a.clinic.example",
    "https://notclinic.example:8443",
    "ws://127.0.0.1:{port}",
    "file://",
]


@pytest.fixture(scope="module", params=STACKS)
def stack(request, stack_builder, tmp_path_factory) -> Iterator[Stack]:
    """One for all tests here: they only sign in."""
    trusted = "https://ward.example,https://*.clinic.example:8443"
    folder = tmp_path_factory.mktemp(request.param)
    with stack_builder.running(request.param, folder=folder, CSRF_TRUSTED_ORIGINS=trusted) as running:
        yield running


@pytest.fixture(scope="module")
def nurse(stack) -> RestClient:
    return stack.sign_in("nurse")


@pytest.fixture(scope="module")
def cookie(stack) -> dict[str, str]:
    """The Cookie header of a browser in which the nurse is signed in."""
    body = {"username": "nurse", "password": PASSWORD}
    answer = requests.post(f"{stack.url}/rest-auth/login/", json=body, timeout=DEADLINE)
    return {"Cookie": f"theme=night; sessionid={answer.cookies['sessionid']}"}


def with_key(key: str) -> dict[str, str]:
    return {"Authorization": f"Token {key}"}


def shake_hands(stack: Stack, headers: dict[str, str], *, path: str = "/ws/") -> tuple[int, str | None]:
    """The status of the answer, 101 where the socket opens, and the subprotocol chosen."""
    address = urlsplit(stack.url).netloc
    connection = http.client.HTTPConnection(address, timeout=DEADLINE)
    connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
    defaults = {
        "Host": address,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for name, value in {**defaults, **headers}.items():
        connection.putheader(name, value.encode("latin-1"))
    connection.endheaders()
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Sec-WebSocket-Protocol")


def status_of(stack: Stack, headers: dict[str, str], *, path: str = "/ws/") -> int:
    return shake_hands(stack, headers, path=path)[0]


# ---------------------------------------------------------------- what opens a socket
async def test_a_token_in_the_header_opens_a_socket(stack, nurse):
    async with await stack.connect(nurse) as socket:
        assert (await socket.hello())["type"] == "hello"
        assert socket.connection.subprotocol is None


async def test_a_token_in_the_subprotocol_opens_a_socket_and_is_not_sent_back(stack, nurse):
    url = f"{stack.servers[0].ws_url}/ws/"
    offered = ["wardlight.v1", f"token.{nurse.token}"]
    async with await WardSocket.connect(url, subprotocols=offered) as socket:
        assert socket.connection.subprotocol == "wardlight.v1"
        await socket.hello()


async def test_the_session_opens_a_socket_from_a_page_of_ours(stack, cookie):
    url = f"{stack.servers[0].ws_url}/ws/"
    async with await WardSocket.connect(url, headers={**cookie, "Origin": stack.url}) as socket:
        await socket.hello()


def test_the_subprotocol_is_answered_beside_any_credentials(stack, nurse, cookie):
    offered = {"Sec-WebSocket-Protocol": "wardlight.v1"}
    assert shake_hands(stack, {**offered, **with_key(nurse.token)}) == (101, "wardlight.v1")
    assert shake_hands(stack, {**offered, **cookie, "Origin": stack.url}) == (101, "wardlight.v1")


@pytest.mark.parametrize(
    "origin", ["https://ward.example", "https://ward.example:443", "https://a.clinic.example:8443"]
)
def test_the_session_opens_a_socket_from_a_trusted_origin(stack, cookie, origin):
    assert status_of(stack, {**cookie, "Origin": origin}) == 101


@pytest.mark.parametrize("stream", ["patients", "reports", "history", "notifications"])
def test_each_stream_has_a_socket_of_its_own(stack, nurse, stream):
    assert status_of(stack, with_key(nurse.token), path=f"/ws/{stream}/") == 101
    assert status_of(stack, {}, path=f"/ws/{stream}/") == 403


# ---------------------------------------------------------------- what does not
@pytest.mark.parametrize("origin", ELSEWHERE)
def test_the_session_opens_no_socket_from_anywhere_else(stack, cookie, origin):
    headers = dict(cookie)
    if origin is not None:
        headers["Origin"] = origin.replace("{port}", stack.url.rpartition(":")[2])
    assert status_of(stack, headers) == 403


@pytest.mark.parametrize("origin", ["", "127.0.0.1:8000", "http://127.0.0.1:notaport", "http://["])
def test_an_origin_that_cannot_be_read_is_refused_by_the_server_itself(stack, cookie, origin):
    assert status_of(stack, {**cookie, "Origin": origin}) in {400, 403}


def test_nobody_gets_in_without_credentials(stack):
    own = {"Origin": stack.url}
    assert status_of(stack, {}) == 403
    assert status_of(stack, own) == 403
    assert status_of(stack, {**own, "Cookie": "sessionid=a; csrftoken=b"}) == 403
    assert status_of(stack, {**own, "Cookie": f"sessionid={'a' * 32}"}) == 403
    assert status_of(stack, {**own, "Cookie": "sessionid=%00; \xff=\xfe"}) == 403
    assert status_of(stack, {"Sec-WebSocket-Protocol": "wardlight.v1"}) == 403


@pytest.mark.parametrize(
    "scheme", ["Token", "Token ", "Token \x80", "Token a b", f"Bearer {WRONG_KEY}", "Basic eA=="]
)
def test_a_header_with_a_wrong_key_is_refused(stack, scheme):
    assert status_of(stack, {"Authorization": scheme}) == 403


def test_a_wrong_key_is_not_made_good_by_a_session(stack, cookie):
    good = {**cookie, "Origin": stack.url}
    assert status_of(stack, {**good, **with_key(WRONG_KEY)}) == 403
    assert status_of(stack, {**good, "Sec-WebSocket-Protocol": f"wardlight.v1, token.{WRONG_KEY}"}) == 403


def test_subprotocols_that_are_no_pair_with_one_key_are_refused(stack, nurse):
    right = f"token.{nurse.token}"
    for offered in (
        right,
        f"wardlight.v2, {right}",
        "wardlight.v1, token.x",
        f"wardlight.v1, {right}, token.x",
    ):
        assert status_of(stack, {"Sec-WebSocket-Protocol": offered}) == 403, offered


@pytest.mark.parametrize(
    "query", ["token={key}", "x=1&Token={key}", "key=x", "access_token=x", "a={key}", "token"]
)
def test_a_key_in_the_address_is_refused_even_beside_good_credentials(stack, nurse, cookie, query):
    path = "/ws/?" + query.replace("{key}", nurse.token)
    assert status_of(stack, {}, path=path) == 403
    assert status_of(stack, with_key(nurse.token), path=path) == 403
    assert status_of(stack, {**cookie, "Origin": stack.url}, path=path) == 403


@pytest.mark.parametrize(
    "offered",
    [
        "\xff",
        "wardlight.v1, token.\xe9",
        "wardlight.v1\xa0",
        "%FF",
        "%00",
        "token.%E2%82%AC, wardlight.v1",
        "",
    ],
)
def test_a_subprotocol_that_nobody_could_offer_is_refused_and_no_fault(stack, nurse, cookie, offered):
    assert status_of(stack, {"Sec-WebSocket-Protocol": offered}) == 403
    for log in stack.read_logs().values():
        assert "Traceback" not in log


@pytest.mark.parametrize(
    "name,value",
    [
        ("Cookie", "sessionid=\xff\xfe; \x80"),
        ("Origin", "http://\xe9"),
        ("Authorization", "Token \xff"),
        ("Authorization", "Token " + "0" * 4000),
        ("X-Forwarded-Proto", "\xff"),
        ("Daphne-Root-Path", "/%ff"),
        ("User-Agent", "\xff" * 1000),
        ("Sec-WebSocket-Key", "\xff"),
        ("Sec-WebSocket-Version", "99"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=99; \xff"),
        ("Host", "\xff"),
        ("Host", ""),
    ],
)
def test_no_header_of_a_stranger_makes_a_fault(stack, name, value):
    assert status_of(stack, {name: value}) in {400, 403, 426}
    for log in stack.read_logs().values():
        assert "Traceback" not in log


AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
SMALLER = (
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_no_context_takeover"
)


@pytest.mark.parametrize(
    "offer,agreed",
    [
        (None, None),
        ("permessage-deflate", AGREED),
        ("permessage-deflate; client_max_window_bits", AGREED),
        ("permessage-deflate; server_no_context_takeover; server_max_window_bits=10", SMALLER),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", AGREED),
        ("permessage-deflate; server_max_window_bits=8", None),
        ("permessage-deflate; server_max_window_bits=99", None),
        ("permessage-deflate; memory=9", None),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", None),
        ("permessage-bzip2, x-webkit-deflate-frame", None),
    ],
)
def test_compression_is_agreed_to_and_nothing_is_kept_between_messages(stack, nurse, offer, agreed):
    """An offer with something wrong is declined, and the socket opens without."""
    offers = {} if offer is None else {"Sec-WebSocket-Extensions": offer}
    with socket.create_connection(("127.0.0.1", stack.servers[0].port), timeout=DEADLINE) as client:
        head = [f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{stack.servers[0].port}\r\nUpgrade: websocket"]
        head += [
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        head += [f"{key}: {value}" for key, value in {**offers, **with_key(nurse.token)}.items()]
        client.sendall("\r\n".join([*head, "", ""]).encode())
        answer = client.makefile("rb")
        assert answer.readline().startswith(b"HTTP/1.1 101")
        headers = http.client.parse_headers(answer)
    assert headers.get("Sec-WebSocket-Extensions") == agreed


def test_a_host_that_is_not_ours_is_refused(stack, nurse, cookie):
    evil = {"Host": "evil.example"}
    assert status_of(stack, {**evil, **cookie, "Origin": "http://evil.example"}) == 403
    assert status_of(stack, {**evil, **with_key(nurse.token)}) == 403


@pytest.mark.parametrize(
    "path", ["/", "/ws", "/ws/events/", "/ws/nothing/", "/ws/patients", "/api/patients/", "/ws//"]
)
def test_a_path_that_nobody_serves_is_refused(stack, nurse, path):
    assert status_of(stack, {}, path=path) == 403
    assert status_of(stack, with_key(nurse.token), path=path) == 403
