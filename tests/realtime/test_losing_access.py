"""An ended sign-in, a deactivated user or a changed role closes the sockets concerned, on every process, with 4401."""

import re

import pytest
import requests

from tests.support.clients import RestClient, WardSocket
from tests.support.people import PASSWORD
from tests.support.stacks import Stack
from tests.support.waiting import DEADLINE

CHANGES = {
    "deactivated": {"is_active": None},
    "another role": {"groups": ["viewer"]},
    "a stronger role": {"groups": ["nurse", "lead"]},
    "no role": {"groups": []},
    "superuser": {"is_superuser": "on"},
}
BY_COMMAND = {
    "another password": "u.set_password('x'); u.save()",
    "deleted": "u.delete()",
}
USERS = [
    *(f"by-site-{number}" for number in range(len(CHANGES))),
    *(f"by-command-{number}" for number in range(len(BY_COMMAND))),
    "stays", "leaves", "revokes", "changes-password", "comes-back", "loses-role",
]  # fmt: skip


class AdminSite:
    """A superuser's browser in the admin site."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.url
        self.session = requests.Session()
        body = {"username": "admin", "password": PASSWORD}
        self.session.post(f"{self.url}/rest-auth/login/", json=body, timeout=DEADLINE).raise_for_status()
        page = self.session.get(f"{self.url}/admin/auth/group/", timeout=DEADLINE).text
        self.groups = {name: number for number, name in re.findall(r'/group/(\d+)/change/">(\w+)<', page)}

    def change_user(self, user: int, name: str, **changes: object) -> None:
        """Save the form of a user: an active nurse but for the changes."""
        form: dict[str, object] = {"username": name, "is_active": "on", "groups": ["nurse"], **changes}
        form["groups"] = [self.groups[group] for group in form["groups"]]  # type: ignore[attr-defined]
        form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
        form["csrfmiddlewaretoken"] = self.session.cookies["csrftoken"]
        answer = self.session.post(
            f"{self.url}/admin/auth/user/{user}/change/", form, timeout=DEADLINE, allow_redirects=False
        )
        assert answer.status_code == 302, answer.text


def run_command(stack: Stack, *lines: str) -> None:
    """Change users as an operator's shell does, in a process of its own."""
    statements = "\n".join(["from django.contrib.auth.models import Group, User", *lines])
    stack.manage("shell", "--verbosity", "0", "--command", statements)


@pytest.fixture(scope="module")
def stack(shared_stack) -> Stack:
    """One for all tests here, each of which has a nurse of its own."""
    run_command(
        shared_stack,
        "password = User.objects.get(username='nurse').password",
        f"for name in {USERS!r}:",
        "    user, _ = User.objects.update_or_create(",
        "        username=name, defaults={'password': password, 'is_active': True, 'is_superuser': False}",
        "    )",
        "    user.groups.set([Group.objects.get(name='nurse')])",
    )
    return shared_stack


@pytest.fixture(scope="module")
def admin_site(stack) -> AdminSite:
    return AdminSite(stack)


@pytest.fixture(scope="module")
def bystander(stack) -> RestClient:
    return stack.sign_in("stays")


async def connect_everywhere(stack: Stack, client: RestClient) -> list[WardSocket]:
    """A socket of this sign-in on each process, and one that carries a single stream."""
    sockets = [await stack.connect(client, server=number) for number in range(len(stack.servers))]
    return [*sockets, await stack.connect(client, path="/ws/reports/")]


async def assert_open(socket: WardSocket) -> None:
    await socket.request("patients", "list")
    assert socket.close_code is None


async def test_the_logout_closes_the_sockets_of_this_device_only(stack):
    device, other_device = stack.sign_in("leaves"), stack.sign_in("leaves")
    sockets = await connect_everywhere(stack, device)
    async with await stack.connect(other_device) as other:
        device.sign_out()
        assert [await socket.wait_until_closed() for socket in sockets] == [4401] * len(sockets)
        await assert_open(other)


@pytest.mark.parametrize("change", CHANGES)
async def test_what_the_admin_site_changes_closes_the_users_sockets_only(
    stack, admin_site, bystander, change
):
    name = f"by-site-{list(CHANGES).index(change)}"
    client = stack.sign_in(name)
    sockets = await connect_everywhere(stack, client)
    async with await stack.connect(bystander) as other:
        admin_site.change_user(client.user["pk"], name, **CHANGES[change])
        assert [await socket.wait_until_closed() for socket in sockets] == [4401] * len(sockets)
        await assert_open(other)


@pytest.mark.parametrize("change", BY_COMMAND)
async def test_what_a_command_changes_closes_the_users_sockets_only(stack, bystander, change):
    name = f"by-command-{list(BY_COMMAND).index(change)}"
    sockets = await connect_everywhere(stack, stack.sign_in(name))
    async with await stack.connect(bystander) as other:
        run_command(stack, f"u = User.objects.get(username={name!r})", BY_COMMAND[change])
        assert [await socket.wait_until_closed() for socket in sockets] == [4401] * len(sockets)
        await assert_open(other)


async def test_a_save_that_changes_no_right_closes_nothing(stack, admin_site, bystander):
    async with await stack.connect(bystander) as socket:
        admin_site.change_user(bystander.user["pk"], "stays", first_name="Nora")
        await assert_open(socket)
        assert bystander.read("/rest-auth/user/")["first_name"] == "Nora"
        await assert_open(socket)


async def test_who_comes_back_has_the_new_rights(stack, admin_site):
    client = stack.sign_in("comes-back")
    socket = await stack.connect(client)
    admin_site.change_user(client.user["pk"], "comes-back", groups=["viewer"])
    assert await socket.wait_until_closed() == 4401
    async with await stack.connect(client) as again:
        reply = await again.request("reports", "create", data={"patient": 1, "pulse": 70})
        assert reply["response_status"] == 403


async def test_who_has_no_role_any_more_gets_no_socket(stack, admin_site):
    client = stack.sign_in("loses-role")
    admin_site.change_user(client.user["pk"], "loses-role", groups=[])
    with pytest.raises(Exception, match="HTTP 403"):
        await stack.connect(client)


async def test_revoking_a_device_closes_its_sockets(stack):
    device, lost = stack.sign_in("revokes"), stack.sign_in("revokes")
    sockets = await connect_everywhere(stack, lost)
    async with await stack.connect(device, server=-1) as own:
        devices = device.read("/rest-auth/devices/")
        lost_id = next(entry["id"] for entry in devices if not entry["is_current"])
        assert device.delete(f"/rest-auth/devices/{lost_id}/").status_code == 204
        assert [await socket.wait_until_closed() for socket in sockets] == [4401] * len(sockets)
        await assert_open(own)
    for server in range(len(stack.servers)):
        with pytest.raises(Exception, match="HTTP 403"):
            await stack.connect(lost, server=server)


async def test_a_changed_password_closes_the_other_devices_sockets_only(stack):
    device = stack.sign_in("changes-password")
    others = await connect_everywhere(stack, stack.sign_in("changes-password"))
    async with await stack.connect(device, server=-1) as own:
        new = "quite another phrase"
        body = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        assert device.post("/rest-auth/password/change/", body).status_code == 200
        assert [await socket.wait_until_closed() for socket in others] == [4401] * len(others)
        await assert_open(own)
