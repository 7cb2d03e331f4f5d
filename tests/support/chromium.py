"""Chromium for browser tests: the one on the machine, else Debian's package.

`python -m tests.support.chromium` makes sure that there is one.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

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

INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
WHAT_TO_DO = f"No Chromium found for the browser tests. Install it: sudo {' '.join(INSTALL)}"


def find_chromium() -> str | None:
    """The path of Chromium, or None. `CHROMIUM` in the environment names another one."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def require_chromium() -> str:
    """The path of Chromium.

    Raises:
        RuntimeError: saying how to install it.
    """
    path = find_chromium()
    if path is None:
        raise RuntimeError(WHAT_TO_DO)
    return path


def main() -> int:
    if find_chromium():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(("apt-get", "update", "--quiet"), check=True, env=environment)
        subprocess.run(INSTALL, check=True, env=environment)
        if find_chromium():
            return 0
    sys.stderr.write(WHAT_TO_DO + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
