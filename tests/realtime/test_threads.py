"""Threads are lent by turns: nobody's work, and no kind of work, can hold all of them."""

import asyncio

import pytest

from patients.realtime import threads
from patients.realtime.errands import errand_of_action, errand_of_request, lane_of_request
from patients.realtime.threads import FILES, IMPORTS, OWN, PASSWORDS, Errand, Pool, TooManyWaiting

NURSE, OTHER, LEAD = (Errand(asker=name) for name in ("nurse", "other", "lead"))


class Asking:
    """Errands that ask a pool, and in which order they were served."""

    def __init__(self, size):
        self.pool = Pool(size, name="test")
        self.served = []

    async def ask(self, errand, name=None):
        executor = await self.pool.take(errand)
        self.served.append(name or errand.asker)
        return executor

    async def begin(self, errand, name=None):
        """Ask without waiting; returns the task once it had its chance."""
        task = asyncio.ensure_future(self.ask(errand, name))
        await asyncio.sleep(0)
        return task


async def test_one_asker_holds_half_of_the_threads_at_most():
    asking = Asking(4)
    first = [await asking.begin(LEAD) for _ in range(6)]
    assert [task.done() for task in first] == [True, True, False, False, False, False]
    assert (await asking.begin(NURSE)).done()


async def test_those_who_wait_take_turns():
    asking = Asking(1)
    held = await asking.ask(OTHER)
    for index in range(3):
        await asking.begin(LEAD, name=f"lead {index}")
    await asking.begin(NURSE)
    asking.pool.give_back(held, OTHER)
    while len(asking.served) < 5:
        await asyncio.sleep(0)
        errand = NURSE if asking.served[-1] == "nurse" else LEAD
        asking.pool.give_back(held, errand)
        await asyncio.sleep(0)
    assert asking.served == ["other", "lead 0", "nurse", "lead 1", "lead 2"]


async def test_an_asker_whose_writes_hang_can_still_read():
    asking = Asking(4)
    writing = [await asking.begin(Errand(asker="nurse", writes=True)) for _ in range(3)]
    assert [task.done() for task in writing] == [True, True, False]
    reading = [await asking.begin(NURSE) for _ in range(2)]
    assert [task.done() for task in reading] == [True, False]
    assert (await asking.begin(LEAD)).done()


async def test_writes_leave_one_thread_to_reads():
    asking = Asking(3)
    writing = [await asking.begin(Errand(asker=name, writes=True)) for name in "abc"]
    assert [task.done() for task in writing] == [True, True, False]
    assert (await asking.begin(NURSE)).done()


async def test_heavy_reads_leave_half_of_the_threads():
    asking = Asking(4)
    heavy = [await asking.begin(Errand(asker=name, is_heavy=True)) for name in "abc"]
    assert [task.done() for task in heavy] == [True, True, False]
    assert (await asking.begin(Errand(asker="d", writes=True))).done()
    asking.pool.give_back(heavy[0].result(), Errand(asker="a", is_heavy=True))
    await asyncio.sleep(0)
    assert heavy[2].done()


async def test_the_server_itself_is_held_back_by_no_limit():
    asking = Asking(2)
    assert all([(await asking.begin(OWN)).done() for _ in range(2)])


async def test_who_stops_waiting_keeps_no_thread():
    asking = Asking(1)
    held = await asking.ask(OTHER)
    waiting, behind = await asking.begin(LEAD), await asking.begin(NURSE)
    waiting.cancel()
    await asyncio.sleep(0)
    asking.pool.give_back(held, OTHER)
    assert await behind is held
    # Cancelled in the very moment in which it was served.
    asking.pool.give_back(held, NURSE)
    held = await asking.ask(OTHER)
    waiting = await asking.begin(LEAD)
    asking.pool.give_back(held, OTHER)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asking.ask(NURSE) is held
    assert asking.pool.waiting == 0


async def test_a_lane_is_lent_as_it_is_asked_for():
    lane = threads.Lane("two", threads=2, most_waiting=1)
    writing = Errand(asker="lead", writes=True, is_heavy=True)
    async with threads.lent_thread(writing, lane=lane), threads.lent_thread(writing, lane=lane):
        pass


async def test_a_lane_that_is_full_turns_away():
    lane = threads.Lane("short", threads=1, most_waiting=1)
    async with threads.lent_thread(NURSE, lane=lane):
        waits = asyncio.ensure_future(threads.lent_thread(OTHER, lane=lane).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(TooManyWaiting):
            await threads.lent_thread(LEAD, lane=lane).__aenter__()
    (await waits).give_back()


def request(method="GET", path="/api/reports/", query=b"", **headers):
    return {
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 4711),
    }


def test_an_asker_is_who_shows_the_same_credentials():
    by_key = errand_of_request(request(authorization="Token k1", cookie="sessionid=s1"))
    assert by_key.asker == errand_of_request(request("POST", authorization="Token k1")).asker
    assert by_key.asker != errand_of_request(request(authorization="Token k2")).asker
    by_session = errand_of_request(request(cookie="csrftoken=a; sessionid=s1"))
    assert by_session.asker == errand_of_request(request(cookie="sessionid=s1; csrftoken=b")).asker
    assert errand_of_request(request()).asker == ("address", "192.0.2.1")


@pytest.mark.parametrize(
    "query,is_heavy",
    [
        (b"", False),
        (b"limit=100", False),
        (b"limit=1000", True),
        (b"format=csv", True),
        (b"limit=%FF", False),
    ],
)
def test_a_long_read_is_heavy(query, is_heavy):
    assert errand_of_request(request(query=query)).is_heavy is is_heavy


def test_an_action_writes_unless_it_is_known_to_read():
    reading = frozenset({"list"})
    assert errand_of_action(1, {"action": "list", "limit": 500}, reading=reading) == Errand(
        ("user", 1), writes=False, is_heavy=True
    )
    assert errand_of_action(1, {"action": ["list"], "limit": "500"}, reading=reading) == Errand(
        ("user", 1), writes=True, is_heavy=False
    )


@pytest.mark.parametrize(
    "method,path,lane",
    [
        ("POST", "/api/patients/import/", IMPORTS),
        ("POST", "/rest-auth/login/", PASSWORDS),
        ("POST", "/admin/login/", PASSWORDS),
        ("GET", "/rest-auth/login/", None),
        ("POST", "/api/patients/", None),
        ("GET", "/api/patients/", None),
        ("GET", "/health/ready", None),
        ("GET", "/health/live", FILES),
        ("HEAD", "/static/app/main.js", FILES),
        ("GET", "/patients/3", FILES),
        ("GET", "/", FILES),
    ],
)
def test_imports_passwords_and_what_asks_no_database_have_threads_of_their_own(method, path, lane):
    assert lane_of_request(request(method, path)) is lane
