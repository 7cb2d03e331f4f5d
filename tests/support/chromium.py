"""Chromium for browser tests: the one on the machine, else Debian's package (programs.py)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.support.programs import CHROMIUM
from tests.support.waiting import DEADLINE

# No sandbox: CI runs as root, where Chromium refuses to start one. The others keep it from calling home
# and from asking for anything that a headless machine lacks.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Chromium:
    """One headless Chromium for all tests of a process, each with contexts of its own.

    Playwright keeps its event loop running in this thread for as long as it is connected, which no test that runs a
    loop itself would survive: the loop is taken out of sight while nobody has borrowed the browser.
    """

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.playwright: Playwright | None = None
        self.browser: Browser | None = None

    @contextmanager
    def lent(self) -> Iterator[Browser]:
        """The browser, without contexts before and after.

        Raises:
            RuntimeError: saying how to install it.
        """
        with self._in_sight():
            browser = self._running()
            try:
                yield browser
            finally:
                for context in browser.contexts:
                    context.close()

    def close(self) -> None:
        with self._in_sight():
            if self.browser is not None:
                self.browser.close()
            if self.playwright is not None:
                self.playwright.stop()
                self.loop = None

    @contextmanager
    def _in_sight(self) -> Iterator[None]:
        asyncio._set_running_loop(self.loop)
        try:
            yield
        finally:
            asyncio._set_running_loop(None)

    def _running(self) -> Browser:
        if self.playwright is None:
            self.playwright = sync_playwright().start()
            self.loop = asyncio.get_running_loop()
        if self.browser is None or not self.browser.is_connected():
            self.browser = self.playwright.chromium.launch(
                executable_path=CHROMIUM.require(), args=list(ARGUMENTS), timeout=DEADLINE * 1000
            )
        return self.browser


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A headless Chromium, for a command that is no test."""
    chromium = Chromium()
    try:
        with chromium.lent() as browser:
            yield browser
    finally:
        chromium.close()
