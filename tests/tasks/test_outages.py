"""PostgreSQL or Redis is away for a while: every reminder goes out, once, and the worker goes on by itself."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.realtime.ward import Ward, aside
from tests.support.counts import count
from tests.support.processes import WardlightServer, manage
from tests.support.servers import OwnPostgres, RedisServer, free_port
from tests.support.stacks import StackBuilder
from tests.support.waiting import DEADLINE
from tests.tasks.due import (
    admit_with_first_set_due_in,
    assert_told_once_each,
    of_kind,
    reminders_of,
    see_another_look,
    wait_for_reminders,
)

DUE = "observation_due"
OUTAGE = count(reduced=4, full=20)  # seconds
REMINDERS = count(reduced=30, full=300)


def missing(server: WardlightServer) -> Any:
    answer = requests.get(f"{server.url}/health/ready", timeout=DEADLINE)
    assert answer.status_code == 503
    return answer.json()["missing"]


def test_a_server_started_before_its_database_is_migrated_waits_for_it(tmp_path: Path) -> None:
    configuration = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}"}
    with WardlightServer(configuration=configuration, folder=tmp_path) as server:
        assert missing(server) == ["starting", "migrations"]
        assert oct((tmp_path / "new.sqlite3").stat().st_mode & 0o777) == "0o600", "it will hold patients"
        manage("migrate", "--verbosity", "0", configuration=configuration)
        server.wait_until_ready()


def test_a_server_started_before_its_database_server_says_so(tmp_path: Path) -> None:
    configuration = {"DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/ward"}
    with WardlightServer(configuration=configuration, folder=tmp_path) as server:
        assert missing(server) == ["starting", "database"]


class Surroundings:
    """A ward, and the servers that its processes need: each can be taken away and given back."""

    def __init__(self, folder: Path, resources: ExitStack) -> None:
        self.postgres, self.redis = OwnPostgres(), RedisServer()
        resources.callback(self.postgres.close)
        self.redis.start()
        resources.callback(self.redis.kill)
        builder = StackBuilder(postgres_url=self.postgres.url, redis_url=self.redis.url)
        resources.callback(builder.close)
        stack = resources.enter_context(builder.running("postgres", folder=folder))
        self.ward = Ward(stack)
        resources.callback(self.ward.close)


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    with ExitStack() as resources:
        yield Surroundings(tmp_path_factory.mktemp("outages"), resources)


async def tell_through_an_outage(
    ward: Ward, *, name: str, stop: Callable[[], None], start: Callable[[], None]
) -> None:
    workers = [worker.pid for worker in ward.stack.workers]
    since = await aside(ward.last_event)
    known = {row["id"] for row in await aside(reminders_of, ward, kind=DUE)}
    # Due before, while it is away, and after it is back.
    due_in = [number * (OUTAGE + 4) / REMINDERS for number in range(REMINDERS)]
    await aside(admit_with_first_set_due_in, ward, seconds=due_in, last_name=name)
    await asyncio.sleep(1)
    await aside(stop)
    await asyncio.sleep(OUTAGE)
    await aside(start)
    await aside(wait_for_reminders, ward, count=len(known) + REMINDERS, kind=DUE)
    await aside(see_another_look, ward)
    # Where all this takes long, those of an earlier outage are overdue by now: they are another test's.
    rows = [row for row in await aside(reminders_of, ward, kind=DUE) if row["id"] not in known]
    assert len(rows) == REMINDERS + 1, "lost or doubled; one is of the look"
    assert [worker.pid for worker in ward.stack.workers] == workers, "a worker was started anew"
    await aside(ward.stack.wait_until_ready)
    async with await ward.open("viewer", server=-1) as socket:
        assert (await socket.resume(since=since))["response_status"] == 200
        assert_told_once_each(
            rows,
            changes=of_kind(DUE, socket.pushed("notifications")),
            banners=of_kind(DUE, socket.pushed("history", type="notification")),
        )


async def test_without_redis_for_a_while_every_reminder_goes_out_once(surroundings: Surroundings) -> None:
    redis = surroundings.redis
    await tell_through_an_outage(surroundings.ward, name="Redis", stop=redis.kill, start=redis.start)


async def test_without_postgresql_for_a_while_every_reminder_goes_out_once(
    surroundings: Surroundings,
) -> None:
    postgres = surroundings.postgres
    await tell_through_an_outage(
        surroundings.ward, name="PostgreSQL", stop=postgres.crash, start=postgres.start
    )
