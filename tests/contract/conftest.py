"""One running stack of each kind for the whole suite; every test admits patients of its own."""

from collections.abc import Iterator

import pytest

from tests.contract.outside import Outside
from tests.support.stacks import Stack, StackBuilder


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def stack(
    request: pytest.FixtureRequest, stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp(f"contract-{request.param}")
    with stack_builder.running(request.param, folder=folder) as running:
        yield running


@pytest.fixture(scope="session")
def outside(stack: Stack) -> Iterator[Outside]:
    outside = Outside(stack)
    yield outside
    outside.close()
    for name, log in stack.read_logs().items():
        assert "Traceback" not in log, f"{name}:\n{log}"


@pytest.fixture
def patient(outside: Outside) -> int:
    """The id of a patient who came a day ago."""
    return outside.admit()["id"]
