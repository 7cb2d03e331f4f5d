"""A sign-in that ends, a user who is deactivated, a role that changes: the socket goes, on every process."""

from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import InvalidStatus

from tests.realtime.ward import Ward, aside
from tests.support.clients import RestClient, WardSocket
from tests.support.stacks import PASSWORD


def make_user(ward: Ward, name: str) -> RestClient:
    """A nurse of this test's own, signed in."""
    ward.shell(
        "from django.contrib.auth.models import Group, User",
        f"user = User.objects.create_user({name!r}, password={PASSWORD!r})",
        "user.groups.add(Group.objects.get(name='nurse'))",
    )
    return ward.stack.sign_in(name)


async def open_everywhere(ward: Ward, client: RestClient, resources: AsyncExitStack) -> list[WardSocket]:
    """A socket of each kind with this sign-in on every web process."""
    sockets = [
        await ward.stack.connect(client, server=server, path=path)
        for server in range(len(ward.stack.servers))
        for path in ("/ws/", "/ws/reports/")
    ]
    for socket in sockets:
        await resources.enter_async_context(socket)
    return sockets


async def assert_refused(ward: Ward, client: RestClient) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await ward.stack.connect(client, server=-1)
    assert refusal.value.response.status_code == 403


async def test_a_sign_out_closes_this_devices_sockets_and_no_others(shared_ward: Ward) -> None:
    this_device = await aside(make_user, shared_ward, "one-device")
    other_device = await aside(shared_ward.stack.sign_in, "one-device")
    ended = RestClient(this_device.url, token=this_device.token)
    async with AsyncExitStack() as resources:
        sockets = await open_everywhere(shared_ward, this_device, resources)
        others = await open_everywhere(shared_ward, other_device, resources)
        bystander = await resources.enter_async_context(await shared_ward.open("nurse", server=-1))
        await aside(this_device.sign_out)
        assert [await socket.wait_until_closed() for socket in sockets] == [4401] * len(sockets)
        await assert_refused(shared_ward, ended)
        await shared_ward.catch_up(bystander, *(socket for socket in others if socket.is_multiplexed))
        assert {socket.close_code for socket in others} == {None}


@pytest.mark.parametrize(
    "name, change",
    [
        ("deactivated", "user.is_active = False; user.save()"),
        ("promoted", "user.groups.add(Group.objects.get(name='doctor'))"),
        ("demoted", "user.groups.set([Group.objects.get(name='viewer')])"),
        ("without-role", "user.groups.clear()"),
        ("superuser", "user.is_superuser = True; user.save()"),
        ("deleted", "user.sign_ins.all().delete(); user.delete()"),
    ],
)
async def test_a_change_of_rights_closes_the_sockets(shared_ward: Ward, name: str, change: str) -> None:
    """Made beside the servers, as by the admin site on another process or by a command."""
    client = await aside(make_user, shared_ward, name)
    async with AsyncExitStack() as resources:
        sockets = await open_everywhere(shared_ward, client, resources)
        bystander = await resources.enter_async_context(await shared_ward.open("nurse", server=-1))
        await aside(
            shared_ward.shell,
            "from django.contrib.auth.models import Group, User",
            f"user = User.objects.get(username={name!r})",
            change,
        )
        assert [await socket.wait_until_closed() for socket in sockets] == [4401] * len(sockets)
        await shared_ward.catch_up(bystander)
        assert bystander.close_code is None
        if name in ("deactivated", "without-role", "deleted"):
            await assert_refused(shared_ward, client)


async def test_a_change_that_leaves_the_rights_as_they_are_closes_nothing(shared_ward: Ward) -> None:
    client = await aside(make_user, shared_ward, "renamed")
    async with AsyncExitStack() as resources:
        sockets = await open_everywhere(shared_ward, client, resources)
        await aside(
            shared_ward.shell,
            "from django.contrib.auth.models import Group, User",
            "user = User.objects.get(username='renamed')",
            "user.first_name = 'Rena'; user.save()",
            "user.groups.add(Group.objects.get(name='viewer'))",  # weaker than nurse
        )
        await shared_ward.catch_up(*(socket for socket in sockets if socket.is_multiplexed))
        assert {socket.close_code for socket in sockets} == {None}


async def test_nobody_is_told_of_others_sign_outs(shared_ward: Ward) -> None:
    client = await aside(make_user, shared_ward, "leaving")
    async with await shared_ward.open("lead") as socket:
        since = (await socket.hello())["event"]
        await aside(client.sign_out)
        await shared_ward.catch_up(socket)
        await socket.resume(since=since)
        assert {frame["stream"] for frame in socket.frames} == {"events", "patients"}
