"""One running stack of each kind for the whole suite; every test admits patients of its own.

Each test runs on one of the stacks, those marked `smoke` on both; `make torture` runs all on both. What depends on the
engine behind the same code is asked on both by the tests of rooms api and services.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.contract.outside import Outside
from tests.support.counts import IS_TORTURE
from tests.support.stacks import Stack, StackBuilder

FOLDER = Path(__file__).parent
HOME = {
    "test_history": "postgres",
    "test_notifications": "sqlite",
    "test_patients": "postgres",
    "test_reports": "sqlite",
    "test_resources": "postgres",
    "test_roles": "sqlite",
    "test_sign_in": "postgres",
    "test_socket": "postgres",
    "test_writes": "sqlite",
}
"""The stack of a file's tests: what goes over several processes is on PostgreSQL."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if IS_TORTURE:
        return
    elsewhere = [item for item in items if not is_at_home(item)]
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
        items[:] = [item for item in items if is_at_home(item)]


def is_at_home(item: pytest.Item) -> bool:
    if item.path.parent != FOLDER or item.get_closest_marker("smoke"):
        return True
    parameters = getattr(item, "callspec", None)
    engine = None if parameters is None else parameters.params.get("stack")
    return engine is None or engine == HOME[item.path.stem]


@pytest.fixture(scope="session")
def running_stack(
    stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Stack]]:
    """The one of this kind, started when it is first asked for, and kept while the other one is looked at."""
    with ExitStack() as resources:

        @cache
        def running(name: str) -> Stack:
            folder = tmp_path_factory.mktemp(f"contract-{name}")
            return resources.enter_context(stack_builder.running(name, folder=folder))

        yield running


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def stack(request: pytest.FixtureRequest, running_stack: Callable[[str], Stack]) -> Stack:
    return running_stack(request.param)


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
