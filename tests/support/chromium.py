"""Chromium for browser tests: the one on the machine, else Debian's package (programs.py)."""

from tests.support.programs import CHROMIUM

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


def require_chromium() -> str:
    """The path of Chromium.

    Raises:
        RuntimeError: saying how to install it.
    """
    return CHROMIUM.require()
