"""Behind a reverse proxy: whose address counts."""

from pathlib import Path

import pytest
import requests

from tests.support.stacks import PASSWORD, StackBuilder


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
                f"{server.url}/rest-auth/login/", json=body, headers=headers, timeout=30
            ).json()["key"]
            headers["Authorization"] = f"Token {key}"
            devices = requests.get(f"{server.url}/rest-auth/devices/", headers=headers, timeout=30).json()
    (own,) = [device for device in devices if device["is_current"]]
    assert own["address"] == address
