"""What somebody whom nobody knows sends over HTTP: it costs no memory and is no fault in the log."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.stacks import Stack
from tests.support.waiting import DEADLINE

MIB = 1024 * 1024
SENT = 64 * MIB
HEAD = "POST /rest-auth/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def stack(stack_builder, tmp_path_factory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("strangers")) as running:
        yield running


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
