"""After a lost connection: what was missed comes, in order and as it was sent, or the client hears 410."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.observations import ILL, WELL
from tests.realtime.ward import Ward, aside, changes_of, numbers_of


async def make_changes(ward: Ward, *, count: int = 3) -> None:
    for _ in range(count):
        patient = await aside(ward.admit)
        await aside(ward.client("nurse").record, patient["id"], **ILL)


async def test_what_was_missed_is_replayed_in_order_as_it_was_sent(shared_ward: Ward) -> None:
    async with AsyncExitStack() as resources:
        witness = await resources.enter_async_context(await shared_ward.open("viewer"))
        since = (await witness.hello())["event"]
        await make_changes(shared_ward)
        last = await shared_ward.catch_up(witness)
        sent = changes_of(witness)
        await shared_ward.settle()
        for server in range(len(shared_ward.stack.servers)):
            away = await resources.enter_async_context(await shared_ward.open("viewer", server=server))
            hello = await away.hello()
            reply = await away.resume(since=since, epoch=hello["epoch"])
            assert (reply["response_status"], reply["data"]) == (200, {"last": last})
            assert changes_of(away) == [frame for frame in sent if frame["payload"]["event"] > since]
            assert [frame["payload"]["event"] for frame in changes_of(away)] == list(
                range(since + 1, last + 1)
            )


async def test_a_ping_is_answered_on_every_process(shared_ward: Ward) -> None:
    for server in range(len(shared_ward.stack.servers)):
        async with await shared_ward.open("viewer", server=server) as socket:
            reply = await socket.request("events", "ping")
            assert (reply["response_status"], reply["errors"]) == (200, [])


async def test_a_client_that_misses_nothing_is_replayed_nothing(shared_ward: Ward) -> None:
    async with await shared_ward.open("viewer") as socket:
        await shared_ward.catch_up(socket)
        seen = len(socket.frames)
        last = numbers_of(socket)[-1]
        reply = await socket.resume(since=last)
        assert (reply["response_status"], reply["data"]) == (200, {"last": last})
        assert len(socket.frames) == seen + 1


async def test_a_client_that_comes_and_goes_while_others_write_ends_with_everything(
    shared_ward: Ward,
) -> None:
    """The replay ends right before its reply, holds what was missed in order, and is not told again after it."""
    async with AsyncExitStack() as resources:
        witness = await resources.enter_async_context(await shared_ward.open("viewer"))
        start = (await witness.hello())["event"]
        cursor = start
        held: dict[int, Any] = {}
        writers = asyncio.gather(*(make_changes(shared_ward, count=6) for _ in range(3)))
        for turn in range(8):
            socket = await shared_ward.open("viewer", server=turn % len(shared_ward.stack.servers))
            reply = await socket.resume(since=cursor)
            assert reply["response_status"] == 200
            at = next(index for index, frame in enumerate(socket.frames) if frame["payload"] == reply)
            missed = list(range(cursor + 1, reply["data"]["last"] + 1))
            numbers = numbers_of(socket)
            if missed:
                # What came live between the greeting and the replay stands before it.
                numbers = numbers[len(numbers) - 1 - numbers[::-1].index(missed[0]) :]
                assert numbers[: len(missed)] == missed
            await asyncio.sleep(0.05)
            live = numbers_of(socket, after=at)
            assert all(number > reply["data"]["last"] for number in live), "told again after the reply"
            assert numbers == list(range(numbers[0], numbers[-1] + 1)) if numbers else not missed
            for frame in changes_of(socket):
                assert held.setdefault(frame["payload"]["event"], frame) == frame, "as it was sent"
            cursor = max(reply["data"]["last"], *live, cursor)
            assert set(range(start + 1, cursor + 1)) <= held.keys()
            await socket.close()
        await writers
        last = await shared_ward.catch_up(witness)
        async with await shared_ward.open("viewer") as socket:
            await socket.resume(since=cursor)
            held.update((frame["payload"]["event"], frame) for frame in changes_of(socket))
        # A process that greeted late may have handed out what came before the witness as well.
        held = {number: frame for number, frame in sorted(held.items()) if number > start}
        assert list(held.values()) == [
            frame for frame in changes_of(witness) if frame["payload"]["event"] > start
        ]
        assert list(held) == list(range(start + 1, last + 1))


async def test_a_long_absence_is_replayed_whole(shared_ward: Ward) -> None:
    """More than the socket's own buffer, and more than one read of the log."""
    patient = await aside(shared_ward.admit)
    since = await aside(shared_ward.last_event)
    await aside(
        shared_ward.shell,
        "from patients.events import unit_of_work",
        "from patients.models import Report",
        "with unit_of_work():",
        "    for index in range(700):",
        f"        Report.objects.create(patient_id={patient['id']}, additional='x' * 4000)",
    )
    last = await aside(shared_ward.last_event)
    assert last - since == 1400

    await shared_ward.settle()
    async with await shared_ward.open("viewer", server=-1) as socket:
        reply = await socket.resume(since=since)
        assert (reply["response_status"], reply["data"]["last"]) == (200, last)
        assert numbers_of(socket) == list(range(since + 1, last + 1))


async def test_a_number_ahead_of_the_log_is_410(shared_ward: Ward) -> None:
    async with await shared_ward.open("viewer") as socket:
        hello = await socket.hello()
        reply = await socket.resume(since=hello["event"] + 1_000_000)
        assert reply["response_status"] == 410
        assert reply["errors"]


async def test_another_epoch_is_410(shared_ward: Ward) -> None:
    async with await shared_ward.open("viewer") as socket:
        reply = await socket.resume(since=(await socket.hello())["event"], epoch="of another database")
        assert reply["response_status"] == 410


async def test_what_is_no_longer_kept_is_410(shared_ward: Ward) -> None:
    async with await shared_ward.open("viewer") as socket:
        await make_changes(shared_ward, count=2)
        last = await shared_ward.catch_up(socket)
        await aside(
            shared_ward.shell,
            "from patients.models import Event",
            f"Event.objects.filter(number__lt={last - 2}).delete()",
        )
        for since, status in ((0, 410), (last - 4, 410), (last - 3, 200), (last, 200)):
            reply = await socket.resume(since=since)
            assert reply["response_status"] == status, since
        await aside(shared_ward.shell, "from patients.models import Event", "Event.objects.all().delete()")
        assert (await socket.resume(since=last - 1))["response_status"] == 410
        assert (await socket.resume(since=last))["response_status"] == 200


@pytest.mark.parametrize("since", [-1, "1", 1.0, None, True, [], {}, 2**64, "missing"])
async def test_a_malformed_number_is_400(shared_ward: Ward, since: Any) -> None:
    async with await shared_ward.open("viewer") as socket:
        payload = {} if since == "missing" else {"since": since}
        reply = await socket.request("events", "resume", **payload)
        assert reply["response_status"] == 400
        assert (await socket.request("events", "resume", since=0, epoch=7))["response_status"] == 400


async def test_a_restored_database_greets_anew_with_another_epoch(shared_ward: Ward) -> None:
    """Changes the epoch of the module's database: no test after this one may rely on the old one."""
    async with AsyncExitStack() as resources:
        sockets = await shared_ward.open_everywhere(resources)
        old = (await sockets[0].hello())["epoch"]
        await aside(
            shared_ward.shell,
            "from patients.models import EventCounter",
            "EventCounter.objects.update(epoch='restored', last=3)",
        )
        for socket in sockets:
            hello = await socket.wait_for(
                lambda frame: frame["payload"].get("epoch") == "restored", what="a greeting of the new epoch"
            )
            assert hello["payload"]["event"] == 3
        patient = await aside(shared_ward.admit)
        await aside(shared_ward.client().record, patient["id"], **WELL)
        await shared_ward.catch_up(*sockets)
        reply = await sockets[0].resume(since=1, epoch=old)
        assert reply["response_status"] == 410
