"""No socket outlives its right, also where nobody was told of its end: a directory's job writes past all signals."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User

from patients import clock
from patients.consumers import ReportConsumer
from patients.models import Report, SignIn
from patients.realtime.connection import CLOSE_SIGNED_OUT, CLOSE_TOO_MANY, Connection, decode_text_frames
from patients.services import sign_ins
from tests.observations import WELL
from tests.realtime.test_outlets import make_connection
from tests.realtime.test_portions import make_hub
from tests.realtime.ward import Ward, aside
from tests.support.counts import IS_TORTURE
from tests.support.stacks import Stack

ROUNDS = 60 if IS_TORTURE else 3
SILENTLY = {
    "deactivated": "User.objects.filter(username={name!r}).update(is_active=False)",
    "another password": "User.objects.filter(username={name!r}).update(password='!')",
    "another role": "User.groups.through.objects.filter(user__username={name!r})"
    ".update(group=Group.objects.get(name='viewer'))",
    "signed out": "SignIn.objects.filter(user__username={name!r}).update(ended_at='2026-01-01T00:00Z')",
}


def make_nurses(stack: Stack, names: list[str]) -> None:
    operate(
        stack,
        "password = User.objects.get(username='nurse').password",
        f"for name in {names!r}:",
        "    user, _ = User.objects.update_or_create(",
        "        username=name, defaults={'password': password, 'is_active': True}",
        "    )",
        "    user.groups.set([Group.objects.get(name='nurse')])",
    )


def operate(stack: Stack, *lines: str) -> None:
    imports = "from django.contrib.auth.models import Group, User\nfrom patients.models import SignIn"
    stack.manage("shell", "--verbosity", "0", "--command", "\n".join([imports, *lines]))


async def test_who_lost_a_right_without_a_word_writes_no_more_and_sees_no_more(shared_ward: Ward) -> None:
    """A write is refused at once; a screen that only listens is closed when all are looked at, every ten seconds."""
    stack = shared_ward.stack
    names = {change: f"lost-{number}" for number, change in enumerate(SILENTLY)}
    await aside(make_nurses, stack, [*names.values(), *(f"{name}-listens" for name in names.values())])
    patient = (await aside(shared_ward.admit))["id"]
    writers = {
        change: await stack.connect(await aside(stack.sign_in, name)) for change, name in names.items()
    }
    listeners = [
        await stack.connect(await aside(stack.sign_in, f"{name}-listens"), server=-1)
        for name in names.values()
    ]
    lines = [
        statement.format(name=person)
        for change, statement in SILENTLY.items()
        for person in (names[change], f"{names[change]}-listens")
    ]
    await aside(operate, stack, *lines)
    for change, socket in writers.items():
        if socket.close_code is None:  # else the look at all of them came first
            try:
                reply = await socket.request("reports", "create", data={"patient": patient, **WELL})
            except ConnectionError:
                assert socket.close_code == CLOSE_SIGNED_OUT, change
            else:
                assert reply["response_status"] == 401, change
        assert await socket.wait_until_closed() == CLOSE_SIGNED_OUT, change
    assert [await socket.wait_until_closed() for socket in listeners] == [CLOSE_SIGNED_OUT] * len(listeners)
    for socket in (*writers.values(), *listeners):
        await socket.close()
    assert (await aside(shared_ward.client().read, "/api/reports/", patient=patient))["count"] == 0


async def test_no_handshake_that_races_with_a_sign_out_leaves_a_live_socket(shared_ward: Ward) -> None:
    stack = shared_ward.stack
    for _ in range(ROUNDS):
        device = await aside(stack.sign_in, "nurse")
        leaving = asyncio.create_task(aside(device.sign_out))
        opened = await asyncio.gather(*(stack.connect(device) for _ in range(20)), return_exceptions=True)
        await leaving
        for socket in opened:
            if not isinstance(socket, BaseException):
                assert await socket.wait_until_closed() == CLOSE_SIGNED_OUT
                await socket.close()


@pytest.mark.django_db(transaction=True)
async def test_who_signs_out_during_the_handshake_is_greeted_by_nothing(monkeypatch) -> None:
    """The event that ends a sign-in may be handed out before its connection is registered."""
    from tests.factories import make_user

    hub = make_hub()
    user = await aside(make_user, "nurse")
    sign_in, _ = await aside(lambda: sign_ins.start_sign_in(user, now=clock.now()))
    signed_in, late = make_connection("nurse"), make_connection("nurse")
    signed_in.sign_in_id = late.sign_in_id = sign_in.pk
    await hub.admit(signed_in)
    assert signed_in.outlet.closed_with is None
    assert b'"hello"' in decode_text_frames(signed_in.outlet.written[0])[0]
    await aside(lambda: SignIn.objects.update(ended_at=clock.now()))
    await hub.admit(late)
    assert late.outlet.closed_with == CLOSE_SIGNED_OUT


async def test_one_socket_more_than_a_sign_in_may_have_closes_its_oldest(settings) -> None:
    settings.SOCKETS_PER_SIGN_IN = 2
    hub = make_hub()

    def join(role: str, sign_in_id: int | None) -> Connection:
        connection = make_connection(role)
        connection.sign_in_id = sign_in_id
        hub.register(connection)
        return connection

    others = [join("nurse", 2), *(join("service", 3) for _ in range(3))]
    first, second, third = (join("nurse", 1) for _ in range(3))
    assert first.outlet.closed_with == CLOSE_TOO_MANY
    hub.unregister(first)
    hub.unregister(second)
    fourth = join("nurse", 1)
    assert [c.outlet.closed_with for c in (second, third, fourth, *others)] == [None] * 7
    settings.SOCKETS_PER_SIGN_IN = 0
    assert [join("nurse", 1).outlet.closed_with for _ in range(3)] == [None] * 3


@pytest.mark.django_db(transaction=True)
async def test_each_write_on_a_socket_asks_whether_the_sign_in_still_lives() -> None:
    from tests.factories import make_patient, make_user

    user, patient = await aside(make_user, "nurse"), await aside(make_patient)
    sign_in, _ = await aside(lambda: sign_ins.start_sign_in(user, now=clock.now()))
    connection = make_connection("nurse")
    connection.sign_in_id = sign_in.pk
    replies: list[dict[str, Any]] = []
    consumer = ReportConsumer(scope={"user": user}, send=replies.append, connection=connection)
    record = {"action": "create", "data": {"patient": patient.pk, **WELL}}
    await consumer.receive_json(record)
    assert replies[-1]["response_status"] == 201, replies
    await aside(lambda: User.objects.filter(pk=user.pk).update(is_active=False))
    await consumer.receive_json(record)
    assert replies[-1]["response_status"] == 401
    assert connection.outlet.closed_with == CLOSE_SIGNED_OUT
    assert await aside(Report.objects.count) == 1
