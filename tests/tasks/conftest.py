"""The people on a running stack, for tests of what the worker does."""

from collections.abc import Iterator

import pytest

from tests.realtime.conftest import shared_stack, shared_ward  # noqa: F401 - fixtures
from tests.realtime.ward import Ward
from tests.support.stacks import Stack


@pytest.fixture
def ward(stack: Stack) -> Iterator[Ward]:
    ward = Ward(stack)
    yield ward
    ward.close()
