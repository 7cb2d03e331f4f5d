"""deploy/keep-files: a page that is open since before an update still finds its parts."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.processes import PROJECT

DAY = 24 * 3600


def make_release(folder: Path, *names: str) -> Path:
    app = folder / "app"
    app.mkdir(parents=True)
    for name in (*names, "icon.svg"):
        (app / name).write_text(f"{name} of {folder.name}")
        (app / f"{name}.gz").write_text("compressed")
    (app / "webpack-stats.json").write_text(json.dumps({"assets": {key: {} for key in (*names, "icon.svg")}}))
    return folder


def keep(before: Path, now: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, PROJECT / "deploy" / "keep-files", before, now]
    return subprocess.run(command, check=True, capture_output=True, text=True)


def names_in(folder: Path) -> set[str]:
    return {file.name for file in (folder / "app").iterdir() if not file.name.endswith(".gz")}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return make_release(tmp_path / "first", "main.0000000001.js", "both.00000000aa.css")


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return make_release(tmp_path / "second", "main.0000000002.js", "both.00000000aa.css")


@pytest.fixture
def third(tmp_path: Path) -> Path:
    return make_release(tmp_path / "third", "main.0000000003.js")


def test_the_files_of_the_release_before_are_there_with_those_of_this_one(first: Path, second: Path) -> None:
    keep(first, second)
    assert names_in(second) >= {"main.0000000001.js", "main.0000000002.js", "both.00000000aa.css"}
    assert (second / "app" / "main.0000000001.js.gz").exists()
    # What has no hash is of this release.
    assert (second / "app" / "icon.svg").read_text() == "icon.svg of second"
    assert "0000000001" not in (second / "app" / "webpack-stats.json").read_text()


def test_two_updates_of_one_day_keep_both(first: Path, second: Path, third: Path) -> None:
    keep(first, second)
    keep(second, third)
    assert names_in(third) >= {"main.0000000001.js", "main.0000000002.js", "main.0000000003.js"}


def test_what_went_a_day_ago_goes(first: Path, second: Path, third: Path) -> None:
    keep(first, second)
    # A release of long ago keeps its own files for the day after it went, and those that it kept for no longer.
    for file in (second / "app").iterdir():
        os.utime(file, (time.time() - DAY, time.time() - DAY))
    keep(second, third)
    assert "main.0000000002.js" in names_in(third)
    assert "main.0000000001.js" not in names_in(third)


def test_without_a_release_before_nothing_is_kept_and_it_is_said(tmp_path: Path, second: Path) -> None:
    assert "nothing is kept" in keep(tmp_path / "none", second).stderr
    assert names_in(second) == {"main.0000000002.js", "both.00000000aa.css", "icon.svg", "webpack-stats.json"}
