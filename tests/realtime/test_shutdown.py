"""Leaving in good order, being killed, and losing Redis: what was answered stays, and everybody learns of it."""

import asyncio
import signal
import threading
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.observations import ILL, WELL
from tests.realtime.ward import Ward, aside, changes_of, numbers_of
from tests.support.clients import RestClient
from tests.support.databases import database
from tests.support.processes import DaphneServer, WardlightServer, Worker
from tests.support.servers import RedisServer
from tests.support.stacks import Stack, StackBuilder
from tests.support.waiting import DEADLINE, eventually, wait_until

LEAVE_WITHIN = 50.0
"""Seconds. The server gives itself 5; a loaded machine gets ten times that, but not the minute after which a request
that hangs would be given up."""


class Writers:
    """Threads that record reports of one patient as fast as they are answered, until the server is gone."""

    def __init__(self, ward: Ward, *, patient: int, count: int = 6) -> None:
        self.patient = patient
        self.answered: list[int] = []
        self.refused = 0
        self.is_stopped = threading.Event()
        clients = [
            RestClient(ward.stack.servers[0].url, token=ward.client("nurse").token) for _ in range(count)
        ]
        self.threads = [threading.Thread(target=self.write, args=(client,)) for client in clients]
        for thread in self.threads:
            thread.start()

    def write(self, client: RestClient) -> None:
        while not self.is_stopped.is_set():
            try:
                answer = client.post("/api/reports/", {"patient": self.patient, **WELL})
            except requests.RequestException:
                return
            if answer.status_code == 201:
                self.answered.append(answer.json()["id"])
            else:
                assert answer.status_code == 503, answer.text
                self.refused += 1

    def stop(self) -> None:
        self.is_stopped.set()
        for thread in self.threads:
            thread.join(DEADLINE)


def stored_ids(ward: Ward, patient: int) -> set[int]:
    rows = ward.client("lead", server=-1).read("/api/reports/", patient=patient, limit=1000)
    assert rows["next"] is None
    return {row["id"] for row in rows["results"]}


async def test_sigterm_under_load_closes_with_1012_and_ends_with_0(ward: Ward) -> None:
    server = ward.stack.servers[0]
    patient = (await aside(ward.admit))["id"]
    async with AsyncExitStack() as resources:
        sockets = [await resources.enter_async_context(await ward.open("viewer")) for _ in range(20)]
        bare = await resources.enter_async_context(await ward.open("viewer", path="/ws/reports/"))
        writers = await aside(Writers, ward, patient=patient)
        await sockets[0].wait_for_push("reports")
        code = await aside(server.terminate, timeout=LEAVE_WITHIN)
        await aside(writers.stop)
        assert code == 0, server.read_log()
        assert [await socket.wait_until_closed() for socket in (*sockets, bare)] == [1012] * 21
    assert "Traceback" not in server.read_log()
    assert "Segmentation" not in server.read_log()
    await aside(server.start)
    await aside(server.wait_until_ready)
    assert writers.answered
    assert set(writers.answered) <= await aside(stored_ids, ward, patient)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_with_0(stack_builder: StackBuilder, tmp_path: Path, number: int) -> None:
    with stack_builder.running("sqlite", folder=tmp_path) as stack:
        process = stack.servers[0].require_running()
        process.send_signal(number)
        assert process.wait(LEAVE_WITHIN) == 0
        stack.servers[0].process = None


async def test_plain_daphne_serves_and_ends_without_hanging(
    stack_builder: StackBuilder, tmp_path: Path
) -> None:
    """With a worker beside it. Daphne's own way out: no close frames, but it must end."""
    with stack_builder.prepared("sqlite", folder=tmp_path) as stack:
        stack.servers = [DaphneServer(configuration=stack.configuration, folder=tmp_path)]
        stack.workers = [Worker(configuration=stack.configuration, folder=tmp_path)]
        try:
            stack.start()
            ward = Ward(stack)
            patient = (await aside(ward.admit))["id"]
            async with await ward.open("viewer") as socket:
                report = await aside(ward.client("nurse").record, patient, **ILL)
                pushed = await socket.wait_for_push("reports")
                assert pushed["data"] == report
                writers = await aside(Writers, ward, patient=patient)
                await socket.wait_for(lambda frame: len(writers.answered) > 5, what="saves are under way")
                assert await aside(offer_what_is_no_ascii, stack.url) == 403
                ended = await aside(stack.servers[0].terminate, timeout=LEAVE_WITHIN)
                await aside(writers.stop)
                assert ended is not None
                await socket.wait_until_closed()
            assert stack.workers[0].terminate(timeout=LEAVE_WITHIN) == 0
        finally:
            stack.stop()


def offer_what_is_no_ascii(url: str) -> int:
    """The status of the answer; Daphne by itself says 500."""
    handshake: dict[str, str | bytes] = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": b"\xff",
    }
    return requests.get(f"{url}/ws/", headers=handshake, timeout=DEADLINE).status_code


async def test_after_kill_9_right_behind_a_201_the_report_its_events_and_the_resume_are_there(
    ward: Ward,
) -> None:
    patient = (await aside(ward.admit))["id"]
    socket = await ward.open("viewer")
    since = await ward.catch_up(socket)
    epoch = (await socket.hello())["epoch"]
    for turn in range(2):
        report = await aside(ward.client("nurse").record, patient, **ILL)
        ward.stack.kill9()
        await socket.close()
        await aside(ward.stack.start)
        assert (await aside(ward.client().read, f"/api/reports/{report['id']}/")) == report
        socket = await ward.open("viewer", server=-1)
        assert (await socket.hello())["epoch"] == epoch
        reply = await socket.resume(since=since, epoch=epoch)
        assert reply["response_status"] == 200
        numbers = numbers_of(socket)
        assert numbers == list(range(since + 1, reply["data"]["last"] + 1))
        creations = [push["data"] for push in socket.pushed("reports") if push["action"] == "create"]
        assert creations == [report], f"turn {turn}"
        since = reply["data"]["last"]
    await socket.close()


# ---------------------------------------------------------------- Redis


async def test_saves_and_pushes_go_on_while_redis_is_away_and_after(tmp_path: Path) -> None:
    redis = RedisServer()
    redis.start()
    try:
        with database("postgres", folder=tmp_path) as database_url:
            configuration = {"DATABASE_URL": database_url, "REDIS_URL": redis.url}
            stack = Stack("postgres", configuration, tmp_path)
            stack.servers = [
                WardlightServer(
                    configuration=configuration, folder=tmp_path, name=f"web-{n}", has_worker=False
                )
                for n in (1, 2)
            ]
            stack.workers = [Worker(configuration=configuration, folder=tmp_path)]
            try:
                stack.start()
                await save_through_an_outage(Ward(stack), redis)
            finally:
                stack.stop()
    finally:
        redis.kill()


async def save_through_an_outage(ward: Ward, redis: RedisServer) -> None:
    patient = (await aside(ward.admit))["id"]
    async with AsyncExitStack() as resources:
        sockets = await ward.open_everywhere(resources, "viewer")
        start = await ward.catch_up(*sockets)

        async def save(count: int) -> None:
            for number in range(count):
                client = ward.client("nurse", server=number % 2)
                await aside(client.record, patient, **WELL)

        await save(4)
        redis.kill()
        await save(6)
        await ward.catch_up(*sockets)
        ready = await aside(ward.client().get, "/health/ready")
        assert ready.status_code == 200, "a proxy goes on asking it"
        # On a slow machine a beat of the worker may be late as well; nothing else may be missing.
        assert {"redis"} <= set(ready.json()["degraded"]) <= {"redis", "worker"}
        assert (await aside(ward.client().get, "/health/live")).status_code == 200
        redis.start()
        await save(6)
        await ward.catch_up(*sockets)
        await aside(wait_until, ward.stack.servers[0].is_ready, what="the server is ready again")
        await aside(ward.shell, "from patients.models import Patient", "Patient.objects.first().save()")
        last = await ward.catch_up(*sockets)

        async def has_heartbeat() -> Any:
            return all(socket.pushed("events", type="heartbeat") for socket in sockets)

        await eventually(has_heartbeat, what="a heartbeat on each process")
        for socket in sockets:
            assert [n for n in numbers_of(socket) if n > start] == list(range(start + 1, last + 1))
            assert len(socket.pushed("reports")) == 16
        assert [frame for frame in changes_of(sockets[0]) if frame["payload"]["event"] > start] == [
            frame for frame in changes_of(sockets[1]) if frame["payload"]["event"] > start
        ]
    ward.close()
    await asyncio.sleep(0)
