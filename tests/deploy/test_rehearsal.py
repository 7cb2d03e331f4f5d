"""The production shape: its files are valid, and every command of docker-compose.yml runs."""

import subprocess
import sys

import pytest

from tests.support.processes import PROJECT


@pytest.mark.timeout(600)
@pytest.mark.long("every process of a whole installation starts, and is restarted, one by one")
def test_web_processes_and_workers_are_restarted_one_by_one_and_nothing_is_lost() -> None:
    done = subprocess.run(
        [sys.executable, "deploy/rehearse"],
        cwd=PROJECT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert "restarted behind the proxy" in done.stdout
