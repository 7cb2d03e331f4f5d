"""What somebody whom nobody knows sends over HTTP: it costs no memory and is no fault in the log."""

import json
import re
import resource
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.counts import count
from tests.support.stacks import Stack
from tests.support.waiting import DEADLINE, wait_until

MIB = 1024 * 1024
FEW_FILES = 300
BODIES = count(reduced=18, full=120)
SENT = 64 * MIB
HEAD = "POST /rest-auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def stack(stack_builder, tmp_path_factory) -> Iterator[Stack]:
    """One that lets nobody begin a request for long, was granted few files and lets few wait of one address."""
    folder = tmp_path_factory.mktemp("strangers")
    with stack_builder.prepared("sqlite", folder=folder, WAITING_CONNECTIONS_PER_ADDRESS="20") as stack:
        server = stack.servers[0]
        server.command = ("-m", "tests.realtime.altered_server", "wary", *server.command[1:])
        granted, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (FEW_FILES, most))
        try:
            server.launch()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (granted, most))
        try:
            server.wait_until_up()
            stack.wait_until_ready()
            yield stack
        finally:
            stack.stop()


def forget_most_memory_of(stack: Stack) -> None:
    Path(f"/proc/{stack.servers[0].pid}/clear_refs").write_text("5")


def most_memory_of(stack: Stack) -> int:
    """Bytes of memory that the web process had at its largest since that was last forgotten."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{stack.servers[0].pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.parametrize(
    "coding,before,after",
    [(f"Content-Length: {SENT}", b"", b""), ("Transfer-Encoding: chunked", b"100000\r\n", b"\r\n")],
    ids=["a length", "chunks"],
)
def test_a_body_of_any_size_is_refused_without_being_kept(stack, coding, before, after):
    forget_most_memory_of(stack)
    most_before = most_memory_of(stack)
    with socket.create_connection(("127.0.0.1", stack.servers[0].port), timeout=DEADLINE) as client:
        client.sendall(f"{HEAD}{coding}\r\n\r\n".encode())
        for _ in range(SENT // MIB):
            client.sendall(before + b"x" * MIB + after)
        if after:
            client.sendall(b"0\r\n\r\n")
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert most_memory_of(stack) - most_before < SENT / 2


def begin(stack: Stack, head: str) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", stack.servers[0].port), timeout=DEADLINE)
    client.sendall(head.encode())
    return client


def read_status(client: socket.socket) -> int:
    return int(client.recv(4096)[9:12])


def test_strangers_with_bodies_of_a_files_size_get_no_memory(stack, figure):
    """Each is one byte short of its end until all are there."""
    forget_most_memory_of(stack)
    before = most_memory_of(stack)
    clients = [begin(stack, f"{HEAD}Content-Length: {10 * MIB}\r\n\r\n") for _ in range(BODIES)]
    for client in clients:
        for _ in range(9):
            client.sendall(b"x" * MIB)
        client.sendall(b"x" * (MIB - 1))
    for client in clients:
        client.sendall(b"x")
    assert {read_status(client) for client in clients} == {413}
    for client in clients:
        client.close()
    grown = (most_memory_of(stack) - before) / MIB
    figure(f"{BODIES} bodies of 10 MiB of strangers: {grown:.0f} MiB of memory at the most")
    assert grown < 64


@pytest.mark.parametrize("path", ["/api/reports/", "/api/patients/import/"])
@pytest.mark.parametrize("key", ["", "0" * 64], ids=["no key", "a wrong key"])
def test_a_body_over_64_kib_is_kept_of_nobody_whom_nobody_knows(stack, path, key):
    forget_most_memory_of(stack)
    before = most_memory_of(stack)
    lines = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
    lines += f"Authorization: Token {key}\r\n" if key else ""
    clients = [begin(stack, f"{lines}Content-Length: {MIB}\r\n\r\n") for _ in range(40)]
    for client in clients:
        client.sendall(b"x" * (MIB - 1))
    assert most_memory_of(stack) - before < 20 * MIB
    for client in clients:
        client.sendall(b"x")
    for client in clients:
        with client:
            answer = client.recv(4096)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"\r\nWWW-Authenticate: Token\r\n" in answer
        assert answer.endswith(b'{"detail": "Authentication credentials were not provided."}')


def test_who_is_signed_in_sends_up_to_a_mebibyte_by_key_and_by_session(stack):
    body = b'{"first_name": "' + b" " * (MIB - 200) + b'Ada"}'
    kind = {"Content-Type": "application/json"}
    by_key = {"Authorization": f"Token {stack.signed_in('lead').token}"}
    by_session = {"Cookie": f"sessionid={stack.new_session('lead')}"}
    made = requests.post(f"{stack.url}/api/patients/", body, headers={**kind, **by_key}, timeout=DEADLINE)
    assert made.status_code == 201, made.text
    made = requests.post(f"{stack.url}/api/patients/", body, headers={**kind, **by_session}, timeout=DEADLINE)
    assert (made.status_code, made.json()["detail"][:11]) == (403, "CSRF Failed")
    over = requests.post(
        f"{stack.url}/api/patients/", body + b" " * 200, headers={**kind, **by_key}, timeout=DEADLINE
    )
    assert (over.status_code, over.json()["detail"]) == (413, "The body is larger than 1 MiB.")


def test_two_files_at_a_time_are_taken_and_the_next_is_told_when_to_try_again(stack):
    key = stack.signed_in("lead").token
    url, headers = f"{stack.url}/api/patients/import/", {"Authorization": f"Token {key}"}
    head = (
        "POST /api/patients/import/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Authorization: Token {key}\r\nContent-Length: {2 * MIB}\r\n\r\n"
    )

    def send_file() -> requests.Response:
        return requests.post(url, files={"patients": b"x" * 2 * MIB}, headers=headers, timeout=DEADLINE)

    holders = []

    def is_refused() -> bool:
        holders.append(begin(stack, head))  # the one before may have come while another had the place
        return send_file().status_code == 429

    wait_until(is_refused, what="two others have the places")
    refused = send_file()
    assert (int(refused.headers["Retry-After"]), list(refused.json())) == (5, ["detail"])
    for holder in holders:
        holder.close()
    wait_until(lambda: send_file().status_code == 400, what="the places are free: no such column")
    assert [send_file().status_code for _ in range(3)] == [400] * 3, "each gives its place back"


def end_head(client: socket.socket) -> socket.socket:
    client.sendall(b"\r\n")
    return client


@pytest.mark.parametrize("size", [777_777, 777_778])
def test_a_body_that_the_disk_has_no_room_for_is_507(stack, size):
    headers = {"Authorization": f"Token {stack.signed_in('lead').token}", "Content-Type": "application/json"}
    answer = requests.post(f"{stack.url}/api/patients/", b" " * size, headers=headers, timeout=DEADLINE)
    assert answer.status_code == 507
    assert answer.json()["detail"].endswith("Nothing of this was stored.")
    assert answer.headers["Retry-After"] == "5"


def test_of_too_many_who_send_nothing_the_oldest_go(stack):
    head = "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    clients = [begin(stack, head) for _ in range(23)]
    assert [client.recv(1) for client in clients[:3]] == [b""] * 3
    assert [read_status(end_head(client)) for client in clients[3:]] == [200] * 20
    more = [begin(stack, head) for _ in range(20)]
    assert [read_status(end_head(client)) for client in more] == [200] * 20, "who has sent one waits no more"
    for client in (*clients, *more):
        client.close()


@pytest.mark.parametrize(
    "before", ["", "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"], ids=["first", "second"]
)
def test_a_head_that_comes_for_ever_is_waited_for_no_longer_than_allowed(stack, before):
    with begin(stack, before) as client:
        if before:
            assert read_status(client) == 200
        gives_up_at = time.monotonic() + DEADLINE
        client.sendall(b"GET / HTTP/1.1\r\nX: ")
        while not select.select([client], [], [], 0.2)[0]:
            client.sendall(b"x")
            assert time.monotonic() < gives_up_at, "every byte prolonged it"


def test_as_many_files_may_be_open_as_the_system_lets_it_have(stack):
    soft, hard = psutil.Process(stack.servers[0].pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == (65536 if hard < 0 else min(65536, hard))
    assert soft > FEW_FILES, "this machine grants too few for this to show anything"


def test_what_follows_a_handshake_is_not_taken_in_without_an_end(stack):
    head = (
        "GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Token {'0' * 64}\r\n\r\n"
    )
    forget_most_memory_of(stack)
    before = most_memory_of(stack)
    with begin(stack, head) as client, pytest.raises((ConnectionResetError, BrokenPipeError)):
        client.sendall(b"x" * 100 * MIB)
    assert most_memory_of(stack) - before < 10 * MIB


def test_a_body_in_chunks_is_read_like_any_other(stack):
    """Some programs, .NET's among them, send no length."""
    lead = stack.signed_in("lead")

    def ask(method, path, *chunks):
        return requests.request(
            method,
            stack.url + path,
            data=iter(chunks),
            headers={"Authorization": f"Token {lead.token}", "Content-Type": "application/json"},
            timeout=DEADLINE,
        )

    made = ask("POST", "/api/patients/", b'{"first_name": "Ada", ', b'"last_name": "Byron"}')
    assert (made.status_code, made.json()["last_name"]) == (201, "Byron")
    path = f"/api/patients/{made.json()['id']}/"
    assert ask("PATCH", path, b'{"bed"', b': "9"}').json()["bed"] == "9"
    assert ask("PATCH", path, b'{"bed"').status_code == 400
    assert ask("PATCH", path, *[b" " * MIB] * 2).status_code == 413
    assert ask("DELETE", path, b'{"history_change_reason": "slip"}').status_code == 204


@pytest.mark.parametrize(
    "path,kind,status",
    [
        ("/api/patients/", "multipart/form-data", 401),
        ("/rest-auth/login/", "multipart/form-data", 415),
        ("/rest-auth/login/", "multipart/form-data; boundary=x", 415),
        ("/api/wards/", "multipart/form-data", 404),
    ],
)
def test_a_form_that_is_none_is_answered_like_any_other_body(stack, path, kind, status):
    answer = requests.post(stack.url + path, b"nonsense", headers={"Content-Type": kind}, timeout=DEADLINE)
    assert answer.status_code == status
    assert answer.json()["detail"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:x", "a b"])
def test_a_host_that_is_not_ours_is_one_line_in_the_log(stack, host):
    answer = requests.get(f"{stack.url}/api/patients/", headers={"Host": host}, timeout=DEADLINE)
    assert answer.status_code == 400
    log = stack.servers[0].read_log()
    assert "Traceback" not in log
    assert [line for line in log.splitlines() if "HTTP_HOST" in line and " WARNING " in line]


@pytest.mark.parametrize(
    "request_line",
    [
        "nonsense",
        "GET / HTTP/1.1\r\nno colon",
        "GET / HTTP/1.1\r\nA" + "a" * 20_000 + ": b",
        "GET /\x80 HTTP/1.1",
    ],
    ids=["no request", "no header", "too long", "no ASCII"],
)
def test_what_the_server_itself_refuses_is_in_the_form_of_the_api(stack, request_line):
    with socket.create_connection(("127.0.0.1", stack.servers[0].port), timeout=DEADLINE) as client:
        client.sendall(request_line.encode("latin-1") + b"\r\n\r\n")
        head, body = client.recv(4096).split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert list(json.loads(body)) == ["detail"]
