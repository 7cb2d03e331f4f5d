"""The database of a test run, and fixtures that every room of tests uses.

`pytest --database=sqlite` (the default) runs everything. `pytest --database=postgres` repeats, on PostgreSQL,
the tests that use Django's database; all others do not depend on the engine.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import django
import hypothesis
import pytest

from tests.support import order
from tests.support.counts import IS_TORTURE
from tests.support.processes import CONFIGURATION, PROJECT
from tests.support.run_folder import run_folder
from tests.support.servers import leave_postgres_server, postgres_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.chromium import Chromium
    from tests.support.stacks import Stack, StackBuilder

LONG_TEST = 30  # seconds
seconds: Counter[str] = Counter()
"""How long each test took, with what it was set up by."""
seconds_alone: Counter[str] = Counter()
"""The same without what it was set up by."""
reasons: dict[str, Any] = {}
"""Why long ones are."""
figures: dict[tuple[str, str], None] = {}
"""What tests measured, in the order in which they ended."""

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}

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
    parser.addoption(
        "--write-durations",
        action="store_true",
        help="keep how long each test took, by which the next runs are ordered (tests/support/durations.json)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the database before Django reads its settings."""
    hypothesis.settings.load_profile("torture" if IS_TORTURE else "reduced")
    os.environ.update(CONFIGURATION)
    if config.getoption("--database") == "postgres":
        os.environ["DATABASE_URL"] = postgres_server()
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{PROJECT / 'unused.sqlite3'}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # pytest-django does so by itself only where the settings are known before this file is read.
    django.setup()
    hash_passwords_quickly()
    give_static_files_a_folder()


def hash_passwords_quickly() -> None:
    """Django's own way takes half a second of each password, and no test is about that."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def give_static_files_a_folder() -> None:
    """An empty one: each test's client would look through all files that were built, and no test in here asks for one.

    So the tests of the API pass on a bare checkout, too. Servers that tests start serve the real files.
    """
    from django.conf import settings

    settings.STATIC_ROOT = run_folder() / "staticfiles"
    settings.STATIC_ROOT.mkdir(exist_ok=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    leave_postgres_server()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    engine = config.getoption("--database")
    chosen = [item for item in items if is_for(item, engine=engine)]
    if len(chosen) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if not is_for(item, engine=engine)])
        items[:] = chosen
    for item in items:
        for mark in item.iter_markers("long"):
            item.user_properties.append(("long", mark.args[0]))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: order.longest_first(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out units of tests, in the order in which they were collected."""
    from xdist.scheduler import LoadScopeScheduling

    class UnitScheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return order.unit_of(nodeid)

    config.option.loadscopereorder = False
    return UnitScheduling(config, log)


def is_for(item: pytest.Item, *, engine: str) -> bool:
    """Whether the test belongs to a run on this engine. What does not use Django's database runs with SQLite's."""
    if item.get_closest_marker("torture") is not None and not IS_TORTURE:
        return False
    home = item.get_closest_marker("home")
    if home is not None and not IS_TORTURE:
        return bool(engine == home.args[0])
    return engine == "sqlite" or uses_database(item)


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


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    seconds[report.nodeid] += report.duration
    if report.when == "call":
        seconds_alone[report.nodeid] += report.duration
    reasons.update((report.nodeid, why) for name, why in report.user_properties if name == "long")
    figures.update(
        {(report.nodeid, str(told)): None for name, told in report.user_properties if name == "figure"}
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--write-durations") and not hasattr(session.config, "workerinput"):
        order.write(seconds, seconds_alone)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was measured, where that is asked for, and why long tests are long."""
    if IS_TORTURE and figures:
        terminalreporter.section("figures")
        for _, told in figures:
            terminalreporter.write_line(told)
    long = [nodeid for nodeid, taken in seconds.items() if taken > LONG_TEST]
    if long:
        terminalreporter.section(f"longer than {LONG_TEST} s")
    for nodeid in sorted(long, key=lambda nodeid: -seconds[nodeid]):
        why = reasons.get(nodeid, "no reason given: shorten it, or mark it with @pytest.mark.long(why)")
        terminalreporter.write_line(f"{seconds[nodeid]:.0f} s {nodeid}: {why}")


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tell a figure that was measured: `make torture` prints it at its end."""
    return lambda told: request.node.user_properties.append(("figure", told))


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
def django_db_setup(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_test_environment: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    """A migrated database for each process that runs tests.

    On SQLite it is a file: in memory it has no WAL, and threads lock each other out at once.
    """
    from django.conf import settings
    from django.db import connection

    from tests.support.databases import database

    engine = request.config.getoption("--database")
    folder = tmp_path_factory.mktemp("database")
    with database(engine, folder=folder, has_people=False) as url, django_db_blocker.unblock():
        name = urlsplit(url).path
        name = name.lstrip("/") if engine == "postgres" else name
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        yield
        connection.close()


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
def stack_builder() -> Iterator["StackBuilder"]:
    """Starts Wardlight's processes; for tests that need more than `stack` gives."""
    from tests.support.stacks import StackBuilder

    builder = StackBuilder()
    yield builder
    builder.close()


@pytest.fixture(params=["sqlite", "postgres"])
def stack(request: pytest.FixtureRequest, stack_builder: "StackBuilder", tmp_path: Path) -> Iterator["Stack"]:
    """Wardlight running on a fresh database: the test runs once on each of both stacks."""
    with stack_builder.running(request.param, folder=tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator["Chromium"]:
    """One headless Chromium for all tests of this process."""
    from tests.support.chromium import Chromium

    chromium = Chromium()
    yield chromium
    chromium.close()


@pytest.fixture
def browser(chromium: "Chromium") -> Iterator["Browser"]:
    """The browser, without anything that another test has left in it."""
    with chromium.lent() as lent:
        yield lent
