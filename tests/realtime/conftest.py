"""The people on the stacks that all tests share, and on one of a test's own."""

from collections.abc import Callable, Iterator

import pytest

from tests.realtime.ward import Ward
from tests.support.stacks import Stack


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_stack(request: pytest.FixtureRequest, shared_stacks: Callable[[str], Stack]) -> Stack:
    return shared_stacks(request.param)


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
