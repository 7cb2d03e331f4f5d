"""One running stack for all tests of a module that leave it as they found it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.realtime.ward import Ward
from tests.support.stacks import Stack, StackBuilder


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_stack(
    request: pytest.FixtureRequest, stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp(f"shared-{request.param}")
    with stack_builder.running(request.param, folder=folder) as running:
        yield running


@pytest.fixture(scope="module")
def shared_ward(shared_stack: Stack) -> Iterator[Ward]:
    """The people on a stack of each kind, shared by the module's tests: each admits patients of its own."""
    ward = Ward(shared_stack)
    yield ward
    ward.close()


@pytest.fixture
def ward(stack: Stack) -> Iterator[Ward]:
    """The people on a stack of each kind that this test may kill, stop or fill."""
    ward = Ward(stack)
    yield ward
    ward.close()
