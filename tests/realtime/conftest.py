"""The people on the stack that a module's tests share, and on one of a test's own."""

from collections.abc import Iterator

import pytest

from tests.realtime.ward import Ward
from tests.support.stacks import Stack, StackBuilder


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_stack(
    request: pytest.FixtureRequest, stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """One for a module, whose tests look at all that is pushed: what other files admitted would come due meanwhile."""
    with stack_builder.running(request.param, folder=tmp_path_factory.mktemp("shared")) as running:
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
