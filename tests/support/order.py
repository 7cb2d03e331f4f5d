"""In which order tests run, and which of them stay together.

Tests run in several processes at once. A unit, the tests of one file on one engine, goes to one of them whole, so that
what its tests share is made once; a test that takes long by itself is a unit. Long units go first, so that no process
waits at the end for the last one. `durations.json` beside this file says how long each took: `pytest --write-durations`
writes it anew.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("durations.json")
LONG = 5.0  # seconds
UNKNOWN = 10.0  # seconds, of a file that was never timed: among the longer ones

_ENGINE = re.compile(r"\[(?:.*-)?(sqlite|postgres)(?:-.*)?\]$")


@cache
def durations() -> Mapping[str, float]:
    """Seconds by unit, from the last time they were written."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def unit_of(nodeid: str) -> str:
    """The unit that a test belongs to."""
    return nodeid if nodeid in durations() else _file_unit(nodeid)


def _file_unit(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    engine = _ENGINE.search(nodeid)
    return f"{file} on {engine[1]}" if engine else file


def longest_first(nodeid: str) -> tuple[float, str]:
    """A key to sort tests by that keeps each unit together."""
    unit = unit_of(nodeid)
    return -durations().get(unit, UNKNOWN), unit


def write(whole: Mapping[str, float], alone: Mapping[str, float]) -> None:
    """Keep how long tests took, by unit; of units that did not run now, what was known before.

    Args:
        whole: seconds of each test with what it was set up by.
        alone: seconds of each test without that.
    """
    taken: dict[str, float] = defaultdict(float)
    for nodeid, duration in whole.items():
        taken[nodeid if alone.get(nodeid, 0) >= LONG else _file_unit(nodeid)] += duration
    ran = {_file_unit(unit) for unit in taken}
    kept = {unit: time for unit, time in durations().items() if _file_unit(unit) not in ran}
    rounded = {unit: round(time, 1) for unit, time in {**kept, **taken}.items() if time >= 0.1}
    FILE.write_text(json.dumps(dict(sorted(rounded.items(), key=lambda unit: -unit[1])), indent=1) + "\n")
