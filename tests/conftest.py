"""The database of a test run, and fixtures that every room of tests uses.

`pytest --database=sqlite` (the default) runs everything. `pytest --database=postgres` repeats, on PostgreSQL,
the tests that use Django's database; all others do not depend on the engine.
"""

import os
import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import hypothesis
import pytest

from tests.support.counts import IS_TORTURE
from tests.support.processes import CONFIGURATION, PROJECT
from tests.support.servers import postgres_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.stacks import Stack, StackBuilder

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}
RESOURCES = pytest.StashKey[ExitStack]()

# The same cases in every run: what fails on one machine fails on all.
hypothesis.settings.register_profile("reduced", derandomize=True, max_examples=50, deadline=None)
hypothesis.settings.register_profile("torture", derandomize=True, max_examples=2000, deadline=None)


# ---------------------------------------------------------------- the run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgres"),
        default=os.environ.get("WARDLIGHT_TEST_DATABASE", "sqlite"),
        help="the engine for tests that use Django's database",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the database before Django reads its settings."""
    hypothesis.settings.load_profile("torture" if IS_TORTURE else "reduced")
    os.environ.update(CONFIGURATION)
    resources = config.stash[RESOURCES] = ExitStack()
    if config.getoption("--database") == "postgres":
        os.environ["DATABASE_URL"] = resources.enter_context(postgres_server())
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{PROJECT / 'unused.sqlite3'}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # pytest-django does so by itself only where the settings are known before this file is read.
    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[RESOURCES].close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") != "postgres":
        return
    chosen = [item for item in items if uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not uses_database(item)])
    items[:] = chosen


def uses_database(item: pytest.Item) -> bool:
    names = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(DATABASE_FIXTURES & names)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: Any
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show, with a failure, what the processes of its stack printed and what its pages showed."""
    report = yield
    fixtures = getattr(item, "funcargs", {})
    if report.failed and "stack" in fixtures:
        for name, log in fixtures["stack"].read_logs().items():
            report.sections.append((f"log of {name}", log[-20_000:]))
    if report.failed and report.when == "call" and "browser" in fixtures:
        for path in take_screenshots(fixtures["browser"], name=item.name):
            report.sections.append(("screenshot", str(path)))
    return report


def take_screenshots(browser: "Browser", *, name: str) -> list[Path]:
    from playwright.sync_api import Error

    folder = PROJECT / "test-results"
    folder.mkdir(exist_ok=True)
    stem = re.sub(r"[^\w-]+", "-", name)
    paths = []
    for page in (page for context in browser.contexts for page in context.pages):
        path = folder / f"{stem}-{len(paths) + 1}.png"
        # A page that hangs or has crashed has no picture, and its test is reported all the same.
        with suppress(Error):
            page.screenshot(path=path)
            paths.append(path)
    return paths


# ---------------------------------------------------------------- Django's database


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """A file for SQLite: in memory it has no WAL, and threads lock each other out at once.

    Each process that runs tests has a database of its own (the suffix).
    """
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        name = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(name)


@pytest.fixture(scope="session", autouse=True)
def history_that_can_be_emptied() -> Iterator[None]:
    """A transactional test ends with a flush, which the triggers of ledger and history refuse: without them, then."""
    from django.db import connection
    from django.test import TransactionTestCase

    from patients import triggers

    flush = TransactionTestCase._fixture_teardown

    def flush_without_triggers(self: Any) -> None:
        triggers.remove(connection)
        flush(self)  # and with post_migrate, which it sends, they are there again

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_without_triggers)
        yield


# ---------------------------------------------------------------- real processes


@pytest.fixture(scope="session")
def stack_builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator["StackBuilder"]:
    """Starts Wardlight's processes; for tests that need more than `stack` gives."""
    from tests.support.stacks import StackBuilder

    builder = StackBuilder(tmp_path_factory.mktemp("stacks"))
    yield builder
    builder.close()


@pytest.fixture(params=["sqlite", "postgres"])
def stack(request: pytest.FixtureRequest, stack_builder: "StackBuilder", tmp_path: Path) -> Iterator["Stack"]:
    """Wardlight running on a fresh database: the test runs once on each of both stacks."""
    with stack_builder.running(request.param, folder=tmp_path) as running:
        yield running


@pytest.fixture
def browser() -> Iterator["Browser"]:
    """A headless Chromium, one for each test: Playwright's loop must not outlive it, or no later test
    could run a loop of its own."""
    from tests.support.chromium import running_chromium

    with running_chromium() as chromium:
        yield chromium
