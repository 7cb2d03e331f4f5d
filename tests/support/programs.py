"""Programs that tests run beside Wardlight: those on the machine, else Debian's packages.

`python -m tests.support.programs` makes sure that there are all of them.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from tests.support.counts import IS_TORTURE


@dataclass(frozen=True)
class Program:
    """`names`: how its command may be called; `package`: Debian's; `variable`: names another one, if it is set."""

    title: str
    names: tuple[str, ...]
    package: str
    variable: str = ""

    @property
    def install(self) -> tuple[str, ...]:
        return ("apt-get", "install", "--yes", "--no-install-recommends", self.package)

    @property
    def what_to_do(self) -> str:
        return f"No {self.title} found for the tests. Install it: sudo {' '.join(self.install)}"

    def find(self) -> str | None:
        """Its path, or None."""
        named = os.environ.get(self.variable) if self.variable else None
        if named:
            return shutil.which(named)
        return next((path for name in self.names if (path := shutil.which(name))), None)

    def require(self) -> str:
        """Its path.

        Raises:
            RuntimeError: saying how to install it.
        """
        path = self.find()
        if path is None:
            raise RuntimeError(self.what_to_do)
        return path


CHROMIUM: Final = Program(
    title="Chromium",
    names=(
        "chromium-headless-shell",
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ),
    package="chromium-headless-shell",
    variable="CHROMIUM",
)
"""The same engine without the window around it, which starts sooner and draws with less; else the whole of it."""
CURL: Final = Program(title="curl", names=("curl",), package="curl")
FIREFOX: Final = Program(title="Firefox", names=("firefox-esr", "firefox"), package="firefox-esr")
WEBKIT: Final = Program(
    title="WebKit with its driver", names=("WebKitWebDriver",), package="webkit2gtk-driver"
)
XVFB: Final = Program(title="Xvfb", names=("Xvfb",), package="xvfb")
"""The screen for WebKit, which starts on none."""
BUILDAH: Final = Program(title="buildah", names=("buildah",), package="buildah")
DEBOOTSTRAP: Final = Program(title="debootstrap", names=("debootstrap",), package="debootstrap")
"""It makes what the image is built on: no registry of images is asked."""
OF_TORTURE: Final = (FIREFOX, WEBKIT, XVFB, BUILDAH, DEBOOTSTRAP)
"""What `make test` does without."""
OF_EVERY_RUN: Final = (CHROMIUM, CURL)
PROGRAMS: Final = (*OF_EVERY_RUN, *(OF_TORTURE if IS_TORTURE else ()))


def main() -> int:
    missing = [program for program in PROGRAMS if program.find() is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(("apt-get", "update", "--quiet"), check=True, env=environment)
        for program in missing:
            subprocess.run(program.install, check=True, env=environment)
        missing = [program for program in missing if program.find() is None]
    for program in missing:
        sys.stderr.write(program.what_to_do + "\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
