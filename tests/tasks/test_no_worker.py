"""Whether somebody sends the reminders is told to every screen, with the heartbeat."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.realtime.ward import Ward, aside
from tests.support.clients import Frame, WardSocket
from tests.support.processes import WardlightServer, Worker
from tests.support.stacks import STACKS, StackBuilder


@pytest.fixture(params=STACKS)
def ward(request: pytest.FixtureRequest, stack_builder: StackBuilder, tmp_path: Path) -> Iterator[Ward]:
    """One web process and a worker beside it, which can be killed alone."""
    with stack_builder.prepared(request.param, folder=tmp_path) as stack:
        stack.servers = [
            WardlightServer(configuration=stack.configuration, folder=tmp_path, has_worker=False)
        ]
        stack.workers = [Worker(configuration=stack.configuration, folder=tmp_path)]
        ward = Ward(stack)
        try:
            stack.start()
            yield ward
        finally:
            ward.close()
            stack.stop()


async def wait_for_heartbeat(socket: WardSocket, *, worker: bool) -> None:
    """Up to ten seconds until the last beat is old, up to ten more until the next heartbeat."""

    def says_so(frame: Frame) -> bool:
        payload = frame["payload"]
        return payload.get("type") == "heartbeat" and payload["worker"] is worker

    await socket.wait_for(says_so, what=f"a heartbeat with {worker=}", after=len(socket.frames))


@pytest.mark.long("the last beat must grow old, and the next heartbeat come, twice")
async def test_screens_hear_that_no_worker_lives_and_that_one_does_again(ward: Ward) -> None:
    (worker,) = ward.stack.workers
    async with await ward.open("viewer") as socket:
        assert (await socket.hello())["worker"] is True
        worker.kill9()
        await wait_for_heartbeat(socket, worker=False)
        async with await ward.open("viewer") as late:
            assert (await late.hello())["worker"] is False, "who comes meanwhile hears it at once"
        await aside(worker.start)
        await wait_for_heartbeat(socket, worker=True)
