"""The tests at their full counts, room by room: `python -m tests.support.torture [part …]`.

Every part runs to its end; how long each took, and what failed, is said at the end.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.support.processes import PROJECT

ROOMS = ("rules", "services", "api", "contract", "realtime", "tasks", "browser", "deploy")
OTHERS = "others"
"""The tests that lie in no room."""

PARTS = (*ROOMS, OTHERS)
AT_A_TIME = ("-n", "2")
NOTHING_CHOSEN = 5  # pytest's exit code where no test was left: a room without tests that use the database


def files_of(part: str) -> list[str]:
    if part == OTHERS:
        return sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "tests").glob("test_*.py"))
    return [f"tests/{part}"]


def run(part: str) -> bool:
    """Whether all of this part passed, on both engines."""
    codes = [
        subprocess.run(
            (sys.executable, "-m", "pytest", *AT_A_TIME, f"--database={engine}", *files_of(part)),
            cwd=PROJECT,
            check=False,
        ).returncode
        for engine in ("postgres", "sqlite")
    ]
    return all(code in (0, NOTHING_CHOSEN) for code in codes) and 0 in codes


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make torture", description="The tests at their full counts.")
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all where none is named"
    )
    parts = parser.parse_args(arguments).parts or PARTS
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    outcomes = []
    for part in parts:
        began = time.monotonic()
        outcomes.append((part, run(part), time.monotonic() - began))
    for part, has_passed, seconds in outcomes:
        sys.stdout.write(f"{part}: {'passed' if has_passed else 'FAILED'} in {seconds:.0f} s\n")
    return 0 if all(has_passed for _, has_passed, _ in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
