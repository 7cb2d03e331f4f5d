"""contract.md, "Sign-in"."""

import pytest
import requests
from websockets.exceptions import InvalidStatus

from tests.contract.outside import PASSWORD, Outside, aside
from tests.support.clients import RestClient, WardSocket


def sign_in(outside: Outside, name: str) -> tuple[requests.Session, RestClient]:
    """A browser signed in, and a program with the key that the same sign-in gave."""
    browser = requests.Session()
    answer = browser.post(
        f"{outside.stack.url}/rest-auth/login/", json={"username": name, "password": PASSWORD}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["key"]
    return browser, RestClient(outside.stack.url, token=answer.json()["key"])


def csrf(browser: requests.Session) -> dict[str, str]:
    return {"X-CSRFToken": str(browser.cookies.get("csrftoken", default=""))}


@pytest.mark.smoke
def test_login_gives_a_key_and_the_session_cookie_of_one_sign_in(outside: Outside) -> None:
    """`{username, password}` → 200 `{key}` and the session cookie: one sign-in, ended by either's logout."""
    name = outside.new_user("nurse")
    url = f"{outside.stack.url}/rest-auth/user/"
    for ends in ("key", "session"):
        browser, program = sign_in(outside, name)
        assert browser.get(url, timeout=30).json() == program.read("/rest-auth/user/")
        if ends == "key":
            program.sign_out()
        else:
            browser.get(outside.stack.url, timeout=30)  # gives the CSRF token
            logout = browser.post(f"{outside.stack.url}/rest-auth/logout/", headers=csrf(browser), timeout=30)
            assert logout.status_code == 200, logout.text
        assert browser.get(url, timeout=30).status_code == 401
        assert program.get("/rest-auth/user/").status_code == 401


@pytest.mark.smoke
async def test_logout_closes_this_sign_ins_sockets_and_leaves_other_devices(outside: Outside) -> None:
    """`POST /rest-auth/logout/` ends this sign-in and closes its live WebSockets; the user's other devices stay."""
    name = await aside(outside.new_user, "nurse")
    _, here = await aside(sign_in, outside, name)
    _, there = await aside(sign_in, outside, name)
    last = len(outside.stack.servers) - 1
    async with await outside.open(here, server=last) as mine, await outside.open(there) as other:
        await aside(here.sign_out)
        assert await mine.wait_until_closed() == 4401
        assert (await other.request("patients", "list", limit=1))["response_status"] == 200
        assert other.close_code is None


def test_user_tells_who_is_there(outside: Outside) -> None:
    """`{pk, username, email, first_name, last_name, role, permissions}`"""
    user = outside.client("nurse").read("/rest-auth/user/")
    assert set(user) == {"pk", "username", "email", "first_name", "last_name", "role", "permissions"}
    assert (user["username"], user["role"]) == ("nurse", "nurse")
    assert outside.client("superuser").read("/rest-auth/user/")["role"] == "superuser"
    of_superusers = outside.client("superuser").read("/rest-auth/user/")["permissions"]
    assert set(user["permissions"]) < set(of_superusers)


def test_of_several_groups_the_strongest_counts(outside: Outside) -> None:
    """`role: superuser`; of several groups the strongest counts"""
    name = outside.new_user("viewer", "doctor", "nurse")
    _, program = sign_in(outside, name)
    assert program.read("/rest-auth/user/")["role"] == "doctor"


def test_a_password_is_changed_with_the_old_one_and_ends_the_other_devices(outside: Outside) -> None:
    """`POST /rest-auth/password/change/` (old one needed; ends the other devices)"""
    name = outside.new_user("nurse")
    _, here = sign_in(outside, name)
    _, there = sign_in(outside, name)
    new = {"new_password1": "another long phrase", "new_password2": "another long phrase"}
    for old in ({}, {"old_password": "a wrong one"}):
        refused = here.post("/rest-auth/password/change/", {**new, **old})
        assert (refused.status_code, list(refused.json())) == (400, ["old_password"])
    assert here.post("/rest-auth/password/change/", {**new, "old_password": PASSWORD}).status_code == 200
    assert here.get("/rest-auth/user/").status_code == 200
    assert there.get("/rest-auth/user/").status_code == 401


def test_devices_lists_and_revokes_sign_ins(outside: Outside) -> None:
    """`/rest-auth/devices/` lists and revokes sign-ins."""
    name = outside.new_user("viewer")
    _, here = sign_in(outside, name)
    _, there = sign_in(outside, name)
    devices = here.read("/rest-auth/devices/")
    assert len(devices) == 2
    (other,) = [device for device in devices if not device["is_current"]]
    assert outside.client("nurse").delete(f"/rest-auth/devices/{other['id']}/").status_code == 404
    assert here.delete(f"/rest-auth/devices/{other['id']}/").status_code == 204
    assert there.get("/rest-auth/user/").status_code == 401
    assert len(here.read("/rest-auth/devices/")) == 1


def test_only_failed_sign_ins_are_throttled_by_account(outside: Outside) -> None:
    """Only failed sign-ins are throttled: 10 a minute an account, 100 an address, 429 with a clear message."""
    body = {"username": "nobody-of-that-name", "password": "guess"}
    answers = [outside.stranger.post("/rest-auth/login/", body) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert "sign-in" in answers[-1].json()["detail"]
    assert int(answers[-1].headers["Retry-After"]) <= 60
    sign_in(outside, "viewer")  # others are not kept out


@pytest.mark.parametrize(
    "header", ["Token wrong", "Token", "Bearer {key}", "token", "Basic dmlld2VyOm9ubHkgZm9yIHRlc3Rz"]
)
def test_rest_takes_the_key_in_the_authorization_header_only(outside: Outside, header: str) -> None:
    """REST: `Authorization: Token <key>`"""
    key = outside.client("viewer").token
    answer = outside.stranger.send(
        "GET", "/api/patients/", headers={"Authorization": header.format(key=key)}, params={"token": key}
    )
    assert answer.status_code == 401


def test_a_session_writes_with_the_csrf_token_only(outside: Outside) -> None:
    """or the session cookie with CSRF"""
    browser, _ = sign_in(outside, "lead")
    browser.get(outside.stack.url, timeout=30)
    url, body = f"{outside.stack.url}/api/patients/", {"first_name": "Ada", "last_name": "Session"}
    assert browser.post(url, json=body, timeout=30).status_code == 403
    created = browser.post(url, json=body, headers=csrf(browser), timeout=30)
    assert created.status_code == 201, created.text


@pytest.mark.parametrize("path", ["/swagger", "/api/", "/api/patients/", "/api/reports/?limit=3"])
def test_strangers_with_a_browser_are_sent_to_the_sign_in_page(outside: Outside, path: str) -> None:
    """Strangers at `/swagger` and the browsable API are sent to the sign-in page."""
    answer = outside.stranger.send("GET", path, headers={"Accept": "text/html"}, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize(
    "path",
    [
        "/api/", "/api/patients/", "/api/patients/1/", "/api/patients/1/history/", "/api/patients/1/fluids/",
        "/api/patients/1/plan/", "/api/patients/1/pauses/", "/api/reports/", "/api/reports/1/", "/api/history/",
        "/api/history/1/", "/api/history/1/amendments/", "/api/notifications/", "/api/notifications/1/",
        "/api/notifications/statistics/", "/api/ranges/", "/swagger.json", "/rest-auth/user/", "/rest-auth/devices/",
    ],
)  # fmt: skip
def test_nobody_signed_in_gets_nothing(outside: Outside, path: str) -> None:
    """Nobody signed in: nothing but sign-in, health and the SPA's own files."""
    answer = outside.stranger.get(path)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])


def test_health_and_the_spas_own_files_are_there_for_everybody(outside: Outside) -> None:
    """`/health/live`, `/health/ready` (503 while … saying which), `/health/full` (also without worker or Redis)"""
    for path in ("/health/live", "/health/ready", "/health/full"):
        assert outside.stranger.get(path).status_code == 200
    page = outside.stranger.get("/")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "csrftoken" in page.headers["Set-Cookie"]


async def test_a_key_as_subprotocol_opens_a_socket_and_one_in_the_address_does_not(outside: Outside) -> None:
    """the subprotocol pair `wardlight.v1, token.<key>`, answered with `wardlight.v1`. A token in the query string is
    refused. Refused handshakes get HTTP 403"""
    key = outside.client("viewer").token
    url = outside.stack.servers[-1].ws_url + "/ws/"
    async with await WardSocket.connect(url, subprotocols=["wardlight.v1", f"token.{key}"]) as socket:
        assert socket.connection.subprotocol == "wardlight.v1"
        await socket.hello()
    for address, offered in ((f"{url}?token={key}", None), (url, ["wardlight.v1"]), (url, [f"token.{key}"])):
        with pytest.raises(InvalidStatus) as refused:
            await WardSocket.connect(address, subprotocols=offered)
        assert refused.value.response.status_code == 403
