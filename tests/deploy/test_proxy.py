"""Behind a reverse proxy: whose address counts, and who closes an idle connection first."""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from twisted.web import http

from tests.support.people import PASSWORD
from tests.support.processes import PROJECT
from tests.support.servers import free_port
from tests.support.stacks import StackBuilder
from tests.support.waiting import DEADLINE, wait_until


@pytest.mark.parametrize("is_behind_proxy, address", [(True, "192.0.2.7"), (False, "127.0.0.1")])
def test_the_proxys_word_on_the_address_counts_only_where_it_was_asked_for(
    stack_builder: StackBuilder, tmp_path: Path, is_behind_proxy: bool, address: str
) -> None:
    """The throttle of failed sign-ins goes by it: a client that could choose its address would have no limit."""
    with stack_builder.prepared("sqlite", folder=tmp_path) as stack:
        server = stack.servers[0]
        if is_behind_proxy:
            server.command = (*server.command, "--proxy-headers")
        with server:
            headers = {"X-Forwarded-For": "192.0.2.7"}
            body = {"username": "nurse", "password": PASSWORD}
            key = requests.post(
                f"{server.url}/rest-auth/login/", json=body, headers=headers, timeout=DEADLINE
            ).json()["key"]
            headers["Authorization"] = f"Token {key}"
            devices = requests.get(
                f"{server.url}/rest-auth/devices/", headers=headers, timeout=DEADLINE
            ).json()
    (own,) = [device for device in devices if device["is_current"]]
    assert own["address"] == address


def test_the_proxy_gives_an_idle_connection_up_before_the_web_process_does() -> None:
    """Else a save that is sent on as the web process closes would be answered 502."""
    adapted = subprocess.run(
        [Path(sys.executable).with_name("caddy"), "adapt", "--config", PROJECT / "deploy" / "Caddyfile"],
        env={"SITE_ADDRESS": "localhost"},
        capture_output=True,
        check=True,
    )
    (seconds,) = re.findall(rb'"idle_timeout":(\d+)000000000\b', adapted.stdout)
    assert http.HTTPFactory.timeOut is not None
    assert int(seconds) <= http.HTTPFactory.timeOut / 2


def test_where_no_web_process_answers_programs_are_told_so_in_the_form_of_the_api(tmp_path: Path) -> None:
    port = free_port()
    rules = (PROJECT / "deploy" / "Caddyfile").read_text()
    rules = rules.replace("dynamic a web 8000", f"to 127.0.0.1:{free_port()}").replace(
        "_duration 5s", "_duration 0s"
    )
    (tmp_path / "Caddyfile").write_text("{\n\tadmin off\n}\n" + rules)
    caddy = subprocess.Popen(
        [Path(sys.executable).with_name("caddy"), "run", "--config", "Caddyfile"],
        cwd=tmp_path,
        env={"SITE_ADDRESS": f"http://127.0.0.1:{port}", "HOME": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    try:

        def ask(path: str) -> requests.Response | None:
            with suppress(requests.ConnectionError):
                return requests.get(f"http://127.0.0.1:{port}{path}", timeout=DEADLINE)
            return None

        wait_until(lambda: ask("/") is not None, what="Caddy listens")
        for path in ("/api/patients/", "/rest-auth/user/", "/swagger.json"):
            answer = ask(path)
            assert answer is not None
            assert (answer.status_code, answer.headers["Content-Type"]) == (502, "application/json")
            assert "not known whether this was stored" in answer.json()["detail"]
            assert answer.headers["Retry-After"] == "5"
        page = ask("/patients/1")
        assert page is not None
        assert (page.status_code, page.text) == (502, "Wardlight does not answer at the moment. Try again.")
    finally:
        caddy.kill()
        caddy.wait()
