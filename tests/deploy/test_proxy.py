"""Behind a reverse proxy: whose address counts, and who closes an idle connection first."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from twisted.web import http

from tests.support.people import PASSWORD
from tests.support.processes import PROJECT
from tests.support.stacks import StackBuilder
from tests.support.waiting import DEADLINE


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
