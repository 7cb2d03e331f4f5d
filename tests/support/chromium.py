"""Chromium for browser tests: the one on the machine, else Debian's package (programs.py)."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

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


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A headless Chromium.

    Raises:
        RuntimeError: saying how to install it.
    """
    path = CHROMIUM.require()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=list(ARGUMENTS), timeout=DEADLINE * 1000
        )
        try:
            yield chromium
        finally:
            chromium.close()
